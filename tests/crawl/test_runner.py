from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define, field
from sqlalchemy import func, select, text, update

from bbasync import (
    AccessToken,
    ApiToken,
    AuthenticationError,
    OAuthClient,
    OAuthToken,
    RateTracker,
    Rolling,
    TransportError,
)
from bbasync.auth import CredentialLike, Secret, credential_of
from bbasync.crawl import Credentials, Progress, Store, StoreError
from bbasync.crawl.plan import EPOCH
from bbasync.crawl.schema import BUDGET, RUN, TABLES, TASK, WATERMARK
from bbasync.crawl.sessions import Sessions
from bbasync.testing import FakeCloud, Fault, Faults
from tests.crawl.crawling import PLENTY, call, counts, expected, rows, run, sent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

pytestmark = pytest.mark.usefixtures("quick_retries")


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with Store(url) as opened:
        yield opened


async def test_every_row_of_every_resource_arrives_once(fake: FakeCloud, store: Store) -> None:
    report = await run(fake, store)
    assert report.is_complete
    assert await counts(store) == await counts(store, with_gone=True) == expected(fake)
    assert min(expected(fake).values()) > 1
    assert all(workspace.finished and not workspace.pending for workspace in report.workspaces)
    assert report.requests == len(fake.requests)
    assert await store.run(lambda c: c.execute(select(func.count()).select_from(TASK)).scalar()) == 0


async def test_rows_keep_the_payload_and_the_columns_people_filter_by(fake: FakeCloud, store: Store) -> None:
    await run(fake, store)
    table = TABLES["pull_requests"]
    merged = await store.run(
        lambda c: c.execute(select(table).where(table.c.state == "MERGED", table.c.repository == "web")).first()
    )
    assert merged is not None
    payload = await call(fake, "GET", f"/repositories/{merged.workspace}/web/pullrequests/{merged.id}")
    stored = (await rows(store))["pull_requests"][merged.workspace, "web", int(merged.id), merged.id]
    assert stored["title"] == payload["title"]
    assert stored["participants"] == payload["participants"]  # which lists leave out unless asked
    assert merged.author == payload["author"]["uuid"]
    assert merged.created_on == payload["created_on"]
    assert merged.updated_on.endswith("+00:00")


async def test_a_second_run_asks_only_for_what_can_have_changed(fake: FakeCloud, store: Store) -> None:
    await run(fake, store)
    before = await rows(store)
    fake.requests.clear()
    report = await run(fake, store)
    assert report.is_complete
    assert await rows(store) == before
    assert not sent(fake, "/comments")
    assert not [line for line in sent(fake) if line.startswith("POST") or line.split("?")[0].endswith("/commits")]
    assert not [line for line in sent(fake, "/pullrequests?") if "1970" in line]
    open_ones = [payload for payload in before["pull_requests"].values() if payload["state"] == "OPEN"]
    assert len(sent(fake, "/statuses")) == len(open_ones)
    # the user's workspaces; each with its projects, members and repositories; their refs, activity, pull requests
    assert len(fake.requests) == 1 + 2 * 4 + 6 * 3 + len(open_ones)


async def test_a_workspace_of_its_own_credential_is_read_with_it(fake: FakeCloud, store: Store) -> None:
    names = list(fake.world.workspaces)
    own = {name: AccessToken(fake.access_tokens[name]) for name in names}
    report = await run(fake, store, credentials=Credentials(workspaces=own), workspaces=names)
    assert report.is_complete
    assert await counts(store) == expected(fake)
    for request in fake.requests:
        assert request.credential != "api_token"
        assert sum(name in request.path_qs for name in names) == 1
    assert len({request.principal for request in fake.requests}) == 2


def _function(token: str) -> CredentialLike:
    async def authorization() -> str:
        return f"Bearer {token}"

    return authorization


def _user_of_one_client(token: str) -> CredentialLike:
    login = OAuthToken(access_token=token, expires_at=4e9, lifetime=3600.0)
    return OAuthClient.cloud("client", "secret").credential(login)


@define  # compared by value, and so not hashable
class _Own:
    """A credential of a class of the user's."""

    token: str = field(repr=False)
    principal: str = "own"

    async def authorization(self) -> Secret:
        return Secret(f"Bearer {self.token}")

    async def renew(self, refused: str) -> bool:
        del refused
        return False

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("make", [_function, _user_of_one_client, _Own])
async def test_credentials_of_one_principal_are_kept_apart(
    fake: FakeCloud, store: Store, make: Callable[[str], CredentialLike]
) -> None:
    own = {name: make(fake.access_tokens[name]) for name in fake.world.workspaces}
    assert len({credential_of(credential).principal for credential in own.values()}) == 1
    rates = RateTracker({"api": Rolling(PLENTY)})
    report = await run(fake, store, credentials=Credentials(workspaces=own), workspaces=list(own), rates=rates)
    assert report.is_complete
    assert {(request.principal, request.path_qs.split("/")[3].split("?")[0]) for request in fake.requests} == {
        (f"token of {name}", name) for name in own
    }
    assert len(rates.snapshot()) == 1, "they spend one budget"


async def test_tokens_of_one_address_are_kept_apart_and_equal_ones_share_a_session(fake: FakeCloud) -> None:
    first, again, other = (ApiToken(fake.email, token) for token in (fake.token, fake.token, "other"))
    credentials = Credentials(workspaces={"a": first, "b": again, "c": other})
    async with Sessions(credentials, base_url=fake.url) as sessions:
        assert [names for _, names in await sessions.groups(["a", "b", "c"])] == [["a", "b"], ["c"]]


async def test_only_what_was_chosen_is_read(fake: FakeCloud, store: Store) -> None:
    await run(
        fake, store, workspaces=["acme"], resources=["tags", "comments"], include=["acme/w*", "docs"], exclude=["d*"]
    )
    there = {name for name, number in (await counts(store)).items() if number}
    assert there == {"workspaces", "repositories", "tags", "pull_requests", "comments"}
    stored = await rows(store)
    assert {key[1] for name in ("repositories", "tags", "comments") for key in stored[name]} == {"web"}
    assert {key[0] for resource in stored.values() for key in resource} == {"acme"}


async def test_since_cuts_off_the_past_and_an_earlier_one_fetches_it(fake: FakeCloud, store: Store) -> None:
    await run(fake, store, resources=["pull_requests", "commits", "activity"])
    everything = await rows(store)
    dates = sorted(payload["updated_on"] for payload in everything["pull_requests"].values())
    since = datetime.fromisoformat(dates[len(dates) // 2])
    async with Store("sqlite://") as other:
        await run(fake, other, resources=["pull_requests", "commits", "activity"], since=since)
        cut = await rows(other)
        late = {k for k, v in everything["pull_requests"].items() if datetime.fromisoformat(v["updated_on"]) >= since}
        assert cut["pull_requests"].keys() == late
        late = {k for k, v in everything["commits"].items() if datetime.fromisoformat(v["date"]) >= since}
        assert cut["commits"].keys() == late
        assert 0 < len(cut["activity"]) < len(everything["activity"])
        await run(fake, other, resources=["pull_requests", "commits", "activity"])
        assert await rows(other) == everything


async def test_a_resource_chosen_later_is_read_for_all_pull_requests(fake: FakeCloud, store: Store) -> None:
    await run(fake, store, resources=["pull_requests"])
    await run(fake, store, resources=["statuses"])
    await run(fake, store)
    assert await counts(store) == expected(fake)


# -- what changes between runs -----------------------------------------------------------------------------------------


async def test_new_branches_bring_their_commits_alone_and_what_is_gone_is_marked(fake: FakeCloud, store: Store) -> None:
    await run(fake, store)
    stored = await rows(store)
    lost = next(key[3] for key in stored["branches"] if key[:2] == ("acme", "web") and key[3] != "main")
    await call(fake, "DELETE", f"/repositories/acme/web/refs/branches/{lost.replace('#', '%23')}")
    await call(fake, "DELETE", "/repositories/acme/docs")
    await call(fake, "POST", "/repositories/globex/new", json={"scm": "git"})
    fake.requests.clear()
    report = await run(fake, store)
    assert report.is_complete
    wanted = expected(fake)
    there = await counts(store)
    assert there["branches"] == wanted["branches"] + sum(key[:2] == ("acme", "docs") for key in stored["branches"])
    assert there["repositories"] == wanted["repositories"]
    gone = TABLES["repositories"]
    assert await store.run(lambda c: c.execute(select(gone.c.repository).where(gone.c.gone_at.is_not(None))).all()) == [
        ("docs",)
    ]
    assert not sent(fake, "/acme/docs")
    assert (await counts(store, with_gone=True))["branches"] == len(stored["branches"])


async def test_comments_are_found_though_they_leave_the_pull_request_as_it_was(fake: FakeCloud, store: Store) -> None:
    await run(fake, store)
    path = "/repositories/acme/web/pullrequests/3"
    before = await call(fake, "GET", path)
    made = await call(fake, "POST", f"{path}/comments", json={"content": {"raw": "seen?"}})
    after = await call(fake, "GET", path)
    assert before["updated_on"] == after["updated_on"]
    fake.requests.clear()
    assert (await run(fake, store)).is_complete
    assert len(sent(fake, "/comments")) == 1
    assert await counts(store) == expected(fake)
    assert ("acme", "web", 3, str(made["id"])) in (await rows(store))["comments"]
    fake.requests.clear()
    assert (await run(fake, store)).is_complete
    assert not sent(fake, "/comments")


async def test_a_pull_request_that_changed_is_read_again_with_what_is_below_it(fake: FakeCloud, store: Store) -> None:
    await run(fake, store)
    opened = [key[2] for key, payload in (await rows(store))["pull_requests"].items() if payload["state"] == "OPEN"]
    await call(fake, "PUT", f"/repositories/acme/web/pullrequests/{opened[0]}", json={"title": "Another title"})
    fake.requests.clear()
    assert (await run(fake, store)).is_complete
    assert (await rows(store))["pull_requests"]["acme", "web", opened[0], str(opened[0])]["title"] == "Another title"
    assert await counts(store) == expected(fake)
    assert not [line for line in sent(fake) if line.split("?")[0].endswith("/commits")]  # nobody pushed
    assert len(sent(fake, "/comments")) <= 1


async def test_a_push_brings_the_new_commits_alone(fake: FakeCloud, store: Store) -> None:
    await run(fake, store, workspaces=["acme"])
    form = {"/new.txt": "new", "message": "Add new.txt", "branch": "main"}
    await call(fake, "POST", "/repositories/acme/web/src", form=form)
    fake.requests.clear()
    report = await run(fake, store, workspaces=["acme"])
    assert report.is_complete
    assert len([line for line in sent(fake, "/web/commits") if line.startswith("POST")]) == 1
    commits = [key for key in (await rows(store))["commits"] if key[1] == "web"]
    assert len(commits) == fake.world.repository("acme", "web").counts()["commits"]


async def test_a_head_that_is_gone_is_not_excluded_any_more(fake: FakeCloud, store: Store) -> None:
    await run(fake, store, workspaces=["acme"])
    missing = "f" * 40

    value = f'{{"heads": ["{missing}"], "since": "{EPOCH}"}}'
    old = WATERMARK.c.resource == "commits", WATERMARK.c.repository == "web"
    await store.run(lambda c: c.execute(update(WATERMARK).where(*old).values(value=value)).close())
    fake.requests.clear()
    report = await run(fake, store, workspaces=["acme"])
    assert report.is_complete
    asked = [
        request.status for request in fake.requests if request.method == "POST" and "/web/commits" in request.path_qs
    ]
    assert asked[0] in {400, 404}
    assert set(asked[1:]) == {200}
    assert missing not in str(await store.run(lambda c: c.execute(select(WATERMARK.c.value)).all()))


# -- what goes wrong ---------------------------------------------------------------------------------------------------


async def test_a_failing_branch_is_tried_again_reported_and_read_by_the_next_run(fake: FakeCloud, store: Store) -> None:
    number = next(pull.id for pull in fake.world.repository("acme", "web").all_pulls() if pull.comment_count)
    fake.faults.add(Fault("html", path=f"*/acme/web/pullrequests/{number}/comments", times=None))
    report = await run(fake, store)
    assert [(failure.key, failure.is_final) for failure in report.failures] == [
        (f"acme/web/pull_requests/{number}/comments", False)
    ]
    assert "\n" not in report.failures[0].error
    assert "csrf" not in report.failures[0].error
    assert len(sent(fake, f"/acme/web/pullrequests/{number}/comments")) == 8  # four tries, twice
    there, wanted = await counts(store), expected(fake)
    assert there["comments"] < wanted["comments"]
    assert there | {"comments": 0} == wanted | {"comments": 0}
    fake.faults.clear()
    assert (await run(fake, store)).is_complete
    assert await counts(store) == wanted


async def test_a_failure_that_passes_leaves_no_trace(fake: FakeCloud, store: Store) -> None:
    fake.faults.add(Fault("status", status=500, path="*/acme/web/pullrequests", times=4))
    report = await run(fake, store)
    assert report.is_complete
    assert await counts(store) == expected(fake)


async def test_what_is_not_allowed_or_not_found_is_reported_and_not_asked_again(fake: FakeCloud, store: Store) -> None:
    fake.faults.add(Fault("status", status=403, path="*/workspaces/acme/members", times=None))
    fake.faults.add(Fault("status", status=404, path="*/acme/web/refs", times=None))
    report = await run(fake, store)
    assert [(failure.key, failure.is_final) for failure in report.failures] == [
        ("acme/members", True),
        ("acme/web/refs", True),
    ]
    assert len(sent(fake, "/acme/members")) + len(sent(fake, "/acme/web/refs")) == 2
    assert (await counts(store))["pull_requests"] == expected(fake)["pull_requests"]


async def test_a_workspace_that_may_not_be_seen_itself_is_still_read(fake: FakeCloud, store: Store) -> None:
    fake.faults.add(Fault("status", status=403, path="*/workspaces/acme", times=None))
    report = await run(fake, store, workspaces=["acme"])
    assert [failure.key for failure in report.failures] == ["acme/workspaces"]
    assert (await counts(store))["repositories"] == 3


async def test_pull_requests_are_read_though_their_activity_cannot_be(fake: FakeCloud, store: Store) -> None:
    fault = fake.faults.add(Fault("status", status=404, path="*/pullrequests/activity", times=None))
    report = await run(fake, store)
    assert {failure.key.rpartition("/")[2] for failure in report.failures} == {"activity"}
    assert (await counts(store))["comments"] == expected(fake)["comments"]
    # without it, nobody knows which pull requests were commented on since
    fault.times = 0
    fake.requests.clear()
    await run(fake, store)
    assert sent(fake, "/comments")
    assert await counts(store) == expected(fake)


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_shaky_server_costs_no_row(seed: int, store: Store) -> None:
    faults = Faults.random(rate=0.05, seed=seed, seconds=0.01)
    async with FakeCloud(
        workspaces=1, repositories=2, commits=120, pull_requests=5, limit=PLENTY, faults=faults
    ) as fake:
        report = await run(fake, store)
        for _ in range(3):
            if not report.is_complete:
                report = await run(fake, store)
        assert report.is_complete
        assert await counts(store) == expected(fake)


async def test_a_listing_that_goes_in_circles_ends(fake: FakeCloud, store: Store) -> None:
    fake.faults.add(Fault("repeated_cursor", path="*/acme/web/commits", times=None))
    report = await run(fake, store, workspaces=["acme"])
    assert [failure.key for failure in report.failures] == ["acme/web/commits"]
    assert "was read already" in report.failures[0].error


async def test_wrong_credentials_raise_and_a_store_begun_with_them_goes_on(fake: FakeCloud, store: Store) -> None:
    wrong = Credentials(default=ApiToken(fake.email, "wrong"))
    with pytest.raises(AuthenticationError):
        await run(fake, store, credentials=wrong)
    with pytest.raises(AuthenticationError):
        await run(fake, store, credentials=wrong, workspaces=["acme"])
    assert (await run(fake, store)).is_complete
    assert await counts(store) == expected(fake)


async def test_a_credential_that_is_refused_stops_its_workspaces_alone(fake: FakeCloud, store: Store) -> None:
    credentials = Credentials(default=ApiToken(fake.email, fake.token), workspaces={"globex": AccessToken("revoked")})
    report = await run(fake, store, credentials=credentials, workspaces=["acme", "globex"])
    assert [failure.key for failure in report.failures] == ["globex"]
    assert [workspace.finished for workspace in report.workspaces] == [True, False]
    assert (await counts(store))["repositories"] == 3


async def test_an_unknown_workspace_is_one_failure_and_the_rest_goes_on(fake: FakeCloud, store: Store) -> None:
    report = await run(fake, store, workspaces=["acme", "nowhere"])
    assert [(failure.key, failure.is_final) for failure in report.failures] == [("nowhere/workspaces", True)]
    assert (await counts(store))["repositories"] == 3


async def test_a_server_that_is_not_there_raises(fake: FakeCloud, store: Store) -> None:
    with pytest.raises(TransportError):
        await run(fake, store, url="http://127.0.0.1:9/2.0", workspaces=["acme"])


async def test_a_store_that_fails_stops_the_crawl_with_its_error(fake: FakeCloud, store: Store) -> None:
    pages = await store.run(lambda c: c.execute(text("PRAGMA page_count")).scalar_one())
    await store.run(lambda c: c.execute(text(f"PRAGMA max_page_count={pages + 60}")).close())
    with pytest.raises(StoreError, match="disk is full"):
        await run(fake, store)
    assert 0 < sum((await counts(store)).values()) < sum(expected(fake).values())
    await store.run(lambda c: c.execute(text("PRAGMA max_page_count=1000000")).close())
    report = await run(fake, store)
    assert report.is_complete
    assert await counts(store) == expected(fake)


# -- stopping and going on ---------------------------------------------------------------------------------------------


async def run_until(fake: FakeCloud, store: Store, requests: int, **options: Any) -> None:
    """Cancel a crawl after so many requests."""
    enough = asyncio.Event()

    def watch(progress: Progress) -> None:
        if progress.requests == requests:
            enough.set()

    crawling = asyncio.create_task(run(fake, store, on_progress=watch, **options))
    await enough.wait()
    crawling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await crawling


async def test_a_cancelled_crawl_leaves_nothing_running_and_goes_on(fake: FakeCloud, store: Store) -> None:
    await run_until(fake, store, 40)
    assert len(asyncio.all_tasks() - {asyncio.current_task()}) <= fake.in_flight + 3  # the server's own
    assert await store.run(lambda c: c.execute(select(BUDGET.c.unwritten)).scalar()) == 0
    report = await run(fake, store)
    assert report.is_complete
    assert all(workspace.resumed for workspace in report.workspaces)
    assert await counts(store) == expected(fake)
    async with Store("sqlite://") as other:
        undisturbed = await run(fake, other)
    assert report.requests <= undisturbed.requests - 40 + 16 + 1  # a page of each worker, and the user's workspaces
    assert await store.run(lambda c: c.execute(select(func.count()).select_from(RUN)).scalar()) == 2


async def test_a_cancelled_crawl_stays_cancelled_though_its_budget_cannot_be_written(
    fake: FakeCloud, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_values: object) -> None:
        raise StoreError("the disk is full")

    enough = asyncio.Event()

    def watch(progress: Progress) -> None:
        if progress.requests == 40:
            enough.set()

    crawling = asyncio.create_task(run(fake, store, on_progress=watch))
    await enough.wait()
    monkeypatch.setattr("bbasync.crawl.tasks.write_budget", refuse)
    crawling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await crawling


async def test_other_options_start_anew_and_lose_nothing(fake: FakeCloud, store: Store) -> None:
    await run_until(fake, store, 30)
    await run_until(fake, store, 30, resources=["pull_requests", "comments"])
    await run_until(fake, store, 60)
    assert (await run(fake, store, resources=["branches"])).is_complete
    assert (await run(fake, store)).is_complete
    assert await counts(store) == expected(fake)

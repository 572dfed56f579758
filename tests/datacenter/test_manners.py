"""What sets Data Center apart: dates, links, paging, permissions, cross-site checks, context path, limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import orjson
import pytest

from bbasync import aio
from bbasync.auth import AccessToken, BasicAuth
from bbasync.datacenter.models import Person, User
from bbasync.datacenter.session import DataCenterSession
from bbasync.errors import (
    AuthenticationError,
    NotFoundError,
    PagingError,
    PermissionDeniedError,
    RateLimitError,
    TransportError,
)
from bbasync.paging import Page, Paging
from bbasync.rate import RateTracker, Refill
from bbasync.testing.datacenter.server import FakeDataCenter
from bbasync.testing.recording import RecordingTransport, answer
from tests.virtual import loop_clock, passing, virtual

if TYPE_CHECKING:
    from bbasync.request import RawResponse


def replay(*answers: RawResponse) -> DataCenterSession:
    return DataCenterSession(
        AccessToken("t"), base_url="https://git.example.org/bitbucket", transport=RecordingTransport(answers)
    )


def page(*values: object, **envelope: object) -> RawResponse:
    return answer(orjson.dumps({"values": values, "size": len(values), "start": 0, **envelope}))


# -- values ------------------------------------------------------------------------------------------------------------


async def test_dates_are_aware_whether_milliseconds_or_text() -> None:
    stamps = {"createdDate": 1_700_000_000_123, "updatedDate": "2024-02-03T04:05:06+0200"}
    async with replay(answer(orjson.dumps(stamps))) as bb:
        pull_request = await bb.pull_requests.get("PRJ", "app", 1)
    assert pull_request.created_date == datetime(2023, 11, 14, 22, 13, 20, 123_000, UTC)
    assert pull_request.updated_date == datetime(2024, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=2)))
    assert pull_request.closed_date is None


async def test_links_are_lists(bb: DataCenterSession, fake: FakeDataCenter) -> None:
    repository = await bb.repositories.get("PRJ", "ledger")
    assert repository.links["self"] == f"{fake.url}/projects/PRJ/repos/ledger/browse"
    assert repository.links.html == repository.links["self"]
    assert repository.links.clone == {
        "http": f"{fake.url}/scm/prj/ledger.git",
        "ssh": "ssh://git@127.0.0.1:7999/prj/ledger.git",
    }


async def test_links_of_an_object_without_an_address_are_empty(bb: DataCenterSession) -> None:
    (change, *_) = await aio.collect(bb.pull_requests.list_changes("PRJ", "ledger", 1))
    assert change.raw["links"] == {"self": [None]}
    assert dict(change.links) == {}


async def test_authors_are_users_or_people_whom_only_git_knows(bb: DataCenterSession) -> None:
    commits = await aio.collect(bb.commits.list("PRJ", "ledger"))
    authors = [commit.author for commit in commits]
    assert {author.name for author in authors if isinstance(author, Person)} == {"Left Long-Ago"}
    users = [author for author in authors if isinstance(author, User)]
    assert ("ada@example", "ada_example", "Ada Ødegård") in {
        (user.name, user.slug, user.display_name) for user in users
    }
    assert len(users) < len(authors)


async def test_what_the_vendor_adds_later_survives() -> None:
    payload = {"id": 1, "state": "SUPERSEDED", "mergeQueue": {"position": 2}}
    async with replay(answer(orjson.dumps(payload))) as bb:
        pull_request = await bb.pull_requests.get("PRJ", "app", 1)
    assert pull_request.state == "SUPERSEDED"
    assert pull_request.raw == payload


# -- addresses ---------------------------------------------------------------------------------------------------------


async def test_personal_projects_are_addressed_by_the_slug(bb: DataCenterSession, fake: FakeDataCenter) -> None:
    project = await bb.projects.get("~ada_example")
    assert (project.key, project.type) == ("~ada_example", "PERSONAL")
    assert project.owner is not None
    assert project.owner.name == "ada@example"
    repositories = await aio.collect(bb.repositories.list("~ada_example"))
    assert [repository.slug for repository in repositories] == ["ledger"]
    assert fake.requests[-1].path_qs.startswith("/bitbucket/rest/api/latest/projects/~ada_example/repos?")
    assert "~ada_example" not in [item.key for item in await aio.collect(bb.projects.list())]


@pytest.mark.parametrize("context", ["", "/bitbucket", "/a/b"])
async def test_context_path(context: str) -> None:
    async with (
        FakeDataCenter(context=context, projects=1, repositories=1) as fake,
        DataCenterSession(AccessToken(fake.token), base_url=f"{fake.url}/") as bb,
    ):
        assert (await bb.projects.get("PRJ")).key == "PRJ"
        assert fake.requests[-1].path_qs == f"{context}/rest/api/latest/projects/PRJ"


async def test_moved_repository_is_read_at_its_new_address_and_written_there_only(bb: DataCenterSession) -> None:
    await bb.repositories.update("PRJ", "ledger", name="Main Ledger")
    assert (await bb.repositories.get("PRJ", "ledger")).slug == "main-ledger"
    with pytest.raises(TransportError, match="a PUT is not sent to another address"):
        await bb.repositories.update("PRJ", "ledger", description="lost")
    assert (await bb.repositories.update("PRJ", "main-ledger", description="found")).description == "found"


# -- paging ------------------------------------------------------------------------------------------------------------


async def test_short_and_empty_pages_do_not_end_a_list() -> None:
    async with (
        FakeDataCenter(hidden_rows=40, projects=1, repositories=1, commits=40) as fake,
        DataCenterSession(AccessToken(fake.token), base_url=fake.url) as bb,
    ):
        sizes: list[int] = []
        paging = Paging(size=5, on_page=lambda page: sizes.append(len(page.values)))
        commits = [commit.id async for commit in bb.commits.list("PRJ", "ledger", paging=paging)]
        repository = fake.world.repository("PRJ", "ledger")
        assert commits == [commit.hash for commit in repository.history.log(repository.branches["main"])]
        assert 0 in sizes
        assert any(0 < size < 5 for size in sizes[:-1])


async def test_a_list_that_never_says_it_is_at_its_end_ends() -> None:
    async with (
        FakeDataCenter(endless_lists=True) as fake,
        DataCenterSession(AccessToken(fake.token), base_url=fake.url) as bb,
    ):
        repositories = await aio.collect(bb.repositories.list("PRJ", paging=Paging(size=2)))
        assert [repository.slug for repository in repositories] == ["ledger", "gateway", "ünïcode-tools"]


async def test_server_cuts_pages_down_and_the_list_is_whole() -> None:
    async with (
        FakeDataCenter(max_limit=7, projects=1, repositories=1) as fake,
        DataCenterSession(AccessToken(fake.token), base_url=fake.url) as bb,
    ):
        pages = await aio.collect(aio.pages(bb.commits.list, "PRJ", "ledger", with_counts=True))
        ids = [commit.id for page in pages for commit in page.values]
        assert len(pages) > 3
        assert len(ids) == len(set(ids)) == pages[0].raw["totalCount"]


async def test_a_list_goes_on_in_another_session(fake: FakeDataCenter) -> None:
    done: list[Page[object]] = []
    options = Paging(size=4, limit=4, on_page=done.append)
    async with DataCenterSession(AccessToken(fake.token), base_url=fake.url) as bb:
        first = await aio.collect(bb.commits.list("PRJ", "ledger", paging=options))
    assert done[0].next == "4"
    async with DataCenterSession(AccessToken(fake.token), base_url=fake.url) as bb:
        rest = await aio.collect(bb.commits.list("PRJ", "ledger", paging=Paging(start=done[0].next)))
        whole = await aio.collect(bb.commits.list("PRJ", "ledger"))
    assert first + rest == whole


@pytest.mark.parametrize("following", [0, 1])
async def test_a_page_that_leads_back_raises(following: int) -> None:
    async with replay(page({"id": 1}, start=1, isLastPage=False, nextPageStart=following)) as bb:
        with pytest.raises(PagingError, match="starts before"):
            await aio.collect(bb.projects.list(paging=Paging(start="1")))


async def test_a_start_that_is_no_number_sends_nothing(bb: DataCenterSession, fake: FakeDataCenter) -> None:
    with pytest.raises(PagingError, match="a number"):
        await aio.collect(bb.projects.list(paging=Paging(start="https://evil.example.org/")))
    assert not fake.requests


# -- permissions -------------------------------------------------------------------------------------------------------


async def test_missing_permission_is_told_from_a_wrong_credential(fake: FakeDataCenter) -> None:
    async with DataCenterSession(AccessToken(fake.reader_token), base_url=fake.url) as bb:
        with pytest.raises(PermissionDeniedError, match="the user lacks the permission") as denied:
            await bb.projects.delete("PRJ")
        assert denied.value.status == 401
        assert denied.value.request_id
    async with DataCenterSession(BasicAuth(fake.username, "wrong"), base_url=fake.url) as bb:
        with pytest.raises(AuthenticationError, match="the credential is missing or wrong"):
            await bb.projects.get("PRJ")
    assert len(fake.requests) == 2  # neither is tried again


async def test_password_and_anonymous_access(fake: FakeDataCenter) -> None:
    async with DataCenterSession(BasicAuth(fake.username, fake.password), base_url=fake.url) as bb:
        assert {project.key for project in await aio.collect(bb.projects.list())} == {"PRJ", "OPS"}
    async with DataCenterSession(base_url=fake.url) as bb:
        assert [project.key for project in await aio.collect(bb.projects.list())] == ["OPS"]  # what is public
        with pytest.raises(AuthenticationError):
            await bb.repositories.get("PRJ", "ledger")


async def test_errors_name_what_is_missing(bb: DataCenterSession) -> None:
    with pytest.raises(NotFoundError, match="PRJ/nothing") as missing:
        await aio.collect(bb.repositories.list_forks("PRJ", "nothing"))
    assert missing.value.details.exception_name == "com.atlassian.bitbucket.repository.NoSuchRepositoryException"
    assert missing.value.template == "/api/latest/projects/{projectKey}/repos/{repositorySlug}/forks"


async def test_writes_without_a_body_pass_the_cross_site_check(bb: DataCenterSession, fake: FakeDataCenter) -> None:
    declined = next(
        pull.id for pull in fake.world.repository("PRJ", "ledger").pull_requests.values() if pull.state == "DECLINED"
    )
    pull_request = await bb.pull_requests.get("PRJ", "ledger", declined)
    assert (await bb.pull_requests.reopen("PRJ", "ledger", declined, version=pull_request.version)).open
    assert fake.requests[-1].headers["X-Atlassian-Token"] == "no-check"
    assert "X-Atlassian-Token" not in fake.requests[0].headers


# -- limits ------------------------------------------------------------------------------------------------------------


async def test_a_known_limit_is_kept_without_a_refusal() -> None:
    async with FakeDataCenter(capacity=5, fill_rate=0.5, projects=1, repositories=1) as fake:
        fake.rate.clock = loop_clock()
        rates = RateTracker({"api": Refill(5, 0.5)})
        async with DataCenterSession(AccessToken(fake.token), base_url=fake.url, rates=rates) as bb:
            await passing(aio.collect(bb.commits.list("PRJ", "ledger", paging=Paging(size=1, limit=25))))
        assert (fake.rate.served, fake.rate.refused) == (25, 0)


@virtual
async def test_an_unknown_limit_is_learnt_from_the_first_refusal() -> None:
    refused = answer(b"", 429, {"Retry-After": "0"})
    async with replay(answer(b'{"key": "A"}'), refused, answer(b'{"key": "B"}')) as bb:
        assert (await bb.projects.get("A")).key == "A"
        (before,) = bb.rates.snapshot()
        assert before.limit is None
        assert (await bb.projects.get("B")).key == "B"
        (after,) = bb.rates.snapshot()
    assert (after.group, after.limit, after.source) == ("api", 50, "estimated")


async def test_a_wait_for_ever_is_an_error() -> None:
    async with replay(answer(b"", 429, {"Retry-After": str(2**63 - 1)})) as bb:
        with pytest.raises(RateLimitError) as refusal:
            await bb.projects.get("PRJ")
    assert refusal.value.retry_after > 3000


@virtual
async def test_a_refused_write_is_sent_again() -> None:
    refused = answer(b"", 429, {"Retry-After": "0"})
    async with replay(refused, answer(b'{"id": 7, "state": "MERGED"}')) as bb:
        assert (await bb.pull_requests.merge("PRJ", "app", 7, version=1)).state == "MERGED"

"""Credentials, scopes, limits, pages, filters and partial answers, as Bitbucket Cloud has them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from yarl import URL

from bbasync.testing import FakeCloud
from bbasync.testing.cloud.rate import RateLimit
from tests.testing.cloud_api import Api, basic
from tests.virtual import forward, loop_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PULLS = "/repositories/acme/api/pullrequests"


@pytest.fixture
async def fake() -> AsyncIterator[FakeCloud]:
    async with FakeCloud(pull_requests=60) as started:
        yield started


async def test_credentials_decide_between_200_401_and_404(api: Api, fake: FakeCloud) -> None:
    assert (await api("GET", "/repositories/acme/api")).status == 200
    assert (await api("GET", "/repositories/acme/api", authorization=basic(fake.email, "wrong"))).status == 401
    assert (await api("GET", "/repositories/acme/api", authorization=f"Bearer {fake.token}")).status == 401
    assert (await api("GET", "/repositories/acme/api", authorization=None)).status == 404
    assert (await api("GET", "/repositories/acme/web", authorization=None)).status == 200
    assert (await api("GET", "/user", authorization=None)).status == 401


async def test_access_token_is_bound_to_its_workspace(api: Api, fake: FakeCloud) -> None:
    token = f"Bearer {fake.access_tokens['globex']}"
    assert (await api("GET", "/repositories/globex/api", authorization=token)).status == 200
    assert (await api("GET", "/repositories/acme/api", authorization=token)).status == 404
    mine = await api("GET", "/user/workspaces", authorization=token)
    assert [one["workspace"]["slug"] for one in mine.json["values"]] == ["globex"]


async def test_log_tells_the_credential_and_keeps_no_secret(api: Api, fake: FakeCloud) -> None:
    await api("GET", "/user?fields=uuid", headers={"X-Custom": "1", "Cookie": "session=secret"})
    logged = fake.requests[-1]
    assert (logged.method, logged.path_qs, logged.status) == ("GET", "/2.0/user?fields=uuid", 200)
    assert (logged.credential, logged.headers["X-Custom"]) == ("api_token", "1")
    assert not {"Authorization", "Cookie"} & logged.headers.keys()
    assert fake.token not in repr(logged)


@pytest.mark.parametrize(
    ("credential", "scopes", "path", "status"),
    [
        ("api_token", ["write:pullrequest:bitbucket"], PULLS, 403),
        ("api_token", ["read:pullrequest:bitbucket"], PULLS, 200),
        ("api_token", ["read:workspace:bitbucket"], "/user", 403),
        ("api_token", ["read:workspace:bitbucket"], "/user/workspaces", 200),
        ("access_token", ["pullrequest:write"], PULLS, 200),
        ("access_token", ["webhook"], PULLS, 403),
    ],
)
async def test_missing_scope_is_told(credential: str, scopes: list[str], path: str, status: int) -> None:
    async with FakeCloud(scopes=scopes) as fake, Api(fake) as api:
        token = f"Bearer {fake.access_tokens['acme']}" if credential == "access_token" else ""
        answer = await api("GET", path, authorization=token)
        assert answer.status == status
        if status == 403:
            assert answer.json["error"]["detail"]["granted"] == sorted(scopes)
            assert answer.json["error"]["detail"]["required"]


async def test_headers_tell_scopes_and_kind_of_credential(api: Api) -> None:
    headers = (await api("GET", PULLS)).headers
    assert headers["X-Accepted-Oauth-Scopes"] == "pullrequest"
    assert headers["X-Credential-Type"] == "api_token"
    assert "repository:admin" in headers["X-Oauth-Scopes"]


async def test_window_rolls_strictly_and_refusals_cost_nothing() -> None:
    async with FakeCloud(limit=3, window=60) as fake, Api(fake) as api:
        fake.rate = RateLimit(limits=fake.rate.limits, window=fake.rate.window, clock=loop_clock())
        first = [(await api("GET", "/user")).status for _ in range(5)]
        assert first == [200, 200, 200, 429, 429]
        refused = await api("GET", "/user")
        assert refused.body == b"Rate limit for this resource has been exceeded"
        assert refused.headers["Content-Type"].startswith("text/plain")
        assert "Retry-After" not in refused.headers
        forward(60)
        assert (await api("GET", "/user")).status == 200
        assert (fake.rate.served, fake.rate.refused) == (4, 3)
        assert fake.rate.peak[fake.email] == 3
        token = f"Bearer {fake.access_tokens['acme']}"
        assert (await api("GET", "/user", authorization=token)).status == 200


def test_window_counts_accepted_requests_at_any_instant() -> None:
    now = 0.0
    rate = RateLimit(limits={"api": 2}, window=10, clock=lambda: now)
    accepted: list[float] = []
    for now in (0, 4, 5, 9.9, 10, 11, 14, 19):
        if rate.accept("me", "api"):
            accepted += [now]
    assert accepted == [0, 4, 10, 14]


def test_other_clients_spend_of_the_same_budget() -> None:
    now = 0.0
    rate = RateLimit(limits={"api": 10}, window=10, clock=lambda: now)
    rate.spend("me", 4)
    assert rate.used("me") == 4
    rate.foreign = 0.5
    now = 8.0
    assert rate.used("me") == 8
    now = 100.0
    assert rate.used("me") == 5


async def test_scaled_plan_tells_its_limit_to_access_tokens_only() -> None:
    async with FakeCloud(scaled=True, limit=5) as fake, Api(fake) as api:
        token = f"Bearer {fake.access_tokens['acme']}"
        near = [(await api("GET", PULLS, authorization=token)).headers["X-RateLimit-NearLimit"] for _ in range(5)]
        assert near == ["false", "false", "false", "true", "true"]
        assert "X-RateLimit-Limit" not in (await api("GET", PULLS)).headers


@pytest.mark.parametrize(
    ("path", "default", "cap"),
    [
        (PULLS, 10, 50),
        (PULLS + "/activity", 20, 50),
        ("/repositories/acme/api/commits", 30, 100),
        ("/repositories/acme/api/refs/branches", 10, 100),
        ("/repositories/acme", 10, 100),
    ],
)
async def test_page_length_has_a_default_and_a_cap(api: Api, path: str, default: int, cap: int) -> None:
    assert (await api.get(path))["pagelen"] == default
    assert (await api.get(path, pagelen=str(cap)))["pagelen"] == cap
    for wrong in (str(cap + 1), "0", "many"):
        answer = await api("GET", path, query={"pagelen": wrong})
        assert (answer.status, answer.message) == (400, "Invalid pagelen")


async def test_iterators_have_no_size_and_lists_have(api: Api) -> None:
    assert (await api.get(PULLS, pagelen="3")).keys() == {"values", "pagelen", "size", "page", "next"}
    for path in (PULLS + "/activity", "/repositories/acme/api/commits"):
        assert (await api.get(path)).keys() == {"values", "pagelen", "next"}
    last = [page async for page in api.pages(PULLS, pagelen="3")][-1]
    assert "next" not in last


async def test_next_repeats_the_query_which_must_not_be_sent_again(api: Api) -> None:
    page = await api.get(PULLS, pagelen="5", state="MERGED")
    assert page["next"].startswith(api.fake.url)
    assert "pagelen=5" in page["next"]
    assert (await api("GET", page["next"])).status == 200
    assert (await api("GET", page["next"] + "&pagelen=5")).status == 400


async def test_next_that_was_made_up_is_refused(api: Api) -> None:
    assert (await api("GET", "/repositories/acme/api/commits?page=made-up")).status == 400
    assert (await api("GET", "/repositories/acme/api/commits?page=0")).status == 400
    assert (await api("GET", PULLS + "?page=99")).status == 404


async def test_state_is_ignored_beside_q(api: Api) -> None:
    assert {one["state"] for one in await api.values(PULLS)} == {"OPEN"}
    assert {one["state"] for one in await api.values(PULLS + "?state=MERGED&state=DECLINED")} == {"MERGED", "DECLINED"}
    every = await api.values(PULLS, q="id > 0", state="OPEN")
    assert len(every) == 60


async def test_keyset_by_update_finds_all(api: Api) -> None:
    found = await api.values(PULLS, q='updated_on >= "2022-01-01T00:00:00+00:00"', sort="updated_on", pagelen="50")
    dates = [one["updated_on"] for one in found]
    assert dates == sorted(dates)
    later = await api.values(PULLS, q=f"updated_on > {dates[10]}", sort="updated_on")
    assert [one["updated_on"] for one in later] == dates[11:]


@pytest.mark.parametrize(
    "wrong",
    [
        {"q": "nosuch = 1"},
        {"q": 'participants.user.uuid = "x"'},
        {"q": "title = unquoted"},
        {"q": "title ="},
        {"q": '(title = "a"'},
        {"q": 'id > "a"'},
        {"sort": "participants"},
    ],
)
async def test_filter_that_cannot_be_understood_is_an_error(api: Api, wrong: dict[str, str]) -> None:
    assert (await api("GET", PULLS, query=wrong)).status == 400


async def test_own_workspaces_sort_by_slug_only(api: Api) -> None:
    slugs = [one["workspace"]["slug"] for one in await api.values("/user/workspaces", sort="-slug")]
    assert slugs == sorted(slugs, reverse=True)
    assert (await api("GET", "/user/workspaces?sort=workspace.slug")).status == 400


async def test_branches_sort_naturally(api: Api) -> None:
    names = [one["name"] for one in await api.values("/repositories/acme/api/refs/branches", sort="name")]
    numbers = [int(name.removeprefix("feature/API-")) for name in names if name.startswith("feature/")]
    assert len(numbers) > 3
    assert numbers == sorted(numbers)


async def test_fields_select_remove_and_add(api: Api) -> None:
    only = await api.get(PULLS, fields="values.id,values.author.nickname", pagelen="3")
    assert "next" not in only
    assert all(one.keys() <= {"id", "author"} for one in only["values"])
    assert "next" in await api.get(PULLS, fields="values.id,next", pagelen="3")
    less = await api.get(PULLS, fields="-values.links,-values.author")
    assert "links" not in less["values"][0]
    assert "title" in less["values"][0]
    plain = (await api.get(PULLS))["values"][0]
    assert not {"reviewers", "participants"} & plain.keys()
    more = (await api.get(PULLS, fields="+values.reviewers,+values.destination.branch.merge_strategies"))["values"][0]
    assert more.keys() - plain.keys() == {"reviewers"}
    assert more["destination"]["branch"].keys() - plain["destination"]["branch"].keys() == {"merge_strategies"}
    assert (await api.get("/user", fields="-*,+uuid")).keys() == {"uuid"}


@pytest.mark.parametrize("path", ["/repositories", "/workspaces", "/user/permissions/workspaces", "/snippets"])
async def test_removed_lists_are_gone(api: Api, path: str) -> None:
    answer = await api("GET", path)
    assert answer.status == 410
    assert answer.json["error"]["data"]["announcement_url"].startswith("https://")


async def test_what_is_not_simulated_is_501_and_named(api: Api, fake: FakeCloud) -> None:
    for method, path in (
        ("GET", "/nowhere"),
        ("DELETE", "/workspaces/acme"),
        ("GET", "/repositories/acme/api/issues"),
    ):
        answer = await api(method, path)
        assert answer.status == 501
        assert answer.message == f"FakeCloud does not simulate {method} {path}"
    avatar = (await api.get("/workspaces/acme"))["links"]["avatar"]["href"]
    answer = await api("GET", avatar)
    assert answer.status == 501
    assert answer.message == "FakeCloud does not simulate GET /workspaces/acme/avatar/ of the web site"
    assert "GET /repositories/{workspace}/{repo_slug}/src/{commit}/{path}" in fake.operations
    assert "DELETE /workspaces/{workspace}" not in fake.operations


@pytest.mark.parametrize(
    "path",
    [
        "/repositories/acme",
        "/workspaces/acme/projects",
        PULLS,
        f"{PULLS}/1/comments",
        "/repositories/acme/api/commits",
        "/repositories/acme/api/refs/branches",
        "/repositories/acme/api/commit/main/statuses",
    ],
)
async def test_a_collection_accepts_a_trailing_slash(api: Api, path: str) -> None:
    plain, slashed = await api("GET", path), await api("GET", f"{path}/")
    assert (slashed.status, slashed.json["values"]) == (200, plain.json["values"])


async def test_a_trailing_slash_is_accepted_where_something_is_created(api: Api) -> None:
    made = await api("POST", "/workspaces/acme/projects/", {"key": "NEW", "name": "New"})
    assert made.status == 201
    status = {"key": "ci", "state": "SUCCESSFUL", "url": "https://ci.example.invalid/1"}
    assert (await api("POST", "/repositories/acme/api/commit/main/statuses/build/", status)).status == 201


@pytest.mark.parametrize("path", ["commits/main", "refs/branches/main", "diff/main"])
async def test_a_trailing_slash_is_part_of_an_argument_that_may_contain_slashes(api: Api, path: str) -> None:
    assert (await api("GET", f"/repositories/acme/api/{path}")).status == 200
    assert (await api("GET", f"/repositories/acme/api/{path}/")).status == 404


async def test_an_empty_response_has_a_content_type(api: Api) -> None:
    """It is what the vendor sends with 204, as recorded; npm's bitbucket fails without one."""
    own = "/repositories/acme/api"
    created = await api("POST", f"{own}/src", data={"/x.txt": "x"})
    download = await api("GET", f"{own}/downloads/release-1.0.zip")
    deleted = await api("DELETE", f"{own}/downloads/release-1.0.zip")
    assert [one.status for one in (created, download, deleted)] == [201, 302, 204]
    assert {one.headers["Content-Type"] for one in (created, download, deleted)} == {"text/html; charset=utf-8"}
    assert created.body == download.body == deleted.body == b""


async def test_files_come_from_a_host_of_another_name(api: Api) -> None:
    location = URL((await api("GET", "/repositories/acme/api/downloads/release-1.0.zip")).headers["Location"])
    assert location.host != URL(api.fake.origin).host
    assert (await api("GET", str(location), authorization=None)).status == 200


async def test_errors_come_in_the_envelope(api: Api) -> None:
    for path in ("/repositories/acme/nothing", "/workspaces/nobody", PULLS + "/999"):
        answer = await api("GET", path)
        assert answer.status == 404
        assert answer.json["type"] == "error"
        assert answer.message


async def test_missing_repository_answers_a_listing_by_revision_with_a_web_page(api: Api) -> None:
    answer = await api("GET", "/repositories/acme/nothing/commits/main")
    assert answer.status == 404
    assert answer.headers["Content-Type"].startswith("text/html")


async def test_post_without_length_is_refused(fake: FakeCloud) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(fake.origin.rpartition(":")[2]))
    authorization = basic(fake.email, fake.token)
    head = f"POST /2.0{PULLS}/1/approve HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\r\n"
    writer.write(head.encode())
    line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert b"411" in line

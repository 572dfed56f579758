"""How FakeDataCenter treats every request: credentials, paging, limits, headers."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, cast

import aiohttp
import orjson
import pytest

from bbasync.testing.datacenter.server import FakeDataCenter
from bbasync.testing.faults import Fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Json = dict[str, object]
REPO = "/rest/api/latest/projects/PRJ/repos/ledger"


@pytest.fixture
async def fake() -> AsyncIterator[FakeDataCenter]:
    async with FakeDataCenter() as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


async def exception_of(response: aiohttp.ClientResponse) -> str:
    errors = cast("list[Json]", cast("Json", orjson.loads(await response.read()))["errors"])
    assert set(errors[0]) >= {"context", "message", "exceptionName"}
    return str(errors[0]["exceptionName"])


async def pages(fake: FakeDataCenter, http: aiohttp.ClientSession, path: str, limit: int) -> list[Json]:
    found: list[Json] = []
    start: object = 0
    while start is not None:
        url = f"{fake.url}{path}{'&' if '?' in path else '?'}start={start}&limit={limit}"
        async with http.get(url, headers=bearer(fake.token)) as response:
            assert response.status == 200
            found.append(cast("Json", orjson.loads(await response.read())))
        start = found[-1].get("nextPageStart")
    return found


def ids(found: list[Json]) -> list[object]:
    return [cast("Json", value)["id"] for page in found for value in cast("list[object]", page["values"])]


async def test_version_is_told_to_anybody(fake: FakeDataCenter, http: aiohttp.ClientSession) -> None:
    for version in ("latest", "1.0"):
        async with http.get(f"{fake.url}/rest/api/{version}/application-properties") as response:
            assert response.status == 200
            assert cast("Json", orjson.loads(await response.read()))["version"] == "10.4.0"
            assert "X-AUSERNAME" not in response.headers
            assert "X-AREQUESTID" in response.headers
            assert response.headers["Content-Type"] == "application/json;charset=UTF-8"
    async with http.get(f"{fake.url}/status") as response:
        assert orjson.loads(await response.read()) == {"state": "RUNNING"}


async def test_every_kind_of_credential(fake: FakeDataCenter, http: aiohttp.ClientSession) -> None:
    url = f"{fake.url}/rest/api/latest/projects/PRJ"
    accepted = [
        (basic(fake.username, fake.password), "basic"),
        (basic(fake.username, fake.token), "basic_token"),
        (bearer(fake.token), "http_token"),
        (bearer(fake.project_token), "project_token"),
    ]
    for headers, kind in accepted:
        async with http.get(url, headers=headers) as response:
            assert response.status == 200
        assert fake.requests[-1].credential == kind
        assert "Authorization" not in fake.requests[-1].headers
    async with http.get(url, headers=basic(fake.username, fake.password)) as response:
        assert response.headers["X-AUSERNAME"] == "ada%40example"
    refused: list[tuple[dict[str, str], str]] = [
        ({}, "com.atlassian.plugins.rest.api.security.exception.AuthenticationRequiredException"),
        (bearer("wrong"), "com.atlassian.plugins.rest.api.security.exception.AuthenticationRequiredException"),
        (basic(fake.username, "wrong"), "com.atlassian.bitbucket.auth.IncorrectPasswordAuthenticationException"),
        (basic("x", fake.project_token), "com.atlassian.bitbucket.auth.IncorrectPasswordAuthenticationException"),
    ]
    for headers, name in refused:
        async with http.get(url, headers=headers) as response:
            assert response.status == 401
            assert await exception_of(response) == name


async def test_missing_permission_is_401_and_names_the_user(fake: FakeDataCenter, http: aiohttp.ClientSession) -> None:
    headers = bearer(fake.reader_token) | {"X-Atlassian-Token": "no-check"}
    async with http.post(
        f"{fake.url}{REPO}/branches", json={"name": "a", "startPoint": "main"}, headers=headers
    ) as response:
        assert response.status == 401
        assert await exception_of(response) == "com.atlassian.bitbucket.AuthorisationException"
        assert response.headers["X-AUSERNAME"] == fake.reader


async def test_wrong_token_still_sees_what_is_public(fake: FakeDataCenter, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{fake.url}/rest/api/latest/projects", headers=bearer("wrong")) as response:
        values = cast("list[Json]", cast("Json", orjson.loads(await response.read()))["values"])
        assert [value["key"] for value in values] == ["OPS"]
        assert "X-AUSERNAME" not in response.headers


async def test_outside_rest_a_token_leads_to_the_login_page(fake: FakeDataCenter, http: aiohttp.ClientSession) -> None:
    page = f"{fake.url}/projects/PRJ/repos/ledger/browse"
    async with http.get(page, headers=bearer(fake.token), allow_redirects=False) as response:
        assert response.status == 302
        location = response.headers["Location"]
    async with http.get(location) as response:
        assert (response.status, response.content_type) == (200, "text/html")
    async with http.get(page, headers=basic(fake.username, fake.token)) as response:
        assert response.status == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"X-Atlassian-Token": "no-check"}, 200),
        ({"Content-Type": "application/json"}, 200),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 403),
    ],
)
async def test_change_without_xsrf_header_needs_json(
    fake: FakeDataCenter, http: aiohttp.ClientSession, headers: dict[str, str], status: int
) -> None:
    version = fake.world.repository("PRJ", "ledger").pull_requests[1].version
    url = f"{fake.url}{REPO}/pull-requests/1/decline?version={version}"
    async with http.post(url, headers=bearer(fake.token) | headers, skip_auto_headers=["Content-Type"]) as response:
        assert response.status == status
        if status == 403:
            assert response.content_type == "text/plain"
            assert await response.text() == "XSRF check failed"


async def test_form_that_edits_a_file_needs_no_xsrf_header(fake: FakeDataCenter, http: aiohttp.ClientSession) -> None:
    def form() -> aiohttp.FormData:
        fields = {"content": "new", "message": "m", "branch": "main"}
        return aiohttp.FormData(fields, default_to_multipart=True)

    async with http.put(f"{fake.url}{REPO}/browse/new.txt", data=form(), headers=bearer(fake.token)) as response:
        assert response.status == 200
    async with http.post(f"{fake.url}{REPO}/branches", data=form(), headers=bearer(fake.token)) as response:
        assert (response.status, await response.text()) == (403, "XSRF check failed")


@pytest.mark.parametrize("path", ["/rest/api/latest/projects", f"{REPO}/commits", f"{REPO}/pull-requests/1"])
async def test_a_trailing_slash_is_accepted(fake: FakeDataCenter, http: aiohttp.ClientSession, path: str) -> None:
    bodies: list[bytes] = []
    for form in (path, f"{path}/", path.replace("/latest/", "/1.0/") + "/"):
        async with http.get(f"{fake.url}{form}", headers=bearer(fake.token)) as response:
            assert response.status == 200
            bodies.append(await response.read())
    assert len(set(bodies)) == 1


async def test_unknown_things(fake: FakeDataCenter, http: aiohttp.ClientSession) -> None:
    expected = {
        "/rest/api/latest/projects/NONE": "com.atlassian.bitbucket.project.NoSuchProjectException",
        "/rest/api/latest/projects/PRJ/repos/none": "com.atlassian.bitbucket.repository.NoSuchRepositoryException",
        f"{REPO}/commits/ffffffffffff": "com.atlassian.bitbucket.commit.NoSuchCommitException",
        f"{REPO}/pull-requests/999": "com.atlassian.bitbucket.pull.NoSuchPullRequestException",
        f"{REPO}/raw/none.txt": "com.atlassian.bitbucket.content.NoSuchPathException",
    }
    for path, name in expected.items():
        async with http.get(f"{fake.url}{path}", headers=bearer(fake.token)) as response:
            assert response.status == 404
            assert await exception_of(response) == name


async def test_what_is_not_simulated_is_501_and_named(fake: FakeDataCenter, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{fake.url}/rest/api/latest/admin/cluster", headers=bearer(fake.token)) as response:
        assert response.status == 501
        (error,) = (await response.json())["errors"]
    assert error["message"] == "FakeDataCenter does not simulate GET /api/latest/admin/cluster"
    assert "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/raw/{path}" in fake.operations
    assert "GET /api/latest/admin/cluster" not in fake.operations


async def test_pages_reach_every_item_once(fake: FakeDataCenter, http: aiohttp.ClientSession) -> None:
    found = await pages(fake, http, f"{REPO}/commits", 7)
    whole = await pages(fake, http, f"{REPO}/commits", 1000)
    assert len(found) > 3
    assert len(whole) == 1
    assert ids(found) == ids(whole)
    assert len(set(ids(found))) == len(ids(found))
    assert [page["isLastPage"] for page in found] == [False] * (len(found) - 1) + [True]
    assert "nextPageStart" not in found[-1]
    assert found[1]["start"] == 7


async def test_default_limit_and_silent_cap(http: aiohttp.ClientSession) -> None:
    async with FakeDataCenter(max_limit=10) as fake:
        async with http.get(f"{fake.url}{REPO}/commits", headers=bearer(fake.token)) as response:
            assert cast("Json", orjson.loads(await response.read()))["limit"] == 10
        found = await pages(fake, http, f"{REPO}/commits", 5000)
        assert {page["limit"] for page in found} == {10}
    async with FakeDataCenter() as fake, http.get(f"{fake.url}{REPO}/commits", headers=bearer(fake.token)) as response:
        assert cast("Json", orjson.loads(await response.read()))["limit"] == 25


@pytest.mark.parametrize("query", ["limit=0", "start=-1", "limit=many"])
async def test_bad_paging_is_400(fake: FakeDataCenter, http: aiohttp.ClientSession, query: str) -> None:
    async with http.get(f"{fake.url}{REPO}/commits?{query}", headers=bearer(fake.token)) as response:
        assert response.status == 400


async def test_hidden_rows_give_short_and_empty_pages(fake: FakeDataCenter, http: aiohttp.ClientSession) -> None:
    whole = ids(await pages(fake, http, f"{REPO}/commits", 1000))
    async with FakeDataCenter(hidden_rows=20) as filtered:
        found = await pages(filtered, http, f"{REPO}/commits", 4)
    sizes = [page["size"] for page in found]
    assert 0 in sizes[:-1]
    assert any(0 < cast("int", size) < 4 for size in sizes[:-1])
    short = next(page for page in found if cast("int", page["size"]) < 4)
    assert short["nextPageStart"] != cast("int", short["start"]) + cast("int", short["size"])
    assert any(page.get("nextPageStart") != cast("int", page["start"]) + 4 for page in found[:-1])
    assert ids(found) == whole


async def test_endless_list_ends_with_a_null_start(http: aiohttp.ClientSession) -> None:
    async with FakeDataCenter(endless_lists=True) as fake:
        found = await pages(fake, http, f"{REPO}/commits", 10)
    assert {page["isLastPage"] for page in found} == {False}
    assert found[-1]["nextPageStart"] is None


async def test_bucket_refuses_and_refills_by_user(http: aiohttp.ClientSession) -> None:
    now = 100.0
    async with FakeDataCenter(capacity=3, fill_rate=0.5) as fake:
        fake.rate.clock = lambda: now

        async def ask(token: str) -> tuple[int, str | None]:
            async with http.get(f"{fake.url}{REPO}", headers=bearer(token)) as response:
                return response.status, response.headers.get("Retry-After")

        assert [await ask(fake.token) for _ in range(4)] == [(200, None)] * 3 + [(429, "2")]
        assert await ask(fake.reader_token) == (200, None)
        now += 2.0
        assert [await ask(fake.token) for _ in range(2)] == [(200, None), (429, "2")]
        assert (fake.rate.served, fake.rate.refused) == (5, 2)


async def test_same_seed_same_server(http: aiohttp.ClientSession) -> None:
    async def commits(seed: int) -> list[object]:
        async with FakeDataCenter(seed=seed) as fake:
            return ids(await pages(fake, http, f"{REPO}/commits", 1000))

    assert await commits(1) == await commits(1)
    assert await commits(1) != await commits(2)


async def test_context_path_is_free(http: aiohttp.ClientSession) -> None:
    async with FakeDataCenter(context="") as fake:
        assert fake.url == fake.origin
        async with http.get(f"{fake.url}{REPO}", headers=bearer(fake.token)) as response:
            assert response.status == 200
            payload = cast("Json", orjson.loads(await response.read()))
    links = cast("dict[str, list[Json]]", payload["links"])
    assert str(links["self"][0]["href"]).endswith("/projects/PRJ/repos/ledger/browse")
    assert {link["name"] for link in links["clone"]} == {"http", "ssh"}


async def test_faults_speak_the_dialect_of_data_center(fake: FakeDataCenter, http: aiohttp.ClientSession) -> None:
    url = f"{fake.url}{REPO}/commits?limit=5&start=5"
    fake.faults.add(Fault("status", status=503))
    async with http.get(url, headers=bearer(fake.token)) as response:
        assert response.status == 503
        assert await exception_of(response) == "None"
    fake.faults.add(Fault("repeated_cursor"))
    async with http.get(url, headers=bearer(fake.token)) as response:
        page = cast("Json", orjson.loads(await response.read()))
        assert (page["isLastPage"], page["nextPageStart"]) == (False, 5)
    async with http.get(url, headers=bearer(fake.token)) as response:
        assert cast("Json", orjson.loads(await response.read()))["nextPageStart"] == 10

"""Permissions of FakeDataCenter: what was granted decides what users see and may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import aiohttp
import orjson
import pytest
from attrs import frozen

from bbasync.testing import FakeDataCenter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.testing.datacenter_api import Json

ADMIN, SECOND, THIRD, READER = "ada@example", "bjorn", "chiyo", "farid"
DENIED = (401, "AuthorisationException")
PRJ, LEDGER = "/projects/PRJ", "/projects/PRJ/repos/ledger"


@frozen
class Client:
    """Asks as any user, by password or token."""

    fake: FakeDataCenter
    http: aiohttp.ClientSession

    async def __call__(
        self, user: str, request: str, body: object = None, token: str | None = None
    ) -> tuple[int, Json]:
        method, path = request.split()
        login = aiohttp.encode_basic_auth(user, token or self.fake.password)
        headers = {"Authorization": login, "X-Atlassian-Token": "no-check"}
        url = f"{self.fake.url}/rest/api/latest{path}"
        async with self.http.request(method, url, json=body, headers=headers) as response:
            content = await response.read()
            return response.status, cast("Json", orjson.loads(content)) if content else {}

    async def ok(self, user: str, request: str, body: object = None) -> Json:
        status, payload = await self(user, request, body)
        assert status < 300, payload
        return payload

    async def refused(self, user: str, request: str, body: object = None, token: str | None = None) -> tuple[int, str]:
        status, payload = await self(user, request, body, token)
        (error,) = cast("list[Json]", payload["errors"])
        return status, str(error["exceptionName"]).rpartition(".")[2]

    async def values(self, user: str, path: str) -> list[Json]:
        return cast("list[Json]", (await self.ok(user, f"GET {path}"))["values"])

    async def slugs(self, user: str, path: str) -> list[object]:
        return [one["slug"] for one in await self.values(user, path)]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with FakeDataCenter(commits=5, pull_requests=1) as fake, aiohttp.ClientSession() as http:
        yield Client(fake, http)


async def test_lists_show_what_was_granted(client: Client) -> None:
    for place, permission in ((PRJ, "PROJECT_READ"), (LEDGER, "REPO_WRITE"), ("/admin", "PROJECT_CREATE")):
        users = f"{place}/permissions/users"
        await client.ok(ADMIN, f"PUT {users}?name={SECOND}&name={THIRD}&permission={permission}")
        granted = await client.values(ADMIN, users)
        assert [(cast("Json", one["user"])["name"], one["permission"]) for one in granted] == [
            (SECOND, permission),
            (THIRD, permission),
        ]
        assert [one["name"] for one in await client.values(ADMIN, f"{users}/none?filter=RI")] == [READER]
        await client.ok(ADMIN, f"DELETE {users}?name={SECOND}")
        await client.ok(ADMIN, f"DELETE {users}?name={SECOND}")  # as real servers, which do not mind
        assert len(await client.values(ADMIN, f"{users}?filter=bjo")) == 0


async def test_a_default_permission_is_everybodys(client: Client) -> None:
    await client.ok(ADMIN, f"DELETE {PRJ}/permissions?group=developers&group=readers")
    assert await client.refused(READER, f"GET {PRJ}") == DENIED
    await client.ok(ADMIN, f"POST {PRJ}/permissions/PROJECT_WRITE/all?allow=true")
    assert await client.ok(ADMIN, f"GET {PRJ}/permissions/PROJECT_WRITE/all") == {"permitted": True}
    assert await client.ok(ADMIN, f"GET {PRJ}/permissions/PROJECT_READ/all") == {"permitted": False}
    await client.ok(READER, f"POST {LEDGER}/branches", {"name": "mine", "startPoint": "main"})
    await client.ok(ADMIN, f"POST {PRJ}/permissions/PROJECT_WRITE/all?allow=false")
    assert await client.refused(READER, f"GET {LEDGER}") == DENIED


async def test_permissions_of_a_group_are_its_members(client: Client) -> None:
    await client.ok(ADMIN, f"PUT {LEDGER}/permissions/groups?name=readers&permission=REPO_ADMIN")
    await client.ok(READER, f"GET {LEDGER}/permissions/groups")
    client.fake.world.groups["readers"].remove(READER)
    client.fake.world.groups["developers"].add(READER)
    assert await client.refused(READER, f"GET {LEDGER}/permissions/groups") == DENIED
    assert client.fake.world.may(client.fake.world.user_named(READER), "WRITE", client.fake.world.project("PRJ"))


async def test_lists_hold_what_the_caller_may_read(client: Client) -> None:
    await client.ok(ADMIN, f"DELETE {PRJ}/permissions/groups?name=readers")
    await client.ok(ADMIN, f"PUT {LEDGER}/permissions/users?name={READER}&permission=REPO_WRITE")
    assert [one["key"] for one in await client.values(READER, "/projects")] == ["PRJ", "OPS"]
    assert [one["key"] for one in await client.values(READER, "/projects?permission=PROJECT_READ")] == ["OPS"]
    assert await client.slugs(READER, f"{PRJ}/repos") == ["ledger"]
    assert await client.slugs(READER, "/repos?permission=REPO_WRITE") == ["ledger"]
    assert await client.slugs(READER, f"{LEDGER}/forks") == []
    assert await client.slugs(ADMIN, f"{LEDGER}/forks") == ["ledger"]
    assert await client.refused(READER, f"GET {PRJ}/repos/gateway") == DENIED
    assert await client.refused(READER, "GET /repos?permission=ALL") == (400, "ArgumentValidationException")


async def test_nobody_reads_a_personal_project_but_its_owner(client: Client) -> None:
    forked = await client.ok(SECOND, f"POST {LEDGER}", {})
    assert cast("Json", forked["project"])["key"] == "~bjorn"
    await client.ok(SECOND, f"PUT /projects/~bjorn/permissions/users?name={READER}&permission=PROJECT_READ")
    assert await client.slugs(READER, "/projects/~bjorn/repos") == ["ledger"]
    assert await client.refused(THIRD, "GET /projects/~bjorn/repos") == DENIED
    assert await client.refused(THIRD, f"POST {LEDGER}", {"project": {"key": "~bjorn"}}) == DENIED


async def test_whoever_creates_a_project_administers_it(client: Client) -> None:
    assert await client.refused(SECOND, "POST /projects", {"key": "NEW"}) == DENIED
    await client.ok(ADMIN, f"PUT /admin/permissions/users?name={SECOND}&permission=PROJECT_CREATE")
    await client.ok(SECOND, "POST /projects", {"key": "NEW"})
    await client.ok(SECOND, "POST /projects/NEW/repos", {"name": "first"})
    assert await client.refused(THIRD, "GET /projects/NEW") == DENIED
    assert await client.refused(SECOND, "PUT /projects/NEW/repos/first", {"project": {"key": "PRJ"}}) == DENIED
    assert await client.refused(THIRD, "DELETE /projects/NEW/repos/first") == DENIED
    await client.ok(ADMIN, f"PUT /projects/NEW/repos/first/permissions/users?name={THIRD}&permission=REPO_ADMIN")
    await client.ok(THIRD, "DELETE /projects/NEW/repos/first")


async def test_nobody_reduces_their_own_permission(client: Client) -> None:
    users = f"{PRJ}/permissions/users"
    await client.ok(ADMIN, f"PUT {users}?name={SECOND}&permission=PROJECT_ADMIN")
    own = [
        (f"PUT {users}?name={SECOND}&permission=PROJECT_READ", 403),
        (f"DELETE {users}?name={SECOND}", 409),
        (f"DELETE {PRJ}/permissions?user={SECOND}&group=readers", 409),
    ]
    for request, status in own:
        assert await client.refused(SECOND, request) == (status, "IntegrityException")
    assert len(await client.values(SECOND, f"{PRJ}/permissions/groups")) == 2
    await client.ok(ADMIN, f"PUT {users}?name={ADMIN}&permission=PROJECT_READ")  # administrators of the server remain
    await client.ok(ADMIN, f"GET {users}")


async def test_an_administrator_is_below_a_system_administrator(client: Client) -> None:
    users = "/admin/permissions/users"
    await client.ok(ADMIN, f"PUT {users}?name={SECOND}&permission=ADMIN")
    await client.ok(ADMIN, f"PUT {users}?name={THIRD}&permission=SYS_ADMIN")
    assert await client.refused(SECOND, f"PUT {users}?name={READER}&permission=SYS_ADMIN") == DENIED
    assert await client.refused(SECOND, f"DELETE {users}?name={THIRD}") == (409, "IntegrityException")
    assert await client.refused(SECOND, f"PUT {users}?name={THIRD}&permission=ADMIN") == (409, "IntegrityException")
    assert await client.refused(SECOND, f"DELETE {users}?name={SECOND}") == (409, "IntegrityException")
    await client.ok(SECOND, f"GET {LEDGER}/permissions/users")
    assert await client.refused(READER, f"GET {users}") == DENIED


async def test_a_token_administers_repositories_but_not_the_server(client: Client) -> None:
    token = client.fake.token
    assert (await client(ADMIN, f"GET {LEDGER}/permissions/users", token=token))[0] == 200
    assert await client.refused(ADMIN, "GET /admin/permissions/users", token=token) == DENIED


async def test_a_user_without_global_permission_cannot_log_in(client: Client) -> None:
    await client.ok(ADMIN, "DELETE /admin/permissions/groups?name=readers")
    assert await client.refused(READER, "GET /projects") == (401, "NoAccessAuthenticationException")


async def test_a_reviewer_must_be_able_to_read(client: Client) -> None:
    await client.ok(ADMIN, f"DELETE {PRJ}/permissions/groups?name=readers")
    (pull,) = await client.values(ADMIN, f"{LEDGER}/pull-requests")
    change = {"version": pull["version"], "reviewers": [{"user": {"name": READER}}]}
    status, name = await client.refused(ADMIN, f"PUT {LEDGER}/pull-requests/{pull['id']}", change)
    assert (status, name) == (409, "InvalidPullRequestReviewersException")


@pytest.mark.parametrize(
    ("request_", "status", "exception"),
    [
        ("PUT {}/permissions/users?name=nobody&permission=PROJECT_READ", 404, "NoSuchUserException"),
        ("PUT {}/permissions/groups?name=nobody&permission=PROJECT_READ", 404, "NoSuchEntityException"),
        ("PUT {}/permissions/users?name=bjorn&permission=REPO_READ", 400, "ArgumentValidationException"),
        ("PUT {}/permissions/users?permission=PROJECT_READ", 400, "ArgumentValidationException"),
        ("POST {}/permissions/ADMIN/all?allow=true", 400, "ArgumentValidationException"),
        ("DELETE {}/permissions", 400, "ArgumentValidationException"),
    ],
)
async def test_what_cannot_be_granted(client: Client, request_: str, status: int, exception: str) -> None:
    assert await client.refused(ADMIN, request_.format(PRJ)) == (status, exception)


async def test_a_snapshot_keeps_permissions(client: Client) -> None:
    before = client.fake.snapshot()
    await client.ok(ADMIN, f"DELETE {PRJ}/permissions/groups?name=readers")
    assert await client.refused(READER, f"GET {PRJ}") == DENIED
    client.fake.restore(before)
    await client.ok(READER, f"GET {PRJ}")

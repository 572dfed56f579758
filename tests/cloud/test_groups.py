"""What is left of the API 1.0: where its requests go, and what they hold."""

from __future__ import annotations

import orjson
import pytest

from bbasync.auth import AccessToken
from bbasync.cloud.session import CloudSession
from bbasync.testing.recording import RecordingTransport, answer
from tests.cloud.replayed import recorded

OWNER = {"uuid": "{1}", "display_name": "Acme", "nickname": "acme", "is_team": True, "account_id": None}
GROUP: dict[str, object] = {"name": "Developers", "slug": "developers", "owner": OWNER, "members": []}


async def test_groups_and_privileges_come_whole() -> None:
    privilege = {"repo": "acme/api", "privilege": "write", "group": GROUP}
    bb, transport = recorded(orjson.dumps([GROUP]).decode(), orjson.dumps([privilege]).decode())
    (group,) = await bb.groups.get_all("acme")
    assert (group.slug, group.owner.nickname, group.members, group.permission) == ("developers", "acme", [], None)
    (found,) = await bb.groups.get_privileges("acme")
    assert (found.repo, found.privilege, found.group) == ("acme/api", "write", group)
    assert [request.url for request in transport.requests] == [
        "https://api.bitbucket.org/1.0/groups/acme",
        "https://api.bitbucket.org/1.0/group-privileges/acme",
    ]
    assert {request.headers["Authorization"] for request in transport.requests} == {"Bearer secret"}


async def test_a_privilege_is_a_bare_word_and_an_invitation_a_form() -> None:
    bb, transport = recorded("[]", '{"email": "a+b@example.org", "permission": "read"}')
    await bb.groups.update_privilege("acme", "api", "acme", "developers", privilege="write")
    await bb.groups.invite("acme", "api", email="a+b@example.org", permission="read")
    granted, invited = transport.requests
    assert granted.body == b"write"
    assert invited.body == b"email=a%2Bb%40example.org&permission=read"
    assert {one.headers["Content-Type"] for one in (granted, invited)} == {"application/x-www-form-urlencoded"}
    assert (invited.group, bb.rates.snapshot()[-1].limit) == ("invitations", 100)


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("https://api.bitbucket.org/2.0", "https://api.bitbucket.org/1.0/groups/acme"),
        ("https://proxy.example.org/bitbucket/2.0/", "https://proxy.example.org/bitbucket/1.0/groups/acme"),
        ("https://proxy.example.org", "https://proxy.example.org/1.0/groups/acme"),
    ],
)
async def test_the_api_1_0_is_beside_the_base_url(base_url: str, url: str) -> None:
    transport = RecordingTransport([answer("[]"), answer("[]")])
    async with CloudSession(AccessToken("secret"), base_url=base_url, transport=transport) as bb:
        await bb.groups.get_all("acme")
        assert await bb.request("GET", "/1.0/groups/acme") == []
    assert {request.url for request in transport.requests} == {url}

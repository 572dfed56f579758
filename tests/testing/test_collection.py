"""Resources without behaviour: stored, paged, cut down by `fields`, and refused as the vendor does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from bbasync.testing import FakeCloud
    from tests.testing.cloud_api import Api

USERS = "/repositories/acme/api/permissions-config/users"


async def test_the_life_of_an_item(api: Api, fake: FakeCloud) -> None:
    user = fake.world.users[1]
    assert (await api.get(USERS))["values"] == []
    made = (await api("PUT", f"{USERS}/{user.uuid}", {"permission": "write"})).json
    assert (made["type"], made["permission"]) == ("repository_user_permission", "write")
    assert made["user"]["uuid"] == user.uuid
    await api("PUT", f"{USERS}/{user.uuid}", {"permission": "admin"})
    assert (await api.get(f"{USERS}/{user.uuid}"))["permission"] == "admin"
    assert [one["permission"] for one in (await api.get(USERS))["values"]] == ["admin"]
    assert (await api.get(USERS, fields="values.permission")) == {"values": [{"permission": "admin"}]}
    assert (await api("DELETE", f"{USERS}/{user.uuid}")).status == 204
    assert (await api("GET", f"{USERS}/{user.uuid}")).status == 404


async def test_a_body_without_a_required_field_names_it(api: Api, fake: FakeCloud) -> None:
    answer = await api("PUT", f"{USERS}/{fake.world.users[1].uuid}", {"colour": "red"})
    assert answer.status == 400
    assert answer.json["error"]["fields"] == {"permission": ["This field is required."]}
    assert (await api.get(USERS))["values"] == []


async def test_items_are_paged_and_belong_to_their_owner(api: Api) -> None:
    groups = "/repositories/acme/api/permissions-config/groups"
    for number in range(12):
        await api("PUT", f"{groups}/team-{number}", {"permission": "read"})
    first = await api.get(groups, pagelen="5")
    assert (first["size"], len(first["values"])) == (12, 5)
    assert len(await api.values(groups, pagelen="5")) == 12
    assert (await api.get("/repositories/acme/web/permissions-config/groups"))["values"] == []


@pytest.mark.parametrize("path", ["/repositories/acme/none", "/repositories/none/api"])
async def test_what_the_path_names_must_exist(api: Api, path: str) -> None:
    assert (await api("GET", f"{path}/permissions-config/users")).status == 404

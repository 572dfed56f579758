"""Repositories against the fake of Bitbucket Cloud, and what their requests carry."""

from __future__ import annotations

import pytest

from bbasync import ApiToken, BadRequestError, CloudSession, GoneError, NotFoundError, ServerError
from bbasync.cloud.models import ForkPolicy, Permission, RepositoryRole
from bbasync.testing.recording import RecordingTransport, answer
from tests.cloud.replayed import body_of, recorded
from tests.virtual import virtual

GROUP = '{"type": "group", "name": "Developers", "slug": "developers", "full_slug": "acme:developers"}'


async def test_a_repository_from_creation_to_deletion(bb: CloudSession) -> None:
    made = await bb.repositories.create(
        "acme", "tools", project_key="PRJ1", is_private=True, fork_policy=ForkPolicy.NO_PUBLIC_FORKS
    )
    assert (made.full_name, made.is_private, made.fork_policy) == ("acme/tools", True, "no_public_forks")
    assert made.project is not None
    assert made.project.key == "PRJ1"

    changed = await bb.repositories.update("acme", "tools", name="Better Tools", description="For all")
    assert (changed.slug, changed.description, changed.fork_policy) == ("better-tools", "For all", "no_public_forks")
    assert changed.uuid == made.uuid
    assert await bb.repositories.get("{}", made.uuid) == changed
    with pytest.raises(NotFoundError):
        await bb.repositories.get("acme", "tools")

    await bb.repositories.delete("acme", "better-tools")
    with pytest.raises(NotFoundError):
        await bb.repositories.get("acme", "better-tools")


async def test_update_creates_what_is_not_there(bb: CloudSession) -> None:
    made = await bb.repositories.update("acme", "fresh", language="python")
    assert made == await bb.repositories.get("acme", "fresh")
    assert made.language == "python"


async def test_a_project_that_is_not_there_is_named(bb: CloudSession) -> None:
    with pytest.raises(BadRequestError) as caught:
        await bb.repositories.create("acme", "tools", project_key="NOPE")
    assert "project" in caught.value.fields


async def test_list_filters_and_sorts(bb: CloudSession) -> None:
    found = bb.repositories.list("acme", q="is_private = true", sort="-name")
    names = [repository.name async for repository in found]
    assert names == sorted(names, reverse=True)
    assert 0 < len(names) < len([one async for one in bb.repositories.list("acme")])


async def test_chosen_fields_still_page() -> None:
    bb, transport = recorded('{"values": []}')
    async with bb:
        role = RepositoryRole.CONTRIBUTOR
        assert [one async for one in bb.repositories.list("acme", role=role, fields="values.slug")] == []
    assert transport.requests[0].url.endswith("/acme?role=contributor&fields=values.slug%2Cnext&pagelen=100")


async def test_a_workspace_that_has_moved_is_gone() -> None:
    bb, _ = recorded('{"type": "error", "error": {"message": "Gone"}}', status=410)
    async with bb:
        with pytest.raises(GoneError):
            await anext(bb.repositories.list("acme"))


async def test_a_fork_into_another_workspace(bb: CloudSession) -> None:
    before = {fork.full_name async for fork in bb.repositories.list_forks("acme", "api")}
    fork = await bb.repositories.fork("acme", "api", target_workspace="globex", name="Our API", is_private=True)
    assert (fork.full_name, fork.is_private) == ("globex/our-api", True)
    assert fork.parent is not None
    assert fork.parent.full_name == "acme/api"
    after = {fork.full_name async for fork in bb.repositories.list_forks("acme", "api")}
    assert after - before == {"globex/our-api"}


async def test_watchers_are_accounts(bb: CloudSession) -> None:
    watchers = [watcher async for watcher in bb.repositories.list_watchers("acme", "api")]
    assert watchers
    assert all(watcher.type == "user" and watcher.account_id for watcher in watchers)


@virtual
async def test_a_rename_is_sent_once_and_other_changes_again() -> None:
    # After a rename that was carried out but not answered, the old slug is free and a second PUT would create there.
    refusals = [answer("", 503, {"retry-after": "0"}), answer("", 503, {"retry-after": "0"}), answer("{}")]
    transport = RecordingTransport(refusals)
    async with CloudSession(ApiToken("me@example.org", "token"), transport=transport) as bb:
        with pytest.raises(ServerError):
            await bb.repositories.update("acme", "api", name="New")
        assert len(transport.requests) == 1
        await bb.repositories.update("acme", "api", description="New")
    assert len(transport.requests) == 3


async def test_bodies_hold_what_was_given_and_nothing_else() -> None:
    bb, transport = recorded(*["{}"] * 4)
    async with bb:
        await bb.repositories.create("acme", "api", is_private=False)
        await bb.repositories.update("acme", "api", mainbranch="trunk", description="")
        await bb.repositories.fork("acme", "api")
        await bb.repositories.update_override_settings("acme", "api", branching_model=True)
    assert [body_of(request) for request in transport.requests] == [
        {"is_private": False},
        {"mainbranch": {"name": "trunk"}, "description": ""},
        {},
        {"branching_model": True},
    ]


@pytest.mark.parametrize(
    "payload", ['{"branching_model": true}', '{"override_settings": {"branching_model": true}}'], ids=["flat", "nested"]
)
async def test_inheritance_is_read_in_both_shapes(payload: str) -> None:
    bb, _ = recorded(payload)
    async with bb:
        state = await bb.repositories.get_override_settings("acme", "api")
    assert state.branching_model or state.override_settings == {"branching_model": True}


async def test_group_permissions_are_granted_and_read() -> None:
    granted = f'{{"type": "repository_group_permission", "permission": "write", "group": {GROUP}}}'
    bb, transport = recorded(granted, f'{{"values": [{granted}]}}')
    async with bb:
        grant = await bb.repositories.update_group_permission("acme", "api", "developers", permission=Permission.WRITE)
        assert (grant.permission, grant.group.slug) == (Permission.WRITE, "developers")
        assert [one async for one in bb.repositories.list_group_permissions("acme", "api")] == [grant]
    assert body_of(transport.requests[0]) == {"permission": "write"}


async def test_user_permissions_are_found_by_account_id_and_may_be_new_words() -> None:
    bb, transport = recorded('{"permission": "triage", "user": {"type": "user", "uuid": "{1}", "display_name": "Ada"}}')
    async with bb:
        grant = await bb.repositories.get_user_permission("acme", "api", "557058:0cc2")
    assert grant.permission == "triage"
    assert grant.user.display_name == "Ada"
    assert transport.requests[0].url.endswith("/permissions-config/users/557058%3A0cc2")


async def test_own_permissions_filter_by_repository(bb: CloudSession) -> None:
    found = [one async for one in bb.repositories.list_own_permissions("acme", q='repository.name = "api"')]
    assert [one.repository.full_name for one in found if one.repository] == ["acme/api"]
    assert found[0].permission is Permission.ADMIN

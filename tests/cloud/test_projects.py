"""Projects against the fake of Bitbucket Cloud, and what their requests carry."""

from __future__ import annotations

import pytest

from bbasync import BadRequestError, CloudSession, NotFoundError, ServerError
from bbasync.cloud.models import DefaultReviewerType, Permission
from bbasync.testing.recording import answer
from tests.cloud.replayed import body_of, replay
from tests.virtual import virtual

ADA = '{"type": "user", "uuid": "{1}", "account_id": "557058:1", "display_name": "Ada"}'


async def test_a_project_from_creation_to_deletion(bb: CloudSession) -> None:
    made = await bb.projects.create("acme", key="MARS", name="Mars", is_private=True)
    assert (made.key, made.name, made.is_private) == ("MARS", "Mars", True)
    assert made in [project async for project in bb.projects.list("acme")]

    moved = await bb.projects.update("acme", "MARS", key="PHOBOS", description="A moon")
    assert (moved.key, moved.name, moved.uuid) == ("PHOBOS", "Mars", made.uuid)
    assert await bb.projects.get("acme", "PHOBOS") == moved
    with pytest.raises(NotFoundError):
        await bb.projects.get("acme", "MARS")

    await bb.projects.delete("acme", "PHOBOS")
    assert "PHOBOS" not in [project.key async for project in bb.projects.list("acme")]


async def test_a_project_that_holds_repositories_is_not_deleted(bb: CloudSession) -> None:
    repository = await bb.repositories.get("acme", "api")
    assert repository.project is not None
    with pytest.raises(BadRequestError):
        await bb.projects.delete("acme", repository.project.key)


async def test_update_creates_what_is_not_there(bb: CloudSession) -> None:
    made = await bb.projects.update("acme", "DEIMOS", name="Deimos")
    assert await bb.projects.get("acme", "DEIMOS") == made


@virtual
async def test_a_new_key_is_sent_once_and_other_changes_again() -> None:
    # After a move that was carried out but not answered, the old key is free and a second PUT would create there.
    refused = answer("", 503, {"retry-after": "0"})
    bb, transport = replay(refused, refused, answer("{}"))
    async with bb:
        with pytest.raises(ServerError):
            await bb.projects.update("acme", "MARS", key="PHOBOS")
        assert len(transport.requests) == 1
        await bb.projects.update("acme", "MARS", name="Mars")
    assert len(transport.requests) == 3


async def test_an_avatar_is_a_link() -> None:
    bb, transport = replay(answer("{}", 201), answer("{}"))
    async with bb:
        await bb.projects.create("acme", key="MARS", name="Mars", avatar="https://example.org/mars.png")
        await bb.projects.update("acme", "MARS", is_private=False)
    assert [body_of(request) for request in transport.requests] == [
        {"key": "MARS", "name": "Mars", "links": {"avatar": {"href": "https://example.org/mars.png"}}},
        {"is_private": False},
    ]


async def test_default_reviewers_come_and_go() -> None:
    listed = f'{{"values": [{{"type": "default_reviewer", "reviewer_type": "project", "user": {ADA}}}]}}'
    bb, transport = replay(answer(ADA), answer(listed), answer(ADA), answer("", 204))
    async with bb:
        ada = await bb.projects.add_default_reviewer("acme", "MARS", "{1}")
        listing = [one async for one in bb.projects.list_default_reviewers("acme", "MARS")]
        assert [(one.user, one.reviewer_type) for one in listing] == [(ada, DefaultReviewerType.PROJECT)]
        assert await bb.projects.get_default_reviewer("acme", "MARS", "557058:1") == ada
        await bb.projects.remove_default_reviewer("acme", "MARS", "{1}")
    assert [request.method for request in transport.requests] == ["PUT", "GET", "GET", "DELETE"]
    assert transport.requests[0].url.endswith("/projects/MARS/default-reviewers/%7B1%7D")


async def test_permissions_of_projects_know_create_repo() -> None:
    grant = f'{{"type": "project_user_permission", "permission": "create-repo", "user": {ADA}}}'
    bb, transport = replay(answer(grant), answer(f'{{"values": [{grant}]}}'), answer("", 204))
    async with bb:
        granted = await bb.projects.update_user_permission("acme", "MARS", "{1}", permission=Permission.CREATE_REPO)
        assert granted.permission is Permission.CREATE_REPO
        assert [one async for one in bb.projects.list_user_permissions("acme", "MARS")] == [granted]
        await bb.projects.delete_user_permission("acme", "MARS", "{1}")
    assert body_of(transport.requests[0]) == {"permission": "create-repo"}


async def test_groups_are_read_with_their_permission() -> None:
    group = '{"type": "group", "name": "Developers", "slug": "developers"}'
    bb, transport = replay(answer(f'{{"permission": "none", "group": {group}}}'))
    async with bb:
        grant = await bb.projects.get_group_permission("acme", "MARS", "developers")
    assert (grant.permission, grant.group.name) == (Permission.NONE, "Developers")
    assert transport.requests[0].url.endswith("/projects/MARS/permissions-config/groups/developers")

"""Webhooks: what their requests carry and what their answers become."""

from __future__ import annotations

import logging

import orjson
import pytest

from bbasync.cloud.models import BaseRepository, BaseWorkspace, EventKey, SubjectType
from tests.cloud.replayed import body_of, recorded

SECRET = "correct-horse-battery"


def hook(subject: str = "{}") -> str:
    return (
        '{"type": "webhook_subscription", "uuid": "{5}", "url": "https://example.org/hook", "active": true,'
        ' "events": ["repo:push", "repo:rewound"], "created_at": "2026-03-01T10:00:00.5Z", "secret_set": true,'
        f' "subject_type": "repository", "subject": {subject}}}'
    )


async def test_a_hook_is_created_from_enums_and_words() -> None:
    bb, transport = recorded(hook(), status=201)
    async with bb:
        made = await bb.webhooks.create_repository_hook(
            "acme", "api", url="https://example.org/hook", events=[EventKey.REPO_PUSH, "repo:rewound"], active=True
        )
    assert body_of(transport.requests[0]) == {
        "url": "https://example.org/hook",
        "events": ["repo:push", "repo:rewound"],
        "active": True,
    }
    assert made.events == [EventKey.REPO_PUSH, "repo:rewound"]
    assert made.secret_set
    assert made.created_at is not None
    assert made.created_at.utcoffset() is not None


async def test_the_secret_is_kept_changed_or_removed() -> None:
    bb, transport = recorded(hook(), hook(), hook())
    async with bb:
        await bb.webhooks.update_workspace_hook("acme", "{5}", active=False)
        await bb.webhooks.update_workspace_hook("acme", "{5}", secret=SECRET)
        await bb.webhooks.update_workspace_hook("acme", "{5}", secret=None)
    assert [body_of(request) for request in transport.requests] == [
        {"active": False},
        {"secret": SECRET},
        {"secret": None},
    ]
    assert transport.requests[0].url.endswith("/workspaces/acme/hooks/%7B5%7D")


async def test_the_secret_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bb, transport = recorded(hook())
    async with bb:
        made = await bb.webhooks.create_workspace_hook(
            "acme", url="https://example.org/hook", events=["repo:push"], secret=SECRET
        )
    assert SECRET not in f"{made!r} {transport.requests[0]!r} {caplog.text}"


@pytest.mark.parametrize(
    ("subject", "model"),
    [
        ('{"type": "repository", "uuid": "{2}", "full_name": "acme/api", "name": "api"}', BaseRepository),
        ('{"type": "workspace", "uuid": "{3}", "slug": "acme", "name": "Acme"}', BaseWorkspace),
    ],
    ids=["repository", "workspace"],
)
async def test_a_hook_knows_what_it_stands_on(subject: str, model: type[BaseRepository | BaseWorkspace]) -> None:
    bb, _ = recorded(f'{{"values": [{hook(subject)}]}}')
    async with bb:
        hooks = [one async for one in bb.webhooks.list_workspace_hooks("acme")]
    found = hooks[0].subject
    assert isinstance(found, model)
    assert found.raw == orjson.loads(subject)


async def test_a_hook_of_a_repository_is_read_changed_and_deleted() -> None:
    bb, transport = recorded(hook(), hook(), "")
    async with bb:
        got = await bb.webhooks.get_repository_hook("acme", "api", "{5}")
        changed = await bb.webhooks.update_repository_hook("acme", "api", "{5}", events=[EventKey.REPO_PUSH])
        assert changed == got
        await bb.webhooks.delete_repository_hook("acme", "api", "{5}")
    assert [request.method for request in transport.requests] == ["GET", "PUT", "DELETE"]
    assert body_of(transport.requests[1]) == {"events": ["repo:push"]}


async def test_hooks_spend_a_budget_of_their_own() -> None:
    bb, _ = recorded('{"values": []}', "{}")
    async with bb:
        assert [one async for one in bb.webhooks.list_repository_hooks("acme", "api")] == []
        await bb.repositories.get("acme", "api")
        assert {bucket.group for bucket in bb.rates.snapshot()} == {"webhooks", "api"}


async def test_events_are_listed_for_each_subject() -> None:
    subjects = (
        '{"repository": {"links": {"events": {"href": "https://api.bitbucket.org/2.0/hook_events/repository"}}},'
        ' "workspace": {"links": {"events": {"href": "https://api.bitbucket.org/2.0/hook_events/workspace"}}}}'
    )
    events = '{"values": [{"event": "repo:push", "category": "Repository", "label": "Push", "description": "A push"}]}'
    bb, transport = recorded(subjects, events)
    async with bb:
        types = await bb.webhooks.get_subject_types()
        assert types.workspace is not None
        assert types.workspace.links["events"].endswith("/hook_events/workspace")
        found = [event async for event in bb.webhooks.list_events(SubjectType.WORKSPACE)]
    assert [(event.event, event.label) for event in found] == [(EventKey.REPO_PUSH, "Push")]
    assert "/hook_events/workspace?" in transport.requests[1].url

"""What type checkers refuse; every ignored line is an error, and an ignore that is not needed is one too. Never run."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.webhooks import cloud as events
from bbasync.webhooks import parse

if TYPE_CHECKING:
    from bbasync import CloudSession, DataCenterSession
    from bbasync.webhooks import WebhookRouter


def misspelt() -> None:
    from bbasync import CludSession  # type: ignore[attr-defined]  # noqa: F401, PLC0415 - no such session
    from bbasync.cloud import Qu  # type: ignore[attr-defined]  # noqa: F401, PLC0415 - no such name
    from bbasync.cloud.models import Branhc  # type: ignore[attr-defined]  # noqa: F401, PLC0415 - no such model


async def cloud(bb: CloudSession) -> None:
    await bb.repositories.get("acme")  # type: ignore[call-arg]  # a repository has two names
    await bb.repositories.get("acme", "api", "name")  # type: ignore[call-arg]  # what is not in the path goes by keyword
    await bb.repositories.get("acme", "api", colour="red")  # type: ignore[call-arg]  # no such parameter
    await bb.pull_requests.get("acme", "api", "1")  # type: ignore[arg-type]  # ids are integers
    await bb.pull_requests.create("acme", "api", title="Fix")  # type: ignore[call-arg]  # from which branch?
    await bb.pull_requests.list("acme", "api")  # type: ignore[misc]  # a list is iterated over, not awaited
    async for branch in bb.refs.list_branches("acme", "api"):
        branch.target.hash  # type: ignore[union-attr]  # noqa: B018 - an empty repository's branch has no commit
        branch.nmae  # type: ignore[attr-defined]  # noqa: B018 - no such field


async def data_center(dc: DataCenterSession) -> None:
    await dc.pull_requests.merge("PRJ", "api", 1)  # type: ignore[call-arg]  # a merge names the version
    dc.refs  # type: ignore[attr-defined]  # noqa: B018 - a service of Cloud


def webhooks(router: WebhookRouter, headers: dict[str, str], body: bytes) -> None:
    parse(headers, body)  # type: ignore[call-arg]  # a signature is left unchecked in so many words only

    @router.on(events.RepositoryPush)  # type: ignore[arg-type]  # an event of another class
    async def opened(event: events.PullRequestCreated) -> None: ...

    @router.on(events.PullRequestCreated, events.PullRequestUpdated)  # type: ignore[arg-type]  # one of two
    async def created(event: events.PullRequestCreated) -> None: ...

    @router.on(events.PullRequestCreated, events.RepositoryPush)  # type: ignore[arg-type]  # the base of one of two
    async def of_base(event: events.PullRequestEvent) -> None: ...

    @router.on(events.PullRequestCreated, events.PullRequestPush, events.PullRequestUpdated, events.RepositoryPush)  # type: ignore[arg-type]  # the base of three of four
    async def of_four(event: events.PullRequestEvent) -> None: ...

    @router.on("pullrequest:created")  # type: ignore[arg-type]  # a key does not tell the class
    async def by_key(event: events.PullRequestCreated) -> None: ...

    @router.on(events.PullRequestCreated)  # type: ignore[arg-type]  # not async
    def plain(event: events.PullRequestCreated) -> None: ...

    router.on()  # type: ignore[call-overload]  # on what?

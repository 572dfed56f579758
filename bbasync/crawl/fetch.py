"""How the next page of a task is asked for.

Payloads are kept as they came, so no models are built: the listings are walked below the services.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from bbasync.cloud.query import Q
from bbasync.errors import BadRequestError, DecodeError, NotFoundError
from bbasync.paging import Page, Paging
from bbasync.service import Service

from .plan import without_missing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from bbasync.cloud.session import CloudSession
    from bbasync.errors import ResponseError
    from bbasync.paging import Cursor
    from bbasync.request import Query, RequestOptions

    from .plan import Payload
    from .tasks import Task

__all__ = ["fetch", "page_of", "without_missing_heads"]

_TEMPLATES: Final[Mapping[str, str]] = {
    "workspaces": "/workspaces/{workspace}",
    "projects": "/workspaces/{workspace}/projects",
    "members": "/workspaces/{workspace}/members",
    "repositories": "/repositories/{workspace}",
    "refs": "/repositories/{workspace}/{repo_slug}/refs",
    "branches": "/repositories/{workspace}/{repo_slug}/refs/branches",
    "tags": "/repositories/{workspace}/{repo_slug}/refs/tags",
    "commits": "/repositories/{workspace}/{repo_slug}/commits",
    "activity": "/repositories/{workspace}/{repo_slug}/pullrequests/activity",
    "pull_requests": "/repositories/{workspace}/{repo_slug}/pullrequests",
    "comments": "/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments",
    "pull_request_commits": "/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/commits",
    "statuses": "/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/statuses",
}


async def fetch(session: CloudSession, task: Task) -> Page[Payload]:
    """Return the next page of a task."""
    return await _Payloads(session).next_page(task)


class _Payloads(Service):
    async def next_page(self, task: Task) -> Page[Payload]:
        path, arguments = (
            _TEMPLATES[task.kind],
            [part for part in (task.workspace, task.repository, task.pull_request) if part],
        )
        try:
            match task.kind:
                case "workspaces":
                    return page_of([await self._object(path, arguments)])
                case "commits":
                    form = {"exclude": task.arguments["exclude"]}
                    pages = self._pages(task, f"POST {path}", arguments, form=form, repeatable=True)
                case "repositories" | "pull_requests":
                    pages = self._pages(task, f"GET {path}", arguments, query=_keyset(task))
                case _:
                    pages = self._pages(task, f"GET {path}", arguments)
        except ValueError as error:  # of a name that the server gave
            raise DecodeError(f"there is no path to {task.key}: {error}", template=path) from error
        async with pages:
            return cast("Page[Payload]", await pages.next_page())

    def _pages(
        self, task: Task, operation: str, arguments: list[str | int], **options: Unpack[RequestOptions]
    ) -> Cursor[Payload]:
        return self._cursor(_objects, operation, arguments, paging=Paging(start=task.cursor), **options)

    async def _object(self, path: str, arguments: list[str | int]) -> Payload:
        payload = (await self._send(f"GET {path}", arguments)).json()
        if not isinstance(payload, dict):
            raise DecodeError("a workspace is an object", method="GET", template=path)
        return cast("Payload", payload)


def page_of(values: list[Payload]) -> Page[Payload]:
    """Return what there is of a listing that is not paged."""
    return Page(values=values, raw={"values": values}, number=1, size=None, next=None)


def _objects(values: list[Any]) -> list[Any]:
    if not all(isinstance(value, dict) for value in values):
        raise TypeError("the values of a page are objects")
    return values


def _keyset(task: Task) -> Query:
    # with q= a list of pull requests shows all states; reviewers and participants are left out unless asked for
    query: dict[str, str] = {
        "q": Q("updated_on") >= datetime.fromisoformat(task.arguments["from"]),
        "sort": "updated_on",
    }
    if task.kind == "pull_requests":
        query["fields"] = "+values.reviewers,+values.participants"
    return query


def without_missing_heads(task: Task, error: ResponseError) -> list[str] | None:
    """Return the heads to exclude if a listing of commits was refused because of some that are gone, else None."""
    if task.kind != "commits" or not task.arguments["exclude"]:
        return None
    if not isinstance(error, BadRequestError | NotFoundError):
        return None
    return without_missing(task.arguments["exclude"], task.arguments["heads"], f"{error.message} {error.details}")

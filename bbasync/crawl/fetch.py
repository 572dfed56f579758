"""Requests the next page of a task.

Payloads are stored unchanged, so this bypasses the methods of the services, which would build models.
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
                    return page_of([await self._get_object(path, arguments)])
                case "commits":
                    form = {"exclude": task.arguments["exclude"]}
                    pages = self._pages(task, f"POST {path}", arguments, form=form, repeatable=True)
                case "repositories" | "pull_requests":
                    pages = self._pages(task, f"GET {path}", arguments, query=_keyset_query(task))
                case _:
                    pages = self._pages(task, f"GET {path}", arguments)
        except ValueError as error:  # raised for a name sent by the server
            raise DecodeError(f"the path of {task.key} is invalid: {error}", template=path) from error
        async with pages:
            return cast("Page[Payload]", await pages.next_page())

    def _pages(
        self, task: Task, operation: str, arguments: list[str | int], **options: Unpack[RequestOptions]
    ) -> Cursor[Payload]:
        return self._cursor(_checked_objects, operation, arguments, paging=Paging(start=task.cursor), **options)

    async def _get_object(self, path: str, arguments: list[str | int]) -> Payload:
        payload = (await self._send(f"GET {path}", arguments)).json()
        if not isinstance(payload, dict):
            raise DecodeError("the response is not a JSON object", method="GET", template=path)
        return cast("Payload", payload)


def page_of(values: list[Payload]) -> Page[Payload]:
    """Return the only page of a list that is not paged."""
    return Page(values=values, raw={"values": values}, number=1, size=None, next=None)


def _checked_objects(values: list[Any]) -> list[Any]:
    if not all(isinstance(value, dict) for value in values):
        raise TypeError("a value of the page is not a JSON object")
    return values


def _keyset_query(task: Task) -> Query:
    # with q=, the list of pull requests includes all states; without fields=, it omits reviewers and participants
    query: dict[str, str] = {
        "q": Q("updated_on") >= datetime.fromisoformat(task.arguments["from"]),
        "sort": "updated_on",
    }
    if task.kind == "pull_requests":
        query["fields"] = "+values.reviewers,+values.participants"
    return query


def without_missing_heads(task: Task, error: ResponseError) -> list[str] | None:
    """Return the heads to exclude if a list of commits failed because of heads that no longer exist, else None."""
    if task.kind != "commits" or not task.arguments["exclude"]:
        return None
    if not isinstance(error, BadRequestError | NotFoundError):
        return None
    return without_missing(task.arguments["exclude"], task.arguments["heads"], f"{error.message} {error.details}")

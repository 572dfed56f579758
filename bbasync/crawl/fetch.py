"""How the next page of a task is asked for.

Payloads are kept as they came, so no models are built: the listings are walked below the services.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from bbasync.cloud.query import Q
from bbasync.errors import BadRequestError, DecodeError, NotFoundError
from bbasync.paging import Page, Paging

from .plan import without_missing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bbasync.cloud.session import CloudSession
    from bbasync.errors import ResponseError
    from bbasync.request import Query, Request

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
    try:
        request = _request(session, task)
    except ValueError as error:  # of a name that the server gave
        raise DecodeError(f"there is no path to {task.key}: {error}", template=_TEMPLATES[task.kind]) from error
    if task.kind == "workspaces":
        payload = (await session.send(request)).json()
        if not isinstance(payload, dict):
            raise DecodeError("a workspace is an object", method=request.method, template=request.template)
        return page_of([cast("Payload", payload)])
    async with session.cursor(request, _objects, Paging(start=task.cursor, whole=True)) as pages:
        return cast("Page[Payload]", next(await anext(pages)))


def page_of(values: list[Payload]) -> Page[Payload]:
    """Return what there is of a listing that is not paged."""
    return Page(values=values, raw={"values": values}, number=1, size=None, next=None)


def _objects(values: list[Any]) -> list[Any]:
    if not all(isinstance(value, dict) for value in values):
        raise TypeError("the values of a page are objects")
    return values


def _request(session: CloudSession, task: Task) -> Request:
    template = _TEMPLATES[task.kind]
    arguments = [part for part in (task.workspace, task.repository, task.pull_request) if part]
    match task.kind:
        case "commits":
            form = {"exclude": task.arguments["exclude"]}
            return session.build("POST", template, arguments, form=form, repeatable=True)
        case "repositories" | "pull_requests":
            return session.build("GET", template, arguments, query=_keyset(task))
        case _:
            return session.build("GET", template, arguments)


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

"""Pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.pull_requests import PullRequest
from bbasync.cloud.query import Q
from bbasync.service import lists

from .activity import PullRequestActivities
from .changes import PullRequestChanges
from .comments import PullRequestComments
from .merges import PullRequestMerges
from .reviews import PullRequestReviews
from .tasks import PullRequestTasks

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.paging import Paging
    from bbasync.request import Query

__all__ = ["PullRequests"]


class PullRequests(
    PullRequestActivities,
    PullRequestChanges,
    PullRequestComments,
    PullRequestMerges,
    PullRequestReviews,
    PullRequestTasks,
):
    """Pull requests, their reviews, comments, tasks, changes and merges: `bb.pull_requests`."""

    @lists
    def list(
        self,
        workspace: str,
        repo_slug: str,
        *,
        state: str | Sequence[str] | None = None,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[PullRequest]:
        """List the pull requests into a repository.

        Without `state` and `q` only open ones; `q` alone looks at those of every state, and with both, both hold.
        Lists leave reviewers and participants out; `fields="+values.reviewers,+values.participants"` adds them.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._list(
            PullRequest,
            "GET /repositories/{workspace}/{repo_slug}/pullrequests",
            (workspace, repo_slug),
            query={**_filter(state, q), "sort": sort, "fields": fields},
            paging=paging,
        )

    @lists
    def list_for_user(
        self,
        workspace: str,
        selected_user: str,
        *,
        state: str | Sequence[str] | None = None,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[PullRequest]:
        """List the pull requests that a user opened in any repository of a workspace.

        `selected_user` is a uuid in braces or an Atlassian account id. `state`, `q` and `fields` are as in `list`.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._list(
            PullRequest,
            "GET /workspaces/{workspace}/pullrequests/{selected_user}",
            (workspace, selected_user),
            query={**_filter(state, q), "sort": sort, "fields": fields},
            paging=paging,
        )

    @lists
    def list_for_commit(
        self, workspace: str, repo_slug: str, commit: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[PullRequest]:
        """List the pull requests that a commit was reviewed in.

        The server has to index the repository first: until somebody asks for that on a commit's page, where the
        link to its pull requests is, the answer is NotFoundError, and while it indexes the list may lack some.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._list(
            PullRequest,
            "GET /repositories/{workspace}/{repo_slug}/commit/{commit}/pullrequests",
            (workspace, repo_slug, commit),
            query={"fields": fields},
            paging=paging,
        )

    async def create(
        self,
        workspace: str,
        repo_slug: str,
        *,
        title: str,
        source_branch: str,
        source_repository: str | None = None,
        destination_branch: str | None = None,
        description: str | None = None,
        reviewers: Sequence[str] | None = None,
        close_source_branch: bool | None = None,
        draft: bool | None = None,
    ) -> PullRequest:
        """Open a pull request into a repository.

        If one from the same branch into the same is open, that one is changed and returned. `source_repository`
        is a fork's full name, `workspace/repo_slug`; `destination_branch` is the main branch if left out. `reviewers`
        are uuids in braces or Atlassian account ids. A branch that does not exist is a BadRequestError, which names
        it in `fields`.

        Scope: pullrequest:write (OAuth), read:pullrequest:bitbucket, write:pullrequest:bitbucket (API token).
        """
        return await self._call(
            PullRequest,
            "POST /repositories/{workspace}/{repo_slug}/pullrequests",
            (workspace, repo_slug),
            json={
                "title": title,
                "source": {"branch": {"name": source_branch}, "repository": {"full_name": source_repository}},
                "destination": {"branch": {"name": destination_branch}},
                "description": description,
                "reviewers": _reviewers(reviewers),
                "close_source_branch": close_source_branch,
                "draft": draft,
            },
        )

    async def get(
        self, workspace: str, repo_slug: str, pull_request_id: int, *, fields: str | None = None
    ) -> PullRequest:
        """Return a pull request.

        How its destination may be merged into is told for
        `fields="+destination.branch.merge_strategies,+destination.branch.default_merge_strategy"`.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return await self._call(
            PullRequest,
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}",
            (workspace, repo_slug, pull_request_id),
            query={"fields": fields},
        )

    async def update(
        self,
        workspace: str,
        repo_slug: str,
        pull_request_id: int,
        *,
        title: str | None = None,
        source_branch: str | None = None,
        destination_branch: str | None = None,
        description: str | None = None,
        reviewers: Sequence[str] | None = None,
        close_source_branch: bool | None = None,
        draft: bool | None = None,
    ) -> PullRequest:
        """Change an open pull request; what is left out stays.

        `reviewers`, uuids in braces or Atlassian account ids, takes the place of all there are. BadRequestError once
        the pull request is closed.

        Scope: pullrequest:write (OAuth), read:pullrequest:bitbucket, write:pullrequest:bitbucket (API token).
        """
        return await self._call(
            PullRequest,
            "PUT /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}",
            (workspace, repo_slug, pull_request_id),
            json={
                "title": title,
                "source": {"branch": {"name": source_branch}},
                "destination": {"branch": {"name": destination_branch}},
                "description": description,
                "reviewers": _reviewers(reviewers),
                "close_source_branch": close_source_branch,
                "draft": draft,
            },
        )

    async def decline(self, workspace: str, repo_slug: str, pull_request_id: int) -> PullRequest:
        """Decline a pull request, for good.

        Scope: pullrequest:write (OAuth), read:pullrequest:bitbucket, write:pullrequest:bitbucket (API token).
        """
        return await self._call(
            PullRequest,
            "POST /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/decline",
            (workspace, repo_slug, pull_request_id),
        )


def _filter(state: str | Sequence[str] | None, q: str | None) -> Query:
    """Return the query of a list; the server ignores `state` beside `q`, so there the states go into `q`."""
    if state is None:
        return {"q": q}
    states = (state,) if isinstance(state, str) else tuple(state)
    if not states:
        raise ValueError("state names at least one state; leave it out for the open pull requests")
    return {"state": states} if q is None else {"q": Q("state").is_in(states) & q}


def _reviewers(ids: Sequence[str] | None) -> Sequence[dict[str, str]] | None:
    if isinstance(ids, str):
        raise ValueError("reviewers is a sequence of ids, not a single one")  # noqa: TRY004 - one error type for bad arguments
    return None if ids is None else [{"uuid" if id_.startswith("{") else "account_id": id_} for id_ in ids]

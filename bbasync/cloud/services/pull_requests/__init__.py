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
        """List the pull requests that target a repository.

        Without `state` and `q`, only open ones are returned; with `q` alone, those in any state that match it; with
        both, those that match both. Reviewers and participants are omitted from lists;
        `fields="+values.reviewers,+values.participants"` adds them.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._list(
            PullRequest,
            "GET /repositories/{workspace}/{repo_slug}/pullrequests",
            (workspace, repo_slug),
            query={**_filter_query(state, q), "sort": sort, "fields": fields},
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
        """List the pull requests that a user created in any repository of a workspace.

        `selected_user` is a UUID in braces or an Atlassian account ID. `state`, `q` and `fields` are as in `list`.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._list(
            PullRequest,
            "GET /workspaces/{workspace}/pullrequests/{selected_user}",
            (workspace, selected_user),
            query={**_filter_query(state, q), "sort": sort, "fields": fields},
            paging=paging,
        )

    @lists
    def list_for_commit(
        self, workspace: str, repo_slug: str, commit: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[PullRequest]:
        """List the pull requests in which a commit was reviewed.

        The server must index the repository first: NotFoundError until someone starts the indexing by following the
        link to the pull requests on a commit's web page. While the server is indexing, the list may be incomplete.

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
        """Create a pull request; an open one with the same source and destination is updated and returned instead.

        The repository is the destination; `destination_branch` defaults to the main branch. `source_repository` is the
        full name of a fork, `workspace/repo_slug`. `reviewers` are UUIDs in braces or Atlassian account IDs.
        BadRequestError if a branch does not exist; its `fields` attribute names it.

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
                "reviewers": _reviewer_payloads(reviewers),
                "close_source_branch": close_source_branch,
                "draft": draft,
            },
        )

    async def get(
        self, workspace: str, repo_slug: str, pull_request_id: int, *, fields: str | None = None
    ) -> PullRequest:
        """Return a pull request.

        The merge strategies of the destination are included only with
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
        """Update an open pull request; omitted arguments leave it unchanged.

        `reviewers` are UUIDs in braces or Atlassian account IDs and replace all existing reviewers. BadRequestError if
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
                "reviewers": _reviewer_payloads(reviewers),
                "close_source_branch": close_source_branch,
                "draft": draft,
            },
        )

    async def decline(self, workspace: str, repo_slug: str, pull_request_id: int) -> PullRequest:
        """Decline a pull request; this cannot be undone.

        Scope: pullrequest:write (OAuth), read:pullrequest:bitbucket, write:pullrequest:bitbucket (API token).
        """
        return await self._call(
            PullRequest,
            "POST /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/decline",
            (workspace, repo_slug, pull_request_id),
        )


def _filter_query(state: str | Sequence[str] | None, q: str | None) -> Query:
    """Return the query of a list; the server ignores `state` if `q` is present, so the states are added to `q`."""
    if state is None:
        return {"q": q}
    states = (state,) if isinstance(state, str) else tuple(state)
    if not states:
        raise ValueError("state must name at least one state; omit it to list open pull requests")
    return {"state": states} if q is None else {"q": Q("state").is_in(states) & q}


def _reviewer_payloads(ids: Sequence[str] | None) -> Sequence[dict[str, str]] | None:
    if isinstance(ids, str):
        raise ValueError("reviewers must be a sequence of IDs, not a single ID")  # noqa: TRY004 - one error type for bad arguments
    return None if ids is None else [{"uuid" if id_.startswith("{") else "account_id": id_} for id_ in ids]

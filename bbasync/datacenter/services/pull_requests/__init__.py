"""Pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.pull_requests import PullRequest
from bbasync.datacenter.models.refs import branch_id
from bbasync.service import lists

from .activities import PullRequestActivities
from .blocker_comments import PullRequestBlockerComments
from .changes import PullRequestChanges
from .comments import PullRequestComments
from .merges import PullRequestMerges
from .participants import PullRequestParticipants
from .reviews import PullRequestReviews

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Sequence

    from bbasync.datacenter.models.pull_requests import Direction, ParticipantFilter, PullRequestOrder, PullRequestState
    from bbasync.paging import Paging
    from bbasync.request import QueryValue

__all__ = ["PullRequests"]

_MAX_PARTICIPANT_FILTERS = 10
"""The server silently ignores further filters."""


class PullRequests(
    PullRequestActivities,
    PullRequestBlockerComments,
    PullRequestChanges,
    PullRequestComments,
    PullRequestMerges,
    PullRequestParticipants,
    PullRequestReviews,
):
    """Pull requests: `bb.pull_requests`.

    Methods that change a pull request or a comment take the `version` of the model that the change is based on. If it
    is out of date, they raise ConflictError with the server's version in `current_version`. Merge conflicts and vetoes
    of merge checks raise ConflictError too, with a `current_version` of None. These calls are never retried
    automatically.
    """

    @lists
    def list(
        self,
        project_key: str,
        repository_slug: str,
        *,
        state: PullRequestState | str | None = None,
        direction: Direction | str | None = None,
        at: str | None = None,
        order: PullRequestOrder | str | None = None,
        filter_text: str | None = None,
        draft: bool | None = None,
        participants: Sequence[ParticipantFilter] = (),
        with_attributes: bool | None = None,
        with_properties: bool | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[PullRequest]:
        """List the pull requests into a repository, or from it with `direction="OUTGOING"`.

        By default only open pull requests are returned (`state="ALL"` for all), newest first. `at` limits the list to
        pull requests into (or from) a branch. `filter_text` searches titles and descriptions. Pull requests must match
        all of `participants`, at most ten.

        Permission: REPO_READ.
        """
        return self._list(
            PullRequest,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests",
            (project_key, repository_slug),
            query={
                "state": state,
                "direction": direction,
                "at": at and branch_id(at),
                "order": order,
                "filterText": filter_text,
                "draft": draft,
                "withAttributes": with_attributes,
                "withProperties": with_properties,
                **_participant_query(participants),
            },
            paging=paging,
        )

    async def create(
        self,
        project_key: str,
        repository_slug: str,
        *,
        title: str,
        from_ref: str,
        to_ref: str,
        from_project: str | None = None,
        from_repository: str | None = None,
        description: str | None = None,
        reviewers: Sequence[str] = (),
        draft: bool | None = None,
    ) -> PullRequest:
        """Create a pull request from a branch or tag, of the same repository or of a fork.

        `from_ref` and `to_ref` are branch names; write a tag as `refs/tags/...`. `from_project` and `from_repository`
        are the project key and slug of the fork. `reviewers` are login names. ConflictError if the pull request
        already exists, if there is nothing to merge, or if a user cannot be a reviewer.

        Permission: REPO_READ for both repositories.
        """
        target = {"slug": repository_slug, "project": {"key": project_key}}
        source = {"slug": from_repository or repository_slug, "project": {"key": from_project or project_key}}
        return await self._call(
            PullRequest,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests",
            (project_key, repository_slug),
            json={
                "title": title,
                "description": description,
                "fromRef": {"id": branch_id(from_ref), "repository": source},
                "toRef": {"id": branch_id(to_ref), "repository": target},
                "reviewers": _encode_reviewers(reviewers),
                "draft": draft,
            },
        )

    async def get(
        self, project_key: str, repository_slug: str, pull_request_id: int, *, with_properties: bool | None = None
    ) -> PullRequest:
        """Return a pull request.

        Permission: REPO_READ.
        """
        return await self._call(
            PullRequest,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}",
            (project_key, repository_slug, pull_request_id),
            query={"withProperties": with_properties},
        )

    async def update(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        *,
        title: str | None = None,
        description: str | None = None,
        reviewers: Sequence[str] | None = None,
        to_ref: str | None = None,
        draft: bool | None = None,
        version: int | None = None,
    ) -> PullRequest:
        """Update the given fields of an open pull request.

        The pull request is read first, to keep the other fields; its version is sent unless `version` is given.
        `reviewers` (login names) replaces all reviewers.

        Permission: REPO_WRITE, or REPO_READ for the author.
        """
        # The body replaces the pull request: without `reviewers`, the server removes all reviewers.
        # https://github.com/b1ff/atlassian-dc-mcp/issues/84
        new_reviewers = None if reviewers is None else _encode_reviewers(reviewers)
        current = await self.get(project_key, repository_slug, pull_request_id)
        return await self._call(
            PullRequest,
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}",
            (project_key, repository_slug, pull_request_id),
            json={
                "version": current.version if version is None else version,
                "title": current.title if title is None else title,
                "description": current.description if description is None else description,
                "reviewers": _encode_reviewers(reviewer.user.name for reviewer in current.reviewers)
                if new_reviewers is None
                else new_reviewers,
                "toRef": {"id": to_ref and branch_id(to_ref)},
                "draft": current.draft if draft is None else draft,
            },
            repeatable=False,
        )

    async def delete(self, project_key: str, repository_slug: str, pull_request_id: int, *, version: int) -> None:
        """Delete a pull request and its comments.

        Permission: REPO_ADMIN, or REPO_READ for the author where the server allows it.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}",
            (project_key, repository_slug, pull_request_id),
            json={"version": version},
            repeatable=False,
        )

    async def decline(
        self, project_key: str, repository_slug: str, pull_request_id: int, *, version: int, comment: str | None = None
    ) -> PullRequest:
        """Decline a pull request, optionally with a comment.

        Permission: REPO_READ.
        """
        return await self._call(
            PullRequest,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/decline",
            (project_key, repository_slug, pull_request_id),
            query={"version": version},
            json={"comment": comment},
        )

    async def reopen(
        self, project_key: str, repository_slug: str, pull_request_id: int, *, version: int
    ) -> PullRequest:
        """Reopen a declined pull request.

        Permission: REPO_READ.
        """
        return await self._call(
            PullRequest,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/reopen",
            (project_key, repository_slug, pull_request_id),
            query={"version": version},
        )

    @lists
    def list_for_commit(
        self, project_key: str, repository_slug: str, commit_id: str, *, paging: Paging | None = None
    ) -> AsyncGenerator[PullRequest]:
        """List the pull requests into a repository that contain a commit.

        Permission: REPO_READ.
        """
        return self._list(
            PullRequest,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/pull-requests",
            (project_key, repository_slug, commit_id),
            paging=paging,
        )

    async def watch(self, project_key: str, repository_slug: str, pull_request_id: int) -> None:
        """Send the authenticated user notifications of a pull request.

        Permission: REPO_READ.
        """
        await self._run(
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/watch",
            (project_key, repository_slug, pull_request_id),
            repeatable=True,
        )

    async def unwatch(self, project_key: str, repository_slug: str, pull_request_id: int) -> None:
        """Stop notifications of a pull request to the authenticated user.

        Permission: REPO_READ.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/watch",
            (project_key, repository_slug, pull_request_id),
        )


def _encode_reviewers(usernames: Iterable[str]) -> Sequence[object]:
    if isinstance(usernames, str):
        raise ValueError("reviewers must be a list of user names, not a string")  # noqa: TRY004 - bad arguments raise ValueError
    return [{"user": {"name": username}} for username in usernames]


def _participant_query(filters: Sequence[ParticipantFilter]) -> dict[str, QueryValue]:
    if len(filters) > _MAX_PARTICIPANT_FILTERS:
        raise ValueError(f"participants takes at most {_MAX_PARTICIPANT_FILTERS} filters, got {len(filters)}")
    query: dict[str, QueryValue] = {}
    for number, participant in enumerate(filters, 1):
        query[f"username.{number}"] = participant.username
        query[f"role.{number}"] = participant.role
        query[f"approved.{number}"] = participant.approved
    return query

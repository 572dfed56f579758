"""Pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.pull_requests import PullRequest
from bbasync.datacenter.models.refs import branch_id
from bbasync.service import lists

from .activities import PullRequestActivities
from .changes import PullRequestChanges
from .comments import PullRequestComments
from .merges import PullRequestMerges
from .participants import PullRequestParticipants

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Sequence

    from bbasync.datacenter.models.pull_requests import Direction, ParticipantFilter, PullRequestOrder, PullRequestState
    from bbasync.paging import Paging
    from bbasync.request import QueryValue

__all__ = ["PullRequests"]

MAX_PARTICIPANT_FILTERS = 10
"""The server leaves out what is beyond, without a word."""


class PullRequests(
    PullRequestActivities, PullRequestChanges, PullRequestComments, PullRequestMerges, PullRequestParticipants
):
    """Pull requests: `bb.pull_requests`.

    What changes a pull request or a comment names the `version` it is based on, as the model has it. If somebody
    else was faster, it raises ConflictError, whose `current_version` is the server's; conflicts with the target and
    merge checks raise ConflictError too, without one. None of these calls is repeated by itself.
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
        """List the pull requests into a repository, or out of it with `direction="OUTGOING"`.

        By default the open ones, `state="ALL"` for all, the newest first. `at` selects those into (or out of) a
        branch, `filter_text` looks in titles and descriptions, and all of `participants` must match: ten at most.

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
        """Open a pull request into a repository, of a branch or tag of its own or of a fork.

        `from_ref` and `to_ref` are names of branches; a tag is written `refs/tags/...`. `from_project` and
        `from_repository` are the fork's key and slug. `reviewers` are the names that users log in with.
        ConflictError if there is one already, if there is nothing to merge, or if a reviewer cannot be one.

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
                "reviewers": _reviewers(reviewers),
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
        """Change what is given of an open pull request and keep the rest.

        Reads the pull request first, and names the version it read unless a `version` is given. `reviewers` replaces
        all of them.

        Permission: REPO_WRITE, or REPO_READ for the author.
        """
        # The server takes the body for the whole: reviewers left out are removed.
        # https://github.com/b1ff/atlassian-dc-mcp/issues/84
        named = None if reviewers is None else _reviewers(reviewers)
        old = await self.get(project_key, repository_slug, pull_request_id)
        return await self._call(
            PullRequest,
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}",
            (project_key, repository_slug, pull_request_id),
            json={
                "version": old.version if version is None else version,
                "title": old.title if title is None else title,
                "description": old.description if description is None else description,
                "reviewers": _reviewers(reviewer.user.name for reviewer in old.reviewers) if named is None else named,
                "toRef": {"id": to_ref and branch_id(to_ref)},
                "draft": old.draft if draft is None else draft,
            },
            repeatable=False,
        )

    async def delete(self, project_key: str, repository_slug: str, pull_request_id: int, *, version: int) -> None:
        """Delete a pull request, comments included.

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
        """Decline a pull request, with a comment if one is given.

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
        """Open a declined pull request again.

        Permission: REPO_READ.
        """
        return await self._call(
            PullRequest,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/reopen",
            (project_key, repository_slug, pull_request_id),
            query={"version": version},
        )


def _reviewers(usernames: Iterable[str]) -> Sequence[object]:
    if isinstance(usernames, str):
        raise ValueError("reviewers is a list of user names, got one string")  # noqa: TRY004 - one error type for bad arguments
    return [{"user": {"name": username}} for username in usernames]


def _participant_query(filters: Sequence[ParticipantFilter]) -> dict[str, QueryValue]:
    if len(filters) > MAX_PARTICIPANT_FILTERS:
        raise ValueError(f"participants takes at most {MAX_PARTICIPANT_FILTERS} filters, got {len(filters)}")
    query: dict[str, QueryValue] = {}
    for number, participant in enumerate(filters, 1):
        query[f"username.{number}"] = participant.username
        query[f"role.{number}"] = participant.role
        query[f"approved.{number}"] = participant.approved
    return query

"""Pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.activity import Activity
from bbasync.datacenter.models.change import Change
from bbasync.datacenter.models.commit import Commit
from bbasync.datacenter.models.pull_request import Mergeability, PullRequest
from bbasync.datacenter.models.ref import branch_id
from bbasync.datacenter.services.pull_request_comments import PullRequestComments
from bbasync.datacenter.services.pull_request_participants import PullRequestParticipants

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from bbasync.datacenter.models.activity import ActivityType
    from bbasync.datacenter.models.pull_request import (
        ChangeScope,
        Direction,
        ParticipantFilter,
        PullRequestOrder,
        PullRequestState,
    )
    from bbasync.paging import Paging
    from bbasync.request import QueryValue

__all__ = ["PullRequests"]

MAX_PARTICIPANT_FILTERS = 10
"""The server leaves out what is beyond, without a word."""


class PullRequests(PullRequestComments, PullRequestParticipants):
    """Pull requests: `bb.pull_requests`.

    What changes a pull request or a comment names the `version` it is based on, as the model has it. If somebody
    else was faster, it raises ConflictError, whose `current_version` is the server's; conflicts with the target and
    merge checks raise ConflictError too, without one. None of these calls is repeated by itself.
    """

    async def list(
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
    ) -> AsyncIterator[PullRequest]:
        """List the pull requests into a repository, or out of it with `direction="OUTGOING"`.

        By default the open ones, `state="ALL"` for all, the newest first. `at` selects those into (or out of) a
        branch, `filter_text` looks in titles and descriptions, and all of `participants` must match: ten at most.

        Permission: REPO_READ.
        """
        request = self._build(
            "GET",
            "/api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests",
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
        )
        async with self._pages(PullRequest, request, paging) as pages:
            async for page in pages:
                for pull_request in page:
                    yield pull_request

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
        request = self._build(
            "POST",
            "/api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests",
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
        return await self._fetch(PullRequest, request)

    async def get(
        self, project_key: str, repository_slug: str, pull_request_id: int, *, with_properties: bool | None = None
    ) -> PullRequest:
        """Return a pull request.

        Permission: REPO_READ.
        """
        request = self._build(
            "GET",
            "/api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}",
            (project_key, repository_slug, pull_request_id),
            query={"withProperties": with_properties},
        )
        return await self._fetch(PullRequest, request)

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
        request = self._build(
            "PUT",
            "/api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}",
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
        return await self._fetch(PullRequest, request)

    async def delete(self, project_key: str, repository_slug: str, pull_request_id: int, *, version: int) -> None:
        """Delete a pull request, comments included.

        Permission: REPO_ADMIN, or REPO_READ for the author where the server allows it.
        """
        request = self._build(
            "DELETE",
            "/api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}",
            (project_key, repository_slug, pull_request_id),
            json={"version": version},
            repeatable=False,
        )
        await self._run(request)

    async def can_merge(self, project_key: str, repository_slug: str, pull_request_id: int) -> Mergeability:
        """Tell whether an open pull request can be merged, and what is in the way.

        Permission: REPO_READ.
        """
        request = self._build(
            "GET",
            "/api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/merge",
            (project_key, repository_slug, pull_request_id),
        )
        return await self._fetch(Mergeability, request)

    async def merge(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        *,
        version: int,
        message: str | None = None,
        strategy_id: str | None = None,
        auto_subject: bool | None = None,
        auto_merge: bool | None = None,
        bypass_merge_queue: bool | None = None,
    ) -> PullRequest:
        """Merge a pull request, or have it merged once all checks pass with `auto_merge`.

        `strategy_id` is one of the repository's merge strategies, such as `squash`. Unless `auto_subject` is False the
        server begins the message with a subject of its own.

        Permission: REPO_WRITE.
        """
        request = self._build(
            "POST",
            "/api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/merge",
            (project_key, repository_slug, pull_request_id),
            query={"version": version},
            json={
                "message": message,
                "strategyId": strategy_id,
                "autoSubject": auto_subject,
                "autoMerge": auto_merge,
                "bypassMergeQueue": bypass_merge_queue,
            },
        )
        return await self._fetch(PullRequest, request)

    async def decline(
        self, project_key: str, repository_slug: str, pull_request_id: int, *, version: int, comment: str | None = None
    ) -> PullRequest:
        """Decline a pull request, with a comment if one is given.

        Permission: REPO_READ.
        """
        request = self._build(
            "POST",
            "/api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/decline",
            (project_key, repository_slug, pull_request_id),
            query={"version": version},
            json={"comment": comment},
        )
        return await self._fetch(PullRequest, request)

    async def reopen(
        self, project_key: str, repository_slug: str, pull_request_id: int, *, version: int
    ) -> PullRequest:
        """Open a declined pull request again.

        Permission: REPO_READ.
        """
        request = self._build(
            "POST",
            "/api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/reopen",
            (project_key, repository_slug, pull_request_id),
            query={"version": version},
        )
        return await self._fetch(PullRequest, request)

    async def list_activities(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        *,
        from_id: int | None = None,
        from_type: ActivityType | str | None = None,
        paging: Paging | None = None,
    ) -> AsyncIterator[Activity]:
        """List what happened to a pull request, the newest first; comments are among it, with their replies.

        The list begins with the activity `from_id`, or with the comment of that id (`from_type="COMMENT"`).

        Permission: REPO_READ.
        """
        if (from_id is None) is not (from_type is None):
            raise ValueError("from_id and from_type go together")
        request = self._build(
            "GET",
            "/api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/activities",
            (project_key, repository_slug, pull_request_id),
            query={"fromId": from_id, "fromType": from_type},
        )
        async with self._pages(Activity, request, paging) as pages:
            async for page in pages:
                for activity in page:
                    yield activity

    async def list_commits(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        *,
        with_counts: bool | None = None,
        avatar_size: int | None = None,
        avatar_scheme: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncIterator[Commit]:
        """List the commits that a pull request brings, the newest first.

        `with_counts` adds `authorCount` and `totalCount` to the pages (`Paging.on_page`), `avatar_size` (pixels)
        pictures to authors.

        Permission: REPO_READ.
        """
        request = self._build(
            "GET",
            "/api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/commits",
            (project_key, repository_slug, pull_request_id),
            query={"withCounts": with_counts, "avatarSize": avatar_size, "avatarScheme": avatar_scheme},
        )
        async with self._pages(Commit, request, paging) as pages:
            async for page in pages:
                for commit in page:
                    yield commit

    async def list_changes(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        *,
        change_scope: ChangeScope | str | None = None,
        since_id: str | None = None,
        until_id: str | None = None,
        with_comments: bool | None = None,
        paging: Paging | None = None,
    ) -> AsyncIterator[Change]:
        """List the paths that a pull request changes.

        `change_scope="UNREVIEWED"` selects what the user has not reviewed yet, `"RANGE"` what differs between the
        commits `since_id` and `until_id`. The server stops at a maximum of its own, whatever the page size.

        Permission: REPO_READ.
        """
        request = self._build(
            "GET",
            "/api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/changes",
            (project_key, repository_slug, pull_request_id),
            query={
                "changeScope": change_scope,
                "sinceId": since_id,
                "untilId": until_id,
                "withComments": with_comments,
            },
        )
        async with self._pages(Change, request, paging) as pages:
            async for page in pages:
                for change in page:
                    yield change


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

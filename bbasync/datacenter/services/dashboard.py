"""The dashboard: pull requests and repositories that concern a user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.dashboard import InboxCount, PullRequestSuggestion
from bbasync.datacenter.models.pull_requests import PullRequest
from bbasync.datacenter.models.repositories import Repository
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.datacenter.models.dashboard import DashboardOrder
    from bbasync.datacenter.models.pull_requests import ParticipantRole, ParticipantStatus, PullRequestState
    from bbasync.datacenter.models.repositories import RepositoryPermission
    from bbasync.paging import Paging

__all__ = ["Dashboard"]


class Dashboard(Service):
    """Pull requests and repositories that concern the authenticated user: `bb.dashboard`."""

    @lists
    def list_pull_requests(
        self,
        *,
        state: PullRequestState | str | None = None,
        role: ParticipantRole | str | None = None,
        participant_status: Sequence[ParticipantStatus | str] | None = None,
        closed_since: int | None = None,
        user: str | None = None,
        order: Sequence[DashboardOrder | str] | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[PullRequest]:
        """List the pull requests of all repositories that a user takes part in, newest first unless `order` is given.

        `user` (a login name) defaults to the authenticated user; `role` and `participant_status` are that user's.
        By default pull requests in any state are returned (do not pass `ALL`). `closed_since` (seconds) limits the
        list to pull requests that were closed less than so long ago.

        Permission: none.
        """
        return self._list(
            PullRequest,
            "GET /api/latest/dashboard/pull-requests",
            query={
                "state": state,
                "role": role,
                "participantStatus": participant_status and ",".join(participant_status),
                "closedSince": closed_since,
                "user": user,
                "order": order and ",".join(order),
            },
            paging=paging,
        )

    @lists
    def list_pull_request_suggestions(
        self, *, changes_since: int | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[PullRequestSuggestion]:
        """List pull requests that the authenticated user may want to create after pushes, the last push first.

        `changes_since` (seconds) limits the list to pushes that happened less than so long ago. The server returns one
        page and cannot resume after it.

        Permission: none.
        """
        return self._list(
            PullRequestSuggestion,
            "GET /api/latest/dashboard/pull-request-suggestions",
            query={"changesSince": changes_since},
            paging=paging,
        )

    @lists
    def list_inbox_pull_requests(
        self, *, role: ParticipantRole | str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[PullRequest]:
        """List the open pull requests in the authenticated user's inbox.

        Permission: none.
        """
        return self._list(PullRequest, "GET /api/latest/inbox/pull-requests", query={"role": role}, paging=paging)

    async def get_inbox_count(self) -> InboxCount:
        """Return the number of pull requests in the authenticated user's inbox.

        Permission: none.
        """
        return await self._call(InboxCount, "GET /api/latest/inbox/pull-requests/count")

    @lists
    def list_recent_repositories(
        self, *, permission: RepositoryPermission | str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[Repository]:
        """List the repositories that the authenticated user has visited, the last visited first.

        `permission` limits the list to repositories on which the user has it.

        Permission: none.
        """
        return self._list(
            Repository, "GET /api/latest/profile/recent/repos", query={"permission": permission}, paging=paging
        )

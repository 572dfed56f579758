"""Ref synchronization: forks whose branches follow those of their origin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.ref_sync import RefSyncStatus, RejectedRef
from bbasync.service import Service

if TYPE_CHECKING:
    from bbasync.datacenter.models.ref_sync import RefSyncAction

__all__ = ["RefSync"]


class RefSync(Service):
    """Synchronization of forks with their origin: `bb.ref_sync`."""

    async def get_status(self, project_key: str, repository_slug: str, *, at: str | None = None) -> RefSyncStatus:
        """Return the synchronization status of a fork, or of its ref `at` alone.

        Permission: REPO_READ.
        """
        return await self._call(
            RefSyncStatus,
            "GET /sync/latest/projects/{projectKey}/repos/{repositorySlug}",
            (project_key, repository_slug),
            query={"at": at},
        )

    async def set_enabled(self, project_key: str, repository_slug: str, *, enabled: bool) -> RefSyncStatus | None:
        """Enable or disable synchronization; None after it was disabled.

        Enabling it synchronizes the branches before the response is sent.

        Permission: REPO_ADMIN.
        """
        operation = "POST /sync/latest/projects/{projectKey}/repos/{repositorySlug}"
        response = await self._send(operation, (project_key, repository_slug), json={"enabled": enabled})
        return None if response.status == 204 else self._structure(RefSyncStatus, operation, response)

    async def synchronize(
        self,
        project_key: str,
        repository_slug: str,
        *,
        ref_id: str,
        action: RefSyncAction | str,
        commit_message: str | None = None,
    ) -> RejectedRef | None:
        """Synchronize a ref (a full name); None if it now equals the origin's.

        `MERGE` merges the origin's commits into a diverged ref, with `commit_message`, and leaves it ahead. `DISCARD`
        deletes the ref's own commits, or the ref if the origin's was deleted. ConflictError if the ref is synchronized
        already, or synchronization is not enabled. ServerError with status 501 for an action without implementation.

        Permission: REPO_WRITE.
        """
        operation = "POST /sync/latest/projects/{projectKey}/repos/{repositorySlug}/synchronize"
        response = await self._send(
            operation,
            (project_key, repository_slug),
            json={"refId": ref_id, "action": action, "context": {"commitMessage": commit_message}},
        )
        return None if response.status == 204 else self._structure(RejectedRef, operation, response)

"""Branches of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.branches import Branch
from bbasync.datacenter.models.refs import BaseRef, branch_id
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.datacenter.models.refs import RefOrder
    from bbasync.paging import Paging

__all__ = ["Branches"]


class Branches(Service):
    """Branches: `bb.branches`."""

    @lists
    def list(
        self,
        project_key: str,
        repository_slug: str,
        *,
        filter_text: str | None = None,
        order_by: RefOrder | str | None = None,
        boost_matches: bool | None = None,
        details: bool | None = None,
        base: str | None = None,
        context: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Branch]:
        """List the branches, by default most recently modified first.

        `boost_matches` puts branches whose names begin with `filter_text` first. `details` adds `metadata`, some of
        which compares the branch with `base`.

        Permission: REPO_READ.
        """
        return self._list(
            Branch,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/branches",
            (project_key, repository_slug),
            query={
                "filterText": filter_text,
                "orderBy": order_by,
                "boostMatches": boost_matches,
                "details": details,
                "base": base,
                "context": context,
            },
            paging=paging,
        )

    async def create(
        self, project_key: str, repository_slug: str, *, name: str, start_point: str, message: str | None = None
    ) -> Branch:
        """Create a branch at a commit or at the head of another branch; BadRequestError if it already exists.

        Permission: REPO_WRITE.
        """
        return await self._call(
            Branch,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/branches",
            (project_key, repository_slug),
            json={"name": name, "startPoint": start_point, "message": message},
        )

    async def delete(
        self,
        project_key: str,
        repository_slug: str,
        *,
        name: str,
        end_point: str | None = None,
        dry_run: bool | None = None,
    ) -> None:
        """Delete a branch; the default branch cannot be deleted.

        With `end_point` (a commit hash), BadRequestError if the head of the branch is another commit. `dry_run`
        validates the request without deleting the branch.

        Permission: REPO_WRITE.
        """
        await self._run(
            "DELETE /branch-utils/latest/projects/{projectKey}/repos/{repositorySlug}/branches",
            (project_key, repository_slug),
            json={"name": branch_id(name), "endPoint": end_point, "dryRun": dry_run},
        )

    async def get_default(self, project_key: str, repository_slug: str) -> BaseRef:
        """Return the configured default branch; NotFoundError if that branch does not exist.

        Permission: REPO_READ.
        """
        return await self._call(
            BaseRef,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/default-branch",
            (project_key, repository_slug),
        )

    async def set_default(self, project_key: str, repository_slug: str, *, name: str) -> None:
        """Set the default branch.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/default-branch",
            (project_key, repository_slug),
            json={"id": branch_id(name)},
        )

    async def get_default_branch(self, project_key: str, repository_slug: str) -> Branch | None:
        """Return the default branch with its head commit; None if the repository is empty.

        Deprecated by the vendor: `get_default` returns the default branch. NotFoundError if that branch does not exist.

        Permission: REPO_READ.
        """
        operation = "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/branches/default"
        response = await self._send(operation, (project_key, repository_slug))
        return None if response.status == 204 else self._structure(Branch, operation, response)

    async def set_default_branch(self, project_key: str, repository_slug: str, *, name: str) -> None:
        """Set the default branch, as `set_default` does, which replaces this operation.

        Deprecated by the vendor.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/branches/default",
            (project_key, repository_slug),
            json={"id": branch_id(name)},
        )

    async def create_with_branch_utils(
        self, project_key: str, repository_slug: str, *, name: str, start_point: str
    ) -> Branch:
        """Create a branch at a commit or at the head of another branch.

        BadRequestError if it already exists; unlike `create`, ConflictError if its name overlaps with that of another
        branch, as `a` and `a/b` do.

        Permission: REPO_WRITE.
        """
        return await self._call(
            Branch,
            "POST /branch-utils/latest/projects/{projectKey}/repos/{repositorySlug}/branches",
            (project_key, repository_slug),
            json={"name": name, "startPoint": start_point},
        )

    @lists
    def list_containing(
        self, project_key: str, repository_slug: str, commit_id: str, *, paging: Paging | None = None
    ) -> AsyncGenerator[BaseRef]:
        """List the branches that contain a commit; ServerError if that takes the server too long.

        Permission: REPO_READ.
        """
        return self._list(
            BaseRef,
            "GET /branch-utils/latest/projects/{projectKey}/repos/{repositorySlug}/branches/info/{commitId}",
            (project_key, repository_slug, commit_id),
            paging=paging,
        )

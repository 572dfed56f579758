"""Branch restrictions of repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.branch_restrictions import BranchMatchKind, BranchRestriction, BranchType, RestrictionKind
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.paging import Paging

__all__ = ["BranchRestrictions"]


class BranchRestrictions(Service):
    """Branch restrictions of repositories: `bb.branch_restrictions`."""

    @lists
    def list(
        self,
        workspace: str,
        repo_slug: str,
        *,
        kind: RestrictionKind | str | None = None,
        pattern: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[BranchRestriction]:
        """List the branch restrictions of a repository, by default of every kind.

        `pattern` selects restrictions by their own pattern, not those that apply to a branch.

        Scope: repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        return self._list(
            BranchRestriction,
            "GET /repositories/{workspace}/{repo_slug}/branch-restrictions",
            (workspace, repo_slug),
            query={"kind": kind, "pattern": pattern, "fields": fields},
            paging=paging,
        )

    async def create(
        self,
        workspace: str,
        repo_slug: str,
        *,
        kind: RestrictionKind | str,
        pattern: str | None = None,
        branch_type: BranchType | str | None = None,
        value: int | None = None,
        users: Sequence[str] | None = None,
        groups: Sequence[str] | None = None,
    ) -> BranchRestriction:
        """Create a branch restriction, unique by its kind and the branches it applies to.

        The branches are given by a `pattern`, in which `*` stands for any characters, or by their `branch_type` in the
        branching model; ValueError if both are passed. `value` is the number that kinds such as
        `require_approvals_to_merge` need. `users` (UUIDs in braces or Atlassian account IDs) and `groups` (slugs) are
        exempt from the kinds `push` and `restrict_merges`, which require both: empty lists exempt nobody.

        Scope: repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        return await self._call(
            BranchRestriction,
            "POST /repositories/{workspace}/{repo_slug}/branch-restrictions",
            (workspace, repo_slug),
            json=_body(
                workspace,
                kind=kind,
                pattern=pattern,
                branch_type=branch_type,
                value=value,
                users=users,
                groups=groups,
            ),
        )

    async def get(self, workspace: str, repo_slug: str, id: int, *, fields: str | None = None) -> BranchRestriction:
        """Return a branch restriction.

        Scope: repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        return await self._call(
            BranchRestriction,
            "GET /repositories/{workspace}/{repo_slug}/branch-restrictions/{id}",
            (workspace, repo_slug, id),
            query={"fields": fields},
        )

    async def update(
        self,
        workspace: str,
        repo_slug: str,
        id: int,
        *,
        kind: RestrictionKind | str,
        pattern: str | None = None,
        branch_type: BranchType | str | None = None,
        value: int | None = None,
        users: Sequence[str] | None = None,
        groups: Sequence[str] | None = None,
    ) -> BranchRestriction:
        """Replace a branch restriction; the arguments are those of `create`.

        Scope: repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        return await self._call(
            BranchRestriction,
            "PUT /repositories/{workspace}/{repo_slug}/branch-restrictions/{id}",
            (workspace, repo_slug, id),
            json=_body(
                workspace,
                kind=kind,
                pattern=pattern,
                branch_type=branch_type,
                value=value,
                users=users,
                groups=groups,
            ),
        )

    async def delete(self, workspace: str, repo_slug: str, id: int) -> None:
        """Delete a branch restriction.

        Scope: repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/branch-restrictions/{id}", (workspace, repo_slug, id)
        )


def _body(
    workspace: str,
    *,
    kind: str,
    pattern: str | None,
    branch_type: str | None,
    value: int | None,
    users: Sequence[str] | None,
    groups: Sequence[str] | None,
) -> dict[str, object]:
    if pattern is not None and branch_type is not None:
        raise ValueError("pass pattern= or branch_type=, not both")
    if isinstance(users, str) or isinstance(groups, str):
        raise ValueError("users and groups must be sequences, not a single ID or slug")  # noqa: TRY004 - one error type for bad arguments
    owner = {"uuid" if workspace.startswith("{") else "username": workspace}
    return {
        "kind": kind,
        "branch_match_kind": BranchMatchKind.GLOB if branch_type is None else BranchMatchKind.BRANCHING_MODEL,
        "branch_type": branch_type,
        "pattern": pattern or "",
        "value": value,
        "users": None if users is None else [{"uuid" if one[:1] == "{" else "account_id": one} for one in users],
        "groups": None if groups is None else [{"slug": slug, "owner": owner} for slug in groups],
    }

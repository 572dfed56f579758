"""Groups of workspaces, their privileges and invitations: what the vendor has left of its API 1.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.groups import GroupPrivilege, Invitation, LegacyGroup
from bbasync.cloud.services.deprecation import warn_deprecated
from bbasync.service import Service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bbasync.cloud.models.groups import Privilege

__all__ = ["Groups"]

_Groups = list[LegacyGroup]
_Privileges = list[GroupPrivilege]


class Groups(Service):
    """Groups, their privileges and invitations: `bb.groups`.

    The vendor supports these operations of its API 1.0 until others replace them; expect NotFoundError or GoneError
    where a workspace has moved to Atlassian's administration. Lists come whole, without pages.
    """

    async def get_all(self, workspace: str) -> Sequence[LegacyGroup]:
        """Return the groups of a workspace with their members.

        Scope: account (OAuth), read:workspace:bitbucket (API token).
        """
        _warn()
        return await self._call(_Groups, "GET /1.0/groups/{workspace}", (workspace,))

    async def get_privileges(self, workspace: str) -> Sequence[GroupPrivilege]:
        """Return the privileges of the groups of a workspace on its repositories.

        `bb.repositories.list_group_permissions` returns those of one repository.

        Scope: account (OAuth), read:workspace:bitbucket (API token).
        """
        _warn()
        return await self._call(
            _Privileges,
            "GET /1.0/group-privileges/{workspace}",
            (workspace,),
        )

    async def update_privilege(
        self, workspace: str, repo_slug: str, group_owner: str, group_slug: str, *, privilege: Privilege | str
    ) -> None:
        """Grant a group a privilege on a repository, in place of the one it has; `group_owner` is its workspace.

        `bb.repositories.update_group_permission` does the same.

        Scope: repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        _warn()
        await self._run(
            "PUT /1.0/group-privileges/{workspace}/{repo_slug}/{group_owner}/{group_slug}",
            (workspace, repo_slug, group_owner, group_slug),
            form=str(privilege),  # the body is the bare word, of the type of a form
        )

    async def invite(self, workspace: str, repo_slug: str, *, email: str, permission: Privilege | str) -> Invitation:
        """Invite someone by email to a repository; at most 100 invitations are sent per minute.

        Scope: repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        _warn()
        return await self._call(
            Invitation,
            "POST /1.0/invitations/{workspace}/{repo_slug}",
            (workspace, repo_slug),
            form={"email": email, "permission": permission},
            group="invitations",
        )


def _warn() -> None:
    warn_deprecated("groups in its API 1.0", "a date not yet announced", "use https://admin.atlassian.com")

"""Restrictions of the settings of a project's repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.settings import SettingsRestriction
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["SettingsRestrictions"]


class SettingsRestrictions(Service):
    """Restrictions of settings, a part of `bb.settings`."""

    @lists
    def list_restrictions(
        self, project_key: str, *, namespace: str, feature_key: str, paging: Paging | None = None
    ) -> AsyncGenerator[SettingsRestriction]:
        """List the restrictions of a setting in a project, those of its components too.

        Permission: PROJECT_VIEW.
        """
        return self._list(
            SettingsRestriction,
            "GET /api/latest/projects/{projectKey}/settings-restriction/all",
            (project_key,),
            query={"namespace": namespace, "featureKey": feature_key},
            paging=paging,
        )

    async def get_restriction(
        self, project_key: str, *, namespace: str, feature_key: str, component_key: str | None = None
    ) -> SettingsRestriction:
        """Return the restriction of a setting in a project.

        Without `component_key`, restrictions of its components are not found.

        Permission: PROJECT_VIEW.
        """
        return await self._call(
            SettingsRestriction,
            "GET /api/latest/projects/{projectKey}/settings-restriction",
            (project_key,),
            query={"namespace": namespace, "featureKey": feature_key, "componentKey": component_key},
        )

    async def create_restriction(
        self, project_key: str, *, namespace: str, feature_key: str, component_key: str | None = None
    ) -> SettingsRestriction:
        """Keep the repositories of a project from changing a setting; ConflictError if it is already restricted.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            SettingsRestriction,
            "POST /api/latest/projects/{projectKey}/settings-restriction",
            (project_key,),
            json={"namespace": namespace, "featureKey": feature_key, "componentKey": component_key},
        )

    async def delete_restriction(
        self, project_key: str, *, namespace: str, feature_key: str, component_key: str | None = None
    ) -> None:
        """Let the repositories of a project change a setting; no error is raised if it is not restricted.

        Permission: PROJECT_ADMIN.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/settings-restriction",
            (project_key,),
            query={"namespace": namespace, "featureKey": feature_key, "componentKey": component_key},
        )

"""Deprecated operations on variables of users and teams, which are workspaces now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.pipelines.variables import PipelineVariable
from bbasync.cloud.services.deprecation import warn_deprecated
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["PipelineLegacyVariables"]


class PipelineLegacyVariables(Service):
    """Deprecated operations on variables of users and teams: part of `bb.pipelines`."""

    @lists
    def list_user_variables(
        self, selected_user: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[PipelineVariable]:
        """List the variables of a user; values of secured ones are not returned.

        Deprecated: use `list_workspace_variables`.

        Scope: pipeline (OAuth), none (API token).
        """
        _warn()
        return self._list(
            PipelineVariable,
            "GET /users/{selected_user}/pipelines_config/variables",
            (selected_user,),
            query={"fields": fields},
            paging=paging,
        )

    async def create_user_variable(
        self, selected_user: str, *, key: str, value: str, secured: bool | None = None
    ) -> PipelineVariable:
        """Create a variable of a user; ConflictError if the key exists. The value of a secured one is never returned.

        Deprecated: use `create_workspace_variable`.

        Scope: pipeline:variable (OAuth), none (API token).
        """
        _warn()
        return await self._call(
            PipelineVariable,
            "POST /users/{selected_user}/pipelines_config/variables",
            (selected_user,),
            json={"key": key, "value": value, "secured": secured},
        )

    async def get_user_variable(
        self, selected_user: str, variable_uuid: str, *, fields: str | None = None
    ) -> PipelineVariable:
        """Return a variable of a user.

        Deprecated: use `get_workspace_variable`.

        Scope: pipeline (OAuth), none (API token).
        """
        _warn()
        return await self._call(
            PipelineVariable,
            "GET /users/{selected_user}/pipelines_config/variables/{variable_uuid}",
            (selected_user, variable_uuid),
            query={"fields": fields},
        )

    async def update_user_variable(
        self,
        selected_user: str,
        variable_uuid: str,
        *,
        key: str | None = None,
        value: str | None = None,
        secured: bool | None = None,
    ) -> PipelineVariable:
        """Update a variable of a user.

        Deprecated: use `update_workspace_variable`.

        Scope: pipeline:variable (OAuth), none (API token).
        """
        _warn()
        return await self._call(
            PipelineVariable,
            "PUT /users/{selected_user}/pipelines_config/variables/{variable_uuid}",
            (selected_user, variable_uuid),
            json={"key": key, "value": value, "secured": secured},
        )

    async def delete_user_variable(self, selected_user: str, variable_uuid: str) -> None:
        """Delete a variable of a user.

        Deprecated: use `delete_workspace_variable`.

        Scope: pipeline:variable (OAuth), none (API token).
        """
        _warn()
        await self._run(
            "DELETE /users/{selected_user}/pipelines_config/variables/{variable_uuid}",
            (selected_user, variable_uuid),
        )

    @lists
    def list_team_variables(
        self, username: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[PipelineVariable]:
        """List the variables of a team; values of secured ones are not returned.

        Deprecated: use `list_workspace_variables`.

        Scope: pipeline (OAuth), none (API token).
        """
        _warn()
        return self._list(
            PipelineVariable,
            "GET /teams/{username}/pipelines_config/variables",
            (username,),
            query={"fields": fields},
            paging=paging,
        )

    async def create_team_variable(
        self, username: str, *, key: str, value: str, secured: bool | None = None
    ) -> PipelineVariable:
        """Create a variable of a team; ConflictError if the key exists. The value of a secured one is never returned.

        Deprecated: use `create_workspace_variable`.

        Scope: pipeline:variable (OAuth), none (API token).
        """
        _warn()
        return await self._call(
            PipelineVariable,
            "POST /teams/{username}/pipelines_config/variables",
            (username,),
            json={"key": key, "value": value, "secured": secured},
        )

    async def get_team_variable(
        self, username: str, variable_uuid: str, *, fields: str | None = None
    ) -> PipelineVariable:
        """Return a variable of a team.

        Deprecated: use `get_workspace_variable`.

        Scope: pipeline (OAuth), none (API token).
        """
        _warn()
        return await self._call(
            PipelineVariable,
            "GET /teams/{username}/pipelines_config/variables/{variable_uuid}",
            (username, variable_uuid),
            query={"fields": fields},
        )

    async def update_team_variable(
        self,
        username: str,
        variable_uuid: str,
        *,
        key: str | None = None,
        value: str | None = None,
        secured: bool | None = None,
    ) -> PipelineVariable:
        """Update a variable of a team.

        Deprecated: use `update_workspace_variable`.

        Scope: pipeline:variable (OAuth), none (API token).
        """
        _warn()
        return await self._call(
            PipelineVariable,
            "PUT /teams/{username}/pipelines_config/variables/{variable_uuid}",
            (username, variable_uuid),
            json={"key": key, "value": value, "secured": secured},
        )

    async def delete_team_variable(self, username: str, variable_uuid: str) -> None:
        """Delete a variable of a team.

        Deprecated: use `delete_workspace_variable`.

        Scope: pipeline:variable (OAuth), none (API token).
        """
        _warn()
        await self._run(
            "DELETE /teams/{username}/pipelines_config/variables/{variable_uuid}",
            (username, variable_uuid),
        )


def _warn() -> None:
    instead = "use those of workspaces, such as bb.pipelines.list_workspace_variables()"
    warn_deprecated("pipeline variables of users and teams", "a date not yet announced", instead)

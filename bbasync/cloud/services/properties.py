"""Application properties of repositories, commits, pull requests and users."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from bbasync.cloud.models.properties import ApplicationProperty, PropertyAttribute
from bbasync.cloud.services.deprecation import warn_deprecated
from bbasync.service import Service

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Properties"]


class Properties(Service):
    """Application properties, JSON objects that Connect apps store: `bb.properties`.

    Bitbucket ends its support of Connect, and with it of application properties, on 2027-01-31.
    """

    async def get_repository_property(
        self,
        workspace: str,
        repo_slug: str,
        app_key: str,
        property_name: str,
        *,
        fields: str | None = None,
    ) -> ApplicationProperty:
        """Return an application property of a repository.

        Scope: none (OAuth), admin:workspace:bitbucket (API token).
        """
        _warn()
        return await self._call(
            ApplicationProperty,
            "GET /repositories/{workspace}/{repo_slug}/properties/{app_key}/{property_name}",
            (workspace, repo_slug, app_key, property_name),
            query={"fields": fields},
            group="properties",
        )

    async def update_repository_property(
        self,
        workspace: str,
        repo_slug: str,
        app_key: str,
        property_name: str,
        *,
        value: Mapping[str, object],
        attributes: Sequence[PropertyAttribute | str] | None = None,
    ) -> None:
        """Create or replace an application property of a repository; `attributes` say who may read and change it.

        Scope: none.
        """
        _warn()
        await self._run(
            "PUT /repositories/{workspace}/{repo_slug}/properties/{app_key}/{property_name}",
            (workspace, repo_slug, app_key, property_name),
            json=_body(value, attributes),
            group="properties",
        )

    async def delete_repository_property(
        self,
        workspace: str,
        repo_slug: str,
        app_key: str,
        property_name: str,
    ) -> None:
        """Delete an application property of a repository.

        Scope: none.
        """
        _warn()
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/properties/{app_key}/{property_name}",
            (workspace, repo_slug, app_key, property_name),
            group="properties",
        )

    async def get_commit_property(
        self,
        workspace: str,
        repo_slug: str,
        commit: str,
        app_key: str,
        property_name: str,
        *,
        fields: str | None = None,
    ) -> ApplicationProperty:
        """Return an application property of a commit.

        Scope: none (OAuth), admin:workspace:bitbucket (API token).
        """
        _warn()
        return await self._call(
            ApplicationProperty,
            "GET /repositories/{workspace}/{repo_slug}/commit/{commit}/properties/{app_key}/{property_name}",
            (workspace, repo_slug, commit, app_key, property_name),
            query={"fields": fields},
            group="properties",
        )

    async def update_commit_property(
        self,
        workspace: str,
        repo_slug: str,
        commit: str,
        app_key: str,
        property_name: str,
        *,
        value: Mapping[str, object],
        attributes: Sequence[PropertyAttribute | str] | None = None,
    ) -> None:
        """Create or replace an application property of a commit; `attributes` say who may read and change it.

        Scope: none.
        """
        _warn()
        await self._run(
            "PUT /repositories/{workspace}/{repo_slug}/commit/{commit}/properties/{app_key}/{property_name}",
            (workspace, repo_slug, commit, app_key, property_name),
            json=_body(value, attributes),
            group="properties",
        )

    async def delete_commit_property(
        self,
        workspace: str,
        repo_slug: str,
        commit: str,
        app_key: str,
        property_name: str,
    ) -> None:
        """Delete an application property of a commit.

        Scope: none.
        """
        _warn()
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/commit/{commit}/properties/{app_key}/{property_name}",
            (workspace, repo_slug, commit, app_key, property_name),
            group="properties",
        )

    async def get_pull_request_property(
        self,
        workspace: str,
        repo_slug: str,
        pullrequest_id: int,
        app_key: str,
        property_name: str,
        *,
        fields: str | None = None,
    ) -> ApplicationProperty:
        """Return an application property of a pull request.

        Scope: none (OAuth), admin:workspace:bitbucket (API token).
        """
        _warn()
        return await self._call(
            ApplicationProperty,
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pullrequest_id}/properties/{app_key}/{property_name}",
            (workspace, repo_slug, pullrequest_id, app_key, property_name),
            query={"fields": fields},
            group="properties",
        )

    async def update_pull_request_property(
        self,
        workspace: str,
        repo_slug: str,
        pullrequest_id: int,
        app_key: str,
        property_name: str,
        *,
        value: Mapping[str, object],
        attributes: Sequence[PropertyAttribute | str] | None = None,
    ) -> None:
        """Create or replace an application property of a pull request; `attributes` say who may read and change it.

        Scope: none.
        """
        _warn()
        await self._run(
            "PUT /repositories/{workspace}/{repo_slug}/pullrequests/{pullrequest_id}/properties/{app_key}/{property_name}",
            (workspace, repo_slug, pullrequest_id, app_key, property_name),
            json=_body(value, attributes),
            group="properties",
        )

    async def delete_pull_request_property(
        self,
        workspace: str,
        repo_slug: str,
        pullrequest_id: int,
        app_key: str,
        property_name: str,
    ) -> None:
        """Delete an application property of a pull request.

        Scope: none.
        """
        _warn()
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/pullrequests/{pullrequest_id}/properties/{app_key}/{property_name}",
            (workspace, repo_slug, pullrequest_id, app_key, property_name),
            group="properties",
        )

    async def get_user_property(
        self,
        selected_user: str,
        app_key: str,
        property_name: str,
        *,
        fields: str | None = None,
    ) -> ApplicationProperty:
        """Return an application property of a user.

        Scope: none (OAuth), admin:workspace:bitbucket (API token).
        """
        _warn()
        return await self._call(
            ApplicationProperty,
            "GET /users/{selected_user}/properties/{app_key}/{property_name}",
            (selected_user, app_key, property_name),
            query={"fields": fields},
            group="properties",
        )

    async def update_user_property(
        self,
        selected_user: str,
        app_key: str,
        property_name: str,
        *,
        value: Mapping[str, object],
        attributes: Sequence[PropertyAttribute | str] | None = None,
    ) -> None:
        """Create or replace an application property of a user; `attributes` say who may read and change it.

        Scope: none.
        """
        _warn()
        await self._run(
            "PUT /users/{selected_user}/properties/{app_key}/{property_name}",
            (selected_user, app_key, property_name),
            json=_body(value, attributes),
            group="properties",
        )

    async def delete_user_property(
        self,
        selected_user: str,
        app_key: str,
        property_name: str,
    ) -> None:
        """Delete an application property of a user.

        Scope: none.
        """
        _warn()
        await self._run(
            "DELETE /users/{selected_user}/properties/{app_key}/{property_name}",
            (selected_user, app_key, property_name),
            group="properties",
        )


def _body(value: Mapping[str, object], attributes: Sequence[str] | None) -> object:
    """Return the request payload as it is to be stored: null values are kept."""
    extra = {} if attributes is None else {"_attributes": list(attributes)}
    try:
        return orjson.Fragment(orjson.dumps({**value, **extra}))
    except TypeError as error:
        raise ValueError(f"the value cannot be written as JSON: {error}") from None


def _warn() -> None:
    warn_deprecated("application properties", "2027-01-31", "use Forge and its storage")

"""Configuration of pipelines: settings, SSH keys, known hosts, and documents for OpenID Connect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.pipelines.configuration import (
    KnownHost,
    OidcConfiguration,
    OidcKeys,
    PipelineBuildNumber,
    PipelinesConfiguration,
    PipelineSshKeyPair,
)
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["PipelineConfiguration"]


class PipelineConfiguration(Service):
    """Configuration of pipelines: part of `bb.pipelines`."""

    async def get_configuration(
        self, workspace: str, repo_slug: str, *, fields: str | None = None
    ) -> PipelinesConfiguration:
        """Return whether pipelines are enabled for a repository.

        Scope: repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        return await self._call(
            PipelinesConfiguration,
            "GET /repositories/{workspace}/{repo_slug}/pipelines_config",
            (workspace, repo_slug),
            query={"fields": fields},
        )

    async def update_configuration(self, workspace: str, repo_slug: str, *, enabled: bool) -> PipelinesConfiguration:
        """Enable or disable the pipelines of a repository.

        Scope: repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        return await self._call(
            PipelinesConfiguration,
            "PUT /repositories/{workspace}/{repo_slug}/pipelines_config",
            (workspace, repo_slug),
            json={"enabled": enabled},
        )

    async def update_build_number(self, workspace: str, repo_slug: str, *, next: int) -> PipelineBuildNumber:
        """Set the build number of the next pipeline; BadRequestError unless it is higher than the latest one.

        Scope: pipeline:variable (OAuth), admin:pipeline:bitbucket (API token).
        """
        return await self._call(
            PipelineBuildNumber,
            "PUT /repositories/{workspace}/{repo_slug}/pipelines_config/build_number",
            (workspace, repo_slug),
            json={"next": next},
        )

    async def get_ssh_key_pair(
        self, workspace: str, repo_slug: str, *, fields: str | None = None
    ) -> PipelineSshKeyPair:
        """Return the public key of the SSH key pair of a repository's pipelines; NotFoundError if there is none.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return await self._call(
            PipelineSshKeyPair,
            "GET /repositories/{workspace}/{repo_slug}/pipelines_config/ssh/key_pair",
            (workspace, repo_slug),
            query={"fields": fields},
        )

    async def put_ssh_key_pair(
        self, workspace: str, repo_slug: str, *, private_key: str, public_key: str
    ) -> PipelineSshKeyPair:
        """Create or replace the SSH key pair of a repository's pipelines; the private key is never returned.

        Scope: pipeline:variable (OAuth), admin:pipeline:bitbucket (API token).
        """
        return await self._call(
            PipelineSshKeyPair,
            "PUT /repositories/{workspace}/{repo_slug}/pipelines_config/ssh/key_pair",
            (workspace, repo_slug),
            json={"private_key": private_key, "public_key": public_key},
        )

    async def delete_ssh_key_pair(self, workspace: str, repo_slug: str) -> None:
        """Delete the SSH key pair of a repository's pipelines.

        Scope: pipeline:variable (OAuth), admin:pipeline:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/pipelines_config/ssh/key_pair", (workspace, repo_slug)
        )

    @lists
    def list_known_hosts(
        self, workspace: str, repo_slug: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[KnownHost]:
        """List the hosts whose SSH keys the pipelines of a repository trust.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return self._list(
            KnownHost,
            "GET /repositories/{workspace}/{repo_slug}/pipelines_config/ssh/known_hosts",
            (workspace, repo_slug),
            query={"fields": fields},
            paging=paging,
        )

    async def create_known_host(
        self, workspace: str, repo_slug: str, *, hostname: str, key_type: str, key: str
    ) -> KnownHost:
        """Add a known host with its public key, as Base64; ConflictError if the host has one.

        Scope: pipeline:variable (OAuth), admin:pipeline:bitbucket (API token).
        """
        return await self._call(
            KnownHost,
            "POST /repositories/{workspace}/{repo_slug}/pipelines_config/ssh/known_hosts",
            (workspace, repo_slug),
            json=_host_body(hostname, key_type, key),
        )

    async def get_known_host(
        self, workspace: str, repo_slug: str, known_host_uuid: str, *, fields: str | None = None
    ) -> KnownHost:
        """Return a known host.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return await self._call(
            KnownHost,
            "GET /repositories/{workspace}/{repo_slug}/pipelines_config/ssh/known_hosts/{known_host_uuid}",
            (workspace, repo_slug, known_host_uuid),
            query={"fields": fields},
        )

    async def update_known_host(
        self, workspace: str, repo_slug: str, known_host_uuid: str, *, hostname: str, key_type: str, key: str
    ) -> KnownHost:
        """Update a known host.

        Scope: pipeline:variable (OAuth), admin:pipeline:bitbucket (API token).
        """
        return await self._call(
            KnownHost,
            "PUT /repositories/{workspace}/{repo_slug}/pipelines_config/ssh/known_hosts/{known_host_uuid}",
            (workspace, repo_slug, known_host_uuid),
            json=_host_body(hostname, key_type, key),
        )

    async def delete_known_host(self, workspace: str, repo_slug: str, known_host_uuid: str) -> None:
        """Delete a known host.

        Scope: pipeline:variable (OAuth), admin:pipeline:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/pipelines_config/ssh/known_hosts/{known_host_uuid}",
            (workspace, repo_slug, known_host_uuid),
        )

    async def get_oidc_configuration(self, workspace: str, *, fields: str | None = None) -> OidcConfiguration:
        """Return the OpenID Connect discovery document of a workspace's pipelines; it is public.

        Scope: none.
        """
        return await self._call(
            OidcConfiguration,
            "GET /workspaces/{workspace}/pipelines-config/identity/oidc/.well-known/openid-configuration",
            (workspace,),
            query={"fields": fields},
        )

    async def get_oidc_keys(self, workspace: str, *, fields: str | None = None) -> OidcKeys:
        """Return the public keys that sign the OpenID Connect tokens of a workspace's pipelines.

        Scope: none.
        """
        return await self._call(
            OidcKeys,
            "GET /workspaces/{workspace}/pipelines-config/identity/oidc/keys.json",
            (workspace,),
            query={"fields": fields},
        )


def _host_body(hostname: str, key_type: str, key: str) -> dict[str, object]:
    return {"hostname": hostname, "public_key": {"key_type": key_type, "key": key}}

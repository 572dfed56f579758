"""Branches and tags of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from bbasync.cloud.models.refs import Branch, Ref, Tag
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["Refs"]


class Refs(Service):
    """Branches and tags: `bb.refs`."""

    @lists
    def list(
        self,
        workspace: str,
        repo_slug: str,
        *,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Ref]:
        """List both the branches and the tags of a repository.

        `sort="name"` sorts in natural order, with numbers compared by value.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            cast("type[Ref]", Ref),
            "GET /repositories/{workspace}/{repo_slug}/refs",
            (workspace, repo_slug),
            query={"q": q, "sort": sort, "fields": fields},
            paging=paging,
        )

    @lists
    def list_branches(
        self,
        workspace: str,
        repo_slug: str,
        *,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Branch]:
        """List the open branches.

        `sort="name"` sorts in natural order, with numbers compared by value; other fields sort in plain order, as in
        `sort="-target.date"`.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            Branch,
            "GET /repositories/{workspace}/{repo_slug}/refs/branches",
            (workspace, repo_slug),
            query={"q": q, "sort": sort, "fields": fields},
            paging=paging,
        )

    async def create_branch(self, workspace: str, repo_slug: str, *, name: str, target: str) -> Branch:
        """Create a branch at a commit.

        `target` is a full or abbreviated commit hash, or the name of a branch to start from.

        Scope: repository:write (OAuth), read:repository:bitbucket, write:repository:bitbucket (API token).
        """
        return await self._call(
            Branch,
            "POST /repositories/{workspace}/{repo_slug}/refs/branches",
            (workspace, repo_slug),
            json={"name": name, "target": {"hash": target}},
        )

    async def get_branch(self, workspace: str, repo_slug: str, name: str, *, fields: str | None = None) -> Branch:
        """Return a branch; its name may contain slashes.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            Branch,
            "GET /repositories/{workspace}/{repo_slug}/refs/branches/{name}",
            (workspace, repo_slug, name),
            query={"fields": fields},
        )

    async def delete_branch(self, workspace: str, repo_slug: str, name: str) -> None:
        """Delete a branch; the main branch cannot be deleted.

        Scope: repository:write (OAuth), write:repository:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/refs/branches/{name}", (workspace, repo_slug, name)
        )

    @lists
    def list_tags(
        self,
        workspace: str,
        repo_slug: str,
        *,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Tag]:
        """List the tags.

        `sort="name"` sorts in natural order, with numbers compared by value.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            Tag,
            "GET /repositories/{workspace}/{repo_slug}/refs/tags",
            (workspace, repo_slug),
            query={"q": q, "sort": sort, "fields": fields},
            paging=paging,
        )

    async def create_tag(
        self, workspace: str, repo_slug: str, *, name: str, target: str, message: str | None = None
    ) -> Tag:
        """Create an annotated tag at a commit; without a `message`, Bitbucket generates one.

        Scope: repository:write (OAuth), read:repository:bitbucket, write:repository:bitbucket (API token).
        """
        return await self._call(
            Tag,
            "POST /repositories/{workspace}/{repo_slug}/refs/tags",
            (workspace, repo_slug),
            json={"name": name, "target": {"hash": target}, "message": message},
        )

    async def get_tag(self, workspace: str, repo_slug: str, name: str, *, fields: str | None = None) -> Tag:
        """Return a tag.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            Tag,
            "GET /repositories/{workspace}/{repo_slug}/refs/tags/{name}",
            (workspace, repo_slug, name),
            query={"fields": fields},
        )

    async def delete_tag(self, workspace: str, repo_slug: str, name: str) -> None:
        """Delete a tag.

        Scope: repository:write (OAuth), write:repository:bitbucket (API token).
        """
        await self._run("DELETE /repositories/{workspace}/{repo_slug}/refs/tags/{name}", (workspace, repo_slug, name))

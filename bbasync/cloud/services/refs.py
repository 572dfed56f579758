"""Branches and tags of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from bbasync.cloud.models.ref import Branch, Ref, Tag
from bbasync.cloud.query import page_fields
from bbasync.service import Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bbasync.paging import Paging

__all__ = ["Refs"]


class Refs(Service):
    """Branches and tags: `bb.refs`."""

    async def list(
        self,
        workspace: str,
        repo_slug: str,
        *,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncIterator[Ref]:
        """List branches and tags together.

        `sort="name"` sorts numbers in names by value.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        request = self._build(
            "GET",
            "/repositories/{workspace}/{repo_slug}/refs",
            (workspace, repo_slug),
            query={"q": q, "sort": sort, "fields": page_fields(fields)},
        )
        async with self._pages(cast("type[Ref]", Ref), request, paging) as pages:
            async for page in pages:
                for ref in page:
                    yield ref

    async def list_branches(
        self,
        workspace: str,
        repo_slug: str,
        *,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncIterator[Branch]:
        """List the open branches.

        `sort="name"` sorts numbers in names by value; other fields sort plainly, as in `sort="-target.date"`.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        request = self._build(
            "GET",
            "/repositories/{workspace}/{repo_slug}/refs/branches",
            (workspace, repo_slug),
            query={"q": q, "sort": sort, "fields": page_fields(fields)},
        )
        async with self._pages(Branch, request, paging) as pages:
            async for page in pages:
                for branch in page:
                    yield branch

    async def create_branch(self, workspace: str, repo_slug: str, *, name: str, target: str) -> Branch:
        """Create a branch at a commit.

        `target` is a commit hash, whole or abbreviated, or the name of a branch to start from.

        Scope: repository:write (OAuth), read:repository:bitbucket, write:repository:bitbucket (API token).
        """
        request = self._build(
            "POST",
            "/repositories/{workspace}/{repo_slug}/refs/branches",
            (workspace, repo_slug),
            json={"name": name, "target": {"hash": target}},
        )
        return await self._fetch(Branch, request)

    async def get_branch(self, workspace: str, repo_slug: str, name: str, *, fields: str | None = None) -> Branch:
        """Return a branch; its name may hold slashes.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        request = self._build(
            "GET",
            "/repositories/{workspace}/{repo_slug}/refs/branches/{name}",
            (workspace, repo_slug, name),
            query={"fields": fields},
        )
        return await self._fetch(Branch, request)

    async def delete_branch(self, workspace: str, repo_slug: str, name: str) -> None:
        """Delete a branch; the main branch cannot be deleted.

        Scope: repository:write (OAuth), write:repository:bitbucket (API token).
        """
        request = self._build(
            "DELETE", "/repositories/{workspace}/{repo_slug}/refs/branches/{name}", (workspace, repo_slug, name)
        )
        await self._run(request)

    async def list_tags(
        self,
        workspace: str,
        repo_slug: str,
        *,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncIterator[Tag]:
        """List the tags.

        `sort="name"` sorts numbers in names by value.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        request = self._build(
            "GET",
            "/repositories/{workspace}/{repo_slug}/refs/tags",
            (workspace, repo_slug),
            query={"q": q, "sort": sort, "fields": page_fields(fields)},
        )
        async with self._pages(Tag, request, paging) as pages:
            async for page in pages:
                for tag in page:
                    yield tag

    async def create_tag(
        self, workspace: str, repo_slug: str, *, name: str, target: str, message: str | None = None
    ) -> Tag:
        """Create an annotated tag at a commit; without a `message` the vendor writes one.

        Scope: repository:write (OAuth), read:repository:bitbucket, write:repository:bitbucket (API token).
        """
        request = self._build(
            "POST",
            "/repositories/{workspace}/{repo_slug}/refs/tags",
            (workspace, repo_slug),
            json={"name": name, "target": {"hash": target}, "message": message},
        )
        return await self._fetch(Tag, request)

    async def get_tag(self, workspace: str, repo_slug: str, name: str, *, fields: str | None = None) -> Tag:
        """Return a tag.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        request = self._build(
            "GET",
            "/repositories/{workspace}/{repo_slug}/refs/tags/{name}",
            (workspace, repo_slug, name),
            query={"fields": fields},
        )
        return await self._fetch(Tag, request)

    async def delete_tag(self, workspace: str, repo_slug: str, name: str) -> None:
        """Delete a tag.

        Scope: repository:write (OAuth), write:repository:bitbucket (API token).
        """
        request = self._build(
            "DELETE", "/repositories/{workspace}/{repo_slug}/refs/tags/{name}", (workspace, repo_slug, name)
        )
        await self._run(request)

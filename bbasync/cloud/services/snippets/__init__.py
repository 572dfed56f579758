"""Snippets and who watches them; files and comments have modules of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.snippets import Snippet
from bbasync.cloud.models.users import Account
from bbasync.cloud.services.deprecation import warn_deprecated
from bbasync.errors import NotFoundError
from bbasync.request import Part, expand
from bbasync.service import lists

from .comments import SnippetComments
from .files import SnippetFiles

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping

    from bbasync.cloud.models.snippets import SnippetRole
    from bbasync.cloud.services.source import Content
    from bbasync.paging import Paging
    from bbasync.request import RequestOptions

__all__ = ["Snippets"]


class Snippets(SnippetFiles, SnippetComments):
    """Snippets, their files, history, comments and watchers: `bb.snippets`.

    The ID of a snippet is a short text, such as `77gaA`. `files` maps names to contents: bytes, a string, a `Path` to
    read, or a function that opens a file in binary mode. Files are streamed, and reopened for every attempt.
    """

    @lists
    def list(
        self,
        workspace: str,
        *,
        role: SnippetRole | str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Snippet]:
        """List the snippets of a workspace that the user can see, or those in which they have a `role`.

        Scope: snippet (OAuth), read:snippet:bitbucket (API token).
        """
        return self._list(
            Snippet, "GET /snippets/{workspace}", (workspace,), query={"role": role, "fields": fields}, paging=paging
        )

    async def create(
        self,
        workspace: str,
        *,
        files: Mapping[str, Content] | None = None,
        title: str | None = None,
        is_private: bool | None = None,
    ) -> Snippet:
        """Create a snippet in a workspace, with or without files.

        ValueError if a name of `files` is empty or contains a slash; FileNotFoundError if a `Path` does not exist.

        Scope: snippet:write (OAuth), read:snippet:bitbucket, write:snippet:bitbucket (API token).
        """
        return await self._call(
            Snippet, "POST /snippets/{workspace}", (workspace,), **_body(files, (), title, is_private)
        )

    async def create_own(
        self, *, files: Mapping[str, Content] | None = None, title: str | None = None, is_private: bool | None = None
    ) -> Snippet:
        """Create a snippet in the authenticated user's own account, as `create` does in a workspace.

        Scope: snippet:write (OAuth), read:snippet:bitbucket, write:snippet:bitbucket (API token).
        """
        return await self._call(Snippet, "POST /snippets", **_body(files, (), title, is_private))

    async def get(self, workspace: str, encoded_id: str, *, fields: str | None = None) -> Snippet:
        """Return a snippet, with links to its files.

        Scope: snippet (OAuth), read:snippet:bitbucket (API token).
        """
        return await self._call(
            Snippet, "GET /snippets/{workspace}/{encoded_id}", (workspace, encoded_id), query={"fields": fields}
        )

    async def get_revision(
        self, workspace: str, encoded_id: str, node_id: str, *, fields: str | None = None
    ) -> Snippet:
        """Return a snippet with the files of one of its commits; its title and other properties are the current ones.

        Scope: snippet (OAuth), read:snippet:bitbucket (API token).
        """
        return await self._call(
            Snippet,
            "GET /snippets/{workspace}/{encoded_id}/{node_id}",
            (workspace, encoded_id, node_id),
            query={"fields": fields},
        )

    async def update(
        self,
        workspace: str,
        encoded_id: str,
        *,
        files: Mapping[str, Content] | None = None,
        deletions: Iterable[str] = (),
        title: str | None = None,
        is_private: bool | None = None,
    ) -> Snippet:
        """Change files and properties of a snippet; what is not passed is kept.

        To rename a file, delete it and pass it under its new name. ValueError and FileNotFoundError as `create`.

        Scope: snippet:write (OAuth), read:snippet:bitbucket, write:snippet:bitbucket (API token).
        """
        return await self._call(
            Snippet,
            "PUT /snippets/{workspace}/{encoded_id}",
            (workspace, encoded_id),
            **_body(files, deletions, title, is_private),
        )

    async def update_if_latest(
        self,
        workspace: str,
        encoded_id: str,
        node_id: str,
        *,
        files: Mapping[str, Content] | None = None,
        deletions: Iterable[str] = (),
        title: str | None = None,
        is_private: bool | None = None,
    ) -> Snippet:
        """Change a snippet as `update` does, unless somebody else has changed its files since the commit `node_id`.

        ResponseError with status 405 if the commit is not the latest. It is not repeated once it may have been handled.

        Scope: snippet:write (OAuth), read:snippet:bitbucket, write:snippet:bitbucket (API token).
        """
        options = _body(files, deletions, title, is_private)
        options["repeatable"] = False  # after a success the commit is not the latest
        return await self._call(
            Snippet,
            "PUT /snippets/{workspace}/{encoded_id}/{node_id}",
            (workspace, encoded_id, node_id),
            **options,
        )

    async def delete(self, workspace: str, encoded_id: str) -> None:
        """Delete a snippet with its history.

        Scope: snippet:write (OAuth), delete:snippet:bitbucket (API token).
        """
        await self._run("DELETE /snippets/{workspace}/{encoded_id}", (workspace, encoded_id))

    async def delete_if_latest(self, workspace: str, encoded_id: str, node_id: str) -> None:
        """Delete a snippet unless somebody has changed its files since the commit `node_id`.

        ResponseError with status 405 if the commit is not the latest.

        Scope: snippet:write (OAuth), write:snippet:bitbucket (API token).
        """
        await self._run("DELETE /snippets/{workspace}/{encoded_id}/{node_id}", (workspace, encoded_id, node_id))

    @lists
    def list_watchers(
        self, workspace: str, encoded_id: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[Account]:
        """List the watchers of a snippet.

        Scope: snippet (OAuth), none (API token).
        """
        warn_deprecated("the list of a snippet's watchers", "a date not yet announced", "it names no replacement")
        return self._list(
            Account,
            "GET /snippets/{workspace}/{encoded_id}/watchers",
            (workspace, encoded_id),
            query={"fields": fields},
            paging=paging,
        )

    async def is_watching(self, workspace: str, encoded_id: str) -> bool:
        """Return whether the authenticated user watches a snippet; False for one that does not exist too.

        Scope: snippet (OAuth), read:snippet:bitbucket (API token).
        """
        try:
            await self._run("GET /snippets/{workspace}/{encoded_id}/watch", (workspace, encoded_id), accept="*/*")
        except NotFoundError:
            return False
        return True

    async def watch(self, workspace: str, encoded_id: str) -> None:
        """Watch a snippet as the authenticated user.

        Scope: snippet:write (OAuth), write:snippet:bitbucket (API token).
        """
        await self._run("PUT /snippets/{workspace}/{encoded_id}/watch", (workspace, encoded_id))

    async def unwatch(self, workspace: str, encoded_id: str) -> None:
        """Stop watching a snippet as the authenticated user.

        Scope: snippet:write (OAuth), write:snippet:bitbucket (API token).
        """
        await self._run("DELETE /snippets/{workspace}/{encoded_id}/watch", (workspace, encoded_id))


def _body(
    files: Mapping[str, Content] | None, deletions: Iterable[str], title: str | None, is_private: bool | None
) -> RequestOptions:
    """Return the body of a change: multipart if there are files in it, which JSON cannot carry."""
    files, deletions = files or {}, tuple(deletions)
    for name in (*files, *deletions):
        expand("/{path}", (name,))  # raises ValueError for what cannot be the last segment of its URL
        if "/" in name:
            raise ValueError(f"the name of a file of a snippet must not contain a slash, got {name!r}")
    if both := files.keys() & set(deletions):
        raise ValueError(f"a file cannot be passed and deleted at once: {', '.join(sorted(both))}")
    if not files and not deletions:
        return {"json": {"title": title, "is_private": is_private}}
    texts = [("files", name) for name in deletions]
    if title is not None:
        texts.append(("title", title))
    if is_private is not None:
        texts.append(("is_private", "true" if is_private else "false"))
    parts = [Part(name=name, content=text, content_type="text/plain; charset=utf-8") for name, text in texts]
    parts += [Part(name="file", content=content, filename=name) for name, content in files.items()]
    return {"parts": tuple(parts)}

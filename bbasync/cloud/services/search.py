"""Code search in the repositories of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.search import CodeSearchResult
from bbasync.cloud.services.deprecation import warn_deprecated
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["Search"]


class Search(Service):
    """Code search: `bb.search`.

    The vendor deprecates it on 2026-11-01 and names no replacement. A `search_query` has the syntax of the website, such as
    `foo repo:demo ext:py`. At most 1,000 results are listed, whatever the `size` of a page says, and some may be listed
    twice. NotFoundError if code search is not enabled.
    """

    @lists
    def list_in_workspace(
        self, workspace: str, *, search_query: str, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[CodeSearchResult]:
        """List the files in a workspace that match a query, at most 1,000.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        _warn()
        return self._list(
            CodeSearchResult,
            "GET /workspaces/{workspace}/search/code",
            (workspace,),
            query={"search_query": search_query, "fields": fields},
            group="search",
            paging=paging,
        )

    @lists
    def list_of_user(
        self, selected_user: str, *, search_query: str, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[CodeSearchResult]:
        """List the files in the repositories of a user that match a query, at most 1,000.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        _warn()
        return self._list(
            CodeSearchResult,
            "GET /users/{selected_user}/search/code",
            (selected_user,),
            query={"search_query": search_query, "fields": fields},
            group="search",
            paging=paging,
        )

    @lists
    def list_of_team(
        self, username: str, *, search_query: str, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[CodeSearchResult]:
        """List the files in the repositories of a team that match a query, at most 1,000; prefer `list_in_workspace`.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        _warn()
        return self._list(
            CodeSearchResult,
            "GET /teams/{username}/search/code",
            (username,),
            query={"search_query": search_query, "fields": fields},
            group="search",
            paging=paging,
        )


def _warn() -> None:
    warn_deprecated("code search", "2026-11-01", "it names no replacement")

"""Operations that Bitbucket Cloud has removed, and the methods that replace them.

https://developer.atlassian.com/cloud/bitbucket/changelog/#CHANGE-2770
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["replacement_of"]

_WORKSPACES: Final = "bb.workspaces.list()"
_ACROSS: Final = "removed on 2026-04-14; use"
_REMOVED: Final = {
    re.compile(pattern): advice
    for pattern, advice in (
        ("GET /repositories", f"{_ACROSS} {_WORKSPACES}, then bb.repositories.list() for each"),
        ("GET /workspaces", f"{_ACROSS} {_WORKSPACES}"),
        ("GET /snippets", f"{_ACROSS} {_WORKSPACES}, then bb.snippets.list() for each"),
        (
            "GET /user/permissions/workspaces",
            f"{_ACROSS} {_WORKSPACES}, then bb.workspaces.get_own_permission() for each",
        ),
        (
            "GET /user/permissions/repositories",
            f"{_ACROSS} {_WORKSPACES}, then bb.repositories.list_own_permissions() for each",
        ),
        ("GET /pullrequests/[^/]+", "removed in 2025; use bb.pull_requests.list_for_user() for each workspace"),
        (r"\w+ /addon/linkers(/.*)?", "removed in 2026; nothing replaces it"),
        (
            r"\w+ /repositories/[^/]+/[^/]+/(issues|components|milestones|versions)(/.*)?",
            "removed on 2026-08-20 with the issue tracker; nothing replaces it",
        ),
    )
}


def replacement_of(method: str, path: str) -> str:
    """Return when an operation was removed and what to use in its place; empty if it is not known to be removed."""
    operation = f"{method} {path.rstrip('/')}"
    return next((advice for pattern, advice in _REMOVED.items() if pattern.fullmatch(operation)), "")

"""Operations that Bitbucket Cloud has removed, and what replaces them.

https://developer.atlassian.com/cloud/bitbucket/changelog/#CHANGE-2770
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["replacement_of"]

_OWN: Final = "use GET /user/workspaces, then GET"
_REMOVED: Final = {
    re.compile(pattern): f"removed {when}; {instead}"
    for pattern, when, instead in (
        ("/repositories", "on 2026-04-14", f"{_OWN} /repositories/{{workspace}}"),
        ("/workspaces", "on 2026-04-14", "use GET /user/workspaces"),
        ("/snippets", "on 2026-04-14", f"{_OWN} /snippets/{{workspace}}"),
        ("/user/permissions/workspaces", "on 2026-04-14", f"{_OWN} /user/workspaces/{{workspace}}/permission"),
        (
            "/user/permissions/repositories",
            "on 2026-04-14",
            f"{_OWN} /user/workspaces/{{workspace}}/permissions/repositories",
        ),
        ("/pullrequests/[^/]+", "in 2025", "use GET /workspaces/{workspace}/pullrequests/{selected_user}"),
        ("/addon/linkers(/.*)?", "in 2026", "nothing replaces it"),
        (
            "/repositories/[^/]+/[^/]+/(issues|components|milestones|versions)(/.*)?",
            "on 2026-08-20 with the issue tracker",
            "nothing replaces it",
        ),
    )
}


def replacement_of(path: str) -> str:
    """Return when an operation was removed and what to use in its place; empty if it is not known to be removed."""
    return next((text for pattern, text in _REMOVED.items() if pattern.fullmatch(path.rstrip("/"))), "")

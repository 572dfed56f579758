"""The two scope vocabularies of Bitbucket Cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ALL_SCOPES = (
    "account:write",
    "pipeline:variable",
    "pipeline:write",
    "project:admin",
    "pullrequest:write",
    "repository:admin",
    "repository:delete",
    "repository:write",
    "runner:write",
    "snippet:write",
    "webhook",
)

# In the vocabulary of OAuth and of access tokens a scope includes lesser ones.
IMPLIED = {
    "pullrequest:write": ("pullrequest", "repository", "repository:write"),
    "pullrequest": ("repository",),
    "repository:write": ("repository",),
    "account:write": ("account",),
    "snippet:write": ("snippet",),
    "pipeline:write": ("pipeline",),
    "pipeline:variable": ("pipeline", "pipeline:write"),
    "runner:write": ("runner",),
    "project": ("repository",),
    "project:admin": ("project", "repository"),
}


def implied(scopes: Iterable[str]) -> set[str]:
    """Give the scopes with all that they include."""
    found = set(scopes)
    return found.union(*(IMPLIED.get(scope, ()) for scope in found))


def api_token_scope(scope: str, method: str, template: str) -> str:
    """Translate an OAuth scope into that of API tokens, of which none includes another."""
    area, _, level = scope.partition(":")
    for keys in ("ssh-key", "gpg-key"):
        if template.startswith("/users/") and f"/{keys}s" in template:
            return f"{ {'GET': 'read', 'DELETE': 'delete'}.get(method, 'write') }:{keys}:bitbucket"
    if area == "email" or (area == "account" and "{workspace}" not in template and template != "/user/workspaces"):
        return "read:user:bitbucket"
    if "/permissions/repositories" in template or template.endswith("/branching-model"):
        return "read:repository:bitbucket"
    if area == "account":
        return "read:workspace:bitbucket"
    if method == "GET" and template.startswith("/workspaces/{workspace}/projects/{project_key}/default-reviewers"):
        return "read:pullrequest:bitbucket"
    if method == "GET" and "/permissions-config/" in template:
        level = "read"
    if area == "pipeline":
        level = _pipeline_level(level, method, template)
    if area in {"snippet", "webhook"}:
        deletes = "write" if area == "snippet" and not template.endswith("{encoded_id}") else "delete"
        level = {"GET": "read", "DELETE": deletes}.get(method, "write")
    return f"{level or 'read'}:{area}:bitbucket"


def _pipeline_level(level: str, method: str, template: str) -> str:
    if level == "variable" or (method != "GET" and "/environments" in template):
        return "admin"
    return "write" if method == "POST" else level

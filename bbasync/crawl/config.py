"""Credentials of a crawl: the environment's, and those that a file assigns to workspaces.

::

    [workspaces.acme]
    access_token = "ACME_TOKEN"          # names of environment variables, never the secrets themselves

    [workspaces.globex]
    email = "GLOBEX_EMAIL"
    api_token = "GLOBEX_API_TOKEN"
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from attrs import field, frozen

from bbasync.auth import AccessToken, ApiToken, CredentialLike, Secret
from bbasync.errors import BitbucketError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ConfigError", "Credentials", "read_config"]


_HINT: Final = "set BITBUCKET_EMAIL and BITBUCKET_API_TOKEN, or BITBUCKET_ACCESS_TOKEN"


class ConfigError(BitbucketError):
    """The configuration is wrong; the message names the place and no secret."""


@frozen(kw_only=True)
class Credentials:
    """Who asks: the credential of each workspace, and the one for all others."""

    default: CredentialLike | None = None
    """For the workspaces that have none of their own; None if there are no such workspaces."""
    workspaces: Mapping[str, CredentialLike] = field(factory=dict[str, CredentialLike])
    """By slug."""

    def of(self, workspace: str) -> CredentialLike:
        """Return the credential of a workspace, the default one for the empty name; ConfigError if there is none."""
        credential = self.workspaces.get(workspace, self.default)
        if credential is None:
            whose = f"for the workspace {workspace!r}" if workspace else "to ask for the user's workspaces"
            raise ConfigError(f"no credential {whose}: {_HINT}, or name credentials in a configuration file")
        return credential


def read_config(path: Path, environ: Mapping[str, str] = os.environ) -> dict[str, CredentialLike]:
    """Return the credentials that a file assigns to workspaces."""
    variables = {name: Secret(value) for name, value in environ.items()}
    del environ  # before anything raises: tracebacks show local variables
    try:
        content = _hidden(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    if unknown := content.keys() - {"workspaces"}:
        raise ConfigError(f"{path}: unknown key {min(unknown)!r}; there are tables [workspaces.SLUG]")
    tables = _table(content.get("workspaces", {}), f"{path}: workspaces")
    return {
        slug.lower(): _credential(_table(table, f"{path}: workspaces.{slug}"), f"{path}: workspaces.{slug}", variables)
        for slug, table in tables.items()
    }


def _hidden(value: object) -> Any:
    """Return what a file holds with its texts as secrets: some of them may be, put there by mistake."""
    if isinstance(value, dict):
        return {key: _hidden(inner) for key, inner in cast("dict[str, object]", value).items()}
    return Secret(value) if isinstance(value, str) else value


def _table(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{where} is to be a table")
    return cast("dict[str, Any]", value)


def _credential(table: dict[str, Any], where: str, variables: Mapping[str, Secret]) -> CredentialLike:
    match sorted(table):
        case ["access_token"]:
            return AccessToken(_variable(table, "access_token", where, variables))
        case ["api_token", "email"]:
            email, token = (_variable(table, key, where, variables) for key in ("email", "api_token"))
            if "@" not in email:
                raise ConfigError(f"{where}.email names a variable that holds no email address")
            return ApiToken(str(email), token)
        case keys:
            raise ConfigError(f"{where} has {', '.join(keys) or 'nothing'}; give access_token, or email and api_token")


def _variable(table: dict[str, Any], key: str, where: str, variables: Mapping[str, Secret]) -> Secret:
    # what stands there may be the secret itself, put there by mistake: it is never repeated
    name = table[key]
    if not isinstance(name, str) or not variables.get(name):
        raise ConfigError(f"{where}.{key} is to be the name of an environment variable that is set")
    return variables[name]

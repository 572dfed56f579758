"""The OAuth 2.0 token endpoint, with refresh tokens that are good for one use."""

from __future__ import annotations

import base64
import secrets
import time
from typing import TYPE_CHECKING

import attrs

from bbasync.testing.cloud_http import json_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

TOKEN_PATH = "/site/oauth2/access_token"  # noqa: S105  # a path


@attrs.define
class OAuth:
    """The authorization server; `expires_in` (seconds) is how long the tokens it issues are good for."""

    client_id: str = "fake-client"
    client_secret: str = attrs.field(default="fake-client-secret", repr=False)
    expires_in: float = 3600
    issued: int = 0
    """How many access tokens were issued."""
    access_tokens: dict[str, tuple[str, float]] = attrs.field(factory=dict[str, "tuple[str, float]"], repr=False)
    """Whom a token stands for, and until when on the monotonic clock; take them out to revoke them."""
    refresh_tokens: set[str] = attrs.field(factory=set[str], repr=False)
    _codes: set[str] = attrs.field(factory=set[str], repr=False)

    def authorize(self) -> str:
        """Give the code that a user who agrees would bring back."""
        code = secrets.token_urlsafe(12)
        self._codes.add(code)
        return code

    def principal(self, token: str) -> str | None:
        """Tell whom a token stands for; None if it is unknown or has expired."""
        name, until = self.access_tokens.get(token, ("", 0.0))
        return name if name and time.monotonic() < until else None

    def answer(self, authorization: str | None, form: Mapping[str, object], user: str) -> web.Response:
        """Issue a token, or say what is wrong as RFC 6749 does."""
        given = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if authorization != f"Basic {given}":
            return _error(401, "invalid_client", "The client is unknown, or its secret is wrong")
        grant = form.get("grant_type")
        if grant == "client_credentials":
            return self._issue(f"app_user of {self.client_id}", refreshable=False)
        if grant == "authorization_code":
            return self._redeem(self._codes, str(form.get("code")), user)
        if grant == "refresh_token":
            return self._redeem(self.refresh_tokens, str(form.get("refresh_token")), user)
        return _error(400, "unsupported_grant_type", f"{grant} is not supported")

    def _redeem(self, known: set[str], value: str, user: str) -> web.Response:
        if value not in known:
            return _error(400, "invalid_grant", "The code or token is unknown, or was used before")
        known.remove(value)
        return self._issue(user, refreshable=True)

    def _issue(self, name: str, *, refreshable: bool) -> web.Response:
        token = secrets.token_urlsafe(24)
        self.access_tokens[token] = (name, time.monotonic() + self.expires_in)
        self.issued += 1
        answer: dict[str, object] = {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": self.expires_in,
            "scope": "account repository pullrequest",
            "state": "client_credentials" if not refreshable else "authorization_code",
        }
        if refreshable:
            answer["refresh_token"] = secrets.token_urlsafe(24)
            self.refresh_tokens.add(str(answer["refresh_token"]))
        return json_response(answer)


def _error(status: int, error: str, description: str) -> web.Response:
    return json_response({"error": error, "error_description": description}, status=status)

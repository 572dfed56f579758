"""The authorization server of Bitbucket Cloud: a page to agree on, and tokens; refresh tokens are good for one use."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import attrs
import orjson
from aiohttp import web

from bbasync.testing.cloud.http import json_response

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN_PATH = "/site/oauth2/access_token"  # noqa: S105  # a path
AUTHORIZE_PATH = "/site/oauth2/authorize"
JWT_GRANT = "urn:bitbucket:oauth2:jwt"


@attrs.define
class OAuth:
    """The authorization server; `expires_in` (seconds) is how long the tokens it issues are good for.

    `agrees` tells whether the user who is asked on its page does.
    """

    client_id: str = "fake-client"
    client_secret: str = attrs.field(default="fake-client-secret", repr=False)
    expires_in: float = 3600
    agrees: bool = True
    issued: int = 0
    """How many access tokens were issued."""
    access_tokens: dict[str, tuple[str, float]] = attrs.field(factory=dict[str, "tuple[str, float]"], repr=False)
    """Whom a token stands for, and until when on the `clock`; take them out to revoke them."""
    refresh_tokens: set[str] = attrs.field(factory=set[str], repr=False)
    scope: str = "account repository pullrequest"
    clock: Callable[[], float] = attrs.field(default=time.monotonic, kw_only=True)
    _codes: dict[str, dict[str, str]] = attrs.field(factory=dict[str, "dict[str, str]"], repr=False)

    def authorize(self, asked: Mapping[str, str] | None = None) -> str:
        """Give the code that a user who agrees would bring back; `asked` is the query of the page."""
        code = secrets.token_urlsafe(12)
        self._codes[code] = dict(asked or {})
        return code

    def page(self, asked: Mapping[str, str]) -> web.Response:
        """Send the user's browser back, as it would be after the user has answered."""
        if asked.get("response_type") != "code" or asked.get("client_id") != self.client_id:
            return web.Response(status=400, text="Invalid client_id or response_type")
        if "redirect_uri" not in asked:
            return web.Response(status=400, text="This client has no callback URL")
        answer = {"code": self.authorize(asked)} if self.agrees else {"error": "access_denied"}
        if "state" in asked:
            answer["state"] = asked["state"]
        return web.Response(status=302, headers={"Location": f"{asked['redirect_uri']}?{urlencode(answer)}"})

    def principal(self, token: str) -> str | None:
        """Tell whom a token stands for; None if it is unknown or has expired."""
        name, until = self.access_tokens.get(token, ("", 0.0))
        return name if name and self.clock() < until else None

    def answer(self, authorization: str | None, form: Mapping[str, object], user: str) -> web.Response:
        """Issue a token, or say what is wrong as RFC 6749 does."""
        grant = form.get("grant_type")
        if grant == JWT_GRANT:
            return self._trust(authorization)
        if not self.knows(authorization, form):
            return refuse(401, "invalid_client", "The client is unknown, or its secret is wrong")
        if grant == "client_credentials":
            return self._issue(f"app_user of {self.client_id}", refreshable=False)
        return self.redeem(form, user)

    def knows(self, authorization: str | None, form: Mapping[str, object]) -> bool:
        """Tell whether the client has said who it is."""
        del form
        given = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        return authorization == f"Basic {given}"

    def redeem(self, form: Mapping[str, object], user: str) -> web.Response:
        """Issue a token for a code or a refresh token, once."""
        match form.get("grant_type"):
            case "authorization_code":
                asked = self._codes.pop(str(form.get("code")), None)
                if asked is None or not self.fits(asked, form):
                    return refuse(400, "invalid_grant", "The code is unknown, was used before, or is another client's")
            case "refresh_token":
                if form.get("refresh_token") not in self.refresh_tokens:
                    return refuse(400, "invalid_grant", "The refresh token is unknown, or was used before")
                self.refresh_tokens.remove(str(form["refresh_token"]))
            case grant:
                return refuse(400, "unsupported_grant_type", f"{grant} is not supported")
        return self._issue(user, refreshable=True)

    def fits(self, asked: Mapping[str, str], form: Mapping[str, object]) -> bool:
        """Tell whether who brings a code back is who asked for it (RFC 6749, 4.1.3)."""
        return asked.get("redirect_uri") == form.get("redirect_uri")

    def _trust(self, authorization: str | None) -> web.Response:
        scheme, _, token = (authorization or "").partition(" ")
        claims = self._claims(token) if scheme == "JWT" else {}
        if claims.get("iss") != self.client_id or claims.get("exp", 0) < time.time():
            return refuse(401, "invalid_client", "The JWT is not signed with the shared secret, or is too old")
        return self._issue(str(claims.get("sub")), refreshable=False)

    def _claims(self, token: str) -> dict[str, Any]:
        """Return what a JWT says if it is signed with the client's secret (HS256), else nothing."""
        signed, _, signature = token.rpartition(".")
        expected = hmac.digest(self.client_secret.encode(), signed.encode(), "sha256")
        try:
            header, payload = (_decode(part) for part in signed.split("."))
            if not hmac.compare_digest(expected, _decode(signature)) or orjson.loads(header).get("alg") != "HS256":
                return {}
            claims: dict[str, Any] = orjson.loads(payload)
        except (ValueError, binascii.Error):
            return {}
        return claims

    def _issue(self, name: str, *, refreshable: bool) -> web.Response:
        token = secrets.token_urlsafe(24)
        self.access_tokens[token] = (name, self.clock() + self.expires_in)
        self.issued += 1
        answer: dict[str, object] = {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": self.expires_in,
            "scope": self.scope,
            "state": "client_credentials" if not refreshable else "authorization_code",
        }
        if refreshable:
            answer["refresh_token"] = secrets.token_urlsafe(24)
            self.refresh_tokens.add(str(answer["refresh_token"]))
        return json_response(answer)


def refuse(status: int, error: str, description: str) -> web.Response:
    """Build an error as RFC 6749 has it."""
    return json_response({"error": error, "error_description": description}, status=status)


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

"""The authorization server of a Data Center: codes bound to PKCE, the client's secret in the form, no other grant.

https://confluence.atlassian.com/bitbucketserver/bitbucket-oauth-2-0-provider-api-1236436692.html
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import attrs
from aiohttp import web

from bbasync.testing import oauth as cloud_oauth
from bbasync.testing.oauth import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

SCOPES = (
    "PUBLIC_REPOS",
    "ACCOUNT_WRITE",
    "REPO_READ",
    "REPO_WRITE",
    "REPO_ADMIN",
    "PROJECT_ADMIN",
    "ADMIN_WRITE",
    "SYSTEM_ADMIN",
)


@attrs.define
class OAuth(cloud_oauth.OAuth):
    """The authorization server, for one incoming application link; a token stands for the fake's administrator."""

    scope: str = "REPO_READ"

    def page(self, asked: Mapping[str, str]) -> web.Response:
        """Send the user's browser back, if what is asked for can be granted."""
        wanted = asked.get("scope", "").split()
        if not wanted or not set(wanted) <= set(SCOPES):
            return web.Response(status=400, text="Invalid scope")
        if "code_challenge" in asked and asked.get("code_challenge_method") != "S256":
            return web.Response(status=400, text="Invalid code_challenge_method")
        self.scope = " ".join(wanted)
        return super().page(asked)

    def answer(self, authorization: str | None, form: Mapping[str, object], user: str) -> web.Response:
        """Issue a token for a code or a refresh token, or say what is wrong as RFC 6749 does."""
        if not self.knows(authorization, form):
            return refuse(401, "invalid_client", "The client is unknown, or its secret is wrong")
        return self.redeem(form, user)

    def revoke(self, authorization: str | None, form: Mapping[str, object]) -> web.Response:
        """Forget a token; one that is unknown is not an error (RFC 7009)."""
        if not self.knows(authorization, form):
            return refuse(401, "invalid_client", "The client is unknown, or its secret is wrong")
        token = str(form.get("token"))
        self.refresh_tokens.discard(token)
        self.access_tokens.pop(token, None)
        return web.Response()

    def knows(self, authorization: str | None, form: Mapping[str, object]) -> bool:
        """Tell whether the form says who the client is."""
        del authorization
        return (form.get("client_id"), form.get("client_secret")) == (self.client_id, self.client_secret)

    def fits(self, asked: Mapping[str, str], form: Mapping[str, object]) -> bool:
        """Tell whether who brings a code back has the verifier whose digest came with the question (RFC 7636)."""
        verifier = form.get("code_verifier")
        challenge = None
        if verifier is not None:
            digest = hashlib.sha256(str(verifier).encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return super().fits(asked, form) and asked.get("code_challenge") == challenge

"""OAuth 2.0: obtaining tokens, and credentials that renew their tokens in long-running programs.

Cloud: https://developer.atlassian.com/cloud/bitbucket/oauth-2/
Data Center: https://confluence.atlassian.com/bitbucketserver/bitbucket-oauth-2-0-provider-api-1236436692.html
"""

from __future__ import annotations

import asyncio
import base64
import copy
import hashlib
import logging
import math
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Self, TypeGuard

from attrs import converters, evolve, field, frozen

from .auth import BasicAuth, CredentialLike, Secret
from .errors import (
    AuthenticationError,
    AuthorizationExpiredError,
    BitbucketError,
    DecodeError,
    ErrorDetails,
    ResponseError,
    class_for,
)
from .request import Query, RawResponse, add_query, as_object, encode_query
from .session import Session, SessionOptions

if TYPE_CHECKING:
    from typing import Unpack

    from .rate import Rate
    from .request import Request

__all__ = ["OAuthClient", "OAuthCredential", "OAuthToken", "new_code_verifier"]

log = logging.getLogger("bbasync")

_RENEWAL_MARGIN: Final = 60.0
"""Seconds before its expiry at which a token is renewed, at most a tenth of its lifetime."""
_SHORTEST_LIFE: Final = 10.0
"""Seconds for which a new token is used, whatever the server says of its lifetime."""
_LONGEST_DELAY: Final = 10.0
"""Longest time in seconds between renewals that fail."""
_CLOSE_TIMEOUT: Final = 10.0
_USUAL_LIFETIME: Final = 3600.0
"""Lifetime in seconds of a token whose response names none."""

OnRenew = Callable[["OAuthToken"], Awaitable[object]]


@frozen(kw_only=True)
class OAuthToken:
    """An access token and its refresh token.

    Store `json.dumps(attrs.asdict(token))`, which holds both in clear although their repr is masked; restore it with
    `OAuthToken(**json.loads(text))`.
    """

    access_token: str = field(repr=False, converter=Secret)
    """The token that requests are sent with."""
    expires_at: float
    """When it expires, in seconds since 1970."""
    lifetime: float
    """Seconds from issue to expiry, as sent in `expires_in`."""
    refresh_token: str | None = field(default=None, repr=False, converter=converters.optional(Secret))
    """The token that obtains the next one, usable once: it rotates. None if the grant is repeated instead."""
    scope: str = ""
    """The granted scopes, separated by spaces."""

    def is_due(self, wall: float) -> bool:
        """Return whether it should be renewed; `wall` is the current time in seconds since 1970."""
        return wall >= self.expires_at - min(_RENEWAL_MARGIN, self.lifetime / 10)


def new_code_verifier() -> Secret:
    """Return a new code verifier, a secret for one authorisation with PKCE (RFC 7636)."""
    return Secret(secrets.token_urlsafe(64))


class OAuthClient:
    """An application registered with Bitbucket: an OAuth consumer of Cloud, or an application link of Data Center.

    It obtains tokens, and creates credentials that renew them. Its requests use no slot and no budget of a session, and
    are retried like others. The options are those of sessions (`http=` for a proxy or your own CA).
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        base_url: str,
        authorize_path: str,
        token_path: str,
        revoke_path: str = "",
        secret_in_form: bool,
        **options: Unpack[SessionOptions],
    ) -> None:
        self.client_id = client_id
        self._secret = Secret(client_secret)
        self._base_url = base_url.rstrip("/")
        self._authorize_path = authorize_path
        self._token_path = token_path
        self._revoke_path = revoke_path
        self._secret_in_form = secret_in_form
        # The call that needs the token has a slot of its session already; with a shared limiter this could deadlock.
        self._options: SessionOptions = {**options, "limiter": None, "rates": None}

    def __repr__(self) -> str:
        return f"<OAuthClient {self.client_id} of {self._base_url}>"

    @classmethod
    def cloud(
        cls,
        client_id: str,
        client_secret: str,
        *,
        base_url: str = "https://bitbucket.org",
        **options: Unpack[SessionOptions],
    ) -> Self:
        """Return a client for Bitbucket Cloud, from the key and the secret of an OAuth consumer."""
        return cls(
            client_id,
            client_secret,
            base_url=base_url,
            authorize_path="/site/oauth2/authorize",
            token_path="/site/oauth2/access_token",  # noqa: S106 - a path
            secret_in_form=False,
            **options,
        )

    @classmethod
    def data_center(cls, base_url: str, client_id: str, client_secret: str, **options: Unpack[SessionOptions]) -> Self:
        """Return a client for Data Center, from the client ID and secret that its incoming application link shows."""
        return cls(
            client_id,
            client_secret,
            base_url=base_url,
            authorize_path="/rest/oauth2/latest/authorize",
            token_path="/rest/oauth2/latest/token",  # noqa: S106 - a path
            revoke_path="/rest/oauth2/latest/revoke",
            secret_in_form=True,
            **options,
        )

    # -- authorisation in the browser -----------------------------------------------------------------------------

    def authorization_url(
        self,
        *,
        state: str,
        redirect_uri: str | None = None,
        scopes: Sequence[str] = (),
        code_verifier: str | None = None,
    ) -> str:
        """Return the URL where a user authorises the application; redirects to `redirect_uri` with `code` and `state`.

        `state` is a secret of your own; compare it with the one in the redirect. Data Center requires `scopes` (such as
        `REPO_READ`) and `redirect_uri`; on Cloud, both are set in the consumer. `code_verifier` enables PKCE, which
        Cloud does not document.
        """
        query: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "state": state,
            "redirect_uri": redirect_uri,
            "scope": " ".join(scopes) or None,
        }
        if code_verifier is not None:
            digest = hashlib.sha256(code_verifier.encode()).digest()
            query["code_challenge"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            query["code_challenge_method"] = "S256"
        return add_query(self._base_url + self._authorize_path, query)

    async def exchange(
        self, code: str, *, redirect_uri: str | None = None, code_verifier: str | None = None
    ) -> OAuthToken:
        """Exchange a code for a token; `redirect_uri` and `code_verifier` are those of the authorisation.

        Raises AuthorizationExpiredError if the code was used before or has expired.
        """
        form: Query = {
            "grant_type": "authorization_code",
            "code": Secret(code),
            "redirect_uri": redirect_uri,
            "code_verifier": None if code_verifier is None else Secret(code_verifier),
        }
        del code, code_verifier  # before anything can raise, since tracebacks show local variables
        return await self._request_token(form)

    # -- credentials ----------------------------------------------------------------------------------------------

    def credential(
        self, token: OAuthToken, *, on_renew: OnRenew | None = None, principal: str | None = None
    ) -> OAuthCredential:
        """Return the credential of a user who authorised the application, renewed with the refresh token.

        `on_renew` stores the new tokens. It is awaited before they are used, so that a crash loses nothing: the old
        refresh token is no longer valid. `principal` identifies the budget that requests spend, the client ID by
        default; use a different one for each user.
        """

        async def refresh(last: OAuthToken | None) -> OAuthToken:
            if last is None or not last.refresh_token:
                raise AuthorizationExpiredError(
                    "the token has expired and has no refresh_token: authorise again", status=401
                )
            return await self.refresh(last)

        return OAuthCredential(refresh, principal=principal or self.client_id, token=token, on_renew=on_renew)

    async def refresh(self, token: OAuthToken) -> OAuthToken:
        """Return the next token and use up the given one; for credentials shared with other processes.

        Raises AuthorizationExpiredError if it was used before, has expired or was revoked.
        """
        if not token.refresh_token:
            raise ValueError("the token has no refresh_token: authorise with a grant that issues one")
        renewed = await self._request_token({"grant_type": "refresh_token", "refresh_token": token.refresh_token})
        # A server that does not rotate refresh tokens sends none.
        return renewed if renewed.refresh_token else evolve(renewed, refresh_token=token.refresh_token)

    async def revoke(self, token: OAuthToken) -> None:
        """Revoke a token and its refresh token (RFC 7009); those that are invalid already are no error.

        ValueError on Cloud, which documents no way to revoke a token.
        """
        if not self._revoke_path:
            raise ValueError("Bitbucket Cloud has no endpoint that revokes tokens")
        if token.refresh_token:
            await self._post(self._revoke_path, {"token": token.refresh_token, "token_type_hint": "refresh_token"})
        await self._post(self._revoke_path, {"token": token.access_token, "token_type_hint": "access_token"})

    def client_credentials(self, *, principal: str | None = None) -> OAuthCredential:
        """Return the credential of the application itself, without a user and a refresh token (Cloud)."""

        async def grant(_last: OAuthToken | None) -> OAuthToken:
            return await self._request_token({"grant_type": "client_credentials"})

        return OAuthCredential(grant, principal=principal or self.client_id)

    def jwt_bearer(self, make_jwt: Callable[[], Awaitable[str]], *, principal: str | None = None) -> OAuthCredential:
        """Return the credential of a Connect app (Cloud); `make_jwt` returns a new signed JWT."""

        async def authorization() -> str:
            return f"JWT {await make_jwt()}"

        async def grant(_last: OAuthToken | None) -> OAuthToken:
            return await self._request_token({"grant_type": "urn:bitbucket:oauth2:jwt"}, authorization)

        return OAuthCredential(grant, principal=principal or self.client_id)

    # -- the endpoints --------------------------------------------------------------------------------------------

    async def _request_token(self, form: Query, credential: CredentialLike | None = None) -> OAuthToken:
        requested = time.time()
        payload = await self._post(self._token_path, form, credential)
        token = _token_in(payload, requested)
        del payload  # before anything is raised, since tracebacks show local variables
        if token is None:
            raise DecodeError(
                "the response has no access_token of type bearer, or a token that cannot be sent",
                method="POST",
                template=self._token_path,
            )
        return token

    async def _post(self, path: str, form: Query, credential: CredentialLike | None = None) -> dict[str, Any]:
        if self._secret_in_form:
            form = {**form, "client_id": self.client_id, "client_secret": self._secret}
        elif credential is None:
            credential = BasicAuth(self.client_id, self._secret)
        endpoint = _Endpoint(credential, base_url=self._base_url, **self._options)
        try:
            return await endpoint.post(path, form)
        except DecodeError as error:
            error.body, error.__context__ = b"", None  # an invalid response may contain tokens too
            raise
        finally:
            await endpoint.close()


class _SecretBody(bytes):
    """A body whose repr is masked like that of `Secret`, since aiohttp keeps it in local variables."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "b'***'"


def _token_in(payload: Mapping[str, Any], requested: float) -> OAuthToken | None:
    """Return the token in the payload of a response; None if it cannot be used."""
    token_type = payload.get("token_type", "bearer")
    access_token, refresh_token = payload.get("access_token"), payload.get("refresh_token")
    if not isinstance(token_type, str) or token_type.lower() != "bearer" or not _is_token(access_token):
        return None
    if not (refresh_token is None or _is_token(refresh_token)):
        return None
    lifetime = max(_lifetime(payload.get("expires_in")), _SHORTEST_LIFE)
    return OAuthToken(
        access_token=access_token,
        expires_at=requested + lifetime,
        lifetime=lifetime,
        refresh_token=refresh_token,
        scope=payload.get("scope") or payload.get("scopes") or "",
    )


def _is_token(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value != "" and value.isascii() and value.isprintable() and " " not in value


def _lifetime(value: object) -> float:
    """Return the seconds in `expires_in`, which servers may leave out or write as text."""
    try:
        lifetime = float(value) if isinstance(value, (int, float, str)) else _USUAL_LIFETIME
    except ValueError:
        return _USUAL_LIFETIME
    return lifetime if math.isfinite(lifetime) else _USUAL_LIFETIME


class _Endpoint(Session):
    """A session for the one request that obtains or revokes a token."""

    async def post(self, path: str, form: Query) -> dict[str, Any]:
        """Send the form and return the payload of the response.

        It is retried although a refresh token can be used only once: after a lost response, nothing else can help.
        """
        request = self._build(f"POST {path}", form=form, repeatable=True)
        request = evolve(request, body=_SecretBody(encode_query(form).encode()))
        return as_object((await self._send(request)).json())

    def _rate_of(self, group: str) -> Rate:
        """Return None: the limits of the API do not apply to tokens."""
        del group
        return None

    def _read_error(self, response: RawResponse) -> ErrorDetails:
        """Read an error response as defined by RFC 6749."""
        payload = as_object(response.json())
        return ErrorDetails(
            message=str(payload.get("error", "")), detail=str(payload.get("error_description", "")), data=payload
        )

    def _error_class(self, status: int, details: ErrorDetails) -> type[ResponseError]:
        """Distinguish an invalid grant from an invalid client."""
        match details.message:
            case "invalid_grant":
                return AuthorizationExpiredError
            case "invalid_client":
                return AuthenticationError
            case _:
                return class_for(status)

    def _advice(self, request: Request, status: int, details: ErrorDetails) -> str:
        """Return what the user can do about an error, an empty string if that is unknown."""
        del request, status
        match details.message:
            case "invalid_grant":
                return "the refresh token or code was used before, has expired or was revoked: authorise again"
            case "invalid_client":
                return "check the client ID and secret"
            case _:
                return ""


class OAuthCredential:
    """A credential that renews its token shortly before it expires, and once after a 401.

    One renewal serves all tasks of all sessions that share the credential. It continues if the task that started it is
    cancelled, since the refresh token may already be used; closing a session waits ten seconds for it. A token that is
    still valid is used while it cannot be renewed, and a grant that has expired or was revoked is not tried again.
    """

    def __init__(
        self,
        obtain: Callable[[OAuthToken | None], Awaitable[OAuthToken]],
        *,
        principal: str,
        token: OAuthToken | None = None,
        on_renew: OnRenew | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.principal = principal
        """Identifies the budget that requests spend."""
        self._obtain = obtain
        self._token = token
        self._on_renew = on_renew
        self._wall = wall
        self._is_users = token is not None
        """Whether the grant is a user's, which only the user can renew once it has expired."""
        self._refused = False
        """Whether the API has refused the token."""
        self._waiting = 0
        """Calls that wait for a renewal."""
        self._unstored: OAuthToken | None = None
        self._renewal: asyncio.Task[OAuthToken] | None = None
        self._failures = 0
        self._error: Exception | None = None
        """What the last renewal failed with."""
        self._next_try = -math.inf
        """Before this monotonic time, no renewal is tried."""

    def __repr__(self) -> str:
        return f"<OAuthCredential of {self.principal}>"

    async def authorization(self) -> Secret:
        """Return the value of the Authorization header, after renewing the token if it is due or being renewed."""
        token, now = self._token, self._wall()
        if token is None or now >= token.expires_at or self._refused or self._unstored is not None:
            token = await self._renewed_token()
        elif token.is_due(now) and self._may_renew():
            self._start()  # the token is used meanwhile
        return _bearer(token)

    def is_current(self, authorization: str) -> bool:
        """Return whether a value of the Authorization header is still the one to send."""
        return not self._refused and self._token is not None and _bearer(self._token) == authorization

    async def renew(self, refused: str) -> bool:
        """Renew the token if it is still the refused one; return True."""
        if self._token is None or _bearer(self._token) == refused:
            self._refused = True
            await self._renewed_token()
        return True

    async def close(self) -> None:
        """Wait for a renewal in progress, ten seconds at most."""
        if self._renewal is None or self._renewal.done():
            return
        _, running = await asyncio.wait([self._renewal], timeout=_CLOSE_TIMEOUT)
        if self._waiting:
            return  # calls of other sessions need it
        for renewal in running:
            log.warning("the OAuth token of %s was still being renewed when its session was closed", self.principal)
            renewal.cancel()
            await asyncio.wait([renewal])

    async def _renewed_token(self) -> OAuthToken:
        if not self._is_renewing and self._error is not None and not self._may_renew():
            raise copy.copy(self._error)
        self._waiting += 1
        try:
            return await asyncio.shield(self._start())
        finally:
            self._waiting -= 1

    def _may_renew(self) -> bool:
        """Return whether a renewal may be tried, after those that failed."""
        return self._error is None or asyncio.get_running_loop().time() >= self._next_try

    @property
    def _is_renewing(self) -> bool:
        return self._renewal is not None and not self._renewal.done()

    def _start(self) -> asyncio.Task[OAuthToken]:
        """Return the renewal under way, which is started if there is none."""
        if self._renewal is None or self._renewal.done():  # an eager task may be done at once
            self._renewal = asyncio.get_running_loop().create_task(self._renew())
            self._renewal.add_done_callback(_retrieve_error)
        return self._renewal

    async def _renew(self) -> OAuthToken:
        failures, self._failures, self._error = self._failures, 0, None
        try:
            token = self._unstored or await self._obtain(self._token)
            if self._on_renew is not None:
                self._unstored = token  # if on_renew fails, it is called again before the next renewal
                await self._on_renew(token)
        except BitbucketError as error:
            if self._unstored is None:  # on_renew may be mended at once
                self._note_failure(error, failures + 1)
            raise
        self._token, self._unstored, self._refused = token, None, False
        return token

    def _note_failure(self, error: BitbucketError, failures: int) -> None:
        self._error, self._failures = error, failures
        is_dead = isinstance(error, AuthorizationExpiredError) and self._is_users
        delay = math.inf if is_dead else min(2.0 ** min(failures - 1, 10), _LONGEST_DELAY)
        self._next_try = asyncio.get_running_loop().time() + delay
        if not self._waiting:
            log.warning("the OAuth token of %s is valid, but could not be renewed: %s", self.principal, error)


def _retrieve_error(renewal: asyncio.Task[OAuthToken]) -> None:
    if not renewal.cancelled():
        renewal.exception()  # else asyncio logs one that no call waits for


def _bearer(token: OAuthToken) -> Secret:
    return Secret(f"Bearer {token.access_token}")

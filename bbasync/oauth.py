"""OAuth 2.0: obtaining tokens, and a credential that renews itself while a bot runs for months.

Cloud: https://developer.atlassian.com/cloud/bitbucket/oauth-2/
Data Center: https://confluence.atlassian.com/bitbucketserver/bitbucket-oauth-2-0-provider-api-1236436692.html
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Self

from attrs import converters, evolve, field, frozen

from .auth import BasicAuth, CredentialLike, Secret
from .errors import AuthenticationError, AuthorizationExpiredError, DecodeError, ErrorDetails, ResponseError, class_for
from .request import Query, RawResponse, add_query, as_object, encode_query
from .session import Session, SessionOptions

if TYPE_CHECKING:
    from typing import Unpack

    from .rate import Rate

__all__ = ["OAuthClient", "OAuthCredential", "OAuthToken", "new_code_verifier"]

_EARLY: Final = 60.0
"""Seconds before its end at which a token is renewed, at most a tenth of its life."""

OnRenew = Callable[["OAuthToken"], Awaitable[object]]


@frozen(kw_only=True)
class OAuthToken:
    """An access token, and what renews it. To store one: `attrs.asdict`; to have it back: `OAuthToken(**stored)`."""

    access_token: str = field(repr=False, converter=Secret)
    """What requests are sent with."""
    expires_at: float
    """When it ends, seconds since 1970."""
    lifetime: float
    """How long it was good for, seconds: what the server called `expires_in`."""
    refresh_token: str | None = field(default=None, repr=False, converter=converters.optional(Secret))
    """What the next one is asked for with, once: it rotates. None where the grant is simply repeated."""
    scope: str = ""
    """The scopes granted, separated by blanks."""

    def is_due(self, wall: float) -> bool:
        """Tell whether it is time for the next one; `wall` is now, seconds since 1970."""
        return wall >= self.expires_at - min(_EARLY, self.lifetime / 10)


def new_code_verifier() -> Secret:
    """Return a secret for one authorisation with PKCE (RFC 7636)."""
    return Secret(secrets.token_urlsafe(64))


class OAuthClient:
    """An application that is registered with Bitbucket: an OAuth consumer of Cloud, an application link of Data Center.

    It obtains tokens, and makes credentials that renew them. Its requests take no slot and no budget of a session;
    they are repeated as others are. Options are those of sessions (`http=` for a proxy or a CA of your own).
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        base_url: str,
        authorize_path: str,
        token_path: str,
        secret_in_form: bool,
        **options: Unpack[SessionOptions],
    ) -> None:
        self.client_id = client_id
        self._secret = Secret(client_secret)
        self._base_url = base_url.rstrip("/")
        self._authorize_path = authorize_path
        self._token_path = token_path
        self._secret_in_form = secret_in_form
        # The request that asks for a token stands in its session's slot already, and would wait for itself.
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
        """Return a client of Bitbucket Cloud: the key and the secret of an OAuth consumer."""
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
        """Return a client of a Data Center: what its incoming application link shows."""
        return cls(
            client_id,
            client_secret,
            base_url=base_url,
            authorize_path="/rest/oauth2/latest/authorize",
            token_path="/rest/oauth2/latest/token",  # noqa: S106 - a path
            secret_in_form=True,
            **options,
        )

    # -- a user who agrees in the browser -------------------------------------------------------------------------

    def authorization_url(
        self,
        *,
        state: str,
        redirect_uri: str | None = None,
        scopes: Sequence[str] = (),
        code_verifier: str | None = None,
    ) -> str:
        """Return the page on which a user agrees; it leads back to `redirect_uri` with `code` and `state`.

        `state` is a secret of yours, to be compared when it comes back. Data Center wants `scopes` (such as
        `REPO_READ`) and `redirect_uri`; on Cloud the consumer has both. `code_verifier` switches PKCE on.
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
        """Return the token for a code that a user brought back; `redirect_uri` and `code_verifier` as they were sent.

        Raises AuthorizationExpiredError if the code was used before or is too old.
        """
        form: Query = {
            "grant_type": "authorization_code",
            "code": Secret(code),
            "redirect_uri": redirect_uri,
            "code_verifier": None if code_verifier is None else Secret(code_verifier),
        }
        del code, code_verifier  # before anything raises: tracebacks show local variables
        return await self._ask(form)

    # -- credentials ----------------------------------------------------------------------------------------------

    def credential(
        self, token: OAuthToken, *, on_renew: OnRenew | None = None, principal: str | None = None
    ) -> OAuthCredential:
        """Return the credential of a user who agreed, renewed with the refresh token.

        `on_renew` stores the new pair; it has returned before the pair is used, so that a crash loses nothing: the old
        refresh token is worth nothing any more. `principal` names whose budget is spent, the client by default: give
        each user one's own.
        """

        async def refresh(last: OAuthToken | None) -> OAuthToken:
            assert last is not None  # noqa: S101 - it begins with one
            return await self.refresh(last)

        return OAuthCredential(refresh, principal=principal or self.client_id, token=token, on_renew=on_renew)

    async def refresh(self, token: OAuthToken) -> OAuthToken:
        """Return the next token, for credentials that share it with other processes; the given one is used up.

        Raises AuthorizationExpiredError if it was used before, is too old or was revoked.
        """
        if not token.refresh_token:
            raise ValueError("the token has no refresh_token: authorise with a grant that issues one")
        renewed = await self._ask({"grant_type": "refresh_token", "refresh_token": token.refresh_token})
        # A server that does not rotate sends none back.
        return renewed if renewed.refresh_token else evolve(renewed, refresh_token=token.refresh_token)

    def client_credentials(self, *, principal: str | None = None) -> OAuthCredential:
        """Return the credential of the application itself (Cloud): no user, no refresh token."""

        async def grant(_last: OAuthToken | None) -> OAuthToken:
            return await self._ask({"grant_type": "client_credentials"})

        return OAuthCredential(grant, principal=principal or self.client_id)

    def jwt_bearer(self, make_jwt: Callable[[], Awaitable[str]], *, principal: str | None = None) -> OAuthCredential:
        """Return the credential of a Connect app (Cloud); `make_jwt` returns a fresh signed JWT."""

        async def authorization() -> str:
            return f"JWT {await make_jwt()}"

        async def grant(_last: OAuthToken | None) -> OAuthToken:
            return await self._ask({"grant_type": "urn:bitbucket:oauth2:jwt"}, authorization)

        return OAuthCredential(grant, principal=principal or self.client_id)

    # -- the token endpoint ---------------------------------------------------------------------------------------

    async def _ask(self, form: Query, credential: CredentialLike | None = None) -> OAuthToken:
        if self._secret_in_form:
            form = {**form, "client_id": self.client_id, "client_secret": self._secret}
        elif credential is None:
            credential = BasicAuth(self.client_id, self._secret)
        asked = time.time()
        endpoint = _TokenEndpoint(credential, base_url=self._base_url, **self._options)
        try:
            token = _token(await endpoint.ask(self._token_path, form), asked)
        except DecodeError as error:
            error.body, error.__context__ = b"", None  # a broken answer may hold the tokens too
            raise
        finally:
            if self._options.get("transport") is None:  # the caller's serves the next request too
                await endpoint.close()
        if token is None:
            raise DecodeError(
                "the answer has no access_token with expires_in", method="POST", template=self._token_path
            )
        return token


class _Form(bytes):
    """A body that does not show itself in a repr, as `Secret` does not; aiohttp keeps it in local variables."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "b'***'"


def _token(answer: Mapping[str, Any], asked: float) -> OAuthToken | None:
    """Return the token of an answer; None if it has none, or does not tell how long it is good for."""
    token, lifetime = answer.get("access_token"), answer.get("expires_in")
    if not isinstance(token, str) or not isinstance(lifetime, (int, float)):
        return None
    return OAuthToken(
        access_token=token,
        expires_at=asked + lifetime,
        lifetime=lifetime,
        refresh_token=answer.get("refresh_token"),
        scope=answer.get("scope") or answer.get("scopes") or "",
    )


class _TokenEndpoint(Session):
    """The path of a request, for the one request that obtains a token."""

    async def ask(self, path: str, form: Query) -> dict[str, Any]:
        """Return the response to a grant.

        It is retried although a refresh token can be used once: where a response was lost, nothing else is left.
        """
        request = self._build(f"POST {path}", form=form, repeatable=True)
        request = evolve(request, body=_Form(encode_query(form).encode()))
        return as_object((await self._send(request)).json())

    def _rate_of(self, group: str) -> Rate:
        """Return None: tokens are not limited as the API is."""
        del group
        return None

    def _read_error(self, response: RawResponse) -> ErrorDetails:
        """Read the error of RFC 6749."""
        payload = as_object(response.json())
        return ErrorDetails(
            message=str(payload.get("error", "")), detail=str(payload.get("error_description", "")), data=payload
        )

    def _error_class(self, status: int, details: ErrorDetails) -> type[ResponseError]:
        """Tell a grant that is used up from a client that is unknown."""
        match details.message:
            case "invalid_grant":
                return AuthorizationExpiredError
            case "invalid_client":
                return AuthenticationError
            case _:
                return class_for(status)

    def _advice(self, status: int, details: ErrorDetails) -> str:
        """Say what to do."""
        del status
        match details.message:
            case "invalid_grant":
                return "the refresh token or code was used before, is too old or was revoked: authorise again"
            case "invalid_client":
                return "check the client's id and secret"
            case _:
                return ""


class OAuthCredential:
    """A credential that renews its token shortly before it ends, and once on a 401.

    One renewal serves all tasks of all sessions that share the credential. It goes on if who asked for it is cancelled,
    since its refresh token is used up by then; a session that is closed waits for it.
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
        """Whose budget the requests spend."""
        self._obtain = obtain
        self._token = token
        self._on_renew = on_renew
        self._wall = wall
        self._unstored: OAuthToken | None = None
        self._renewal: asyncio.Task[OAuthToken] | None = None

    def __repr__(self) -> str:
        return f"<OAuthCredential of {self.principal}>"

    async def authorization(self) -> Secret:
        """Return the header, of a token that was renewed if it was due or is being renewed."""
        token = self._token
        if token is None or self._renewal is not None or self._unstored is not None or token.is_due(self._wall()):
            token = await self._renewed()
        return _bearer(token)

    async def renew(self, refused: str) -> bool:
        """Renew the token, unless it is no longer the refused one."""
        if self._token is None or _bearer(self._token) == refused:
            await self._renewed()
        return True

    async def close(self) -> None:
        """Wait for a renewal that is under way."""
        if self._renewal is not None:
            await asyncio.wait([self._renewal])

    async def _renewed(self) -> OAuthToken:
        if self._renewal is None:
            self._renewal = asyncio.get_running_loop().create_task(self._renew())
            self._renewal.add_done_callback(self._ended)
        return await asyncio.shield(self._renewal)

    async def _renew(self) -> OAuthToken:
        token = self._unstored or await self._obtain(self._token)
        if self._on_renew is not None:
            self._unstored = token  # if it fails, it is called again before anything else
            await self._on_renew(token)
        self._token, self._unstored = token, None
        return token

    def _ended(self, renewal: asyncio.Task[OAuthToken]) -> None:
        self._renewal = None
        if not renewal.cancelled():
            renewal.exception()  # those who wait for it have it too, if any is left


def _bearer(token: OAuthToken) -> Secret:
    return Secret(f"Bearer {token.access_token}")

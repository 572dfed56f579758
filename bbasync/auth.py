"""Credentials: what goes into the Authorization header, and whose budget a request spends."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable
from typing import Protocol, runtime_checkable

from attrs import field, frozen

__all__ = ["AccessToken", "ApiToken", "BasicAuth", "Credential", "CredentialLike", "CustomCredential", "Secret"]


class Secret(str):
    """A string that does not show itself in a repr; tracebacks with local variables print reprs."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def _secret(value: Secret) -> Secret:
    if not value or not value.isprintable() or value.strip() != value:
        raise ValueError("the token is empty, or has line breaks in it or blanks around it")
    return value


def _password(value: Secret) -> Secret:
    if not value:
        raise ValueError("the password is empty")
    return value


def _basic(user: str, password: str) -> Secret:
    return Secret("Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii"))


def _fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:12]


@runtime_checkable
class Credential(Protocol):
    """What a session needs of a credential."""

    @property
    def principal(self) -> str:
        """Whose budget the requests spend; no secret."""
        ...

    async def authorization(self) -> Secret:
        """Return the value of the Authorization header, fresh."""
        ...

    async def renew(self, refused: str) -> bool:
        """Tell after a 401 whether there is another value than the refused one, having renewed it if need be."""
        ...

    async def close(self) -> None:
        """Let a renewal that is under way end: what it brings must be stored."""
        ...


class _Fixed:
    """A credential that cannot be renewed."""

    async def renew(self, refused: str) -> bool:
        """Return False."""
        del refused
        return False

    async def close(self) -> None:
        """Do nothing."""


@frozen(init=False)
class ApiToken(_Fixed):
    """An API token of Bitbucket Cloud, sent as Basic with the Atlassian account's email address."""

    email: str
    token: str = field(repr=False, converter=_secret)

    def __init__(self, email: str, token: str) -> None:
        token = Secret(token)  # before anything raises: tracebacks show local variables
        self.__attrs_init__(email, token)  # pyright: ignore - attrs makes it

    def __attrs_post_init__(self) -> None:
        if "@" not in self.email or ":" in self.email or not self.email.isprintable():
            raise ValueError(
                "API tokens are sent with the email address of the Atlassian account, "
                f"not with a user name: got {self.email!r}"
            )

    @property
    def principal(self) -> str:
        """The email address: all tokens of a user share one budget."""
        return self.email

    async def authorization(self) -> Secret:
        """Return the header."""
        return _basic(self.email, self.token)


@frozen(init=False)
class AccessToken(_Fixed):
    """A token sent as Bearer: Cloud's repository, project and workspace tokens, Data Center's HTTP access tokens."""

    token: str = field(repr=False, converter=_secret)

    def __init__(self, token: str) -> None:
        token = Secret(token)
        self.__attrs_init__(token)  # pyright: ignore - attrs makes it

    @property
    def principal(self) -> str:
        """A hash of the token: each has a budget of its own."""
        return f"token-{_fingerprint(self.token)}"

    async def authorization(self) -> Secret:
        """Return the header."""
        return Secret(f"Bearer {self.token}")


@frozen(init=False)
class BasicAuth(_Fixed):
    """A user name and password (or user token) of Data Center."""

    username: str
    password: str = field(repr=False, converter=_password)

    def __init__(self, username: str, password: str) -> None:
        password = Secret(password)
        self.__attrs_init__(username, password)  # pyright: ignore - attrs makes it

    def __attrs_post_init__(self) -> None:
        if not self.username or ":" in self.username or not self.username.isprintable():
            raise ValueError(f"a user name is not empty and holds no ':', got {self.username!r}")

    @property
    def principal(self) -> str:
        """The user name."""
        return self.username

    async def authorization(self) -> Secret:
        """Return the header."""
        return _basic(self.username, self.password)


@frozen
class CustomCredential(_Fixed):
    """An async callable that returns the Authorization header's value, awaited before every attempt.

    A 401 makes the session ask once more; if the callable then returns another value, the request is sent again.
    """

    source: Callable[[], Awaitable[str]] = field(repr=False)
    principal: str = "custom"
    """Whose budget it spends; give each user one's own name."""

    async def authorization(self) -> Secret:
        """Return the header."""
        return _secret(Secret(await self.source()))

    async def renew(self, refused: str) -> bool:
        """Ask the callable once more."""
        return await self.source() != refused


CredentialLike = Credential | Callable[[], Awaitable[str]]


@frozen
class Anonymous(_Fixed):
    """No credential."""

    principal: str = "anonymous"

    async def authorization(self) -> Secret:
        """Return the empty string: no header."""
        return Secret()


def credential_of(value: CredentialLike | None) -> Credential:
    """Return the credential; a bare callable becomes a `CustomCredential`."""
    if value is None:
        return Anonymous()
    if isinstance(value, Credential):
        return value
    if callable(value):
        return CustomCredential(value)
    raise TypeError(
        f"a credential is ApiToken, AccessToken, BasicAuth or an async callable, not {type(value).__name__}"
    )

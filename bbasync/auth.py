"""Credentials: the value of the Authorization header, and whose budget requests spend."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Awaitable, Callable
from typing import Protocol, cast, runtime_checkable

from attrs import field, frozen

__all__ = [
    "AccessToken",
    "Anonymous",
    "ApiToken",
    "BasicAuth",
    "Credential",
    "CredentialLike",
    "CustomCredential",
    "Expiring",
    "Secret",
    "basic_authorization",
]


class Secret(str):
    """A string whose repr is masked, since tracebacks with local variables contain reprs.

    What is made of it by slicing, `+` and its methods is a secret too: some tools show the repr of a slice. Formatting
    (`f"{secret}"`), `str()` and `encode` return the plain text.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"

    def __radd__(self, other: str) -> Secret:
        return Secret(f"{other}{self}")


def _keeping_secrets(name: str) -> Callable[..., object]:
    method: Callable[..., object] = getattr(str, name)

    @functools.wraps(method)
    def derive(self: Secret, *args: object, **kwargs: object) -> object:
        return _as_secret(method(self, *args, **kwargs))

    return derive


def _as_secret(value: object) -> object:
    if isinstance(value, str):
        return Secret(value)
    if isinstance(value, (list, tuple)):
        parts = cast("list[object] | tuple[object, ...]", value)
        return type(parts)(map(_as_secret, parts))
    return value


for _name in {"__add__", "__getitem__", "__mul__", "__rmul__", "__mod__"} | {
    name for name in vars(str) if not name.startswith("_") and name not in {"encode", "maketrans"}
}:
    setattr(Secret, _name, _keeping_secrets(_name))


def _checked_token(value: Secret) -> Secret:
    if not value or not value.isprintable() or value.strip() != value:
        raise ValueError("the token is empty, contains line breaks or control characters, or has blanks around it")
    return value


def _checked_password(value: Secret) -> Secret:
    if not value:
        raise ValueError("the password is empty")
    return value


def basic_authorization(user: str, password: str) -> Secret:
    """Return the value of the Authorization header for a user name and password."""
    return Secret("Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii"))


def _fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:12]


@runtime_checkable
class Credential(Protocol):
    """The interface that a session requires of a credential."""

    @property
    def principal(self) -> str:
        """Identifies the budget that requests spend; not a secret."""
        ...

    async def authorization(self) -> Secret:
        """Return the current value of the Authorization header."""
        ...

    async def renew(self, refused: str) -> bool:
        """Renew the value after a 401 unless `refused` is already outdated; return whether there is a new value."""
        ...

    async def close(self) -> None:
        """Wait for a renewal in progress, whose result must be stored."""
        ...


@runtime_checkable
class Expiring(Protocol):
    """What a credential can have in addition, if its value changes."""

    def is_current(self, authorization: str) -> bool:
        """Return whether a value of the Authorization header is still the one to send."""
        ...


class _FixedCredential:
    """A credential that cannot be renewed."""

    async def renew(self, refused: str) -> bool:
        """Return False."""
        del refused
        return False

    async def close(self) -> None:
        """Do nothing."""


@frozen(init=False)
class ApiToken(_FixedCredential):
    """An API token for Bitbucket Cloud, sent as Basic with the email address of the Atlassian account."""

    email: str
    token: str = field(repr=False, converter=_checked_token)

    def __init__(self, email: str, token: str) -> None:
        token = Secret(token)  # before anything can raise, since tracebacks show local variables
        self.__attrs_init__(email, token)  # pyright: ignore - attrs generates it

    def __attrs_post_init__(self) -> None:
        if "@" not in self.email or ":" in self.email or not self.email.isprintable():
            raise ValueError(
                "API tokens are sent with the email address of the Atlassian account, "
                f"not with a user name: got {self.email!r}"
            )

    @property
    def principal(self) -> str:
        """The email address, since all tokens of a user share one budget."""
        return self.email

    async def authorization(self) -> Secret:
        """Return the value of the Authorization header."""
        return basic_authorization(self.email, self.token)


@frozen(init=False)
class AccessToken(_FixedCredential):
    """A token sent as Bearer: repository, project and workspace tokens of Cloud, HTTP access tokens of Data Center."""

    token: str = field(repr=False, converter=_checked_token)

    def __init__(self, token: str) -> None:
        token = Secret(token)
        self.__attrs_init__(token)  # pyright: ignore - attrs generates it

    @property
    def principal(self) -> str:
        """A hash of the token, since each token has its own budget."""
        return f"token-{_fingerprint(self.token)}"

    async def authorization(self) -> Secret:
        """Return the value of the Authorization header."""
        return Secret(f"Bearer {self.token}")


@frozen(init=False)
class BasicAuth(_FixedCredential):
    """A user name and password of Data Center; an HTTP access token of the user can replace the password."""

    username: str
    password: str = field(repr=False, converter=_checked_password)

    def __init__(self, username: str, password: str) -> None:
        password = Secret(password)
        self.__attrs_init__(username, password)  # pyright: ignore - attrs generates it

    def __attrs_post_init__(self) -> None:
        if not self.username or ":" in self.username or not self.username.isprintable():
            raise ValueError(f"the user name must be printable, without ':' and not empty; got {self.username!r}")

    @property
    def principal(self) -> str:
        """The user name."""
        return self.username

    async def authorization(self) -> Secret:
        """Return the value of the Authorization header."""
        return basic_authorization(self.username, self.password)


@frozen
class CustomCredential(_FixedCredential):
    """An async callable that returns the value of the Authorization header, awaited before every attempt.

    After a 401 it is called again; if it then returns a different value, the request is sent again.
    """

    source: Callable[[], Awaitable[str]] = field(repr=False)
    principal: str = "custom"
    """Identifies the budget that requests spend; use a different one for each user."""

    async def authorization(self) -> Secret:
        """Return the value of the Authorization header."""
        return _checked_token(Secret(await self.source()))

    async def renew(self, refused: str) -> bool:
        """Call the callable again; return whether its value has changed."""
        return await self.source() != refused


CredentialLike = Credential | Callable[[], Awaitable[str]]


@frozen
class Anonymous(_FixedCredential):
    """Anonymous access."""

    principal: str = "anonymous"

    async def authorization(self) -> Secret:
        """Return an empty string: no Authorization header is sent."""
        return Secret()


def credential_of(value: CredentialLike | None) -> Credential:
    """Return the credential; a callable is wrapped in a `CustomCredential`, None becomes `Anonymous`."""
    if value is None:
        return Anonymous()
    if isinstance(value, Credential):
        return value
    if callable(value):
        return CustomCredential(value)
    raise TypeError(
        f"the credential must be an ApiToken, AccessToken, BasicAuth or an async callable, not {type(value).__name__}"
    )

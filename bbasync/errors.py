"""What can go wrong, as a tree of exceptions.

::

    BitbucketError
    ├── TransportError        no answer: connection, timeout, body cut short
    ├── DecodeError           an answer that is not what the operation returns
    ├── PagingError           a page that cannot be followed safely
    ├── RateLimitError        a wait longer than allowed, ours or the server's
    ├── MergeTimeoutError     a merge that has not ended yet
    ├── ResponseError         the server said no
    │   ├── BadRequestError, PaymentRequiredError, PermissionDeniedError, NotFoundError, ConflictError, GoneError
    │   ├── AuthenticationError
    │   │   └── AuthorizationExpiredError
    │   └── ServerError       5xx, and the 555 of Bitbucket Cloud
    └── WebhookError          a delivery of a webhook that is not accepted
        ├── SignatureError    not signed, or not with a secret of ours
        └── PayloadError      no event: no key, no JSON, not of the event's shape
            └── PayloadTooLargeError
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, cast

from attrs import field, frozen

__all__ = [
    "AuthenticationError",
    "AuthorizationExpiredError",
    "BadRequestError",
    "BitbucketError",
    "ConflictError",
    "DecodeError",
    "ErrorDetails",
    "GoneError",
    "MergeTimeoutError",
    "NotFoundError",
    "PagingError",
    "PayloadError",
    "PayloadTooLargeError",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "RateLimitError",
    "ResponseError",
    "ServerError",
    "SignatureError",
    "TransportError",
    "WebhookError",
    "clip",
]

TEXT_LIMIT: Final = 200
BROKEN: Final = (TypeError, ValueError, AttributeError, KeyError, RecursionError)
"""What reading a payload of another shape raises; RecursionError of comments in comments."""


def clip(text: str) -> str:
    """Return the text on one line, cut at 200 characters."""
    text = " ".join(text.split())
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"


class BitbucketError(Exception):
    """The base of all errors of this library; `method` and `template` tell the operation."""

    def __init__(self, message: str, *, method: str = "", template: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.method = method
        self.template = template

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (type(self), self.args), self.__dict__

    def __str__(self) -> str:
        operation = f"{self.method} {self.template}".strip()
        return f"{operation}: {self.message}" if operation else self.message


def _unpickled(cls: type[BitbucketError], args: tuple[Any, ...]) -> BitbucketError:
    """Make an error past its `__init__`, whose keyword arguments `Exception.__reduce__` does not know."""
    return cls.__new__(cls, *args)


class TransportError(BitbucketError):
    """No whole answer arrived.

    `sent` is False when the server cannot have seen the request, `final` is True when another try would end alike.
    """

    def __init__(
        self, message: str, *, method: str = "", template: str = "", sent: bool = True, final: bool = False
    ) -> None:
        super().__init__(message, method=method, template=template)
        self.sent = sent
        self.final = final


class DecodeError(BitbucketError):
    """The answer is no JSON, or not of the operation's shape; `body` keeps it as it came."""

    def __init__(self, message: str, *, method: str = "", template: str = "", body: bytes = b"") -> None:
        super().__init__(message, method=method, template=template)
        self.body = body


class PagingError(BitbucketError):
    """The next page lies on another host, was seen before, or makes no progress."""


class RateLimitError(BitbucketError):
    """The call would have to wait longer than its `max_wait`; `retry_after` is that wait in seconds."""

    def __init__(self, message: str, *, method: str = "", template: str = "", retry_after: float) -> None:
        super().__init__(message, method=method, template=template)
        self.retry_after = retry_after


class MergeTimeoutError(BitbucketError):
    """The server was still merging when `timeout` ended; it continues. `task_id` is the task to ask for."""

    def __init__(self, message: str, *, method: str = "", template: str = "", task_id: str) -> None:
        super().__init__(message, method=method, template=template)
        self.task_id = task_id


@frozen(kw_only=True)
class ErrorDetails:
    """What an error body says, whichever product wrote it."""

    message: str = ""
    """The server's own sentence, empty when it gave none."""
    detail: str = ""
    """The server's second sentence, empty when it gave none."""
    fields: Mapping[str, Sequence[str]] = field(factory=dict[str, "Sequence[str]"])
    """The messages by name of the field they are about."""
    exception_name: str | None = None
    """The class of the server's exception (Data Center)."""
    scopes_required: Sequence[str] = ()
    """The scopes the operation asks for, as far as the server names them."""
    scopes_granted: Sequence[str] = ()
    """The scopes the credential has, as far as the server names them."""
    data: object = None
    """The whole body as JSON, None when it is none."""


class ResponseError(BitbucketError):
    """The server refused; what it said is in `details`, its words shortened in the message."""

    def __init__(
        self,
        message: str,
        *,
        method: str = "",
        template: str = "",
        status: int,
        url: str = "",
        request_id: str | None = None,
        details: ErrorDetails | None = None,
    ) -> None:
        super().__init__(message, method=method, template=template)
        self.status = status
        self.url = url
        self.request_id = request_id
        self.details = details or ErrorDetails()

    @property
    def fields(self) -> Mapping[str, Sequence[str]]:
        """The server's messages by the field of the request they are about."""
        return self.details.fields

    @property
    def detail(self) -> str:
        """The server's second, longer sentence."""
        return self.details.detail

    @property
    def scopes_required(self) -> Sequence[str]:
        """The scopes that the operation asks for."""
        return self.details.scopes_required

    @property
    def scopes_granted(self) -> Sequence[str]:
        """The scopes that the credential has."""
        return self.details.scopes_granted


def _json_of(error: ResponseError) -> dict[str, Any]:
    data = error.details.data
    return cast("dict[str, Any]", data) if isinstance(data, dict) else {}


class BadRequestError(ResponseError):
    """400: the request is malformed; `fields` says where."""


class AuthenticationError(ResponseError):
    """401: the credential is missing, wrong or expired."""


class AuthorizationExpiredError(AuthenticationError):
    """The OAuth server refused a refresh token or a code: the user has to authorise again."""


class PaymentRequiredError(ResponseError):
    """402: the workspace's plan does not include this."""


class PermissionDeniedError(ResponseError):
    """403 (and Data Center's 401 of a missing permission): known, but not allowed."""


class NotFoundError(ResponseError):
    """404: it does not exist, or the credential may not know that it does."""


class ConflictError(ResponseError):
    """409: the request does not fit the present state."""

    @property
    def current_version(self) -> int | None:
        """The version the server holds (Data Center, when ours was stale)."""
        errors = _json_of(self).get("errors")
        version = errors[0].get("currentVersion") if errors else None
        return version if isinstance(version, int) else None


class GoneError(ResponseError):
    """410: the vendor has removed the operation, or the workspace has moved."""

    @property
    def announcement_url(self) -> str | None:
        """The vendor's announcement of the removal, where the answer names one."""
        body = _json_of(self)
        for holder in (body.get("error"), body):
            try:
                return str(holder["data"]["announcement_url"])  # type: ignore[index]  # whatever else it is
            except (KeyError, TypeError):
                continue
        return None


class ServerError(ResponseError):
    """5xx; 555 is Bitbucket Cloud's own timeout."""


class WebhookError(BitbucketError):
    """A delivery of a webhook that is not accepted; `status` is what to answer it with."""

    status: ClassVar = 400


class SignatureError(WebhookError):
    """The delivery is not signed, or not with a secret of ours."""

    status: ClassVar = 403


class PayloadError(WebhookError):
    """The delivery is no event: it names no key, or its body is no JSON or not of the event's shape."""


class PayloadTooLargeError(PayloadError):
    """The body is larger than allowed."""

    status: ClassVar = 413


_BY_STATUS: Final[Mapping[int, type[ResponseError]]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: PaymentRequiredError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    410: GoneError,
}


def class_for(status: int) -> type[ResponseError]:
    """Return the exception class of a status."""
    if status >= 500:
        return ServerError
    return _BY_STATUS.get(status, ResponseError)

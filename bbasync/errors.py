"""The exceptions.

::

    BitbucketError
    ├── TransportError        no complete response: connection, timeout, truncated body
    ├── DecodeError           a response that is not what the operation returns
    ├── PagingError           a page that cannot be followed safely
    ├── RateLimitError        a wait longer than allowed, for the budget or as asked by the server
    ├── MergeTimeoutError     a merge that has not ended yet
    ├── PipelineTimeoutError  a pipeline that has not ended yet
    ├── ResponseError         an error response
    │   ├── BadRequestError, PaymentRequiredError, PermissionDeniedError, NotFoundError, ConflictError, GoneError
    │   ├── AuthenticationError
    │   │   └── AuthorizationExpiredError
    │   └── ServerError       5xx, and the 555 of Bitbucket Cloud
    └── WebhookError          a delivery that is not accepted
        ├── SignatureError    not signed, or not with a known secret
        └── PayloadError      not an event: no key, invalid JSON, unexpected shape
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
    "PipelineTimeoutError",
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
"""Raised by reading a payload of another shape; RecursionError by comments nested too deeply."""


def clip(text: str) -> str:
    """Return the text on one line, cut at 200 characters."""
    text = " ".join(text.split())
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"


class BitbucketError(Exception):
    """The base of all errors of this library.

    `method` and `template` name the operation as the vendor does, `path` is the path of this call, as far as known.
    """

    def __init__(self, message: str, *, method: str = "", template: str = "", path: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.method = method
        self.template = template
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (type(self), self.args), self.__dict__

    def __str__(self) -> str:
        operation = f"{self.method} {self.path or self.template}".strip()
        return f"{operation}: {self.message}" if operation else self.message


def _unpickled(cls: type[BitbucketError], args: tuple[Any, ...]) -> BitbucketError:
    """Create an error without its `__init__`, whose keyword arguments `Exception.__reduce__` does not know."""
    return cls.__new__(cls, *args)


class TransportError(BitbucketError):
    """No complete response arrived.

    `sent` is False if the server cannot have seen the request, `final` is True if retrying cannot help.
    """

    def __init__(
        self,
        message: str,
        *,
        method: str = "",
        template: str = "",
        path: str = "",
        sent: bool = True,
        final: bool = False,
    ) -> None:
        super().__init__(message, method=method, template=template, path=path)
        self.sent = sent
        self.final = final


class DecodeError(BitbucketError):
    """The response is not valid JSON, or not of the operation's shape; `body` keeps it unchanged."""

    def __init__(
        self, message: str, *, method: str = "", template: str = "", path: str = "", body: bytes = b""
    ) -> None:
        super().__init__(message, method=method, template=template, path=path)
        self.body = body


class PagingError(BitbucketError):
    """The next page is on another host, was read before, or makes no progress."""


class RateLimitError(BitbucketError):
    """The call would have to wait longer than its `max_wait`; `retry_after` is that wait in seconds."""

    def __init__(
        self, message: str, *, method: str = "", template: str = "", path: str = "", retry_after: float
    ) -> None:
        super().__init__(message, method=method, template=template, path=path)
        self.retry_after = retry_after


class MergeTimeoutError(BitbucketError):
    """The server was still merging after `timeout` seconds, and continues; `task_id` identifies the merge task."""

    def __init__(self, message: str, *, method: str = "", template: str = "", path: str = "", task_id: str) -> None:
        super().__init__(message, method=method, template=template, path=path)
        self.task_id = task_id


class PipelineTimeoutError(BitbucketError):
    """The pipeline was not completed after `timeout` seconds, and continues; `pipeline_uuid` is what was waited for."""

    def __init__(
        self, message: str, *, method: str = "", template: str = "", path: str = "", pipeline_uuid: str | int
    ) -> None:
        super().__init__(message, method=method, template=template, path=path)
        self.pipeline_uuid = pipeline_uuid


@frozen(kw_only=True)
class ErrorDetails:
    """The content of an error response, of either product."""

    message: str = ""
    """The server's message, empty if there is none."""
    detail: str = ""
    """The server's longer explanation, empty if there is none."""
    fields: Mapping[str, Sequence[str]] = field(factory=dict[str, "Sequence[str]"])
    """Messages by the name of the field they are about."""
    exception_name: str | None = None
    """The class of the server's exception (Data Center), None if not named."""
    scopes_required: Sequence[str] = ()
    """The scopes that the operation requires, as far as the server names them."""
    scopes_granted: Sequence[str] = ()
    """The scopes of the credential, as far as the server names them."""
    data: object = None
    """The body as JSON, None if it is not JSON."""


class ResponseError(BitbucketError):
    """An error response; its content is in `details`, and shortened in the message."""

    def __init__(
        self,
        message: str,
        *,
        method: str = "",
        template: str = "",
        path: str = "",
        status: int,
        url: str = "",
        request_id: str | None = None,
        details: ErrorDetails | None = None,
    ) -> None:
        super().__init__(message, method=method, template=template, path=path)
        self.status = status
        self.url = url
        self.request_id = request_id
        self.details = details or ErrorDetails()

    @property
    def fields(self) -> Mapping[str, Sequence[str]]:
        """The server's messages by the name of the field they are about."""
        return self.details.fields

    @property
    def detail(self) -> str:
        """The server's longer explanation, empty if there is none."""
        return self.details.detail

    @property
    def scopes_required(self) -> Sequence[str]:
        """The scopes that the operation requires."""
        return self.details.scopes_required

    @property
    def scopes_granted(self) -> Sequence[str]:
        """The scopes of the credential."""
        return self.details.scopes_granted


def _json_of(error: ResponseError) -> dict[str, Any]:
    data = error.details.data
    return cast("dict[str, Any]", data) if isinstance(data, dict) else {}


class BadRequestError(ResponseError):
    """400: the request is invalid; `fields` says where."""


class AuthenticationError(ResponseError):
    """401: the credential is missing, wrong or expired."""


class AuthorizationExpiredError(AuthenticationError):
    """The OAuth server refused a refresh token or a code: the user has to authorise again."""


class PaymentRequiredError(ResponseError):
    """402: the plan of the workspace does not include this."""


class PermissionDeniedError(ResponseError):
    """403, or Data Center's 401 for a missing permission: authenticated, but not allowed."""


class NotFoundError(ResponseError):
    """404: it does not exist, or the credential may not see it."""


class ConflictError(ResponseError):
    """409: the request conflicts with the current state."""

    @property
    def current_version(self) -> int | None:
        """The current version on the server (Data Center, after a stale `version`)."""
        errors = _json_of(self).get("errors")
        version = errors[0].get("currentVersion") if errors else None
        return version if isinstance(version, int) else None


class GoneError(ResponseError):
    """410: the vendor has removed the operation, or the workspace has moved."""

    @property
    def announcement_url(self) -> str | None:
        """The announcement of the removal, None if the response names none."""
        body = _json_of(self)
        for holder in (body.get("error"), body):
            try:
                return str(holder["data"]["announcement_url"])  # type: ignore[index]  # whatever else it is
            except (KeyError, TypeError):
                continue
        return None


class ServerError(ResponseError):
    """5xx; 555 is a timeout within Bitbucket Cloud."""


class WebhookError(BitbucketError):
    """A webhook delivery that is not accepted; `status` is the HTTP status to respond with."""

    status: ClassVar = 400


class SignatureError(WebhookError):
    """The delivery is not signed, or not with a known secret."""

    status: ClassVar = 403


class PayloadError(WebhookError):
    """The delivery is not an event: it has no key, or its body is not valid JSON or has an unexpected shape."""


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

"""What a response means: a result, an error, a redirect, or a body that is broken. Pure."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from attrs import evolve, frozen

from .errors import DecodeError, ErrorDetails, ResponseError, TransportError, clip
from .request import RawResponse, Request, origin_of

if TYPE_CHECKING:
    from .request import Home

__all__ = ["REDIRECTS", "Dialect", "error_in", "redirected"]

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@frozen
class Dialect:
    """How a product writes errors."""

    read_error: Callable[[RawResponse], ErrorDetails]
    """Reads the body of an error response."""
    error_class: Callable[[int, ErrorDetails], type[ResponseError]]
    """Returns the exception class of an error response."""
    advice: Callable[[Request, int, ErrorDetails], str]
    """Returns what the user can do about an error, an empty string if that is unknown."""


def error_in(
    request: Request, response: RawResponse, home: Home, dialect: Dialect
) -> ResponseError | DecodeError | None:
    """Return the error that a response is, or that its body is; None if it is a result or a redirect."""
    if response.status in REDIRECTS:
        return None
    if response.status >= 300:
        return _response_error(request, response, home, dialect)
    if not request.json:
        return None
    if not response.body.strip():
        return _error_of_empty(request, response)
    if "text/html" in response.headers.get("content-type", ""):
        return _decode_error(request, response, "the body is an HTML page, perhaps a login page")
    try:
        response.json()
    except ValueError:
        return _decode_error(request, response, "the body is not valid JSON")
    return None


def _error_of_empty(request: Request, response: RawResponse) -> DecodeError | None:
    if response.status != 200 or request.method == "HEAD":
        return None
    if request.needs_body:
        return _decode_error(request, response, "the body is empty")
    if "content-encoding" in response.headers and response.headers.get("content-length") != "0":
        return _decode_error(request, response, "the compressed body is truncated")
    return None


def _decode_error(request: Request, response: RawResponse, why: str) -> DecodeError:
    return DecodeError(f"status {response.status}, but {why}", **request.labels, body=response.body)


def _response_error(request: Request, response: RawResponse, home: Home, dialect: Dialect) -> ResponseError:
    details = ErrorDetails()
    if "html" not in response.headers.get("content-type", ""):
        with contextlib.suppress(ValueError, TypeError, AttributeError):
            details = dialect.read_error(response)
    reason = clip(details.detail or details.message) or "the server gave no reason"
    advice = dialect.advice(request, response.status, details)
    return dialect.error_class(response.status, details)(
        f"{response.status}: {reason}{f' ({advice})' if advice else ''}",
        **request.labels,
        status=response.status,
        url=request.url if home.contains(request.url) else request.url.partition("?")[0],
        request_id=response.headers.get("x-request-id") or response.headers.get("x-arequestid"),
        details=details,
    )


def redirected(request: Request, response: RawResponse, home: Home) -> Request:
    """Return the request that follows a redirect; TransportError where following is unsafe."""
    location = response.headers.get("location")
    if not location:
        raise _refusal(request, f"redirected with status {response.status}, but without a Location")
    if request.method not in {"GET", "HEAD"}:
        raise _refusal(
            request, f"redirected with status {response.status}; a {request.method} is not sent to another address"
        )
    try:
        url = urljoin(request.url, location)
        scheme, host, port = origin_of(url)
        at_home = home.resolve(url)
    except ValueError as error:
        raise _refusal(request, f"redirected to a URL that is refused: {error}") from None
    target = f"{scheme}://{clip(host)}:{port}"
    if at_home is not None:
        if not home.contains(request.url):
            raise _refusal(request, "redirected back to the API by another host; that is refused")
        return evolve(request, url=at_home)
    if home.is_archive(request.url) and (scheme, host, port) == origin_of(request.url) and not home.is_archive(url):
        raise _refusal(request, "redirected to a page of the web site, perhaps to log in; that is refused")
    if (scheme, host, port) == home.origin:
        raise _refusal(request, "redirected to a path outside of the API of the same host; that is refused")
    if not request.leaves_origin:
        raise _refusal(request, f"redirected to another host, {target}, unexpectedly for this operation")
    if scheme == "http" and home.origin[0] == "https":
        raise _refusal(request, f"redirected from https to {target}, which is unencrypted")
    return evolve(request, url=url)


def _refusal(request: Request, message: str) -> TransportError:
    return TransportError(message, **request.labels)

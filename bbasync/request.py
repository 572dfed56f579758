"""Requests and responses as values; path templates, quoting, queries and bodies. No I/O."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Final, TypedDict, cast
from urllib.parse import quote, unquote, urlencode, urlsplit

import orjson
from attrs import define, evolve, field, frozen

from .errors import DecodeError

__all__ = [
    "EMPTY_OBJECT",
    "UNSET",
    "Content",
    "Home",
    "JsonValue",
    "Multipart",
    "Part",
    "PathArgument",
    "Query",
    "QueryValue",
    "RawResponse",
    "Request",
    "RequestOptions",
    "SubPath",
    "Timeouts",
    "Unset",
    "add_query",
    "as_object",
    "encode_json",
    "encode_query",
    "expand",
    "has_dot_segment",
    "milliseconds",
    "nullable",
    "origin_of",
    "path_of",
    "quote_path",
]

_Scalar = str | int | float | bool | datetime
QueryValue = _Scalar | Iterable[_Scalar] | None
"""None is left out, a sequence repeats the parameter, dates are written as ISO 8601."""
Query = Mapping[str, QueryValue]
JsonValue = object
"""A JSON value: dict, list, str, int, float, bool or None."""


class SubPath(str):
    """A path argument of several segments, such as the path of a file; "/" is the root."""

    __slots__ = ()


PathArgument = str | int


class Unset:
    """The type of `UNSET`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final = Unset()
"""Leaves a field out of a request body where None would set it to null."""

_NULL: Final = orjson.Fragment(b"null")
EMPTY_OBJECT: Final = orjson.Fragment(b"{}")
"""An empty object to send as such: one that is written as `{}` is left out of a body."""


Content = bytes | str | Path | Callable[[], IO[bytes]]
"""The content of an upload: bytes, a string (as UTF-8), a local path, or a function that opens a binary file."""


@frozen(kw_only=True)
class Part:
    """One part of a multipart body; a path is opened again for every attempt."""

    name: str
    """The name of the form field; the path in the repository for files to commit."""
    content: Content = field(repr=False)
    """Bytes, text (sent as UTF-8), the path of a file, or a function that opens a file."""
    filename: str | None = None
    """The file name in the part's header; a part without one is a plain form field."""
    content_type: str | None = None
    """The media type of the part."""
    attributes: str | None = None
    """Bitbucket's `x-attributes` of a source file: `executable`, `link` or `subrepository`."""


Multipart = tuple[Part, ...]


@frozen(kw_only=True)
class Timeouts:
    """Timeouts of an attempt, in seconds."""

    connect: float = 10.0
    """Timeout for getting a connection, including the wait for a free one in the pool."""
    read: float = 60.0
    """Timeout for the next bytes of a response."""
    total: float | None = 300.0
    """Timeout for a whole attempt, uploads included; for a stream, until its headers have arrived. None for none."""
    least_rate: float = 100.0
    """Bytes per second that a stream must deliver, averaged over `read` seconds of waiting for it; 0 for any."""


class Labels(TypedDict):
    """What names a call in errors."""

    method: str
    template: str
    path: str


class RequestOptions(TypedDict, total=False):
    """The parts of a request beyond its operation and path arguments."""

    query: Query | None
    """The query; None values are left out."""
    json: object
    """The body as JSON; fields that are None or UNSET are left out, at every depth of objects."""
    form: Query | str | None
    """The body as a form; a string is sent as it is."""
    text: str | None
    """The body as it is, plain text unless `headers` has another Content-Type."""
    parts: Multipart | None
    """The body as multipart/form-data."""
    group: str
    """The rate group, whose budget the request spends; "api" by default."""
    accept: str
    """The Accept header; unless it is JSON, the response is not parsed."""
    headers: Mapping[str, str]
    """Further header fields."""
    repeatable: bool | None
    """Whether it may be sent again after it may have been handled; by default as its verb implies."""
    leaves_origin: bool
    """Whether it is known to redirect to another host (downloads, logs)."""
    needs_body: bool
    """Whether a response of status 200 without a body is broken."""


@frozen(kw_only=True, slots=False)  # without slots it is created in two thirds of the time, twice a call
class Request:
    """A request as a value, without the credential."""

    method: str
    """GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS."""
    template: str
    """The path as documented by the vendor; labels logs, metrics and errors."""
    path: str = ""
    """The path of this call below the base URL."""
    url: str
    """The encoded URL, sent byte for byte."""
    headers: Mapping[str, str] = field(factory=dict[str, str])
    """Header fields, in addition to those of the session."""
    body: bytes | Multipart | None = field(default=None, repr=False)
    """The body, None if there is none."""
    group: str = "api"
    """The rate group, whose budget the request spends."""
    repeatable: bool = False
    """Whether it may be sent again after it may have been handled."""
    json: bool = True
    """Whether the response of a success must be JSON (or empty)."""
    leaves_origin: bool = False
    """Whether the operation is known to redirect to another host (downloads, logs)."""
    needs_body: bool = False
    """Whether a response of status 200 without a body is broken."""
    timeouts: Timeouts | None = None
    """Timeouts of the attempt, None for those of the transport."""

    @property
    def labels(self) -> Labels:
        """What names the call in errors."""
        return {"method": self.method, "template": self.template, "path": self.path}

    def prepared(self, headers: Mapping[str, str], timeouts: Timeouts | None) -> Request:
        """Return the request as it is sent: with these header fields in place of its own."""
        return Request(
            method=self.method,
            template=self.template,
            path=self.path,
            url=self.url,
            headers=headers,
            body=self.body,
            group=self.group,
            repeatable=self.repeatable,
            json=self.json,
            leaves_origin=self.leaves_origin,
            needs_body=self.needs_body,
            timeouts=timeouts,
        )


@define(kw_only=True)
class RawResponse:
    """A response as a value; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str
    from_cache: bool = False
    """Whether it came from the cache of the caller's aiohttp session, which spends no budget."""
    _json: object = field(default=..., init=False, repr=False, eq=False)

    def json(self) -> JsonValue:
        """Return the body as JSON, None if it is empty; ValueError if it is not valid JSON."""
        if self._json is ...:
            self._json = _decode_json(self.body) if self.body.strip() else None
        return self._json


def _decode_json(body: bytes) -> JsonValue:
    try:
        return orjson.loads(body)
    except ValueError:
        pass
    try:  # orjson refuses lone surrogates, which commit messages may hold
        return json.loads(body, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def evolve_url(request: Request, url: str) -> Request:
    """Return the request with another URL."""
    return evolve(request, url=url)


def as_object(value: JsonValue) -> dict[str, Any]:
    """Return the value if it is a JSON object, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


# -- paths ------------------------------------------------------------------------------------------------------------


_PLAIN: Final = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9_.~-]*")
"""Arguments that need no quoting and no further checks: most slugs, hashes and numbers."""


def has_dot_segment(path: str) -> bool:
    """Return whether a path has a segment that leads up, percent-encoded ones and those with `;parameters` too."""
    if "." not in path and "%" not in path:
        return False
    segments = unquote(path).replace("\\", "/").split("/")
    return any(segment.partition(";")[0] in {".", ".."} for segment in segments)


def _segment(name: str, text: str) -> str:
    if text == "" or has_dot_segment(text):
        raise ValueError(f"{name} must not be empty, '.' or '..', nor contain such a segment, got {text!r}")
    return quote(text, safe="~")


def _argument(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError(f"{name} must be a string or an integer, got {type(value).__name__}")  # noqa: TRY004 - one error type for bad arguments
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if any(character < " " or character == "\x7f" for character in text):
        raise ValueError(f"{name} must not contain control characters, got {text!r}")
    if not isinstance(value, SubPath):
        return _segment(name, text)
    if text == "/":
        return ""
    return "/".join(_segment(name, part) for part in text.removeprefix("/").removesuffix("/").split("/"))


@lru_cache(maxsize=2048)
def _pieces(template: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split a template into its literal texts and the names between them."""
    literals: list[str] = []
    names: list[str] = []
    head, *rest = template.split("{")
    literals.append(head)
    for piece in rest:
        name, _, literal = piece.partition("}")
        names.append(name)
        literals.append(literal)
    return tuple(literals), tuple(names)


def expand(template: str, arguments: Sequence[PathArgument] = ()) -> str:
    """Fill a path template with arguments, in the order of the path.

    Each argument is one segment, whose slashes are quoted, unless it is a `SubPath`. ValueError for empty segments,
    `.`, `..` and control characters, percent-encoded ones too.
    """
    literals, names = _pieces(template)
    if len(names) != len(arguments):
        raise ValueError(f"{template} takes {len(names)} arguments, got {len(arguments)}")
    path = literals[0]
    for name, argument, literal in zip(names, arguments, literals[1:], strict=True):
        if type(argument) is str and _PLAIN.fullmatch(argument):
            path += argument + literal
        else:
            text = _argument(name, argument)
            # Some templates of Data Center leave the slash before a path to the path: `/compare/diff{path}`.
            slash = "/" if text and isinstance(argument, SubPath) and not path.endswith("/") else ""
            path += slash + text + literal
    return path


def quote_path(path: str) -> str:
    """Check and quote a path as typed by a user; `%xx` and a query are kept."""
    if "#" in path:
        raise ValueError(f"write '#' in a path as %23, got {path!r}")
    path, mark, query = path.partition("?")
    if not path.startswith("/") or any(character <= " " or character == "\x7f" for character in query):
        raise ValueError(
            f"a path must start with '/' and its query must not contain blanks or control characters, got {path!r}"
        )
    for segment in path[1:].removesuffix("/").split("/"):
        _argument("path", SubPath(unquote(segment)))
    return quote(path, safe="/%~:@!$&'()*+,;=") + mark + quote(query, safe="/%~:@!$&'()*+,;=?[]{}|\\^`\"<>")


# -- queries and bodies -----------------------------------------------------------------------------------------------


def _scalar(value: _Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def encode_query(query: Query) -> str:
    """Return the query string without `?`, empty if nothing is set."""
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        if value is None:
            continue
        if isinstance(value, (str, int, float, datetime)):
            pairs.append((name, _scalar(value)))
        else:
            pairs.extend((name, _scalar(item)) for item in value)
    return urlencode(pairs, quote_via=quote, safe="") if pairs else ""


def add_query(url: str, query: Query) -> str:
    """Return the URL with the query appended to what it has."""
    text = encode_query(query)
    return f"{url}{'&' if '?' in url else '?'}{text}" if text else url


def nullable(value: object) -> object:
    """Return the value of a field that may be null: None is sent as null, `UNSET` is left out."""
    return _NULL if value is None else value


def milliseconds(date: datetime | None) -> int | None:
    """Return a date as milliseconds since 1970, as Data Center takes them; ValueError if it has no time zone."""
    if date is None:
        return None
    if date.tzinfo is None:
        raise ValueError(f"a date must have a time zone, got {date.isoformat()}")
    return round(date.timestamp() * 1000)


def _present(value: object) -> object:
    """Leave out what is None or UNSET, and objects that become empty by it."""
    if isinstance(value, dict):
        kept = {key: _present(item) for key, item in as_object(cast("object", value)).items()}
        return {key: item for key, item in kept.items() if item is not None} or None
    return None if isinstance(value, Unset) else value


def encode_json(body: object) -> bytes:
    """Return the body as JSON; fields that are None or `UNSET` are left out, at every depth of objects."""
    try:
        return orjson.dumps((_present(cast("object", body)) or {}) if isinstance(body, dict) else body)
    except TypeError as error:  # for lone surrogates and integers beyond 64 bits too
        raise ValueError(f"the body cannot be written as JSON: {error}") from None


# -- URLs -------------------------------------------------------------------------------------------------------------

_PORTS: Final = {"http": 80, "https": 443}


def origin_of(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of an absolute http or https URL; ValueError for any other."""
    if any(character <= " " or character in "\x7f\\" for character in url):
        raise ValueError("a URL must not contain blanks, backslashes or control characters")
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = None
    if parts is None or not parts.netloc.isascii():  # the message of urlsplit could repeat a password
        raise ValueError("a URL must have a host that is written in ASCII")
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("a URL must be absolute, with http or https and a host")
    if "@" in parts.netloc:
        raise ValueError("a URL must not carry a user name or password")
    return parts.scheme, parts.hostname, _PORTS[parts.scheme] if parts.port is None else parts.port


_ARCHIVE: Final = re.compile(r"/[^/?#]+/[^/?#]+/get/[^/?#]+")
"""The path of a source archive on the web site."""


@frozen
class Home:
    """The URLs that a session's credential may be sent to: those below the base URL's parent, such as `/` of `/2.0`."""

    base_url: str
    aliases: Sequence[str] = ()
    """Other base URLs of the same API, which responses may name."""
    web_url: str = ""
    """The web site of the vendor, empty if nothing is read from it; without an alias it is at the base URL's parent."""
    origin: tuple[str, str, int] = field(init=False)
    """Scheme, host and port."""
    parent: str = field(init=False)
    """The base URL without the last segment of its path."""
    _below: str = field(init=False)
    _context: str = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "origin", origin_of(self.base_url))
        path = path_of(self.base_url)
        context = path.rpartition("/")[0]
        object.__setattr__(self, "_below", f"{self.base_url}/")
        object.__setattr__(self, "_context", f"{context}/")
        object.__setattr__(self, "parent", self.base_url.removesuffix(path) + context)
        if self.web_url and self.origin not in map(origin_of, self.aliases):
            object.__setattr__(self, "web_url", self.parent)  # another server's credential is not for the vendor

    def takes_credential(self, url: str) -> bool:
        """Return whether the credential is sent to a URL: those of the API, and source archives on the web site."""
        return self.contains(url) or self.is_archive(url)

    def is_archive(self, url: str) -> bool:
        """Return whether a URL is that of a source archive."""
        below = url.removeprefix(self.web_url) if self.web_url and url.startswith(f"{self.web_url}/") else ""
        return _ARCHIVE.fullmatch(below) is not None

    def contains(self, url: str) -> bool:
        """Return whether the credential may be sent to a URL; ValueError if it is not one."""
        if url.startswith(self._below):
            return True
        return origin_of(url) == self.origin and path_of(url).startswith(self._context)

    def resolve(self, url: str) -> str | None:
        """Return the URL to send for one that a response named: unchanged, except for an alias; None if it is foreign.

        ValueError if it is not an absolute URL, or leads up.
        """
        origin, path = origin_of(url), path_of(url)
        if has_dot_segment(path):
            raise ValueError("its path contains '.' or '..'")
        if url.startswith(self._below):
            return url
        for alias in self.aliases:
            if origin == origin_of(alias) and path.startswith(path_of(alias) + "/"):
                return self.base_url + url[url.index(path, url.index("//") + 2) + len(path_of(alias)) :]
        return url if self.contains(url) else None


def path_of(url: str) -> str:
    """Return the path of an absolute URL, byte for byte."""
    return "/" + url.split("//", 1)[1].partition("?")[0].partition("#")[0].partition("/")[2]


def decode_error(operation: str, response: RawResponse, why: str, *, path: str = "") -> DecodeError:
    """Return the error of a response that is not what the operation returns; HTML is not echoed."""
    method, _, template = operation.partition(" ")
    message = f"status {response.status}, but {why}"
    return DecodeError(message, method=method, template=template, path=path, body=response.body)

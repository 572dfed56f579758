"""Finds every public method of every service and calls it, with dummy arguments made from its signature."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import types
import typing
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from functools import cache, cached_property
from inspect import Parameter
from typing import Any, Final, Literal, cast

import attrs
from attrs import frozen

from bbasync.auth import AccessToken
from bbasync.cloud.session import CloudSession
from bbasync.datacenter.session import DataCenterSession
from bbasync.model import OpenEnum
from bbasync.request import Unset
from bbasync.testing.recording import RecordingTransport, answer
from tests.meta.arguments import EXCLUDED, NAMED, OTHER_VERB

if typing.TYPE_CHECKING:
    from bbasync.paging import Paging
    from bbasync.request import RawResponse, Request
    from bbasync.service import Service
    from bbasync.session import Session, Stream

SESSIONS: Final[Mapping[str, type[CloudSession | DataCenterSession]]] = {
    "cloud": CloudSession,
    "datacenter": DataCenterSession,
}
EMPTY: Final = b'{"values": [], "isLastPage": true, "reviewers": []}'
"""An object that is an empty page as well; a change of a pull request first reads the reviewers."""
ENVELOPED: Final = {"code_insights.get_annotations", "code_insights.get_commit_annotations"}
"""Methods that return a list of an object."""
COMPLETED: Final = b'{"state": {"name": "COMPLETED"}}'
"""What ends the methods that poll."""
POLLING: Final = {"pipelines.follow_log", "pipelines.wait"}
Amount = Literal["required", "all"]
"""Which parameters a call sets."""


@frozen
class Method:
    """A public method of a service."""

    product: str
    service: str
    name: str
    function: Callable[..., Any]

    @property
    def id(self) -> str:
        return f"{self.service}.{self.name}"

    @property
    def lists(self) -> bool:
        return inspect.isasyncgenfunction(self.function)

    @property
    def module(self) -> types.ModuleType:
        return sys.modules[self.function.__module__]

    @property
    def parameters(self) -> list[Parameter]:
        return list(inspect.signature(self.function).parameters.values())[1:]

    @property
    def hints(self) -> dict[str, Any]:
        return typing.get_type_hints(self.function, _type_names(self.module))

    @property
    def positional(self) -> list[str]:
        return [parameter.name for parameter in self.parameters if parameter.kind is Parameter.POSITIONAL_OR_KEYWORD]


def snake(name: str) -> str:
    """Return a path parameter of the vendor's as ours: `reportId` is `report_id`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def services(product: str) -> dict[str, type[Service]]:
    """Return the class of each service by the session's attribute."""
    session = SESSIONS[product]
    classes = _type_names(sys.modules[session.__module__])
    members: Mapping[str, object] = vars(session)
    return {
        name: classes[member.func.__annotations__["return"]]
        for name, member in members.items()
        if isinstance(member, cached_property)
    }


@cache
def methods() -> list[Method]:
    """Return every public method of every service."""
    return [
        Method(product, service, name, function)
        for product in SESSIONS
        for service, cls in services(product).items()
        for name, function in inspect.getmembers(cls, inspect.isfunction)
        if not name.startswith("_")
    ]


@cache
def _type_names(module: types.ModuleType) -> dict[str, Any]:
    """Return what a module defines for annotations only."""
    tree = ast.parse(inspect.getsource(module))
    blocks = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    names = dict(vars(module))
    for block in blocks:
        exec(compile(ast.Module(block.body, []), module.__name__, "exec"), names)  # noqa: S102 - our own text
    return names


# -- arguments --------------------------------------------------------------------------------------------------------


def _of_union(name: str, members: Sequence[Any]) -> Any:
    members = [member for member in members if member not in (type(None), Unset)]
    preferred = [member for member in members if isinstance(member, type) and issubclass(member, (OpenEnum, bytes))]
    return dummy(name, [*preferred, *members][0])


def dummy(name: str, hint: Any) -> Any:
    """Return a value of a type; texts and numbers differ from name to name, so that a swap shows."""
    origin, parameters = typing.get_origin(hint), typing.get_args(hint)
    if name in NAMED and str in (hint, *parameters):
        return NAMED[name]
    if origin is types.UnionType:
        return _of_union(name, parameters)
    if origin in (list, Sequence, Iterable):
        return [dummy(name, parameters[0])]
    if origin is tuple:
        return tuple(dummy(f"{name}_{index}", each) for index, each in enumerate(parameters))
    if origin is Mapping:
        return {name: dummy(name, parameters[1])}
    simple = {str: f"some-{name}", bool: True, int: len(name), float: len(name) + 0.5, bytes: b"content"}
    simple |= {object: f"some-{name}", datetime: datetime(2027, 1, len(name), tzinfo=UTC)}
    if hint in simple:
        return simple[hint]
    if isinstance(hint, type) and issubclass(hint, OpenEnum):
        return next(member for member in hint if member != "none")  # which nobody asks for
    if isinstance(hint, type) and attrs.has(hint):
        hints = typing.get_type_hints(hint)
        return hint(**{field.alias: dummy(field.name, hints[field.name]) for field in attrs.fields(hint) if field.init})
    raise TypeError(f"no dummy for {name}: {hint}")


def arguments(method: Method, amount: Amount, extra: str = "") -> dict[str, Any]:
    """Return arguments by name, `extra` among them; `Paging` is left to the caller."""
    hints = method.hints
    excluded = EXCLUDED.get((method.product, method.id), ())
    values: dict[str, Any] = {}
    for parameter in method.parameters:
        name = parameter.name
        required = parameter.default is Parameter.empty
        wanted = required or name == extra or (amount == "all" and name not in excluded)
        if name == "paging" or not wanted:
            continue
        values[name] = dummy(name, hints[name])
    return values


# -- calls ------------------------------------------------------------------------------------------------------------


def open_session(product: str, transport: Any, **options: Any) -> CloudSession | DataCenterSession:
    """Return a session over a transport."""
    if product == "cloud":
        return CloudSession(AccessToken("token"), transport=transport, **options)
    options.setdefault("base_url", "https://bitbucket.example.org")
    return DataCenterSession(AccessToken("token"), transport=transport, **options)


def start(session: Session, method: Method, values: Mapping[str, Any], paging: Paging | None = None) -> Any:
    """Call a method and return what it returns: a coroutine, an async generator or a context manager."""
    values = {**values, "paging": paging} if method.lists else dict(values)
    positional = [values.pop(name) for name in method.positional]
    return getattr(getattr(session, method.service), method.name)(*positional, **values)


async def finish(started: Any) -> Any:
    """Return what a started call ends with: a value, a list of items, or a stream's bytes."""
    match started:
        case AsyncGenerator():
            return [item async for item in cast("AsyncGenerator[object, None]", started)]
        case AbstractAsyncContextManager():
            async with cast("AbstractAsyncContextManager[Stream]", started) as stream:
                return await stream.read()
        case Awaitable():
            return await cast("Awaitable[object]", started)
        case _:
            raise TypeError(f"a public method returned {started!r}")


def answering(method: Method) -> Callable[[Request], RawResponse]:
    """Return what answers the requests of a method with bodies that it takes; a log has no more bytes."""
    origin = None if method.id in ENVELOPED else typing.get_origin(method.hints.get("return"))
    body = b"[]" if origin in (list, Sequence) else b"{}" if origin is dict else EMPTY
    if method.id in POLLING:
        return lambda request: answer(COMPLETED if request.json else b"")
    return lambda _: answer(body)


async def record(method: Method, amount: Amount, extra: str = "") -> Request:
    """Call a method over a recorder and return its request, the last one."""
    return await record_with(method, arguments(method, amount, extra))


async def record_with(method: Method, values: Mapping[str, Any]) -> Request:
    """Call a method with these arguments and return its request, the last one."""
    transport = RecordingTransport(answering(method))
    async with open_session(method.product, transport) as session:
        await finish(start(session, method, values))
    return transport.requests[-1]


async def requests(method: Method) -> list[Request]:
    """Return the request of each operation that a method sends: one, unless its arguments choose the verb."""
    choices: list[Mapping[str, Any]] = [{}, *OTHER_VERB.get((method.product, method.id), ())]
    return [await record_with(method, {**arguments(method, "all"), **choice}) for choice in choices]

"""What every method of a service keeps to: signature, docstring, and its place in the index."""

from __future__ import annotations

import ast
import inspect
import re
import typing
from collections.abc import AsyncGenerator
from inspect import Parameter
from pathlib import Path

import pytest

from bbasync.service import Service
from bbasync.testing.recording import RecordingTransport
from tests.meta.calls import SESSIONS, Method, methods, open_session, services

by_method = pytest.mark.parametrize("method", methods(), ids=lambda method: f"{method.product}-{method.id}")
by_product = pytest.mark.parametrize("product", SESSIONS)


@by_method
def test_a_signature_is_exact(method: Method) -> None:
    for parameter in method.parameters:
        assert parameter.kind in {Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY}, parameter
        assert parameter.annotation is not Parameter.empty, parameter
    assert "return" in method.hints
    assert not re.search(r"\bAny\b", str(inspect.signature(method.function)))


@by_method
def test_a_list_takes_paging_and_nothing_else_does(method: Method) -> None:
    assert ("paging" in method.hints) == method.lists
    assert not {"page", "pagelen", "start", "limit"} & method.hints.keys()


@by_method
def test_a_docstring_says_what_the_server_does_and_what_that_takes(method: Method) -> None:
    doc = inspect.getdoc(method.function) or ""
    first, *rest = doc.splitlines()
    assert re.fullmatch(r"[A-Z].*[^.]\.|[A-Z].*;.*", first), f"the first line is no sentence: {first!r}"
    assert not rest or rest[0] == "", "the first line stands alone"
    kind = {"cloud": r"Scope: (none|.+ \(OAuth\), .+ \(API token\))\.", "datacenter": r"Permission: .+\."}
    assert len(re.findall(rf"^{kind[method.product]}$", doc, re.MULTILINE)) == 1, doc


@by_method
def test_what_is_annotated_as_an_async_generator_is_one(method: Method) -> None:
    """A method without its `@lists` passes the type checkers and yields pages."""
    assert (typing.get_origin(method.hints["return"]) is AsyncGenerator) == method.lists


@by_product
async def test_a_session_hands_out_its_services(product: str) -> None:
    async with open_session(product, RecordingTransport()) as session:
        for name, cls in services(product).items():
            assert type(getattr(session, name)) is cls
            assert issubclass(cls, Service)
            assert inspect.getdoc(getattr(type(session), name))


@by_product
async def test_completion_on_a_session_offers_services_and_the_verbs_for_users(product: str) -> None:
    verbs = {"base_url", "close", "from_env", "get", "limiter", "open", "paginate", "rates", "request", "with_options"}
    async with open_session(product, RecordingTransport()) as session:
        assert {name for name in dir(session) if not name.startswith("_")} == verbs | services(product).keys()


@by_product
def test_every_file_of_services_is_in_use(product: str) -> None:
    used = {base.__module__ for cls in services(product).values() for base in cls.__mro__}
    for path in Path("bbasync", product, "services").rglob("*.py"):
        module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        if _has_service(path):
            assert module in used


@by_product
def test_a_large_service_is_a_package_of_parts(product: str) -> None:
    parts = {part for service in services(product).values() for part in service.__mro__ if issubclass(part, Service)}
    for cls in parts:
        own = [name for name, member in vars(cls).items() if inspect.isfunction(member) and not name.startswith("_")]
        assert len(own) <= 16, f"{cls.__name__} has {len(own)} methods of its own"


def _has_service(path: Path) -> bool:
    return any(isinstance(node, ast.ClassDef) for node in ast.parse(path.read_text(encoding="utf-8")).body)

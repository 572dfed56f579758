"""What every method of a service keeps to: signature, docstring, and its place in the index."""

from __future__ import annotations

import ast
import inspect
import re
from functools import cached_property
from inspect import Parameter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bbasync.service import Service
from bbasync.testing.recording import RecordingTransport
from tests.meta.calls import SESSIONS, Method, class_of, methods, open_session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bbasync.cloud.session import CloudSession
    from bbasync.datacenter.session import DataCenterSession

by_method = pytest.mark.parametrize("method", methods(), ids=lambda method: f"{method.product}-{method.id}")
by_product = pytest.mark.parametrize(("product", "session"), SESSIONS.items(), ids=SESSIONS)


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


@by_product
async def test_an_attribute_is_what_the_index_says(
    product: str, session: type[CloudSession | DataCenterSession]
) -> None:
    members: Mapping[str, object] = vars(session)
    attributes = {name: member.func for name, member in members.items() if isinstance(member, cached_property)}
    assert attributes.keys() == session.services.keys()
    async with open_session(product, RecordingTransport()) as opened:
        for name, index in session.services.items():
            cls = class_of(index)
            assert type(getattr(opened, name)) is cls
            assert issubclass(cls, Service)
            assert attributes[name].__annotations__["return"] == cls.__name__
            assert attributes[name].__doc__


@by_product
def test_every_file_of_services_is_in_use(product: str, session: type[CloudSession | DataCenterSession]) -> None:
    used = {base.__module__ for index in session.services.values() for base in class_of(index).__mro__}
    for path in Path("bbasync", product, "services").glob("*.py"):
        module = ".".join(path.with_suffix("").parts)
        if path.stem != "__init__" and _has_service(path):
            assert module in used


def _has_service(path: Path) -> bool:
    return any(isinstance(node, ast.ClassDef) for node in ast.parse(path.read_text(encoding="utf-8")).body)

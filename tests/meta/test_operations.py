"""Every method is called and what it sends is held against the table of operations."""

from __future__ import annotations

import ast
import asyncio
import inspect
import sys
from collections import Counter
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, unquote

import pytest

from bbasync.testing.recording import RecordingTransport, answer
from tests.meta.calls import Method, arguments, methods, open_session, requests, snake, start
from tests.meta.table import operations

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

METHODS = methods()
LISTS = [method for method in METHODS if method.lists]
by_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: f"{method.product}-{method.id}")


async def test_what_is_sent_is_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    sent: dict[tuple[str, str, str], set[str]] = {}
    for method in METHODS:
        for request in await requests(method):
            sent.setdefault((method.product, request.method, request.template), set()).add(method.id)
    table = {operation.key: set(operation.methods) for operation in operations()}
    assert sent == table
    counted = Counter(product for product, _, _ in sent)
    with capsys.disabled():
        sys.stdout.write(f"\n{len(METHODS)} methods cover {len(sent)} operations: {dict(counted)}\n")


def test_the_table_is_sorted_and_says_nothing_twice() -> None:
    keys = [(operation.product, operation.template, operation.method) for operation in operations()]
    assert keys == sorted(set(keys))


def test_paginated_operations_are_async_generators() -> None:
    lists = {(method.product, method.id) for method in LISTS}
    for operation in operations():
        listing = [name for name in operation.methods if (operation.product, name) in lists]
        assert bool(listing) == operation.paginated, operation
        if len(operation.methods) == 1:
            assert len(listing) == operation.paginated, operation


@by_method
async def test_arguments_stand_in_url_order_and_reach_their_place(method: Method) -> None:
    request, *_ = await requests(method)
    names = [piece.partition("}")[0] for piece in request.template.split("{")[1:]]
    assert method.positional == [snake(name) for name in names]
    values = arguments(method, "all")
    expected = request.template.replace("diff{path}", "diff/{path}").replace("summary{path}", "summary/{path}")
    for name in names:
        expected = expected.replace(f"{{{name}}}", quote(str(values[snake(name)]), safe="~/"))
    assert request.url.partition("?")[0].endswith(expected)


@by_method
async def test_no_argument_is_swallowed(method: Method) -> None:
    request, *_ = await requests(method)
    sent = unquote(f"{request.url} {request.body!r}")
    if isinstance(request.body, tuple):
        sent += " ".join(repr(part.content) for part in request.body)
    values: list[object] = []
    for value in arguments(method, "all").values():
        values.extend(cast("list[object]", value) if isinstance(value, list) else [value])
    missing = [value for value in values if isinstance(value, str) and str(value) not in sent]
    assert not missing


@by_method
def test_the_operation_stands_in_the_code_as_one_string(method: Method) -> None:
    strings = {
        node.value
        for node in ast.walk(ast.parse(inspect.getsource(method.module)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    sent = {
        f"{operation.method} {operation.template}"
        for operation in operations()
        if operation.product == method.product and method.id in operation.methods
    }
    assert sent <= strings


@pytest.mark.parametrize("method", LISTS, ids=lambda method: f"{method.product}-{method.id}")
async def test_break_after_one_item_holds_no_slot(method: Method) -> None:
    transport = RecordingTransport(lambda _: answer('{"values": [{}, {}], "nextPageStart": 2, "next": "/2"}'))
    async with open_session(method.product, transport) as session:
        items: AsyncGenerator[object, None] = start(session, method, arguments(method, "required"))
        async for _ in items:
            break
        assert session.limiter.in_flight == 0
        assert len(transport.requests) == 1
        await items.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}

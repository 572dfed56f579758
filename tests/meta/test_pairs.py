"""An argument goes out under its own name: no two are swapped."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest

from tests.meta.calls import Method, arguments, methods, record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bbasync.request import Request


def _plain(name: str) -> str:
    """Return a name without its style: `filterText` and `filter_text` are one."""
    return name.replace("_", "").lower()


def _sent(request: Request) -> Iterator[tuple[str, str]]:
    yield from parse_qsl(urlsplit(request.url).query)
    if request.body and request.headers.get("Content-Type") == "application/json":
        assert isinstance(request.body, bytes)
        payload: dict[str, object] | list[object] = orjson.loads(request.body)
        if isinstance(payload, dict):
            yield from ((name, orjson.dumps(value).decode()) for name, value in payload.items())


@pytest.mark.parametrize("method", methods(), ids=lambda method: f"{method.product}-{method.id}")
async def test_what_goes_by_the_name_of_an_argument_holds_its_value(method: Method) -> None:
    request = await record(method, "all")
    values = arguments(method, "all")
    given: dict[str, object] = {
        _plain(name): value[0] if isinstance(value, list) else value
        for name, value in values.items()
        if name not in method.positional
    }
    for name, text in _sent(request):
        value = given.get(_plain(name))
        if isinstance(value, str):
            assert value in text, name
        elif isinstance(value, (bool, int, float)):  # which may stand inside an object
            assert orjson.dumps(value).decode() in text, name

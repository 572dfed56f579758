"""Every operation that the vendor has removed is known, and its error names methods that exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from bbasync.errors import GoneError, NotFoundError
from bbasync.request import expand
from bbasync.testing.recording import RecordingTransport, answer
from tests.meta.calls import open_session
from tests.meta.table import operations
from tests.meta.vendor import is_there, load, needs_data

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = needs_data

REMOVED: Final[list[dict[str, Any]]] = load("specs/cloud.removed.json") if is_there else []
OPERATIONS: Final = {
    name: f"{row.method} {row.template}" for row in operations() if row.product == "cloud" for name in row.methods
}


async def _message(method: str, path: str, status: int) -> str:
    async with open_session("cloud", RecordingTransport([answer("", status)])) as session:
        with pytest.raises((GoneError, NotFoundError)) as raised:
            await session.request(method, path)
    return str(raised.value)


def _named(message: str) -> Iterator[str]:
    """Yield the operations of the methods that a message names."""
    for name in re.findall(r"bb\.(\w+\.\w+)\(\)", message):
        yield OPERATIONS[name]


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("row", REMOVED, ids=lambda row: f"{row['method']} {row['path']}")
async def test_the_error_names_the_methods_that_replace_a_removed_operation(row: dict[str, Any], status: int) -> None:
    path = expand(row["path"], ["x"] * row["path"].count("{"))
    message = await _message(row["method"], path, status)
    day = re.match(r"[\d-]{10} ?|", row["date"])
    assert day is not None
    assert f"removed on {day[0].strip()}" in message if day[0] else re.search(r"removed in 202[56]; ", message)
    wanted = set((row["replacement"] or "").split(" + ")) - {""}
    assert wanted <= set(_named(message))
    assert wanted or message.endswith("nothing replaces it)")


async def test_operations_that_are_still_there_are_not_said_to_be_removed() -> None:
    assert len(REMOVED) == 47
    for method, path in (
        ("POST", "/snippets"),
        ("GET", "/repositories/acme/issues"),
        ("GET", "/repositories/acme/a/src"),
    ):
        assert "removed" not in await _message(method, path, 404)

"""Operations of the fakes: functions that are registered by verb and path, the path as the vendor has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

import attrs

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["Operation", "Operations", "Result", "in_order", "is_number"]

C = TypeVar("C")
Result: TypeAlias = "dict[str, Any] | web.StreamResponse | None"
"""What an operation returns: a payload, a whole response, or None for an empty response."""
Action: TypeAlias = Callable[[C], Result]


@attrs.frozen
class Operation(Generic[C]):
    """A simulated operation."""

    method: str
    template: str
    action: Action[C]
    access: str
    """The OAuth scope (Cloud) or the permission (Data Center) that it requires; empty for none."""
    group: str
    """The rate limit group it counts against."""
    status: int
    """The status of a response with a payload."""

    @property
    def name(self) -> str:
        """Verb and path."""
        return f"{self.method} {self.template}"


class Operations(Generic[C]):
    """The operations of a module, registered with `@operations("GET /path", "scope")`."""

    def __init__(self) -> None:
        self._operations: list[Operation[C]] = []

    def __iter__(self) -> Iterator[Operation[C]]:
        return iter(self._operations)

    def __call__(
        self, operation: str, access: str = "", *, group: str = "api", status: int = 200
    ) -> Callable[[Action[C]], Action[C]]:
        """Register a function as an operation; it may be several."""
        method, _, template = operation.partition(" ")

        def register(action: Action[C]) -> Action[C]:
            self._operations.append(Operation(method, template, action, access, group, status))
            return action

        return register


def is_number(text: str) -> bool:
    """Tell whether an argument is a number, and not so long a one that Python refuses to read it."""
    return text.isdecimal() and len(text) < 19


def in_order(operations: Iterable[Operation[C]]) -> list[Operation[C]]:
    """Return the operations in the order to match requests: fixed segments before arguments, then as they came."""
    return sorted(operations, key=lambda one: (one.template.count("{"), one.template.endswith("}")))

"""The query language of Bitbucket Cloud: `q=` and `fields=`.

https://developer.atlassian.com/cloud/bitbucket/rest/intro/#filtering
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Expression", "Q", "page_fields"]

Operand = str | int | float | bool | datetime | None


def _literal(value: Operand) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat()
        case str():
            if any(character < " " for character in value):
                raise ValueError(f"a query holds no control characters, got {value!r}")
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case _:
            return str(value)


class Expression(str):
    """A condition of the query language: a string, and combined with `&` and `|`."""

    __slots__ = ()

    def __and__(self, other: str) -> Expression:
        return Expression(f"{_grouped(self)} AND {_grouped(other)}")

    def __or__(self, other: str) -> Expression:
        return Expression(f"({self} OR {other})")


def _grouped(expression: str) -> str:
    return expression if isinstance(expression, Expression) else f"({expression})"


class Q:
    """A field to compare: `(Q("state") == "OPEN") & (Q("source.branch.name").contains("fix"))`.

    Field names are dotted as in the payload. Values are escaped; dates are written as ISO 8601.
    """

    __slots__ = ("_field",)
    __hash__ = None  # type: ignore[assignment]  # `==` builds a condition

    def __init__(self, field: str) -> None:
        if not field or not all(part.replace("_", "a").isalnum() and part.isascii() for part in field.split(".")):
            raise ValueError(f"a field is named by letters, digits, '_' and '.', got {field!r}")
        self._field = field

    def _compare(self, operator: str, value: Operand) -> Expression:
        return Expression(f"{self._field} {operator} {_literal(value)}")

    def __eq__(self, value: Operand) -> Expression:  # type: ignore[override]  # builds a condition
        return self._compare("=", value)

    def __ne__(self, value: Operand) -> Expression:  # type: ignore[override]  # builds a condition
        return self._compare("!=", value)

    def __lt__(self, value: float | datetime) -> Expression:
        return self._compare("<", value)

    def __le__(self, value: float | datetime) -> Expression:
        return self._compare("<=", value)

    def __gt__(self, value: float | datetime) -> Expression:
        return self._compare(">", value)

    def __ge__(self, value: float | datetime) -> Expression:
        return self._compare(">=", value)

    def contains(self, text: str) -> Expression:
        """Match fields that hold the text, in any case (`~`)."""
        return self._compare("~", text)

    def lacks(self, text: str) -> Expression:
        """Match fields that do not hold the text (`!~`)."""
        return self._compare("!~", text)

    def is_in(self, values: Iterable[Operand]) -> Expression:
        """Match fields that equal one of the values (`IN`); ValueError if there are none."""
        return self._among("IN", values)

    def not_in(self, values: Iterable[Operand]) -> Expression:
        """Match fields that equal none of the values (`NOT IN`); ValueError if there are none."""
        return self._among("NOT IN", values)

    def _among(self, operator: str, values: Iterable[Operand]) -> Expression:
        literals = ", ".join(_literal(value) for value in values)
        if not literals:
            raise ValueError(f"{self._field} {operator} takes at least one value")
        return Expression(f"{self._field} {operator} ({literals})")


def page_fields(fields: str | None) -> str | None:
    """Return `fields=` for a list: one that names only what to keep keeps `next` too, or paging would end."""
    if fields is None:
        return None
    names = [name.strip() for name in fields.split(",")]
    keeps = any(name and name[0] not in "+-" for name in names) or "-*" in names
    return (
        fields + (",+next" if "-*" in names else ",next")
        if keeps and not {"next", "+next", "*"} & set(names)
        else fields
    )

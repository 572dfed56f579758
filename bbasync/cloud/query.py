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
                raise ValueError(f"a query must not contain control characters, got {value!r}")
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case _:
            return str(value)


class Expression(str):
    """A condition in the query language: a string that can be combined with `&` and `|`."""

    __slots__ = ()

    def __and__(self, other: str) -> Expression:
        return Expression(f"{_parenthesized(self)} AND {_parenthesized(other)}")

    def __or__(self, other: str) -> Expression:
        return Expression(f"({self} OR {other})")


def _parenthesized(expression: str) -> str:
    return expression if isinstance(expression, Expression) else f"({expression})"


class Q:
    """A field to compare: `(Q("state") == "OPEN") & (Q("source.branch.name").contains("fix"))`.

    Fields are named as in the payload, nested ones with dots. Values are escaped; dates are written as ISO 8601.
    """

    __slots__ = ("_field",)
    __hash__ = None  # type: ignore[assignment]  # `==` builds a condition

    def __init__(self, field: str) -> None:
        if not field or not all(part.replace("_", "a").isalnum() and part.isascii() for part in field.split(".")):
            raise ValueError(f"a field name must consist of letters, digits, '_' and '.', got {field!r}")
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
        """Match fields that contain the text, ignoring case (`~`)."""
        return self._compare("~", text)

    def lacks(self, text: str) -> Expression:
        """Match fields that do not contain the text (`!~`)."""
        return self._compare("!~", text)

    def is_in(self, values: Iterable[Operand]) -> Expression:
        """Match fields that equal one of the values (`IN`); ValueError if there are none."""
        return self._compare_list("IN", values)

    def not_in(self, values: Iterable[Operand]) -> Expression:
        """Match fields that equal none of the values (`NOT IN`); ValueError if there are none."""
        return self._compare_list("NOT IN", values)

    def _compare_list(self, operator: str, values: Iterable[Operand]) -> Expression:
        literals = ", ".join(_literal(value) for value in values)
        if not literals:
            raise ValueError(f"{self._field} {operator} requires at least one value")
        return Expression(f"{self._field} {operator} ({literals})")


def page_fields(fields: str | None) -> str | None:
    """Return `fields` for a list, with `next` added if it names what to include: without `next`, paging would stop."""
    if fields is None:
        return None
    names = [name.strip() for name in fields.split(",")]
    selects_only = any(name and name[0] not in "+-" for name in names) or "-*" in names
    return (
        fields + (",+next" if "-*" in names else ",next")
        if selects_only and not {"next", "+next", "*"} & set(names)
        else fields
    )

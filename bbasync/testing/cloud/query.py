"""The filter language of `q=` and the `sort=` parameter, evaluated on plain values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Generic, TypeAlias, TypeGuard, TypeVar

import attrs

T = TypeVar("T")
Fields: TypeAlias = Mapping[str, Callable[[T], object]]

DEEPEST = 100
"""Parentheses within each other that a query may have."""
TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<operator>!=|!~|>=|<=|=|~|>|<)
      | (?P<punctuation>[(),])
      | (?P<word>[^\s()",=!~<>]+)
    )""",
    re.VERBOSE,
)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Tell whether a JSON value is a list."""
    return isinstance(value, list)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Tell whether a JSON value is an object."""
    return isinstance(value, dict)


class QueryError(Exception):
    """The query cannot be understood, or names what cannot be filtered or sorted by."""


@attrs.frozen
class Token:
    """A piece of the query; `kind` is string, operator, punctuation or word."""

    kind: str
    text: str


def parse_query(text: str, fields: Fields[T]) -> Callable[[T], bool]:
    """Turn a query into a predicate; raises QueryError."""
    return _Parser(_tokens(text), fields).parse()


def sort_key(text: str, fields: Fields[T]) -> tuple[Callable[[T], tuple[bool, Any]], bool]:
    """Turn `sort=` into a key function and whether the order is descending; raises QueryError."""
    name, descending = text.removeprefix("-"), text.startswith("-")
    getter = fields.get(name)
    if getter is None:
        raise QueryError(f"Invalid sort field: {name}")

    def key(item: T) -> tuple[bool, Any]:
        value = getter(item)
        return value is not None, "" if value is None else value

    return key, descending


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    position = 0
    while text[position:].strip():
        match = TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise QueryError(f"Invalid query: cannot read {text[position : position + 20]!r}")
        found.append(Token(match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return found


def _literal(token: Token) -> object:
    if token.kind == "string":
        return re.sub(r"\\(.)", r"\1", token.text[1:-1])
    if token.kind != "word":
        raise QueryError(f"Invalid query: a value is missing before {token.text!r}")
    constants: dict[str, object] = {"null": None, "true": True, "false": False}
    word = token.text.lower()
    if word in constants:
        return constants[word]
    if re.fullmatch(r"-?\d{1,18}(\.\d+)?", word):
        return float(word) if "." in word else int(word)
    try:
        date = datetime.fromisoformat(token.text)
    except ValueError as error:
        raise QueryError(f"Invalid query: {token.text} is not a value; strings are in double quotes") from error
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)


class _Parser(Generic[T]):
    """Recursive descent: OR binds less than AND, parentheses most."""

    def __init__(self, tokens: list[Token], fields: Fields[T]) -> None:
        self._tokens = tokens
        self._fields = fields
        self._position = 0
        self._depth = 0

    def parse(self) -> Callable[[T], bool]:
        if not self._tokens:
            raise QueryError("Invalid query: it is empty")
        found = self._either()
        if self._position < len(self._tokens):
            raise QueryError(f"Invalid query: unexpected {self._tokens[self._position].text!r}")
        return found

    def _next(self) -> Token:
        if self._position == len(self._tokens):
            raise QueryError("Invalid query: it ends too early")
        self._position += 1
        return self._tokens[self._position - 1]

    def _take(self, word: str) -> bool:
        here = self._tokens[self._position] if self._position < len(self._tokens) else None
        if here is None or here.kind == "string" or here.text.upper() != word:
            return False
        self._position += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise QueryError(f"Invalid query: {word!r} is missing")

    def _either(self) -> Callable[[T], bool]:
        terms = [self._both()]
        while self._take("OR"):
            terms.append(self._both())
        return terms[0] if len(terms) == 1 else lambda item: any(term(item) for term in terms)

    def _both(self) -> Callable[[T], bool]:
        terms = [self._term()]
        while self._take("AND"):
            terms.append(self._term())
        return terms[0] if len(terms) == 1 else lambda item: all(term(item) for term in terms)

    def _term(self) -> Callable[[T], bool]:
        if self._take("("):
            self._depth += 1
            if self._depth > DEEPEST:
                raise QueryError("Invalid query: it has too many parentheses within each other")
            inner = self._either()
            self._expect(")")
            self._depth -= 1
            return inner
        name = self._next()
        if name.kind != "word":
            raise QueryError(f"Invalid query: a field is missing before {name.text!r}")
        getter = self._fields.get(name.text)
        if getter is None:
            raise QueryError(f"{name.text} does not support filtering")
        negated = self._take("NOT")
        if negated or (self._position < len(self._tokens) and self._tokens[self._position].text.upper() == "IN"):
            self._expect("IN")
            return self._membership(getter, negated=negated)
        operator = self._next()
        if operator.kind != "operator":
            raise QueryError(f"Invalid query: an operator is missing before {operator.text!r}")
        return _comparison(getter, operator.text, _literal(self._next()))

    def _membership(self, getter: Callable[[T], object], *, negated: bool) -> Callable[[T], bool]:
        self._expect("(")
        values = [_literal(self._next())]
        while self._take(","):
            values.append(_literal(self._next()))
        self._expect(")")
        tests = [_comparison(getter, "=", value) for value in values]
        return lambda item: any(test(item) for test in tests) != negated


def _comparison(getter: Callable[[T], object], operator: str, literal: object) -> Callable[[T], bool]:
    negated = operator in ("!=", "!~")
    compare = _COMPARE[{"!=": "=", "!~": "~"}.get(operator, operator)]

    def test(item: T) -> bool:
        value = getter(item)
        many = value if is_list(value) else [value]
        try:
            return any(compare(one, _alike(literal, one)) for one in many) != negated
        except (TypeError, ValueError) as error:
            raise QueryError("Invalid query: the value does not have the type of the field") from error

    return test


def _alike(literal: object, value: object) -> object:
    """Read a quoted date as a date where the field is one."""
    if isinstance(value, datetime) and isinstance(literal, str):
        date = datetime.fromisoformat(literal)
        return date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    return literal


def _contains(value: object, part: object) -> bool:
    return value is not None and str(part).lower() in str(value).lower()


def _ordered(value: Any, literal: Any) -> bool:
    return value is not None and literal is not None


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, literal: value == literal,
    "~": _contains,
    ">": lambda value, literal: _ordered(value, literal) and value > literal,
    ">=": lambda value, literal: _ordered(value, literal) and value >= literal,
    "<": lambda value, literal: _ordered(value, literal) and value < literal,
    "<=": lambda value, literal: _ordered(value, literal) and value <= literal,
}

"""From JSON to models: one cattrs converter per product.

cattrs chooses the hook by type. The hook of a model is one function, generated when the class is first used: it looks
up, converts and stores every field without calling `__init__` (models have neither validators nor converters). That
takes half the time of the code that cattrs generates, and is most of the cost of a list after parsing JSON.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import attrs
from cattrs import Converter

from .auth import Secret
from .model import Model, OpenEnum

__all__ = ["CAMEL", "SNAKE", "make_converter", "parse_date"]

T = TypeVar("T")
Convert = Callable[[Any], Any]


def parse_date(value: str | int) -> datetime:
    """Return an aware datetime of ISO 8601 text or of milliseconds since 1970; text without an offset is UTC."""
    if isinstance(value, str) and not value.isdecimal():
        date = datetime.fromisoformat(value)
        return date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    try:
        return datetime.fromtimestamp(int(value) / 1000, UTC)
    except (OverflowError, OSError):  # which of the two depends on the platform
        raise ValueError(f"no date lies {value} ms after 1970") from None


def _snake(name: str) -> str:
    return name.removesuffix("_")


def _camel(name: str) -> str:
    head, *rest = name.removesuffix("_").split("_")
    return head + "".join(word.capitalize() for word in rest)


class _Compiler:
    """Generates and caches the function that builds each model of a converter."""

    def __init__(self, wire_name: Callable[[str], str]) -> None:
        self._wire_name = wire_name
        self._functions: dict[type, Callable[..., Any]] = {}

    def function(self, cls: type) -> Callable[..., Any]:
        """Return the function that builds a model from a dict."""
        found = self._functions.get(cls)
        if found is None:

            def later(value: Any, _type: object = None) -> Any:
                return self._functions[cls](value)

            self._functions[cls] = later  # for a model that contains itself, as a comment its parent
            found = self._functions[cls] = self._write(cls)
        return found

    def _write(self, cls: type) -> Callable[..., Any]:
        hints = typing.get_type_hints(cls)
        scope: dict[str, Any] = {"new": object.__new__, "cls": cls}
        lines: list[str] = []
        for index, attribute in enumerate(attrs.fields(cls)):
            key = attribute.metadata.get("wire") or self._wire_name(attribute.name)
            converted = self._expression(hints[attribute.name], "value", index, scope)
            if not attribute.repr and hints[attribute.name] in (str, str | None):  # a secret
                scope["secret"] = Secret
                converted = "None if value is None else secret(value)"
            lines.append(f"    value = get({key!r})")
            lines.append(f"    model.{attribute.name} = {converted}")
        source = "\n".join(
            [
                "def construct(raw, _type=None):",
                "    get = raw.get",
                "    model = new(cls)",
                *lines,
                "    model._raw = raw",
                "    return model",
            ]
        )
        exec(compile(source, f"<{cls.__module__}.{cls.__qualname__}>", "exec"), scope)  # noqa: S102 - our own text
        return typing.cast("Callable[..., Any]", scope["construct"])

    def _expression(self, hint: Any, name: str, index: int, scope: dict[str, Any]) -> str:
        """Return the source that converts the variable `name`; what it calls is added to `scope`."""
        hint = _without_none(hint)
        if typing.get_origin(hint) in (list, Sequence):
            each = self._expression(typing.get_args(hint)[0], "item", index, scope)
            return name if each == "item" else f"None if {name} is None else [{each} for item in {name}]"
        convert = self._convert(hint)
        if convert is None:
            return name
        scope[f"convert{index}"] = convert
        call = f"convert{index}({name})"
        if _is_enum(hint):
            scope[f"member{index}"] = {member.value: member for member in hint}.get
            call = f"member{index}({name}) or {call}"  # an enum's own call is ten times as slow
        return f"None if {name} is None else {call}"

    def _convert(self, hint: Any) -> Convert | None:
        """Return the conversion to a type, None if the JSON value needs none."""
        hint = _without_none(hint)
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            return self._union(arguments)
        if origin in (dict, Mapping):
            return _each_value(self._convert(arguments[1]))
        if hint is datetime:
            return parse_date
        if _is_model(hint):
            return self.function(hint)
        return typing.cast("Convert", hint) if _is_enum(hint) else None

    def _union(self, members: Sequence[Any]) -> Convert | None:
        """Choose by the `type` of the payload, which the class variable `types` of a model lists; else the first."""
        models = [member for member in members if _is_model(member)]
        if not models:
            return None
        by_type = {name: self.function(cls) for cls in models for name in getattr(cls, "types", ())}
        default = self.function(models[0])
        return lambda value: by_type.get(value.get("type"), default)(value)

    def union_hook(self, hint: Any) -> Callable[..., Any]:
        """Return the cattrs hook of a union of models."""
        convert = self._convert(hint)

        def structure(value: Any, _type: object) -> Any:
            return value if convert is None or value is None else convert(value)

        return structure


def _each_value(convert: Convert | None) -> Convert | None:
    if convert is None:
        return None
    return lambda values: {key: None if value is None else convert(value) for key, value in values.items()}


def _is_model(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Model)


def _is_enum(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, OpenEnum)


def _without_none(hint: Any) -> Any:
    """Return `X` of `X | None`, and any other type as it is."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        members = [member for member in typing.get_args(hint) if member is not type(None)]
        return members[0] if len(members) == 1 else typing.Union[tuple(members)]  # noqa: UP007 - made at run time
    return hint


def _is_union_of_models(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType) and any(map(_is_model, typing.get_args(hint)))


def make_converter(wire_name: Callable[[str], str]) -> Converter:
    """Return a converter; `wire_name` maps the name of a field to its name in payloads."""
    compiler = _Compiler(wire_name)
    converter = Converter(detailed_validation=False)
    converter.register_structure_hook_factory(_is_model, compiler.function)
    converter.register_structure_hook_factory(_is_union_of_models, compiler.union_hook)
    converter.register_structure_hook_func(lambda hint: hint is object, lambda value, _type: value)
    converter.register_structure_hook(datetime, lambda value, _type: parse_date(value))
    return converter


SNAKE = make_converter(_snake)
"""Bitbucket Cloud: fields have the same names in payloads."""
CAMEL = make_converter(_camel)
"""Bitbucket Data Center: fields have camel case names in payloads."""

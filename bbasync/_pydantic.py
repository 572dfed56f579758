"""How pydantic, and so FastAPI, writes and documents models; imported by the hook that pydantic calls."""

from __future__ import annotations

import ast
import inspect
import sys
import types
import typing
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import attrs
from pydantic import Field
from pydantic_core import PydanticCustomError, PydanticSerializationUnexpectedValue, core_schema
from typing_extensions import TypedDict  # pydantic refuses that of `typing` before Python 3.12

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

__all__ = ["document_enum", "schema_of"]


def schema_of(cls: type, handler: GetCoreSchemaHandler) -> CoreSchema:
    """Return the schema of a model: an instance is passed on and written field by field, all else is refused."""
    names = [field.name for field in attrs.fields(cls)]
    fields = handler.generate_schema(_fields_of(cls))

    def check(value: object, _read: object) -> object:
        if isinstance(value, cls):
            return value
        message = "Input should be a {name} that bbasync returned; models are not created from input"
        raise PydanticCustomError("bbasync_model", message, {"name": cls.__name__})

    def write(model: object, write_fields: Callable[[dict[str, Any]], object]) -> object:
        if not isinstance(model, cls):  # another member of a union
            raise PydanticSerializationUnexpectedValue(f"Expected {cls.__name__}")
        return write_fields({name: getattr(model, name) for name in names})

    writing = core_schema.wrap_serializer_function_ser_schema(write, schema=fields)
    return core_schema.no_info_wrap_validator_function(check, fields, serialization=writing)


def document_enum(schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
    """Return the JSON schema of an open enum: any text, the known values as examples."""
    described = handler(schema)
    inner = handler.resolve_ref_schema(described)
    if "enum" in inner:
        inner["examples"] = inner.pop("enum")
    return described


class _NullWhereMissing:
    """Writes a field that the response left out as null, though its type, which is documented, does not have it."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.nullable_schema(handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        members = [member for member in handler(schema)["anyOf"] if member != {"type": "null"}]
        return members[0] if len(members) == 1 else {"anyOf": members}


@cache  # pydantic ends the recursion of a comment with a parent when it meets the same class again
def _fields_of(cls: type) -> type:
    """Return a TypedDict with the fields of a model."""
    hints, docstrings = typing.get_type_hints(cls), _docstrings(cls)
    annotations: dict[str, Any] = {}
    for field in attrs.fields(cls):
        hint = hints[field.name]
        if type(None) not in typing.get_args(hint):
            hint = Annotated[hint, _NullWhereMissing()]
        annotations[field.name] = Annotated[hint, Field(description=docstrings.get(field.name))]
    body = {"__annotations__": annotations, "__module__": cls.__module__, "__doc__": cls.__doc__}
    return types.new_class(cls.__name__, (TypedDict,), exec_body=lambda namespace: namespace.update(body))


def _docstrings(cls: type) -> dict[str, str]:
    """Return the docstrings below the fields of a class and its bases, by field."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        found.update(_docstrings_in(base.__module__).get(base.__name__, {}))
    return found


@cache
def _docstrings_in(module: str) -> dict[str, dict[str, str]]:
    """Return the docstrings below the fields of the classes of a module, by class and field."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (KeyError, OSError, TypeError):  # the source is not available
        return {}
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return {node.name: dict(_documented(node.body)) for node in classes}


def _documented(body: list[ast.stmt]) -> typing.Iterator[tuple[str, str]]:
    for statement, below in pairwise(body):
        match statement, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)
            case _:
                pass

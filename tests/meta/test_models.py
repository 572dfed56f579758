"""What every model keeps to."""

from __future__ import annotations

import ast
import typing
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest

from bbasync.convert import CAMEL, SNAKE
from bbasync.model import Model, OpenEnum

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
FILES: Final = sorted(
    path for path in ROOT.glob("bbasync/*/models/**/*.py") if path.parent.name != "models" or path.stem != "__init__"
)


def _module_of(path: Path) -> Any:
    return import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))


def _classes(path: Path) -> Iterator[tuple[ast.ClassDef, type[object]]]:
    module = _module_of(path)
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            yield node, getattr(module, node.name)


CLASSES: Final = [(node, cls) for path in FILES for node, cls in _classes(path)]
MODELS: Final = [cls for _, cls in CLASSES if issubclass(cls, Model)]
by_class = pytest.mark.parametrize(
    ("node", "cls"), CLASSES, ids=[f"{cls.__module__}.{cls.__name__}" for _, cls in CLASSES]
)
by_model = pytest.mark.parametrize("cls", MODELS, ids=[f"{cls.__module__}.{cls.__name__}" for cls in MODELS])


@by_class
def test_a_class_has_a_docstring_and_is_exported(node: ast.ClassDef, cls: type[object]) -> None:
    assert ast.get_docstring(node)
    assert cls.__name__ in _module_of(Path(str(import_module(cls.__module__).__file__))).__all__


@by_class
def test_a_class_is_a_model_or_an_open_enum_or_a_value_to_send(node: ast.ClassDef, cls: type[object]) -> None:
    assert issubclass(cls, (Model, OpenEnum)) or attrs.has(cls)


@by_model
def test_making_a_model_runs_no_code_of_its_own_since_reading_answers_goes_past_it(cls: type[Any]) -> None:
    assert not hasattr(cls, "__attrs_pre_init__")
    assert not hasattr(cls, "__attrs_post_init__")
    assert not any(field.validator or field.converter for field in attrs.fields(cls))


@by_class
def test_every_field_has_a_docstring(node: ast.ClassDef, cls: type[object]) -> None:
    for field, following in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign) and "ClassVar" not in ast.unparse(field.annotation):
            documented = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
            assert documented, f"{cls.__name__}.{ast.unparse(field.target)} says nothing"


@by_model
def test_a_model_is_a_plain_attrs_class(cls: type[Model]) -> None:
    fields = attrs.fields(cls)  # type: ignore[arg-type]  # every model is an attrs class, which its base does not tell
    assert all(field.kw_only for field in fields)
    assert not hasattr(cls, "__dict__") or "__slots__" in vars(cls)
    assert not {field.name for field in fields} & {"links", "raw"}
    assert cls.__hash__ is None


def _types_in(hint: Any) -> Iterator[Any]:
    for argument in typing.get_args(hint):
        yield from _types_in(argument)
    if not typing.get_args(hint):
        yield hint


@by_model
def test_a_field_has_a_type_that_becomes_json(cls: type[Model]) -> None:
    values = {str, int, float, bool, datetime, type(None), object, Any}
    for hint in typing.get_type_hints(cls).values():
        if typing.get_origin(hint) is not typing.ClassVar and hint is not typing.ClassVar:
            assert all(kind in values or issubclass(kind, (Model, OpenEnum)) for kind in _types_in(hint))


@by_model
def test_a_model_reads_none_where_the_payload_has_nothing(cls: type[Model]) -> None:
    converter = CAMEL if cls.__module__.startswith("bbasync.datacenter") else SNAKE
    payload: dict[str, object] = {"no-such-field": 1}
    model = converter.structure(payload, cls)
    assert model.raw is payload
    assert all(getattr(model, field.name) is None for field in attrs.fields(cls))  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize("product", ["cloud", "datacenter"])
def test_a_package_of_models_has_every_name_of_its_modules(product: str) -> None:
    package = import_module(f"bbasync.{product}.models")
    names = {name for path in FILES if product in path.parts for name in _module_of(path).__all__ if name[0].isupper()}
    assert set(package.__all__) == names
    assert all(getattr(package, name) is not None for name in names)

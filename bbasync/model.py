"""The base of every model, and what models share: links and open enums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Self

from .request import as_object

__all__ = ["Links", "Model", "OpenEnum", "wire"]


class OpenEnum(StrEnum):
    """An enum that accepts values added later; an unknown value equals its text, which is its name too."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member


def wire(name: str) -> dict[str, str]:
    """Return the metadata of a field that has another name in the payload, such as `from`."""
    return {"wire": name}


class Links(Mapping[str, str]):
    """The links of a payload: `links["self"]` is the URL, or the first of several."""

    __slots__ = ("_raw",)

    def __init__(self, raw: object) -> None:
        self._raw = as_object(raw)

    def __getitem__(self, name: str) -> str:
        for link in self._entries(name):
            return link[1]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._raw if self._entries(name))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"Links({', '.join(self)})"

    def _entries(self, name: str) -> list[tuple[str, str]]:
        value: list[Any] | dict[str, Any] | None = self._raw.get(name)
        entries = map(as_object, value if isinstance(value, list) else [value])
        return [(entry.get("name", ""), entry["href"]) for entry in entries if isinstance(entry.get("href"), str)]

    @property
    def html(self) -> str | None:
        """The URL of the web page; on Data Center that is the link named `self`."""
        return self.get("html") or self.get("self")

    @property
    def clone(self) -> dict[str, str]:
        """Clone URLs by protocol (`https`, `http`, `ssh`)."""
        return dict(self._entries("clone"))


class Model:
    """The base of the objects that the API returns.

    `raw` is the payload as the server sent it, including what the model has no field for. It is not part of `==`,
    `repr` and `attrs.asdict`. It is empty in a model that was created by hand or by `attrs.evolve`.
    """

    __slots__ = ("_raw",)
    _raw: dict[str, Any]

    def __reduce__(self) -> tuple[Any, ...]:
        # attrs copies fields only, and would lose the payload beside them
        slots = [name for base in type(self).__mro__ for name in getattr(base, "__slots__", ())]
        names = [name for name in slots if name != "__weakref__"]
        return _restored, (type(self), {name: getattr(self, name) for name in names if hasattr(self, name)})

    @property
    def raw(self) -> dict[str, Any]:
        """The payload as the server sent it."""
        try:
            return self._raw
        except AttributeError:
            return {}

    @property
    def links(self) -> Links:
        """The links of the payload."""
        return Links(self.raw.get("links"))


def _restored(cls: type[Model], values: dict[str, Any]) -> Model:
    """Return a copied or unpickled model."""
    model = object.__new__(cls)
    for name, value in values.items():
        setattr(model, name, value)
    return model

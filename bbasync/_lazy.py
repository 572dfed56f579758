"""Names of a package that are imported on first use (PEP 562)."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["attach"]


def attach(package: str, modules: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package: `modules` has the names, divided by spaces, of each module.

    The modules themselves are found too. Type checkers read the imports under `TYPE_CHECKING`.
    """
    home = {name: module for module, names in modules.items() for name in names.split()}
    home |= {module: module for module in modules if module not in home and "." not in module}

    def get(name: str) -> object:
        module = home.get(name)
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        loaded = import_module(f"{package}.{module}")
        value = loaded if name == module else getattr(loaded, name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        own = vars(sys.modules[package])
        imported = {
            name for name in own if f"{package}.{name}" in sys.modules and name not in modules and name[0] != "_"
        }
        return sorted({*(home.keys() - modules.keys()), *own.get("__all__", ()), *imported})

    return get, names

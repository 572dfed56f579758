"""The vendor's descriptions and recorded answers, read from the folder that `BBASYNC_VENDOR_DATA` names."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

_FOLDER: Final = os.environ.get("BBASYNC_VENDOR_DATA", "")
DATA: Final = Path(_FOLDER)
is_there: Final = bool(_FOLDER) and (DATA / "specs").is_dir() and (DATA / "recorded").is_dir()
needs_data: Final = pytest.mark.skipif(
    not is_there, reason="BBASYNC_VENDOR_DATA names no folder with specs/ and recorded/"
)


@cache
def load(path: str) -> Any:
    """Return a JSON file of the folder."""
    return orjson.loads((DATA / path).read_bytes())


def rows_of_operations(product: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Return the vendor's operations by product, method and path."""
    return {(product, row["method"], row["path"]): row for row in load(f"specs/{product}.operations.json")}


def recordings() -> list[dict[str, Any]]:
    """Return the index of recorded answers, empty where the data is absent."""
    return load("recorded/INDEX.json") if is_there else []

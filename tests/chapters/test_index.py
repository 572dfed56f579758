"""The indexes of methods and models are what is built."""

from __future__ import annotations

import pytest

from tests.chapters.index import chapter_of, with_indexes
from tests.meta.calls import SESSIONS, methods


@pytest.mark.parametrize("product", SESSIONS)
def test_the_index_is_what_is_built(product: str) -> None:
    committed = chapter_of(product).read_text(encoding="utf-8")
    assert committed == with_indexes(product, committed), "run `python -m tests.chapters.index`"


def test_a_list_is_known_by_its_name() -> None:
    assert all(method.name.startswith(("list", "search")) for method in methods() if method.lists)

"""Links between the chapters lead somewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from tests.chapters.reading import CHAPTERS, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
MAP: Final = ROOT / "README.md"


def _prose(path: Path) -> str:
    return re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def _anchors(path: Path) -> set[str]:
    """Return what a link may name after `#`: headings, as GitHub and Bitbucket slugify them."""
    headings = re.findall(r"^#+ (.+)$", _prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def _links(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the path and the anchor of each link to a file of ours."""
    for target in LINK.findall(_prose(path)):
        if not target.startswith(("https://", "http://")):
            file, _, anchor = target.partition("#")
            yield file, anchor


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    for file, anchor in _links(path):
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), f"{path.relative_to(ROOT)}: {file}"
        assert not anchor or anchor in _anchors(target), f"{path.relative_to(ROOT)}: {file}#{anchor}"


def test_every_chapter_is_on_the_map() -> None:
    linked = {(MAP.parent / file).resolve() for file, _ in _links(MAP) if file.endswith(".md")}
    assert linked == {*CHAPTERS} - {MAP}


def test_the_map_is_short() -> None:
    assert len(MAP.read_text(encoding="utf-8").splitlines()) <= 200

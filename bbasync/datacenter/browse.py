"""Pages of `/browse`, which differ from those of all other lists. No I/O."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from attrs import frozen

from bbasync.paging import OffsetPager

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bbasync.request import Request

__all__ = ["BrowsePager"]


@frozen
class BrowsePager(OffsetPager):
    """Lists under other keys: the page of a directory is in `children`, that of a file has `lines` and `blame`.

    What is wanted is known by the parameter `blame`, which has no meaning for a directory.
    """

    def read(self, request: Request, payload: dict[str, Any]) -> tuple[list[Any], int | None, str | None]:
        """Return the entries of a directory or the lines of a file, and the next start; TypeError for the other."""
        wants_lines = "blame=" in request.url.partition("?")[2]
        if "lines" in payload and not wants_lines:
            raise TypeError("the path is a file")
        if "children" in payload and wants_lines:
            raise TypeError("the path is a directory")
        return OffsetPager.read(self, request, _envelope(payload))

    def foresee(self, payload: dict[str, Any], following: str) -> Iterator[str]:
        """Continue in steps of a page, as other lists do."""
        return OffsetPager.foresee(self, _envelope(payload), following)


def _envelope(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the page in the form of other lists."""
    if "children" in payload:
        children: dict[str, Any] = payload["children"]
        return children
    if "lines" not in payload:
        return payload
    lines: list[dict[str, Any]] = payload["lines"]
    start = payload.get("start") or 0
    page = {**payload, "values": _with_blame(lines, payload["blame"], start) if payload.get("blame") else lines}
    if payload.get("isLastPage") is False and payload.get("nextPageStart") is None and lines:
        page["nextPageStart"] = start + len(lines)  # unlike other lists, this one may not name its next page
    return page


def _with_blame(lines: Sequence[dict[str, Any]], blame: list[dict[str, Any]], start: int) -> list[dict[str, Any]]:
    """Return each line with the span of lines that it belongs to; spans are numbered from 1."""
    spans = sorted(blame, key=lambda span: span["lineNumber"])
    firsts = [span["lineNumber"] for span in spans]
    found = (bisect_right(firsts, number) - 1 for number in range(start + 1, start + len(lines) + 1))
    return [{**line, "blame": spans[max(index, 0)]} for line, index in zip(lines, found, strict=True)]

"""Results of code search."""

from __future__ import annotations

from attrs import define

from bbasync.cloud.models.source import BaseFile
from bbasync.model import Model

__all__ = ["CodeSearchResult", "SearchContentMatch", "SearchLine", "SearchSegment"]


@define(kw_only=True)
class SearchSegment(Model):
    """A part of a line or a path."""

    text: str
    """The text."""
    match: bool | None = None
    """Whether it matches the query; None if it does not."""


@define(kw_only=True)
class SearchLine(Model):
    """A line of a file."""

    line: int
    """The number, starting at 1."""
    segments: list[SearchSegment]
    """The text in parts; empty for an empty line."""


@define(kw_only=True)
class SearchContentMatch(Model):
    """Consecutive lines of a file around a match."""

    lines: list[SearchLine]
    """The lines."""


@define(kw_only=True)
class CodeSearchResult(Model):
    """A file that matches a code search, by its content, its path or both."""

    content_match_count: int
    """How often the content matches."""
    content_matches: list[SearchContentMatch]
    """Matches in the content."""
    path_matches: list[SearchSegment]
    """The path in parts, those that match marked."""
    file: BaseFile
    """The file; `fields="+values.file.commit.repository"` adds its repository to the `raw` of it."""

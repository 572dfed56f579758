"""Diffs: the lines that differ between two commits."""

from __future__ import annotations

from attrs import define

from bbasync.datacenter.models.changes import Path
from bbasync.datacenter.models.comments import Comment, LineType
from bbasync.model import Model, OpenEnum

__all__ = ["ConflictMarker", "Diff", "DiffHunk", "DiffLine", "DiffSegment", "FileDiff", "Whitespace"]


class Whitespace(OpenEnum):
    """How a diff treats whitespace: as other changes (SHOW), or not at all."""

    SHOW = "show"
    IGNORE_ALL = "ignore-all"


class ConflictMarker(OpenEnum):
    """The side of a merge conflict that a line belongs to; MARKER is a line that separates them."""

    MARKER = "MARKER"
    OURS = "OURS"
    THEIRS = "THEIRS"


@define(kw_only=True)
class DiffLine(Model):
    """A line of a diff."""

    source: int
    """Number of the line in the old version, or of the line that it was added after."""
    destination: int
    """Number of the line in the new version, or of the line that it was removed after."""
    line: str
    """The text."""
    truncated: bool
    """Whether the text was cut off."""
    comment_ids: list[int] | None = None
    """IDs of the comments on the line; None if there are none."""
    conflict_marker: ConflictMarker | None = None
    """The side of a conflict that it belongs to; None outside of conflicts."""


@define(kw_only=True)
class DiffSegment(Model):
    """Consecutive lines of the same type."""

    type: LineType
    """Type of the lines."""
    lines: list[DiffLine]
    """The lines."""
    truncated: bool
    """Whether lines are missing, because the diff is too large for the server."""


@define(kw_only=True)
class DiffHunk(Model):
    """A changed part of a file, with lines around it."""

    source_line: int
    """The first line in the old version."""
    source_span: int
    """Number of lines in the old version."""
    destination_line: int
    """The first line in the new version."""
    destination_span: int
    """Number of lines in the new version."""
    segments: list[DiffSegment]
    """The lines, grouped by type."""
    truncated: bool
    """Whether lines are missing, because the diff is too large for the server."""
    context: str | None = None
    """The heading that contains it, such as the line that begins a function; None if there is none."""


@define(kw_only=True)
class FileDiff(Model):
    """The diff of a file."""

    source: Path | None = None
    """The path before the change; None if the file was added."""
    destination: Path | None = None
    """The path after the change; None if the file was deleted."""
    hunks: list[DiffHunk] | None = None
    """The changed parts; None for a binary file."""
    truncated: bool | None = None
    """Whether parts are missing, because the diff is too large for the server; None if not sent."""
    binary: bool | None = None
    """Whether the file is binary; None if not sent."""
    line_comments: list[Comment] | None = None
    """Comments on lines; None if there are none."""
    file_comments: list[Comment] | None = None
    """Comments on the file; None if there are none."""
    properties: dict[str, object] | None = None
    """Additional properties; None if not sent."""


@define(kw_only=True)
class Diff(Model):
    """The differences between two commits, by file."""

    diffs: list[FileDiff]
    """The diff of each file."""
    truncated: bool
    """Whether files or lines are missing, because the diff is too large for the server: it has no further pages."""
    from_hash: str | None = None
    """Hash of the commit that the diff starts from; None if not sent."""
    to_hash: str | None = None
    """Hash of the commit that the diff ends at; None if not sent."""
    context_lines: int | None = None
    """Number of lines around each change; None if not sent."""
    whitespace: str | None = None
    """How whitespace is treated, such as `SHOW`; None if not sent."""

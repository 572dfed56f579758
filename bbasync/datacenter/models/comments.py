"""Comments on pull requests; a task is a comment of severity BLOCKER."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.datacenter.models.users import User
from bbasync.model import Model, OpenEnum

__all__ = [
    "AnchorState",
    "Comment",
    "CommentAnchor",
    "CommentSeverity",
    "CommentState",
    "DiffType",
    "FileType",
    "LineType",
    "MultilineMarker",
    "MultilineSpan",
    "PermittedOperations",
]


class CommentSeverity(OpenEnum):
    """Whether a comment is a task."""

    NORMAL = "NORMAL"
    BLOCKER = "BLOCKER"


class CommentState(OpenEnum):
    """Whether a comment is published, and a task done."""

    OPEN = "OPEN"
    PENDING = "PENDING"
    RESOLVED = "RESOLVED"


class DiffType(OpenEnum):
    """Which diff a comment was made on."""

    COMMIT = "COMMIT"
    EFFECTIVE = "EFFECTIVE"
    RANGE = "RANGE"


class LineType(OpenEnum):
    """What the diff says of a line."""

    ADDED = "ADDED"
    CONTEXT = "CONTEXT"
    REMOVED = "REMOVED"


class FileType(OpenEnum):
    """Which version of a file a line number counts in."""

    FROM = "FROM"
    TO = "TO"


class AnchorState(OpenEnum):
    """Which comments on a file a list returns: those on lines that are still there, or gone."""

    ACTIVE = "ACTIVE"
    ORPHANED = "ORPHANED"
    ALL = "ALL"


@define(kw_only=True)
class MultilineMarker(Model):
    """Where a comment on several lines begins; it ends at the anchor's own line."""

    start_line: int
    """The first line, counted from 1."""
    start_line_type: LineType
    """What the diff says of that line."""


@define(kw_only=True)
class MultilineSpan(Model):
    """The lines that a comment on several lines covers, in both versions of the file."""

    src_span_start: int | None = None
    """The first line in the old version."""
    src_span_end: int | None = None
    """The last line in the old version."""
    dst_span_start: int | None = None
    """The first line in the new version."""
    dst_span_end: int | None = None
    """The last line in the new version."""


@define(kw_only=True)
class CommentAnchor(Model):
    """Where in a file a comment stands; one without a line is about the whole file."""

    path: str
    """The file's path."""
    line: int | None = None
    """The line, counted from 1."""
    line_type: LineType | None = None
    """What the diff says of the line; with a line, the server needs it."""
    file_type: FileType | None = None
    """Which version of the file the line counts in."""
    src_path: str | None = None
    """The former path, of a moved or copied file."""
    diff_type: DiffType | None = None
    """The diff it was made on; with either hash, the server needs it."""
    from_hash: str | None = None
    """The commit the diff begins at; a diff of type COMMIT or RANGE needs both hashes."""
    to_hash: str | None = None
    """The commit the diff ends at."""
    multiline_marker: MultilineMarker | None = None
    """Where a comment on several lines begins."""
    multiline_span: MultilineSpan | None = None
    """The lines it covers; not sent in requests."""
    orphaned: bool | None = None
    """Whether the line is gone; not sent in requests."""

    def body(self) -> dict[str, object]:
        """Return it as requests carry it."""
        marker = self.multiline_marker
        return {
            "path": self.path,
            "line": self.line,
            "lineType": self.line_type,
            "fileType": self.file_type,
            "srcPath": self.src_path,
            "diffType": self.diff_type,
            "fromHash": self.from_hash,
            "toHash": self.to_hash,
            "multilineMarker": marker and {"startLine": marker.start_line, "startLineType": marker.start_line_type},
        }


@define(kw_only=True)
class PermittedOperations(Model):
    """What the caller may do with a comment."""

    editable: bool | None = None
    """Whether its text may be changed."""
    deletable: bool | None = None
    """Whether it may be deleted; one with replies may not."""
    transitionable: bool | None = None
    """Whether its state may be changed."""


@define(kw_only=True)
class Comment(Model):
    """A comment, with its replies."""

    id: int
    """The identifier."""
    version: int
    """What a change of it must name; grows with each."""
    text: str
    """The text as it was written, Markdown."""
    author: User
    """Who wrote it."""
    created_date: datetime
    """When it was written."""
    updated_date: datetime
    """When it was last changed."""
    comments: list[Comment]
    """The replies."""
    severity: CommentSeverity | None = None
    """Whether it is a task; old versions do not tell."""
    state: CommentState | None = None
    """Whether it is published, and a task done; old versions do not tell."""
    anchor: CommentAnchor | None = None
    """Where it stands; None on the pull request as a whole, and in activities, which tell it themselves."""
    anchored: bool | None = None
    """Whether it stands in a file."""
    pending: bool | None = None
    """Whether it belongs to a review that is not finished."""
    reply: bool | None = None
    """Whether it answers another."""
    parent: Comment | None = None
    """What it answers, where the server sends it."""
    html: str | None = None
    """The text as it is shown, where the server sends it."""
    thread_resolved: bool | None = None
    """Whether the discussion is closed."""
    thread_resolved_date: datetime | None = None
    """When the discussion was closed."""
    thread_resolver: User | None = None
    """Who closed the discussion."""
    resolved_date: datetime | None = None
    """When the task was done."""
    resolver: User | None = None
    """Who did the task."""
    permitted_operations: PermittedOperations | None = None
    """What the caller may do with it."""
    properties: dict[str, object] | None = None
    """What plugins tell, such as reactions."""

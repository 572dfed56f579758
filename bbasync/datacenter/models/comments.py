"""Comments on pull requests and commits; a task is a comment of severity BLOCKER."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from bbasync.datacenter.models.users import User
from bbasync.model import Model, OpenEnum, wire

__all__ = [
    "AnchorState",
    "BlockerCommentCount",
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
    """Severity of a comment; BLOCKER is a task."""

    NORMAL = "NORMAL"
    BLOCKER = "BLOCKER"


class CommentState(OpenEnum):
    """State of a comment: PENDING is not published yet, RESOLVED is a completed task."""

    OPEN = "OPEN"
    PENDING = "PENDING"
    RESOLVED = "RESOLVED"


class DiffType(OpenEnum):
    """Type of the diff that a comment was created on."""

    COMMIT = "COMMIT"
    EFFECTIVE = "EFFECTIVE"
    RANGE = "RANGE"


class LineType(OpenEnum):
    """Type of a line in a diff."""

    ADDED = "ADDED"
    CONTEXT = "CONTEXT"
    REMOVED = "REMOVED"


class FileType(OpenEnum):
    """The version of a file that a line number refers to: old (FROM) or new (TO)."""

    FROM = "FROM"
    TO = "TO"


class AnchorState(OpenEnum):
    """Filter for comments on a file, by whether the line still exists (ACTIVE) or not (ORPHANED)."""

    ACTIVE = "ACTIVE"
    ORPHANED = "ORPHANED"
    ALL = "ALL"


@define(kw_only=True)
class MultilineMarker(Model):
    """The start of a multi-line comment; it ends at the line of the anchor."""

    start_line: int
    """The first line, counted from 1."""
    start_line_type: LineType
    """Type of that line in the diff."""


@define(kw_only=True)
class MultilineSpan(Model):
    """The lines that a multi-line comment covers, in both versions of the file."""

    src_span_start: int | None = None
    """The first line in the old version; None if not sent."""
    src_span_end: int | None = None
    """The last line in the old version; None if not sent."""
    dst_span_start: int | None = None
    """The first line in the new version; None if not sent."""
    dst_span_end: int | None = None
    """The last line in the new version; None if not sent."""


@define(kw_only=True)
class CommentAnchor(Model):
    """The position of a comment in a file; without a line, the comment is on the whole file."""

    path: str
    """Path of the file."""
    line: int | None = None
    """The line, counted from 1; None for the whole file."""
    line_type: LineType | None = None
    """Type of the line in the diff, required with a line; None for the whole file."""
    file_type: FileType | None = None
    """The version of the file that `line` refers to; None if not set."""
    src_path: str | None = None
    """The former path of a moved or copied file; None for others."""
    diff_type: DiffType | None = None
    """Type of the diff that it was created on, required with either hash; None if not set."""
    from_hash: str | None = None
    """Hash of the commit that the diff starts from; COMMIT and RANGE require both hashes. None if not set."""
    to_hash: str | None = None
    """Hash of the commit that the diff ends at; None if not set."""
    multiline_marker: MultilineMarker | None = None
    """The start of a multi-line comment; None for a single line."""
    multiline_span: MultilineSpan | None = None
    """The lines that a multi-line comment covers; None for a single line, not sent in requests."""
    orphaned: bool | None = None
    """Whether the line no longer exists; None if not set, not sent in requests."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
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
    """What the authenticated user may do with a comment."""

    editable: bool | None = None
    """Whether the text can be edited; None if not sent."""
    deletable: bool | None = None
    """Whether it can be deleted, which requires that it has no replies; None if not sent."""
    transitionable: bool | None = None
    """Whether the state can be changed; None if not sent."""


@define(kw_only=True)
class Comment(Model):
    """A comment, with its replies."""

    id: int
    """The ID."""
    version: int
    """The version to pass to methods that change it; increases with each change."""
    text: str
    """The text as written, in Markdown."""
    author: User
    """The author."""
    created_date: datetime
    """When it was created."""
    updated_date: datetime
    """When it was last updated."""
    comments: list[Comment]
    """The replies."""
    severity: CommentSeverity | None = None
    """Severity, BLOCKER for a task; None on older servers."""
    state: CommentState | None = None
    """State of the comment or task; None on older servers."""
    anchor: CommentAnchor | None = None
    """Position in a file; None on a pull request or commit as a whole, and in activities: `Activity.comment_anchor`."""
    anchored: bool | None = None
    """Whether it is on a file; None if not sent."""
    pending: bool | None = None
    """Whether it belongs to an unfinished review; None if not sent."""
    reply: bool | None = None
    """Whether it is a reply; None if not sent."""
    parent: Comment | None = None
    """The comment that it replies to; None if not sent."""
    html: str | None = None
    """The text rendered as HTML; None if not sent."""
    thread_resolved: bool | None = None
    """Whether the thread is resolved; None if not sent."""
    thread_resolved_date: datetime | None = None
    """When the thread was resolved; None if it was not."""
    thread_resolver: User | None = None
    """The user who resolved the thread; None if it was not resolved."""
    resolved_date: datetime | None = None
    """When the task was resolved; None if it was not."""
    resolver: User | None = None
    """The user who resolved the task; None if it was not resolved."""
    permitted_operations: PermittedOperations | None = None
    """What the authenticated user may do with it; None if not sent."""
    properties: dict[str, object] | None = None
    """Data of plugins, such as reactions; None if not sent."""


@define(kw_only=True)
class BlockerCommentCount(Model):
    """Number of blocker comments by state."""

    open: int | None = field(default=None, metadata=wire("OPEN"))
    """Number of open tasks; None if there are none."""
    resolved: int | None = field(default=None, metadata=wire("RESOLVED"))
    """Number of completed tasks; None if there are none."""

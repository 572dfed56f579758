"""Changes: the paths that differ between two commits."""

from __future__ import annotations

from attrs import define

from bbasync.model import Model, OpenEnum

__all__ = ["Change", "ChangeProperties", "ChangeType", "Conflict", "ConflictChange", "NodeType", "Path"]


class ChangeType(OpenEnum):
    """Type of a change."""

    ADD = "ADD"
    COPY = "COPY"
    DELETE = "DELETE"
    MODIFY = "MODIFY"
    MOVE = "MOVE"
    UNKNOWN = "UNKNOWN"


class NodeType(OpenEnum):
    """Type of the object at a path."""

    DIRECTORY = "DIRECTORY"
    FILE = "FILE"
    SUBMODULE = "SUBMODULE"


@define(kw_only=True)
class Path(Model):
    """A path in a repository; `str(path)` joins its components with slashes."""

    components: list[str]
    """The path, split at slashes."""
    parent: str
    """The directory that contains it; empty for the root."""
    name: str
    """The last component."""
    extension: str | None = None
    """The part of the name after the last dot; None if there is none."""

    def __str__(self) -> str:
        return "/".join(self.components)


@define(kw_only=True)
class ConflictChange(Model):
    """The change to a path on one side of a merge."""

    type: ChangeType
    """Type of the change."""
    path: Path
    """The path on that side."""
    src_path: Path | None = None
    """The path that it was moved or copied from on that side; None if it was neither."""


@define(kw_only=True)
class Conflict(Model):
    """A conflict: both sides of a merge changed the same path."""

    our_change: ConflictChange
    """The change on the to ref."""
    their_change: ConflictChange
    """The change on the from ref."""


@define(kw_only=True)
class ChangeProperties(Model):
    """Additional properties of a change."""

    git_change_type: str | None = None
    """Type of the change in Git's terms, such as `RENAME`; None if not sent."""
    active_comments: int | None = None
    """Number of comments on its current version; None if not sent."""
    orphaned_comments: int | None = None
    """Number of comments on lines that no longer exist; None if not sent."""


@define(kw_only=True)
class Change(Model):
    """A changed path."""

    path: Path
    """The path after the change."""
    type: ChangeType
    """Type of the change."""
    node_type: NodeType
    """Type of the object at the path."""
    content_id: str | None = None
    """Hash of the new content, zeros if there is none; None if not sent."""
    from_content_id: str | None = None
    """Hash of the old content, zeros if there was none; None if not sent."""
    src_path: Path | None = None
    """The path that it was moved or copied from; None if it was neither."""
    percent_unchanged: int | None = None
    """Percentage of a moved or copied file that is unchanged, -1 if not compared; None if not sent."""
    executable: bool | None = None
    """Whether the file is executable after the change; None if not sent."""
    src_executable: bool | None = None
    """Whether the file was executable before the change; None if not sent."""
    conflict: Conflict | None = None
    """The conflict between the two sides of a pull request at this path; None if there is none."""
    properties: ChangeProperties | None = None
    """Additional properties; None if not sent."""

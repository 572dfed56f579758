"""Changes: the paths in which two commits differ."""

from __future__ import annotations

from attrs import define

from bbasync.model import Model, OpenEnum

__all__ = ["Change", "ChangeProperties", "ChangeType", "Conflict", "ConflictChange", "NodeType", "Path"]


class ChangeType(OpenEnum):
    """What happened to a path."""

    ADD = "ADD"
    COPY = "COPY"
    DELETE = "DELETE"
    MODIFY = "MODIFY"
    MOVE = "MOVE"
    UNKNOWN = "UNKNOWN"


class NodeType(OpenEnum):
    """What is at a path."""

    DIRECTORY = "DIRECTORY"
    FILE = "FILE"
    SUBMODULE = "SUBMODULE"


@define(kw_only=True)
class Path(Model):
    """A path in a repository; `str(path)` is it with slashes."""

    components: list[str]
    """Its segments."""
    parent: str
    """The directory it is in, empty for the root."""
    name: str
    """Its last segment."""
    extension: str | None = None
    """What follows the last dot of the name."""

    def __str__(self) -> str:
        return "/".join(self.components)


@define(kw_only=True)
class ConflictChange(Model):
    """What one side of a merge did to a path."""

    type: ChangeType
    """What it did."""
    path: Path
    """The path on that side."""
    src_path: Path | None = None
    """Where that side moved or copied it from."""


@define(kw_only=True)
class Conflict(Model):
    """That both sides of a merge changed a path."""

    our_change: ConflictChange
    """What the target did."""
    their_change: ConflictChange
    """What the source did."""


@define(kw_only=True)
class ChangeProperties(Model):
    """What the server adds to a change."""

    git_change_type: str | None = None
    """What git calls it, such as `RENAME`."""
    active_comments: int | None = None
    """How many comments stand on its present version."""
    orphaned_comments: int | None = None
    """How many comments stand on lines that are gone."""


@define(kw_only=True)
class Change(Model):
    """One changed path."""

    path: Path
    """The path after the change."""
    type: ChangeType
    """What happened to it."""
    node_type: NodeType
    """What is there."""
    content_id: str | None = None
    """The hash of the new content; zeros where there is none."""
    from_content_id: str | None = None
    """The hash of the old content; zeros where there was none."""
    src_path: Path | None = None
    """Where it was moved or copied from."""
    percent_unchanged: int | None = None
    """How much of a moved or copied file stayed; -1 where it was not compared."""
    executable: bool | None = None
    """Whether it may be executed after the change."""
    src_executable: bool | None = None
    """Whether it could be executed before."""
    conflict: Conflict | None = None
    """How the two sides of a pull request collide here."""
    properties: ChangeProperties | None = None
    """What the server adds."""

"""Files and directories."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.datacenter.models.changes import NodeType, Path
from bbasync.datacenter.models.commits import Commit
from bbasync.datacenter.models.users import Author
from bbasync.model import Model, OpenEnum

__all__ = ["ArchiveFormat", "Blame", "DirectoryEntry", "FileLine", "FileSize", "LastModified", "PathType"]


class ArchiveFormat(OpenEnum):
    """Format of an archive."""

    ZIP = "zip"
    TAR = "tar"
    TAR_GZ = "tar.gz"
    TGZ = "tgz"


@define(kw_only=True)
class DirectoryEntry(Model):
    """A file, directory or submodule in a directory."""

    path: Path
    """The path, relative to the directory that was listed."""
    type: NodeType
    """Type of the object."""
    content_id: str | None = None
    """Hash of the content; None for a directory."""
    size: int | None = None
    """Size in bytes; None for a directory or submodule."""


@define(kw_only=True)
class Blame(Model):
    """Consecutive lines of a file that were last changed by the same commit."""

    author: Author
    """The author of the commit."""
    author_timestamp: datetime
    """When the commit was authored."""
    commit_id: str
    """Hash of the commit."""
    commit_display_id: str
    """The abbreviated hash of the commit."""
    file_name: str
    """Path of the file in that commit."""
    line_number: int
    """The first of the lines, counted from 1."""
    spanned_lines: int
    """Number of the lines."""
    committer: Author | None = None
    """The committer; None on older servers."""
    committer_timestamp: datetime | None = None
    """When the commit was committed; None on older servers."""


@define(kw_only=True)
class FileLine(Model):
    """A line of a file."""

    text: str
    """The text, without the line break."""
    blame: Blame | None = None
    """The commit that last changed it; None unless requested with `blame`."""


@define(kw_only=True)
class FileSize(Model):
    """The size of a file."""

    size: int
    """Size in bytes."""


@define(kw_only=True)
class PathType(Model):
    """The type of the object at a path."""

    type: NodeType
    """Type of the object."""


@define(kw_only=True)
class LastModified(Model):
    """The last commits to the contents of a directory."""

    files: dict[str, Commit]
    """The last commit to each file or directory, by its name."""
    latest_commit: Commit
    """The last commit to the directory itself."""

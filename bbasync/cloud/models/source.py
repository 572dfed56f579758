"""Files and directories of a repository at a commit."""

from __future__ import annotations

from typing import ClassVar

from attrs import define

from bbasync.cloud.models.commits import BaseCommit
from bbasync.model import Model, OpenEnum

__all__ = ["ArchiveFormat", "BaseFile", "CommitDirectory", "CommitFile", "FileAttribute", "TreeEntry"]


class ArchiveFormat(OpenEnum):
    """Format of a source archive."""

    ZIP = "zip"
    TAR_GZ = "tar.gz"
    TAR_BZ2 = "tar.bz2"


class FileAttribute(OpenEnum):
    """Attribute of a file."""

    LINK = "link"
    EXECUTABLE = "executable"
    SUBREPOSITORY = "subrepository"
    BINARY = "binary"
    LFS = "lfs"


@define(kw_only=True)
class BaseFile(Model):
    """A file as embedded in diff stats."""

    path: str
    """The path, relative to the root of the repository."""
    escaped_path: str | None = None
    """The path as escaped in diffs; None if not sent."""


@define(kw_only=True)
class CommitFile(BaseFile):
    """A file at a commit."""

    types: ClassVar = ("commit_file",)
    commit: BaseCommit
    """The commit it was read at; in a file history, a commit that changed the file."""
    attributes: list[FileAttribute]
    """The attributes; empty for a plain text file."""
    size: int | None = None
    """Size in bytes."""
    mimetype: str | None = None
    """The media type, guessed from the file name."""


@define(kw_only=True)
class CommitDirectory(Model):
    """A directory at a commit."""

    types: ClassVar = ("commit_directory",)
    path: str
    """The path, relative to the root of the repository; empty for the root itself."""
    commit: BaseCommit
    """The commit it was read at, not the one that last changed it."""


TreeEntry = CommitFile | CommitDirectory

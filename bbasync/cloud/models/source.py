"""Files and directories of a repository at a commit."""

from __future__ import annotations

from typing import ClassVar

from attrs import define

from bbasync.cloud.models.commits import BaseCommit
from bbasync.model import Model, OpenEnum

__all__ = ["BaseFile", "CommitDirectory", "CommitFile", "FileAttribute", "TreeEntry"]


class FileAttribute(OpenEnum):
    """What is special about a file."""

    LINK = "link"
    EXECUTABLE = "executable"
    SUBREPOSITORY = "subrepository"
    BINARY = "binary"
    LFS = "lfs"


@define(kw_only=True)
class BaseFile(Model):
    """A file as diff stats hold it."""

    path: str
    """The path from the repository's root."""
    escaped_path: str | None = None
    """The path as diffs write it, where the vendor tells."""


@define(kw_only=True)
class CommitFile(BaseFile):
    """A file at a commit."""

    types: ClassVar = ("commit_file",)
    commit: BaseCommit
    """The commit it was read at; in a file's history, one that changed it."""
    attributes: list[FileAttribute]
    """What is special about it; empty for a plain text file."""
    size: int | None = None
    """Its size in bytes."""
    mimetype: str | None = None
    """The media type that its name suggests."""


@define(kw_only=True)
class CommitDirectory(Model):
    """A directory at a commit."""

    types: ClassVar = ("commit_directory",)
    path: str
    """The path from the repository's root, empty for the root itself."""
    commit: BaseCommit
    """The commit it was read at, not the one that changed it last."""


TreeEntry = CommitFile | CommitDirectory

"""Differences between two commits, per file, and merge conflicts."""

from __future__ import annotations

from attrs import define

from bbasync.cloud.models.source import BaseFile
from bbasync.model import Model, OpenEnum

__all__ = ["ConflictScenario", "DiffStat", "DiffStatus", "FileConflict"]


class DiffStatus(OpenEnum):
    """How a file was changed."""

    ADDED = "added"
    REMOVED = "removed"
    MODIFIED = "modified"
    RENAMED = "renamed"


class ConflictScenario(OpenEnum):
    """Reason for a conflict; of the two changes, the source's is named first."""

    DELETE_MODIFY = "delete_modify"
    MODIFY_DELETE = "modify_delete"
    CONTENT = "content"
    BINARY = "binary"
    FLAGS = "flags"
    MODE = "mode"
    TYPE = "type"
    SYMLINK = "symlink"
    DIRECTORY_FILE = "directory_file"
    FILE_DIRECTORY = "file_directory"
    ADD_RENAME = "add_rename"
    RENAME_ADD = "rename_add"
    DELETE_RENAME = "delete_rename"
    RENAME_DELETE = "rename_delete"
    RENAME = "rename"
    SUBREPO = "subrepo"
    UNKNOWN = "unknown"


@define(kw_only=True)
class DiffStat(Model):
    """A summary of the changes to a file."""

    status: DiffStatus
    """How the file was changed."""
    lines_added: int
    """Number of added lines; 0 for a binary file."""
    lines_removed: int
    """Number of removed lines; 0 for a binary file."""
    old: BaseFile | None = None
    """The file before the change; None if it was added."""
    new: BaseFile | None = None
    """The file after the change; None if it was removed."""


@define(kw_only=True)
class FileConflict(Model):
    """A file that cannot be merged automatically."""

    path: str
    """The path of the file."""
    scenario: ConflictScenario
    """The reason for the conflict."""
    message: str | None = None
    """The reason as text."""

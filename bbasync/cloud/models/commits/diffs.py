"""Differences between two commits, by file, and merge conflicts."""

from __future__ import annotations

from attrs import define

from bbasync.cloud.models.source import BaseFile
from bbasync.model import Model, OpenEnum

__all__ = ["ConflictScenario", "DiffStat", "DiffStatus", "FileConflict"]


class DiffStatus(OpenEnum):
    """What happened to a file."""

    ADDED = "added"
    REMOVED = "removed"
    MODIFIED = "modified"
    RENAMED = "renamed"


class ConflictScenario(OpenEnum):
    """Why a file conflicts; of two changes, the source's is named first."""

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
    """How much of a file was changed."""

    status: DiffStatus
    """What happened to the file."""
    lines_added: int
    """How many lines are new; 0 for a binary file."""
    lines_removed: int
    """How many lines are gone; 0 for a binary file."""
    old: BaseFile | None = None
    """The file before; None for a new one."""
    new: BaseFile | None = None
    """The file after; None for a removed one."""


@define(kw_only=True)
class FileConflict(Model):
    """A file that cannot be merged by itself."""

    path: str
    """The file's path."""
    scenario: ConflictScenario
    """Why it conflicts."""
    message: str | None = None
    """The same in words."""

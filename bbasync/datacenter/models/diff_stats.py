"""Statistics of diffs."""

from __future__ import annotations

from attrs import define

from bbasync.model import Model

__all__ = ["DiffStatsSummary"]


@define(kw_only=True)
class DiffStatsSummary(Model):
    """Totals of a diff; the vendor documents the numbers without their names, so `raw` may have others."""

    modified_files: int
    """Number of changed files."""
    added_lines: int
    """Number of added lines."""
    deleted_lines: int
    """Number of removed lines."""

"""Changes of pull requests."""

from __future__ import annotations

from bbasync.model import OpenEnum

__all__ = ["ChangeScope"]


class ChangeScope(OpenEnum):
    """Which changes of a pull request a list returns."""

    ALL = "ALL"
    RANGE = "RANGE"
    UNREVIEWED = "UNREVIEWED"

"""Bitbucket Data Center: `DataCenterSession` and `models`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync._lazy import attach

if TYPE_CHECKING:
    from . import models as models
    from .session import DataCenterSession as DataCenterSession

__all__ = ["DataCenterSession", "models"]

if not TYPE_CHECKING:  # type checkers would take any name for an object
    __getattr__, __dir__ = attach(
        __name__,
        {
            "models": "models",
            "session": "DataCenterSession",
        },
    )

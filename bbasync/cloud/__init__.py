"""Bitbucket Cloud: `CloudSession`, `Q` to write queries, `watch` to poll for changes, and `models`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync._lazy import attach

if TYPE_CHECKING:
    from . import models as models
    from . import watch as watch
    from .query import Expression as Expression
    from .query import Q as Q
    from .session import CloudSession as CloudSession

__all__ = ["CloudSession", "Expression", "Q", "models", "watch"]

if not TYPE_CHECKING:  # type checkers would take any name for an object
    __getattr__, __dir__ = attach(
        __name__,
        {
            "models": "models",
            "query": "Expression Q",
            "session": "CloudSession",
            "watch": "watch",
        },
    )

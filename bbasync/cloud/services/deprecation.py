"""Warns of operations that Bitbucket Cloud is going to remove."""

from __future__ import annotations

import inspect
import warnings
from typing import Final

__all__ = ["warn_deprecated"]

_WARNED: Final[set[str]] = set()


def warn_deprecated(what: str, date: str, replacement: str) -> None:
    """Warn once a process that the vendor ends its support of something on a date, with what replaces it."""
    if what in _WARNED:
        return
    _WARNED.add(what)
    frame, level = inspect.currentframe(), 1
    while frame is not None and str(frame.f_globals.get("__name__")).startswith("bbasync."):
        frame, level = frame.f_back, level + 1  # up to the caller, who is shown deprecations in their own code only
    message = f"Bitbucket Cloud ends its support of {what} on {date}; {replacement}"
    warnings.warn(message, DeprecationWarning, stacklevel=level)

"""The `bbasync` command: crawl, export, single calls, and fakes to try them on."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command; exit status 0 is success, 1 an error, 2 wrong usage, 130 Ctrl-C."""
    try:
        from .app import app  # noqa: PLC0415 - so that a missing extra is one line
    except ModuleNotFoundError as error:
        sys.exit(f"bbasync: the command needs the package {error.name!r}; pip install 'bbasync[cli]'")
    app()

"""Errors of a command: one line on standard error and an exit status, never a traceback."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from bbasync.errors import BitbucketError, clip

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["guarded"]


@contextmanager
def guarded(interrupted: str = "stopped") -> Generator[None]:
    """Turn what a user can cause into a line and an exit status; anything else is a bug and keeps its traceback."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"bbasync: {interrupted}", err=True)
        raise typer.Exit(130) from None
    except BrokenPipeError:
        raise typer.Exit(1) from None  # `bbasync export | head`
    except (BitbucketError, ValueError, OSError) as error:
        typer.echo(f"bbasync: {_line(error)}", err=True)
        raise typer.Exit(1) from None


def _line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return clip(f"{error.strerror}{f': {error.filename}' if error.filename else ''}")
    return " ".join(str(error).split())

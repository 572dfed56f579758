"""Errors of a command: one line on standard error and an exit status, never a traceback."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from bbasync.errors import BitbucketError

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["guarded", "printable", "tell"]


def printable(text: str) -> str:
    """Return a text on one line, without what a server's words could steer the terminal with."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def tell(text: str) -> None:
    """Print one line on standard error."""
    typer.echo(f"bbasync: {printable(text)}", err=True)


@contextmanager
def guarded(interrupted: str = "stopped") -> Generator[None]:
    """Turn what a user can cause into a line and an exit status; anything else is a bug and keeps its traceback."""
    try:
        yield
    except KeyboardInterrupt:
        tell(interrupted)
        raise typer.Exit(130) from None
    except BrokenPipeError:
        raise typer.Exit(1) from None  # `bbasync export | head`
    except (BitbucketError, ValueError, OSError) as error:
        tell(_text(error))
        raise typer.Exit(1) from None


def _text(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)

"""Errors of a command: one line on standard error and an exit status, never a traceback."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from bbasync.errors import BitbucketError

from .text import printable

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["guarded", "tell"]


def tell(text: str) -> None:
    """Print one line on standard error."""
    typer.echo(f"bbasync: {printable(text)}", err=True)


@contextmanager
def guarded(interrupted: str = "stopped") -> Generator[None]:
    """Turn what a user can cause into a line and an exit status; anything else is a bug and keeps its traceback."""
    warnings = _Warnings(logging.WARNING)
    logger = logging.getLogger("bbasync")
    logger.addHandler(warnings)
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
    finally:
        logger.removeHandler(warnings)


class _Warnings(logging.Handler):
    """Prints what the library logs as a line, too, where Python would print a traceback with the server's words."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        tell(record.getMessage() + (f": {error}" if error else ""))


def _text(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)

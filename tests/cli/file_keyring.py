"""A keyring in a folder, for commands in processes of their own."""

from __future__ import annotations

import os
import time
from pathlib import Path

from keyring.backend import KeyringBackend

from tests.waiting import PATIENCE

FOLDER = "KEYRING_FOLDER"
CROWD = "KEYRING_CROWD"
ROOT = Path(__file__).parents[2]


class FileKeyring(KeyringBackend):
    """Keeps each password in a file.

    With KEYRING_CROWD, nobody learns a token before so many processes have read it, so that all of them have the same.
    """

    priority = -1.0  # pyright: ignore - a property of classes in keyring; only those that ask for it get it

    @property
    def folder(self) -> Path:
        return Path(os.environ[FOLDER])

    @property
    def crowd(self) -> int:
        return int(os.environ[CROWD])

    def _file(self, username: str) -> Path:
        return self.folder / username.replace("/", "_")

    def get_password(self, service: str, username: str) -> str | None:
        file = self._file(username)
        password = file.read_text() if file.exists() else None
        if " at " in username:
            (self.folder / f"read by {os.getpid()}").touch()
            deadline = time.monotonic() + PATIENCE
            while len(list(self.folder.glob("read by *"))) < self.crowd:
                assert time.monotonic() < deadline, "the others have not come"
                time.sleep(0.01)
        return password

    def set_password(self, service: str, username: str, password: str) -> None:
        new = self.folder / f"{os.getpid()}.new"
        new.write_text(password)
        new.replace(self._file(username))

    def delete_password(self, service: str, username: str) -> None:
        self._file(username).unlink()


def environment(folder: Path, crowd: int = 1) -> dict[str, str]:
    """Return the environment of a command that uses it."""
    return {
        "PYTHONPATH": str(ROOT),
        "PYTHON_KEYRING_BACKEND": f"{FileKeyring.__module__}.{FileKeyring.__qualname__}",
        FOLDER: str(folder),
        CROWD: str(crowd),
    }

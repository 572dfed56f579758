"""mypy and pyright, both strict, find nothing to say about the programs of README.md."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

from tests.readme import FILES, README

STRICT: Final = {
    "mypy": ["--strict", "--config-file="],
    "pyright": ["--project=pyproject.toml", f"--pythonpath={sys.executable}"],
}
PROJECT: Final = f'[tool.pyright]\ntypeCheckingMode = "strict"\nextraPaths = ["{README.parent.as_posix()}"]\n'


def _check(checker: str, files: list[str], folder: Path) -> str:
    """Return what a type checker finds in files of the README, an empty string if nothing."""
    if find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed; it comes with the extra `dev`")
    for file in files:
        (folder / file).write_text(FILES[file].text, encoding="utf-8")
    (folder / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    names = files if checker == "mypy" else []  # pyright takes a project or files, not both
    command = [sys.executable, "-m", checker, *STRICT[checker], *names]
    environment = os.environ | {"MYPYPATH": str(README.parent)}
    checked = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)  # noqa: S603 - ours
    return checked.stdout + checked.stderr if checked.returncode else ""


@pytest.mark.parametrize("checker", STRICT)
def test_the_programs_are_typed(checker: str, tmp_path: Path) -> None:
    assert not _check(checker, [file for file in FILES if file is not None], tmp_path)

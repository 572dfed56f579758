"""mypy and pyright, both strict, accept every Python block of the documentation."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import pytest

from tests.chapters.reading import PYTHON, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chapters.reading import Block

STRICT: Final = {
    "mypy": ["--strict", "--config-file="],
    "pyright": ["--project=pyproject.toml", f"--pythonpath={sys.executable}"],
}
PROJECT: Final = f'[tool.pyright]\ntypeCheckingMode = "strict"\nextraPaths = ["{ROOT.as_posix()}"]\n'
PROMPT: Final = "from bbasync import CloudSession\n\n\nasync def example(bb: CloudSession) -> None:\n"
"""What stands before a block that is typed at a prompt where `bb` is open."""


def _write(block: Block, folder: Path) -> str:
    """Write a block as a module and return the name of the file."""
    name = block.file or f"{block.chapter.replace('/', '_').removesuffix('.md')}_{block.line}.py"
    prompt = (
        PROMPT if re.search(r"\bbb\.", block.text) and " as bb:" not in block.text else "async def example() -> None:\n"
    )
    text = block.text if block.is_program else prompt + textwrap.indent(block.text, "    ")
    (folder / name).write_text(text, encoding="utf-8")
    return name


@pytest.mark.parametrize("checker", STRICT)
def test_the_examples_are_typed(checker: str, tmp_path: Path) -> None:
    if find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed; it comes with the extra `dev`")
    files = [_write(block, tmp_path) for block in PYTHON]
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    names = files if checker == "mypy" else []  # pyright takes a project or files, not both
    command = [sys.executable, "-m", checker, *STRICT[checker], *names]
    environment = os.environ | {"MYPYPATH": str(ROOT)}
    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)  # noqa: S603 - ours
    assert checked.returncode == 0, checked.stdout + checked.stderr

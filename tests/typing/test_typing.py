"""mypy and pyright agree with what the files beside this one say about the public signatures."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

HERE: Final = Path(__file__).parent
FILES: Final = [str(HERE / "right.py"), str(HERE / "wrong.py")]


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_type_checker_infers_what_users_rely_on(checker: str) -> None:
    if find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed; it comes with the extra `dev`")
    command = [sys.executable, "-m", checker, *FILES]
    checked = subprocess.run(command, cwd=HERE.parents[1], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert checked.returncode == 0, checked.stdout + checked.stderr

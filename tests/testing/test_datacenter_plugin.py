"""The fixture that users of the library get."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TEST = """
import aiohttp
import pytest

@pytest.mark.asyncio
async def test_it(bitbucket_datacenter):
    url = bitbucket_datacenter.url + "/rest/api/latest/projects/PRJ"
    headers = {"Authorization": f"Bearer {bitbucket_datacenter.token}"}
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as response:
        assert (await response.json())["key"] == "PRJ"
"""


def test_fixture_works_in_strict_mode(tmp_path: Path) -> None:
    (tmp_path / "test_user.py").write_text(TEST)
    root = Path(__file__).parents[2]
    # Plugins are named one by one, so that it makes no difference whether the package is installed.
    environment = os.environ | {"PYTHONPATH": str(root), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    options = ["-W", "error", "-o", "asyncio_mode=strict", "-o", "asyncio_default_fixture_loop_scope=function"]
    plugins = ["-p", "pytest_asyncio.plugin", "-p", "bbasync.testing.plugin"]
    command = [sys.executable, "-m", "pytest", "-q", *options, *plugins, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # our own interpreter
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout

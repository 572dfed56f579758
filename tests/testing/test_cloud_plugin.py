"""What `import bbasync.testing` and its pytest plugin give, with and without what they can do without."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from bbasync import testing
from bbasync.testing import plugin

TEST = """
import aiohttp
import pytest

@pytest.mark.asyncio
async def test_it(bitbucket_cloud):
    url = bitbucket_cloud.url + "/repositories/acme/api"
    headers = {"Authorization": f"Bearer {bitbucket_cloud.access_tokens['acme']}"}
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as response:
        assert (await response.json())["slug"] == "api"
"""


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_fixture_works_in_both_modes(tmp_path: Path, mode: str) -> None:
    (tmp_path / "test_user.py").write_text(TEST)
    # Plugins are named one by one, so that it makes no difference whether the package is installed.
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    options = ["-W", "error", "-o", f"asyncio_mode={mode}", "-o", "asyncio_default_fixture_loop_scope=function"]
    plugins = ["-p", "pytest_asyncio.plugin", "-p", "bbasync.testing.plugin"]
    command = [sys.executable, "-m", "pytest", "-q", *options, *plugins, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # our own interpreter
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_plugin_loads_without_pytest_asyncio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytest_asyncio", None)
    assert "bitbucket_cloud" not in runpy.run_path(str(plugin.__file__))


def test_names_are_imported_when_they_are_used() -> None:
    lazy = "assert 'bbasync.testing.cloud.server' not in sys.modules"
    code = f"import sys, bbasync.testing; {lazy}; bbasync.testing.FakeCloud"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=True)  # noqa: S603  # our own interpreter
    assert all(hasattr(testing, name) for name in dir(testing))
    with pytest.raises(AttributeError, match="nosuch"):
        _ = testing.nosuch  # type: ignore[attr-defined]  # reading is what fails

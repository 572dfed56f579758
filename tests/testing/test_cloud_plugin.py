"""What `import bbasync.testing` and its pytest plugin give, with and without what they can do without."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bbasync import testing

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


def run(tests: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run pytest with the plugins that the options name, so that it makes no difference which are installed."""
    path = os.pathsep.join([str(Path(__file__).parents[2]), str(tests)])
    environment = os.environ | {"PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", *options, str(tests)]
    return subprocess.run(command, cwd=tests, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # our own interpreter


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_fixture_works_in_both_modes(tmp_path: Path, mode: str) -> None:
    (tmp_path / "test_user.py").write_text(TEST)
    options = ["-o", f"asyncio_mode={mode}", "-o", "asyncio_default_fixture_loop_scope=function"]
    done = run(tmp_path, *options, "-p", "pytest_asyncio.plugin", "-p", "bbasync.testing.plugin")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


@pytest.mark.parametrize("fixture", ["bitbucket_cloud", "bitbucket_datacenter"])
def test_a_fixture_says_what_to_install_without_pytest_asyncio(tmp_path: Path, fixture: str) -> None:
    (tmp_path / "hide.py").write_text("import sys; sys.modules['pytest_asyncio'] = None")
    (tmp_path / "test_user.py").write_text(f"def test_it({fixture}): pass\ndef test_other(): pass")
    done = run(tmp_path, "-p", "hide", "-p", "bbasync.testing.plugin")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 passed, 1 error" in done.stdout
    assert f"the fixture {fixture} needs pytest-asyncio: install it, and set `asyncio_mode = " in done.stdout
    assert "not found" not in done.stdout


def test_names_are_imported_when_they_are_used() -> None:
    lazy = "assert 'bbasync.testing.cloud.server' not in sys.modules"
    code = f"import sys, bbasync.testing; {lazy}; bbasync.testing.FakeCloud"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=True)  # noqa: S603  # our own interpreter
    assert all(hasattr(testing, name) for name in dir(testing))
    with pytest.raises(AttributeError, match="nosuch"):
        _ = testing.nosuch  # type: ignore[attr-defined]  # reading is what fails

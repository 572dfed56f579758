"""Prism, a mock server that judges requests by the vendor's descriptions."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from tests.meta.vendor import DATA, is_there
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

START_SECONDS: Final = 180
"""The first start may download Prism."""
PREFIXES: Final = {"cloud": "/2.0", "datacenter": "/rest"}
OPTIONS: Final[dict[str, tuple[str, ...]]] = {"cloud": (), "datacenter": ("--errors",)}
needs_prism: Final = pytest.mark.skipif(
    not is_there or shutil.which("npx") is None,
    reason="Prism needs Node's npx, and BBASYNC_VENDOR_DATA naming a folder with specs/, recorded/ and tools/",
)


@contextmanager
def serve(product: str, folder: Path) -> Generator[str, None, None]:
    """Run Prism on a description and yield its address; RuntimeError if it does not start."""
    spec = folder / f"{product}.json"
    source = DATA / "specs" / f"{product}.openapi.json"
    prepare = [sys.executable, str(DATA / "tools" / "prism_spec.py"), str(source), str(spec), PREFIXES[product]]
    subprocess.run(prepare, check=True)  # noqa: S603 - the data's own tool
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *("npx", "--yes", "@stoplight/prism-cli", "mock", "--verboseLevel", "error"),
        *("--host", "127.0.0.1", "--port", str(port), *OPTIONS[product], str(spec)),
    ]
    log = folder / f"{product}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)  # noqa: S603 - as above
        try:
            _await_start(process, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            # npx runs Prism as a child of its own, so the whole group is ended.
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(PATIENCE)


def _await_start(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"Prism did not start:\n{log.read_text(errors='replace')[-2000:]}")

"""Runs nginx as a reverse proxy on a loopback port."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Final, Self

from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

PROGRAM: Final = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
KEEP_HOST: Final = "proxy_set_header Host $http_host;"
"""What makes the server behind the proxy write its links as the client sees them."""
_TEMPORARY: Final = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Nginx:
    """One nginx in front of one server: runs from `start` to `stop`, or inside `with`; its port stays the same.

    `http`, `server` and `location` are directives for the blocks of these names.
    """

    def __init__(
        self, folder: Path, upstream: str, *, http: str = "", server: str = "", location: str = KEEP_HOST
    ) -> None:
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.origin}/2.0"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(exist_ok=True)
        (folder / "nginx.conf").write_text(self._config(upstream, http, server, location))

    def _config(self, upstream: str, http: str, server: str, location: str) -> str:
        temporary = " ".join(f"{name}_temp_path {self._folder}/{name};" for name in _TEMPORARY)
        return f"""
            {"user root;" if os.getuid() == 0 else ""}  # another user could not enter the folder
            daemon off;
            worker_processes 1;
            pid {self._folder}/nginx.pid;
            events {{ worker_connections 256; }}
            http {{
                access_log off;
                {temporary}
                {http}
                server {{
                    listen 127.0.0.1:{self.port};
                    {server}
                    location / {{ proxy_pass {upstream}; {location} }}
                }}
            }}
        """

    def start(self) -> None:
        assert PROGRAM is not None
        log = self._folder / "error.log"
        command = [PROGRAM, "-p", str(self._folder), "-e", str(log), "-c", str(self._folder / "nginx.conf")]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - ours
        deadline = time.monotonic() + PATIENCE
        while not is_open(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"nginx does not run: {log.read_text()}")
            time.sleep(0.005)

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # it leads a group of its own, with its workers in it
            process.wait()

    def reload(self) -> None:
        """Have new workers take over; the old ones end what they have begun."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def is_open(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0

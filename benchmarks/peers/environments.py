"""The peers, and an environment for each under `benchmarks/.peers/`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from attrs import frozen

HOME: Final = Path(__file__).parents[1] / ".peers"
MODERN: Final = ("3.14", "3.13", "3.12")
"""Pythons to look for, best first, where a peer does not run on our own."""


@frozen
class Peer:
    """A client from a registry."""

    name: str
    version: str
    yields: str
    worker: str
    """A module of this folder, or a script for node."""
    note: str = ""
    modern: bool = False
    """Needs a newer Python than we do."""

    @property
    def home(self) -> Path:
        """Return the folder of its environment."""
        return HOME / self.name

    @property
    def refusal(self) -> Path:
        """Return the file that says why it could not be installed."""
        return HOME / f"{self.name}.txt"

    @property
    def node(self) -> bool:
        """Tell whether it is node's."""
        return self.worker.endswith(".js")

    @property
    def title(self) -> str:
        """Return the name with its registry, where that is not PyPI."""
        return f"npm {self.name}" if self.node else self.name

    def command(self) -> list[str] | str:
        """Return what starts the worker, or why it cannot be started."""
        runs = self.home / ("node_modules" if self.node else "bin/python")
        if not runs.exists():
            reason = self.refusal.read_text() if self.refusal.exists() else "run `python -m benchmarks.peers install`"
            return f"not installed: {reason}"
        if self.node:
            return ["node", str(Path(__file__).with_name(self.worker))]
        return [str(runs), "-m", f"benchmarks.peers.{self.worker}"]


PEERS: Final = (
    Peer(
        "bitbucket-unofficial-sdk",
        "1.0.3",
        "pydantic models",
        "sdk_worker",
        "is for Python 3.14; for an older one its `except A, B` were put in parentheses",
        modern=True,
    ),
    Peer(
        "bitbucket-python",
        "0.3.2",
        "dicts",
        "bitbucket_python_worker",
        "takes a client a workspace, each asks for /user",
    ),
    Peer("atlassian-python-api", "5.0.5", "objects around dicts", "atlassian_worker", "lists 10 a page, takes no size"),
    Peer("bitbucket", "2.12.0", "objects of JavaScript", "npm_worker.js"),
)


class CannotInstallError(Exception):
    """Says why."""


def install(peer: Peer) -> str | None:
    """Make its environment again, and return why that failed."""
    shutil.rmtree(peer.home, ignore_errors=True)
    peer.refusal.unlink(missing_ok=True)
    try:
        if peer.node:
            _install_node(peer)
        else:
            _install_python(peer)
    except CannotInstallError as error:
        shutil.rmtree(peer.home, ignore_errors=True)
        HOME.mkdir(exist_ok=True)
        peer.refusal.write_text(str(error))
        return str(error)
    return None


def _install_node(peer: Peer) -> None:
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise CannotInstallError("there is no node with npm here")
    peer.home.mkdir(parents=True)
    _run("npm", "install", "--no-audit", "--no-fund", "--prefix", str(peer.home), f"{peer.name}@{peer.version}")


def _install_python(peer: Peer) -> None:
    version = _newest() if peer.modern else None
    if peer.modern and version is None:
        raise CannotInstallError(f"it needs Python {MODERN[0]}, and none from {MODERN[-1]} on is here")
    _run(version or sys.executable, "-m", "venv", str(peer.home))
    python = str(peer.home / "bin" / "python")
    options = ["-q", "--ignore-requires-python"] if peer.modern else ["-q"]
    _run(python, "-m", "pip", "install", *options, f"{peer.name}=={peer.version}")
    if peer.modern:
        _parenthesise(peer.home)


def _parenthesise(home: Path) -> None:
    """Let Python 3.12 and 3.13 read `except A, B:`, all of 3.14 that bitbucket-unofficial-sdk makes use of."""
    for path in home.glob("lib/python3.1[23]/site-packages/bitbucket/**/*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"(?m)^( *except) (\w+(?:, \w+)+):$", r"\1 (\2):", text), encoding="utf-8")


def _newest() -> str | None:
    for version in MODERN:
        installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
        for candidate in (f"python{version}", *map(str, installed)):
            check = f"import sys; sys.exit('%d.%d' % sys.version_info[:2] != '{version}')"
            if shutil.which(candidate) and _ends_well(candidate, "-c", check):
                return candidate
    return None


def _ends_well(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"})
    if done.returncode != 0:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise CannotInstallError(said[-1] if said else f"{command[0]} ended with {done.returncode}")

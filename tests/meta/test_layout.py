"""The layout: which module may import which, how large files and functions are, what an import costs."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from importlib.util import resolve_name
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = sorted(ROOT.glob("bbasync/**/*.py"))
BENCHMARKS: Final = [path for path in ROOT.glob("benchmarks/**/*.py") if ".peers" not in path.parts]
ALL: Final = sorted({*PACKAGE, *ROOT.glob("tests/**/*.py"), *BENCHMARKS})
by_file = pytest.mark.parametrize("path", PACKAGE, ids=lambda path: str(path.relative_to(ROOT)))
by_any_file = pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(ROOT)))

CORE: Final = (
    {"errors", "_lazy", "_pydantic"},
    {"request"},
    {"model", "retry", "response", "paging", "concurrency", "auth"},
    {"rate", "transport", "convert"},
    {"pipeline"},
    {"session"},
    {"service", "aio", "oauth"},
)
"""The core from the bottom up: a module imports from the layers below its own, and `rate` from `concurrency`."""
PURE: Final = {"errors", "_lazy", "_pydantic", "request", "rate", "retry", "response", "paging", "model", "convert"}
"""They import no aiohttp, so that most of the logic is tested without a socket."""
LAYER: Final = {name: number for number, names in enumerate(CORE) for name in names}
ABOVE: Final = {
    "rate": {"concurrency", "errors"},
    "cloud": {*LAYER},
    "datacenter": {*LAYER},
    "webhooks": {*LAYER, "cloud", "datacenter"},
    "testing": {*LAYER, "cloud", "datacenter"},
    "crawl": {*LAYER, "cloud", "datacenter"},
    "cli": {*LAYER, "cloud", "datacenter", "crawl", "testing"},
}
"""What each folder may import beside itself."""
OF_A_SERVICE: Final = {"service", "paging", "request", "errors", "session", "auth"}
"""`session` for the annotation of streams alone, `auth` for secrets."""


INTERNAL: Final = {"testing", "crawl", "cli"}
"""Folders whose public names are those of their `__init__`."""


def imports(path: Path) -> Iterator[str]:
    """Yield the modules a file imports, those for annotations and inside functions too."""
    package = ".".join(path.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package)
            is_package = (ROOT / Path(*module.split("."))).is_dir()
            yield from (f"{module}.{alias.name}" for alias in node.names) if is_package else (module,)


def own_imports(path: Path) -> set[str]:
    """Return the package's own modules that a file imports, without `bbasync.`."""
    found = {name.removeprefix("bbasync.") for name in imports(path) if name.startswith("bbasync.")}
    return found - {"__version__"}


@by_file
def test_arrows_run_one_way(path: Path) -> None:
    head, *rest = path.relative_to(ROOT / "bbasync").with_suffix("").parts
    if head in {"__init__", "__main__"} and not rest:
        return  # the public names, imported lazily
    heads = {name.partition(".")[0] for name in own_imports(path)}
    if rest:
        assert heads <= {head} | ABOVE[head]
    else:
        assert all(LAYER[name] < LAYER[head] for name in heads), heads


@by_file
def test_a_service_imports_only_what_services_are_made_of(path: Path) -> None:
    product, *rest = path.relative_to(ROOT / "bbasync").with_suffix("").parts
    if rest[:1] != ["services"]:
        return
    own = (f"{product}.models.", f"{product}.services.", f"{product}.query", f"{product}.limits")
    assert all(name in OF_A_SERVICE or name.startswith(own) for name in own_imports(path))


def test_the_pure_part_of_the_core_imports_no_aiohttp() -> None:
    for name in PURE:
        module = ROOT / "bbasync" / name
        for path in module.glob("*.py") if module.is_dir() else [module.with_suffix(".py")]:
            assert "aiohttp" not in {imported.partition(".")[0] for imported in imports(path)}


@by_any_file
def test_files_and_functions_fit(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 600
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 60, f"{node.name} has {length} lines"


@by_file
def test_a_public_module_says_what_is_public(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "a module says what it is for"
    public = {
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_")
    }
    if not public or path.relative_to(ROOT).parts[1] in INTERNAL:
        return
    targets = [ast.unparse(node.targets[0]) for node in tree.body if isinstance(node, ast.Assign)]
    assert "__all__" in targets


def test_an_import_loads_no_model_and_little_else(capsys: pytest.CaptureFixture[str]) -> None:
    program = """
import sys, time
times = [time.perf_counter()]
import aiohttp
times.append(time.perf_counter())
import bbasync
times.append(time.perf_counter())
bbasync.CloudSession, bbasync.DataCenterSession, bbasync.ApiToken
times.append(time.perf_counter())
print(*(round((after - before) * 1000) for before, after in zip(times, times[1:])))
print(*sorted(name for name in sys.modules if name.startswith("bbasync")))
"""
    lazily = "import sys, bbasync; print(*sorted(name for name in sys.modules if name.startswith('bbasync')))"
    assert _run(lazily).split() == ["bbasync", "bbasync._lazy"]
    times, modules = _run(program).splitlines()
    folders = {name.split(".")[2] for name in modules.split() if name.count(".") > 1}
    assert not folders & {"models", "services"}
    assert not {"testing", "crawl", "cli"} & {name.split(".")[1] for name in modules.split() if "." in name}
    with capsys.disabled():
        sys.stdout.write(f"\nimport aiohttp, then bbasync, then both sessions: {' + '.join(times.split())} ms\n")


def _run(program: str) -> str:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environ).stdout  # noqa: S603 - our own text

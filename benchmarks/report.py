"""Where figures go: a table on the terminal, and JSON and a chart in `results/`, which the README shows."""
# matplotlib leaves its **kwargs untyped
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING

import matplotlib as mpl
import orjson
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from .figures import RESULTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Value = str | float | None
    """What stands in a cell; None is what could not be measured."""


def report(name: str, title: str, rows: Sequence[Mapping[str, Value]]) -> None:
    """Print the rows, whose keys are the columns and tell the unit, and write them to `results/<name>.json`."""
    table = Table(title=title, title_justify="left")
    for column in rows[0]:
        table.add_column(column, justify="left" if isinstance(rows[0][column], str) else "right")
    for row in rows:
        table.add_row(*map(_cell, row.values()))
    Console().print(table)
    RESULTS.mkdir(exist_ok=True)
    document = {
        "command": f"python -m benchmarks.{name}",
        "title": title,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "versions": {package: version(package) for package in ("aiohttp", "attrs", "bbasync", "cattrs", "orjson")},
        "rows": rows,
    }
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    (RESULTS / f"{name}.json").write_bytes(text)


def bar_chart(name: str, title: str, unit: str, bars: Mapping[str, float], *, goal: float | None = None) -> None:
    """Draw one horizontal bar a label into `results/<name>.svg`, with a dashed line at the goal."""
    mpl.rcParams.update({"svg.hashsalt": name, "svg.fonttype": "none"})  # the same figures draw the same small file
    figure = Figure(figsize=(7.2, 0.6 + 0.38 * len(bars)), layout="constrained")
    axes = figure.subplots()
    colors = ["#2563eb" if label.startswith("bbasync") else "#94a3b8" for label in bars]
    drawn = axes.barh(list(bars), list(bars.values()), color=colors)
    axes.bar_label(drawn, fmt="%.3g", padding=3)
    axes.invert_yaxis()
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_xlabel(unit)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.12)
    if goal is not None:
        axes.axvline(goal, linestyle="--", linewidth=1, color="#dc2626")
    RESULTS.mkdir(exist_ok=True)
    figure.savefig(RESULTS / f"{name}.svg", metadata={"Date": None})


def _cell(value: Value) -> str:
    match value:
        case None:
            return "-"
        case float():
            return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
        case _:
            return str(value)

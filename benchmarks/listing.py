"""List 5,000 repositories of 4 KB, 100 a page, typed: against bare aiohttp and orjson, and against peers.

The peers are those of `python -m benchmarks.peers install`.
"""

from __future__ import annotations

from .peers import table
from .peers.clients import interleave, running
from .report import bar_chart, report
from .server import serving

COUNT = 5000


def main() -> None:
    """Print the table."""
    rows: list[dict[str, str | float | None]] = []
    bars: dict[str, float] = {}
    with running() as clients:
        for latency in (0.0, 0.02):
            with serving(COUNT, latency) as base:
                interleave(clients, {"job": "repositories", "base": base, "workspaces": ["acme"], "at_once": 1}, COUNT)
            rows += table.rows(clients, latency)
            bars |= table.bars(clients, latency)
    title = f"List {COUNT:,} repositories of 4 KB, 100 a page"
    report("listing", f"{title}, medians of the rounds", rows)
    bar_chart("listing", title, "times as long as bare aiohttp + orjson", bars, goal=table.LIMIT)


if __name__ == "__main__":
    main()

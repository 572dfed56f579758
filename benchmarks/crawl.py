"""List 50 workspaces of 500 repositories, 16 at a time, 20 ms away: against bare aiohttp and orjson, and peers.

The peers are those of `python -m benchmarks.peers install`.
"""

from __future__ import annotations

from .peers import table
from .peers.clients import interleave, running
from .report import bar_chart, report
from .server import serving

WORKSPACES = 50
COUNT = 500
AT_ONCE = 16
LATENCY = 0.02


def main() -> None:
    """Print the table."""
    job = {"job": "repositories", "workspaces": [f"ws-{number}" for number in range(WORKSPACES)], "at_once": AT_ONCE}
    with running() as clients, serving(COUNT, LATENCY) as base:
        interleave(clients, {**job, "base": base}, WORKSPACES * COUNT)
        title = f"List {WORKSPACES} workspaces of {COUNT} repositories, {AT_ONCE} at a time, 100 a page"
        report("crawl", f"{title}, medians of the rounds", table.rows(clients, LATENCY))
        bars = table.bars(clients, LATENCY)
        bar_chart("crawl", title, "times as long as bare aiohttp + orjson", bars, goal=table.LIMIT)


if __name__ == "__main__":
    main()

"""Print the tables of figures in README.md, from what the other modules wrote into `results/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import orjson

RESULTS: Final = Path(__file__).parent / "results"


def rows(name: str, **wanted: object) -> list[dict[str, Any]]:
    """Return the rows of a module's results whose cells are the wanted ones; `_` in a name stands for a blank."""
    found: list[dict[str, Any]] = orjson.loads((RESULTS / f"{name}.json").read_bytes())["rows"]
    return [row for row in found if all(row[key.replace("_", " ")] == value for key, value in wanted.items())]


def ours(name: str, **wanted: object) -> dict[str, Any]:
    """Return the row of this library."""
    (row,) = (row for row in rows(name, **wanted) if row["client"].split(" ")[0] == "bbasync")
    return row


def goals() -> str:
    """Return the table of goals, what was measured, and by which command."""
    repositories = "list 5,000 repositories, {} away, against bare aiohttp + orjson"
    least = [row["least %"] for row in rows("ratelimit", client="bbasync", foreign="none")]
    refused = sum(row["429s a window"] for row in rows("ratelimit", server="Cloud", client="bbasync", foreign="none"))
    (pull_request,) = rows("decode", object="pull request", decoder="bbasync")
    (more,) = rows("memory", commits="difference")
    first, later = (rows("budget", run=run, requests_to="all")[0] for run in ("first crawl", "after changes"))
    lines = [
        (repositories.format("0 ms"), "1.3 x", times(ours("listing", latency_ms=0)["x bare"]), "listing"),
        (repositories.format("20 ms"), "1.3 x", times(ours("listing", latency_ms=20)["x bare"]), "listing"),
        (
            "list 50 workspaces of 500 at once, 20 ms away, against the same",
            "1.3 x",
            times(ours("crawl")["x bare"]),
            "crawl",
        ),
        ("one small GET more than bare, one at a time", "120 µs", micro(1), "overhead"),
        ("the same, 64 at a time", "60 µs", micro(64), "overhead"),
        ("decode a pull request into its model, against orjson.loads", "2.2 x", times(pull_request["ratio"]), "decode"),
        ("stream 1,000,000 commits, more memory than 10,000", "5 MB", f"{more['peak MB']:.1f} MB", "memory"),
        ("budget used in the worst window, without others", "97 % or more", f"{min(least):.1f} %", "ratelimit"),
        ("429s of Cloud meanwhile", "0", f"{refused:.0f}", "ratelimit"),
        ("requests of a first crawl, against the fewest", "1.03 x", times(first["times"]), "budget"),
        ("requests of a crawl after changes, against the fewest", "1.03 x", times(later["times"]), "budget"),
    ]
    table = ["| what | goal, at most | measured | `python -m` |", "|---|---|---|---|"]
    return "\n".join(
        [*table, *(f"| {what} | {goal} | {found} | `benchmarks.{name}` |" for what, goal, found, name in lines)]
    )


def times(ratio: float) -> str:
    """Return a ratio as it is written."""
    return f"{ratio:.2f} x"


def micro(at_once: int) -> str:
    """Return what a call costs over bare aiohttp."""
    return f"{ours('overhead', at_a_time=at_once)['us over bare']:.0f} µs"


def peers() -> str:
    """Return the table of clients side by side: seconds, requests, and microseconds a call."""
    table = [
        "| client | 5,000 repositories, 0 ms | 20 ms | 50 workspaces | requests | a call, 1 at a time | 64 |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows("listing", latency_ms=0):
        client = row["client"]
        if client == "server alone":
            continue
        cells = [
            seconds(row),
            *(seconds(found) for found in rows("listing", latency_ms=20, client=client)),
            *(seconds(found) for found in rows("crawl", client=client)),
            *(
                "-" if found["requests"] is None else f"{found['requests']:.0f}"
                for found in rows("crawl", client=client)
            ),
            *(call(found) for found in rows("overhead", client=client)),
        ]
        table.append(f"| {client} | {' | '.join(cells)} |")
    return "\n".join(table)


def seconds(row: dict[str, Any]) -> str:
    """Return a median as it is written."""
    return "-" if row["seconds"] is None else f"{row['seconds']:.2f} s"


def call(row: dict[str, Any]) -> str:
    """Return the cost of a call as it is written."""
    return "-" if row["us a call"] is None else f"{row['us a call']:.0f} µs"


def figures() -> str:
    """Return both tables, as they stand in README.md."""
    return f"{goals()}\n\n{peers()}\n"


if __name__ == "__main__":
    print(figures())

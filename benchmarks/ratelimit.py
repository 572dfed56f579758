"""How much of its budget a client gets, and how often it is answered with 429, as the server counts it.

Bitbucket Cloud accepts 1,000 requests in any rolling window; here the window is 10 s, not an hour, and the client with
one task, which could not spend as many, has 200. From one window after the first request on, the share of each rolling
window in use is the requests accepted in it over the limit. A place is free again one window after the server counted
it, and taken again when the next request has arrived. So what stays unused is the requests under way, up to 16 and the
answers that have not been read, of 1,000, while a burst passes, and nothing in between. The server takes 50 ms for a
request (20 ms for the client with one task), so that the bursts, a few seconds long, do not run at the pace that other
work leaves to the cores.

Data Center gives each user a bucket, here of the vendor's default size: 60, and 5 a second. Its share is the requests
accepted so far over those that the bucket has given so far, from 10 s after the first request on.

Foreign traffic is another client with the same credential: it asks steadily for 20 % of the budget, and what it gets
counts as used. Nobody tells a client of it, so some 429s must be. Peers have no limiter; the tasks of their users
continue after an error, as those of a crawl do.
"""

from __future__ import annotations

import asyncio
import math
import multiprocessing
import subprocess
import sys
import time
from contextlib import AsyncExitStack, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

import orjson
from attrs import define, evolve, field, frozen

from bbasync.testing import FakeCloud, FakeDataCenter
from bbasync.testing.cloud.rate import RateLimit
from bbasync.testing.datacenter.server import Rate

from .peers.clients import ROOT
from .peers.environments import PEERS
from .report import bar_chart, report

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from multiprocessing.connection import Connection

    from .report import Value

WINDOW: Final = 10.0
CAPACITY: Final = 60
FILL_RATE: Final = 5.0
FOREIGN: Final = 0.2
WINDOWS: Final = 3
PEER_WINDOWS: Final = 2
LATE: Final = 0.0005
"""Seconds by which what is written down is later than the server's decision, at most."""
GOAL: Final = 97.0
"""Percent of every window."""

CLOUD, DATA_CENTER = "Cloud", "Data Center"
PEER_TASKS: Final = 50
SPENDERS: Final = {
    "bitbucket-unofficial-sdk": "sdk_rate_worker",
    "bitbucket-python": "bitbucket_python_rate_worker",
    "atlassian-python-api": "atlassian_rate_worker",
    "bitbucket": "npm_rate_worker.js",
}
"""The worker of each peer."""


@frozen
class Case:
    """One client, with a server of its own."""

    client: str
    tasks: int
    product: str = CLOUD
    foreign: bool = False
    windows: int = WINDOWS
    delay: float = 0.0
    """Seconds after the others of its group: bursts at the same instant would measure the two cores."""
    told: bool = True
    """Whether a client of Data Center is informed of the limit, or has to find out."""

    @property
    def limit(self) -> int:
        """How many requests the server accepts within a window, if it is Bitbucket Cloud."""
        return 200 if self.tasks == 1 else 1000

    @property
    def latency(self) -> float:
        """How long the server takes, seconds."""
        return 0.02 if self.tasks == 1 else 0.05

    @property
    def seconds(self) -> float:
        """How long the client runs, a little over its windows."""
        return self.windows * WINDOW + 0.2

    @property
    def label(self) -> str:
        """The name in the chart."""
        parts = [self.client, self.product, f"{self.tasks} task{'s' * (self.tasks > 1)}"]
        return ", ".join([*parts, *["foreign"] * self.foreign, *["not announced"] * (not self.told)])


# -- the server, in a process of its own ------------------------------------------------------------------------------


@define
class Log:
    """What one server has seen, in seconds."""

    own: list[float] = field(factory=list[float])
    foreign: list[float] = field(factory=list[float])
    refused: list[float] = field(factory=list[float])
    """The client's requests that were answered 429."""
    is_foreign: bool = False
    """Whether the request that is being judged is the other client's."""

    def note(self, *, accepted: bool) -> None:
        """Write down a decision."""
        if self.is_foreign:
            if accepted:
                self.foreign.append(time.monotonic())
        else:
            (self.own if accepted else self.refused).append(time.monotonic())


class _Window(RateLimit):
    """The limit of Bitbucket Cloud, written down."""

    def __init__(self, log: Log, limit: int) -> None:
        super().__init__(limits={"api": limit}, window=WINDOW)
        self._log = log

    def accept(self, principal: str, group: str) -> bool:
        accepted = super().accept(principal, group)
        self._log.note(accepted=accepted)
        return accepted


@define
class _Bucket(Rate):
    """The limit of Data Center, written down."""

    log: Log = field(factory=Log, kw_only=True)

    def take(self, user: str) -> float:
        wait = super().take(user)
        self.log.note(accepted=not wait)
        return wait


async def _ask_too(log: Log, ask: Callable[[], object], rate: float) -> None:
    """Ask so many times a second, from the client's first request on."""
    while not log.own:  # noqa: ASYNC110 - the log is the server's
        await asyncio.sleep(0.01)
    started, count = log.own[0], 0
    while True:
        count += 1
        await asyncio.sleep(started + count / rate - time.monotonic())
        log.is_foreign = True
        ask()
        log.is_foreign = False


async def _open(stack: AsyncExitStack, case: Case, log: Log) -> tuple[dict[str, Any], Callable[[], object], float]:
    """Open a server; return its client's job, what another client asks, and how often a second."""
    if case.product == CLOUD:
        cloud = FakeCloud(workspaces=1, repositories=1, latency=case.latency)
        window = cloud.rate = _Window(log, case.limit)
        await stack.enter_async_context(cloud)
        job: dict[str, Any] = {"base": cloud.origin, "email": cloud.email, "token": cloud.token}
        if case.client == "bbasync":
            job["limit"] = {"limit": case.limit, "window": WINDOW}
        return job, lambda: window.accept(FakeCloud.email, "api"), FOREIGN * case.limit / WINDOW
    server = FakeDataCenter(projects=1, repositories=1, latency=case.latency)
    bucket = server.rate = _Bucket(CAPACITY, FILL_RATE, log=log)
    await stack.enter_async_context(server)
    limit = {"capacity": CAPACITY, "fill_rate": FILL_RATE} if case.told else {}
    job = {"base": server.url, "email": "", "token": server.token, "limit": limit}
    return job, lambda: bucket.take(server.username), FOREIGN * FILL_RATE


async def _serve(pipe: Connection, cases: Sequence[Case]) -> None:
    logs = [Log() for _ in cases]
    async with AsyncExitStack() as stack:
        jobs: list[dict[str, Any]] = []
        others: list[asyncio.Task[None]] = []
        for case, log in zip(cases, logs, strict=True):
            job, ask, rate = await _open(stack, case, log)
            jobs.append(job | {"tasks": case.tasks, "seconds": case.seconds})
            if case.foreign:
                others.append(asyncio.create_task(_ask_too(log, ask, rate)))
        pipe.send(jobs)
        await asyncio.to_thread(pipe.recv)
        for other in others:
            other.cancel()
    pipe.send([(log.own, log.foreign, log.refused) for log in logs])


def _run(pipe: Connection, cases: Sequence[Case]) -> None:
    asyncio.run(_serve(pipe, cases))


@contextmanager
def serving(cases: Sequence[Case]) -> Generator[tuple[list[dict[str, Any]], Callable[[], list[Log]]]]:
    """Open a server for each case; yield the jobs of their clients, and what tells the logs at the end."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(theirs, cases), daemon=True)
    process.start()

    def logs() -> list[Log]:
        ours.send("stop")
        return [Log(*lists) for lists in ours.recv()]

    try:
        yield ours.recv(), logs
    finally:
        process.terminate()
        process.join()


# -- the clients ------------------------------------------------------------------------------------------------------


def _command(client: str) -> list[str] | str:
    """Return how a client is started, or why it cannot be."""
    name, *options = client.split()
    if name == "bbasync":
        return [sys.executable, "-m", "benchmarks.peers.spender"]
    peer = next(peer for peer in PEERS if peer.name == name)
    command = evolve(peer, worker=SPENDERS[name]).command()
    return command if isinstance(command, str) else [*command, *options]


@define
class _Client:
    """A process that runs one case."""

    case: Case
    process: subprocess.Popen[bytes]

    def start(self, job: Mapping[str, object]) -> None:
        """Give it its job."""
        assert self.process.stdin is not None  # noqa: S101 - a pipe
        self.process.stdin.write(orjson.dumps({"job": "spend", **job}, option=orjson.OPT_APPEND_NEWLINE))
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Return what it says next."""
        assert self.process.stdout is not None  # noqa: S101 - a pipe
        said: dict[str, Any] = orjson.loads(self.process.stdout.readline() or b'{"error": "its process ended"}')
        if "error" in said:
            raise RuntimeError(f"{self.case.label}: {said['error']}")
        return said


def together(cases: Sequence[Case]) -> list[tuple[Case, Log, int]]:
    """Run the clients of some cases at the same time; return with each case its log and the errors raised."""
    with ExitStack() as stack:
        jobs, logs = stack.enter_context(serving(cases))
        clients: list[_Client] = []
        for case in cases:
            process = subprocess.Popen(  # noqa: S603 - ours
                _command(case.client), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
            )
            stack.callback(process.communicate)
            stack.callback(process.kill)
            clients.append(_Client(case, process))
        for client in clients:
            client.answer()
        started = time.monotonic()
        for client, job in sorted(zip(clients, jobs, strict=True), key=lambda pair: pair[0].case.delay):
            time.sleep(max(0.0, started + client.case.delay - time.monotonic()))
            client.start(job)
        errors = [client.answer()["items"] for client in clients]
        return list(zip(cases, logs(), errors, strict=True))


# -- the figures ------------------------------------------------------------------------------------------------------


@frozen
class Share:
    """Percent of the budget in use, over time."""

    least: float
    mean: float
    most: float


def rolling_share(log: Log, case: Case) -> Share:
    """Return the share of each rolling window that ends from one window after the first request on."""
    accepted = sorted(log.own + log.foreign)
    begin, end = accepted[0] + WINDOW, accepted[0] + case.windows * WINDOW
    steps = sorted([(moment, 1) for moment in accepted] + [(moment + WINDOW - LATE, -1) for moment in accepted])
    used, last, area = 0, begin, 0.0
    seen: list[int] = []
    for moment, step in steps:
        if moment > end:
            break
        if moment > begin:
            area += used * (moment - last)
            last = moment
            seen.append(used)
        used += step
    area += used * (end - last)
    percent = 100 / case.limit
    return Share(min(seen) * percent, area / (end - begin) * percent, max(seen) * percent)


def bucket_share(log: Log, case: Case) -> Share:
    """Return the share of what the bucket has given, from 10 s after the first request on."""
    accepted = sorted(log.own + log.foreign)
    begin, end = accepted[0] + WINDOW, accepted[0] + case.windows * WINDOW

    def share(count: int, moment: float) -> float:
        return count / math.floor(CAPACITY + FILL_RATE * (moment - accepted[0])) * 100

    seen = [share(count, moment) for count, moment in enumerate(accepted) if begin < moment <= end]
    seen.append(share(sum(moment <= end for moment in accepted), end))
    return Share(min(seen), sum(seen) / len(seen), max(seen))


def _row(case: Case, log: Log, errors: int) -> dict[str, Value]:
    share = (rolling_share if case.product == CLOUD else bucket_share)(log, case)
    return {
        "client": case.client,
        "server": case.product + ("" if case.told else ", limit not announced"),
        "tasks": case.tasks,
        "foreign": "20 %" if case.foreign else "none",
        "least %": share.least,
        "mean %": share.mean,
        "most %": share.most,
        "accepted": len(log.own),
        "foreign accepted": len(log.foreign),
        "429s a window": len(log.refused) / case.windows,
        "errors raised": errors,
        "note": "",
    }


def _groups() -> list[list[Case]]:
    """Return what runs together."""
    tasks = (1, 50, 1000)
    groups: list[list[Case]] = []
    for foreign in (False, True):
        cloud = [Case("bbasync", count, foreign=foreign, delay=place * 3.3) for place, count in enumerate(tasks)]
        servers = [
            Case("bbasync", count, DATA_CENTER, foreign=foreign, delay=1.8 + place * 0.3)
            for place, count in enumerate(tasks)
        ]
        groups.append(cloud + servers)
    groups[0].append(Case("bbasync", 50, DATA_CENTER, delay=5.0, told=False))
    peers = (
        "bitbucket-unofficial-sdk",
        "bitbucket-python",
        "atlassian-python-api",
        "atlassian-python-api backoff_and_retry",
        "bitbucket",
    )
    groups += [[Case(peer, PEER_TASKS, windows=PEER_WINDOWS)] for peer in peers]
    return groups


def main() -> None:
    """Run all cases."""
    rows: list[dict[str, Value]] = []
    for group in _groups():
        command = _command(group[0].client)
        if isinstance(command, str):
            case = group[0]
            rows.append(dict.fromkeys(rows[0]) | {"client": case.client, "server": case.product, "note": command})
        else:
            rows += [_row(*outcome) for outcome in together(group)]
    rows.sort(key=lambda row: (row["client"] != "bbasync", row["server"]))
    title = f"share of the budget used, by the server's count; windows of {WINDOW:g} s; goal {GOAL:g} %"
    report("ratelimit", title, rows)
    used: dict[str, float] = {}
    refused: dict[str, float] = {}
    for row in rows:
        mean, refusals = row["mean %"], row["429s a window"]
        if isinstance(mean, float) and isinstance(refusals, float):
            foreign = ", foreign traffic" if row["foreign"] != "none" else ""
            label = f"{row['client']}, {row['server']}, {row['tasks']} at a time{foreign}"
            used[label], refused[label] = mean, refusals
    bar_chart("ratelimit", "Share of the budget used", "percent, mean over all windows", used, goal=GOAL)
    bar_chart("ratelimit.refused", "429s", f"answers in {WINDOW:g} s", refused)


if __name__ == "__main__":
    main()

r"""How many requests a crawl spends, against the fewest with which the API can be read.

The workspace has 200 repositories and 5,000 pull requests. With P(n, s) = max(1, ⌈n / s⌉) for the pages of a list of n
in pages of s, the endpoint's cap as in `bbasync/cloud/limits.py`, the fewest requests of a first crawl are

    1                                             the workspace
    + P(projects, 50) + P(members, 100)
    + P(repositories, 100)
    + Σ repositories   P(branches + tags, 100)    /refs lists both
    + Σ repositories   P(commits, 100)            those that have any
    + Σ repositories   P(activity, 50)
    + Σ repositories   P(pull requests, 50)
    + Σ pull requests  P(comments, 50)            those with a comment_count above 0
    + Σ pull requests  P(commits, 50)
    + Σ pull requests  P(statuses, 50)

and of the next one, which may read below a pull request only what can have changed,

    1 + P(projects, 50) + P(members, 100)
    + P(repositories, 100)                        only whole lists show what was deleted
    + Σ repositories   P(branches + tags, 100)    as above
    + Σ repositories   P(new commits, 100)        those with a head that is new
    + Σ repositories   P(new activity, 50)
    + Σ repositories   P(changed, 50)             pull requests
    + Σ changed        P(comments, 50)            those with a comment_count above 0
    + Σ changed        P(commits, 50)             those whose source has moved
    + Σ open, changed  P(statuses, 50)            a build changes its pull request by nothing that shows

Peers read the repositories, pull requests and comments of the same workspace, with a script as their README suggests:
every list whole, comments of every pull request, the largest page that they let one ask for. None can ask for changes.
The crawl of the same three also reads a page of each repository's activity, to know next time which comments are new.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson
from attrs import evolve, field, frozen

from bbasync import ApiToken, CloudSession, RateTracker
from bbasync.cloud.limits import PAGE_SIZES
from bbasync.crawl import CrawlOptions, Credentials, Store, crawl
from bbasync.testing import FakeCloud, World

from .peers.clients import ROOT
from .peers.environments import PEERS, Peer
from .report import bar_chart, report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bbasync.testing.cloud.world.pull_requests import Pull
    from bbasync.testing.cloud.world.repository import Repository
    from bbasync.testing.server import Route

    from .report import Value

REPOSITORIES: Final = 200
PULL_REQUESTS: Final = 5000
SIZES: Final = (1, 3, 6, 10, 20, 50, 110)
"""Pull requests of the repositories that have any, over and over: a few have many."""
PLENTY: Final = 1_000_000
GOAL: Final = 1.03
"""Times the fewest requests."""
AT_ONCE: Final = 16
COMMENTED, RETITLED, DECLINED, PUSHED = 8, 6, 3, 3
"""Pull requests that change between the crawls."""
GROWN, COMMITS = 10, 5
"""Repositories that get so many commits each."""

_REPOSITORY: Final = "/repositories/{workspace}/{repo_slug}"
_PULL: Final = _REPOSITORY + "/pullrequests/{pull_request_id}"
REFS: Final = _REPOSITORY + "/refs"
GATHERERS: Final = {
    "bitbucket-unofficial-sdk": "sdk_rate_worker",
    "atlassian-python-api": "atlassian_rate_worker",
    "bitbucket": "npm_rate_worker.js",
}
"""The workers of the peers that can list pull requests."""


class LenientCloud(FakeCloud):
    """Takes a slash at the end of a path, which atlassian-python-api sends."""

    def routes(self) -> Iterator[Route]:
        """Bind every operation twice."""
        for method, path, handler in super().routes():
            yield method, path, handler
            if not path.endswith("*}"):
                yield method, f"{path}/", handler


# -- the least --------------------------------------------------------------------------------------------------------


def pages(count: int, template: str) -> int:
    """Return how many pages a list has."""
    return max(1, -(-count // PAGE_SIZES.get(template, 50)))


@frozen
class Changes:
    """What happened between two crawls."""

    pull_requests: set[tuple[str, int]] = field(factory=set[tuple[str, int]])
    """Repository and number."""
    moved: set[tuple[str, int]] = field(factory=set[tuple[str, int]])
    """Those whose source has new commits."""
    grown: dict[str, int] = field(factory=dict[str, int])
    """New commits by repository."""


def least(world: World, changes: Changes | None = None) -> Counter[str]:
    """Return the fewest requests by template, of a first crawl or of one after changes."""
    workspace = world.workspaces["acme"]
    terms: Counter[str] = Counter(
        {
            "/workspaces/{workspace}": 1,
            "/workspaces/{workspace}/projects": pages(len(workspace.projects), "/workspaces/{workspace}/projects"),
            "/workspaces/{workspace}/members": pages(len(workspace.members), "/workspaces/{workspace}/members"),
            "/repositories/{workspace}": pages(len(workspace.repositories), "/repositories/{workspace}"),
        }
    )
    for repository in workspace.repositories.values():
        counts = repository.counts()
        terms[REFS] += pages(counts["branches"] + counts["tags"], REFS)
        commits = counts["commits"] if changes is None else changes.grown.get(repository.slug, 0)
        terms[f"{_REPOSITORY}/commits"] += pages(commits, f"{_REPOSITORY}/commits") if commits else 0
        for name, count in (("/pullrequests/activity", counts["activity"]), ("/pullrequests", counts["pull_requests"])):
            template = _REPOSITORY + name
            terms[template] += pages(count if changes is None else 0, template)  # less than a page is new
        for pull in repository.all_pulls():
            _below(terms, repository, pull, changes)
    return terms


def _below(terms: Counter[str], repository: Repository, pull: Pull, changes: Changes | None) -> None:
    key = (repository.slug, pull.id)
    is_changed = changes is None or key in changes.pull_requests
    if is_changed and pull.comment_count:
        terms[f"{_PULL}/comments"] += pages(len(repository.discussion(pull).comments), f"{_PULL}/comments")
    if changes is None or key in changes.moved:
        terms[f"{_PULL}/commits"] += pages(len(repository.pull_commits(pull)), f"{_PULL}/commits")
    if is_changed or pull.state == "OPEN":
        statuses = repository.statuses(pull.source_hash) if pull.source_hash else ()
        terms[f"{_PULL}/statuses"] += pages(len(statuses), f"{_PULL}/statuses")


# -- what is spent ----------------------------------------------------------------------------------------------------


def spent(fake: FakeCloud) -> Counter[str]:
    """Return the requests since the last call by template."""
    counts = Counter(_template(request.path_qs.partition("?")[0].rstrip("/")) for request in fake.requests)
    fake.requests.clear()
    return counts


def _template(path: str) -> str:
    path = re.sub(r"^/2\.0/(workspaces|repositories)/[^/]+", r"/\1/{workspace}", path)
    path = re.sub(r"^(/repositories/[^/]+)/[^/]+", r"\1/{repo_slug}", path)
    return re.sub(r"/pullrequests/\d+", "/pullrequests/{pull_request_id}", path)


async def _crawl(fake: FakeCloud, database: Path, resources: Sequence[str] = ()) -> Counter[str]:
    fake.requests.clear()
    options = CrawlOptions(workspaces=["acme"], resources=resources) if resources else CrawlOptions(workspaces=["acme"])
    async with Store(f"sqlite:///{database}") as store:
        credentials = Credentials(default=ApiToken(fake.email, fake.token))
        outcome = await crawl(options, store, credentials, base_url=fake.url, rates=RateTracker({"api": None}))
    if outcome.failures:
        raise RuntimeError(f"the crawl failed at {outcome.failures[0].key}: {outcome.failures[0].error}")
    return spent(fake)


async def _gather(fake: FakeCloud, peer: Peer) -> Counter[str] | str:
    """Return what a peer spends for repositories, pull requests and comments, or why that is not known."""
    worker = GATHERERS.get(peer.name)
    if worker is None:
        return "not measured: it has no method that lists pull requests"
    command = evolve(peer, worker=worker).command()
    if isinstance(command, str):
        return command
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=ROOT)
    assert process.stdout is not None  # noqa: S101 - a pipe
    await process.stdout.readline()
    fake.requests.clear()
    job = {"job": "gather", "base": fake.origin, "email": fake.email, "token": fake.token, "at_once": AT_ONCE}
    said, _ = await process.communicate(orjson.dumps(job, option=orjson.OPT_APPEND_NEWLINE))
    answer = orjson.loads(said or b'{"error": "its process ended"}')
    counts = fake.world.counts()
    items = sum(counts[name] for name in ("repositories", "pull_requests", "comments"))
    if answer.get("items") != items:
        return str(answer.get("error") or f"yields {answer['items']} of {items} objects")
    return spent(fake)


# -- the world --------------------------------------------------------------------------------------------------------


def make_world() -> World:
    """Return the workspace."""
    world = World(workspaces=1, repositories=REPOSITORIES, pull_requests=1)
    filled = [repository for repository in world.repositories() if repository.pulls]
    for place, repository in enumerate(filled):
        repository.history.timeline.pulls = SIZES[place % len(SIZES)]
    if world.counts()["pull_requests"] != PULL_REQUESTS:
        raise RuntimeError("the sizes do not add up")
    return world


async def change(fake: FakeCloud) -> Changes:
    """Work on some pull requests and repositories, as people do."""
    filled = [repository for repository in fake.world.repositories() if repository.pulls >= SIZES[2]]
    changes = Changes()
    async with CloudSession(
        ApiToken(fake.email, fake.token), base_url=fake.url, rates=RateTracker({"api": None})
    ) as bb:
        for place in range(COMMENTED + RETITLED + DECLINED + PUSHED):
            repository = filled[3 * place]
            pull = next(pull for pull in repository.all_pulls() if pull.state == "OPEN")
            key = (repository.slug, pull.id)
            changes.pull_requests.add(key)
            if place < COMMENTED:
                await bb.pull_requests.create_comment("acme", *key, content="Once more, please.")
            elif place < COMMENTED + RETITLED:
                await bb.pull_requests.update("acme", *key, title="A better title")
            elif place < COMMENTED + RETITLED + DECLINED:
                await bb.pull_requests.decline("acme", *key)
            else:
                changes.moved.add(key)
                changes.grown[repository.slug] = 1
                await _commit(bb, repository.slug, pull.source_branch, 0)
        for repository in filled[1 : 3 * GROWN : 3]:
            changes.grown[repository.slug] = COMMITS
            for number in range(COMMITS):
                await _commit(bb, repository.slug, "main", number)
        await bb.repositories.create("acme", "brand-new")
    return changes


async def _commit(bb: CloudSession, slug: str, branch: str, number: int) -> None:
    await bb.source.create_commit("acme", slug, branch=branch, message="More", files={f"more-{number}.txt": slug})


# -- the table --------------------------------------------------------------------------------------------------------


def _rows(run: str, fewest: Mapping[str, int], used: Mapping[str, int]) -> list[dict[str, Value]]:
    rows = [_row(run, name, fewest.get(name, 0), used.get(name, 0)) for name in dict.fromkeys([*fewest, *used])]
    return [*rows, _row(run, "all", sum(fewest.values()), sum(used.values()))]


def _row(run: str, request: str, fewest: int, used: int) -> dict[str, Value]:
    times = used / fewest if fewest else None
    request = request.replace("/repositories/{workspace}/{repo_slug}", "…")
    return {"run": run, "requests to": request, "fewest": fewest, "spent": used, "times": times, "note": ""}


async def measure() -> tuple[list[dict[str, Value]], dict[str, float]]:
    """Return the rows and the bars."""
    world = make_world()
    rows: list[dict[str, Value]] = []
    with tempfile.TemporaryDirectory() as folder:
        async with LenientCloud(world, limit=PLENTY) as fake:
            rows += _rows("first crawl", least(world), await _crawl(fake, Path(folder, "all.db")))
            data = ("repositories", "pull_requests", "comments")
            fewest = least(world)
            basis = sum(
                fewest[name]
                for name in ("/repositories/{workspace}", f"{_REPOSITORY}/pullrequests", f"{_PULL}/comments")
            )
            part = await _crawl(fake, Path(folder, "part.db"), data)
            others = [_row("repositories, pull requests, comments", "by bbasync crawl", basis, part.total())]
            for peer in PEERS:
                found = await _gather(fake, peer)
                row = _row("repositories, pull requests, comments", f"by {peer.title}", basis, 0)
                if isinstance(found, str):
                    others.append(row | {"spent": None, "times": None, "note": found})
                else:
                    others.append(row | {"spent": found.total(), "times": found.total() / basis})
            changes = await change(fake)
            rows += _rows("after changes", least(world, changes), await _crawl(fake, Path(folder, "all.db")))
            rows += others
    bars: dict[str, float] = {}
    for row in rows:
        times = row["times"]
        if isinstance(times, float) and row["requests to"] == "all":
            bars[f"bbasync, {row['run']}"] = times
        elif isinstance(times, float) and str(row["requests to"]).startswith("by "):
            bars[f"{str(row['requests to'])[3:]}: {row['run']}"] = times
    return rows, bars


def main() -> None:
    """Run it."""
    rows, bars = asyncio.run(measure())
    title = (
        f"requests for {REPOSITORIES} repositories and {PULL_REQUESTS:,} pull requests; goal {GOAL:g} times the fewest"
    )
    report("budget", title, rows)
    bar_chart("budget", "Requests", "times the fewest", bars, goal=GOAL)


if __name__ == "__main__":
    main()

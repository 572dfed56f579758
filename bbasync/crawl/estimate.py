"""About how many requests a crawl would take, found out with few."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from bbasync.cloud.limits import PAGE_SIZES
from bbasync.cloud.query import Q
from bbasync.cloud.session import BASE_URL, CloudSession
from bbasync.errors import DecodeError
from bbasync.paging import Paging

from .plan import BELOW_PULL_REQUESTS, slug_of
from .sessions import Sessions

if TYPE_CHECKING:
    from bbasync.concurrency import ConcurrencyLimiter
    from bbasync.rate import RateTracker

    from .config import Credentials
    from .plan import CrawlOptions

__all__ = ["Estimate", "estimate"]

SAMPLE: Final = 10
"""Repositories that are looked into; the others are taken to be like them."""
_REPOSITORIES: Final = PAGE_SIZES["/repositories/{workspace}"]


@frozen(kw_only=True)
class Estimate:
    """What crawling a workspace from the beginning would take."""

    workspace: str
    repositories: int
    """How many repositories the crawl is about."""
    requests: Mapping[str, int]
    """By resource. Branches and tags are one list, counted as branches if both are read. Commits are counted as a page
    a repository: no list tells how many there are."""

    @property
    def total(self) -> int:
        """All requests."""
        return sum(self.requests.values())


async def estimate(
    options: CrawlOptions,
    credentials: Credentials,
    *,
    base_url: str = BASE_URL,
    limiter: ConcurrencyLimiter | None = None,
    rates: RateTracker | None = None,
) -> list[Estimate]:
    """Estimate a crawl from the list of each workspace's repositories and a look into ten of them at most.

    Takes one request for 100 repositories, and up to two for each of the ten. Errors are raised as they come.
    """
    async with Sessions(credentials, base_url=base_url, limiter=limiter, rates=rates) as sessions:
        groups = await sessions.groups(options.workspaces)
        try:
            return [await _estimate(session, options, name) for session, names in groups for name in names]
        except (KeyError, TypeError, AttributeError) as error:
            raise DecodeError(f"a response has an unexpected shape: {error!r}") from error


async def _estimate(bb: CloudSession, options: CrawlOptions, workspace: str) -> Estimate:
    wanted = options.resources
    requests: Counter[str] = Counter(name for name in ("workspaces", "projects", "members") if name in wanted)
    if "repositories" not in wanted:
        return Estimate(workspace=workspace, repositories=0, requests=requests)
    listed = bb.paginate(
        f"/repositories/{workspace}", query={"fields": "next,values.full_name"}, paging=Paging(size=_REPOSITORIES)
    )
    slugs = [slug_of(repository) async for repository in listed]
    chosen = [slug for slug in slugs if options.keeps(workspace, slug)]
    requests["repositories"] = max(1, ceil(len(slugs) / _REPOSITORIES))
    number = min(SAMPLE, len(chosen))
    sample = [chosen[index * len(chosen) // number] for index in range(number)]
    looks = await asyncio.gather(*(_look(bb, options, f"/repositories/{workspace}/{slug}") for slug in sample))
    found = sum(looks, Counter[str]())
    requests.update({name: round(count * len(chosen) / number) for name, count in found.items()})
    return Estimate(workspace=workspace, repositories=len(chosen), requests=requests)


async def _look(bb: CloudSession, options: CrawlOptions, path: str) -> Counter[str]:
    """Return about how many requests one repository takes."""
    requests: Counter[str] = Counter()
    refs = sorted(options.resources & {"branches", "tags"})
    if refs:
        listing = f"{path}/refs" if len(refs) > 1 else f"{path}/refs/{refs[0]}"
        size, _ = await _first_page(bb, listing, {"pagelen": 1, "fields": "size"})
        requests[refs[0]] = max(1, ceil(size / 100))
    if "commits" in options.resources:
        requests["commits"] = 1
    below = [name for name in BELOW_PULL_REQUESTS if name in options.resources]
    if not options.resources & {"pull_requests", "activity"}:
        return requests
    size, values = await _first_page(
        bb,
        f"{path}/pullrequests",
        {
            "pagelen": 50,
            "q": Q("updated_on") >= datetime.fromisoformat(options.cutoff),
            "fields": "size,values.comment_count",
        },
    )
    comments = [value.get("comment_count") or 0 for value in values]
    share = size / len(values) if values else 0.0
    if "pull_requests" in options.resources:
        requests["pull_requests"] = max(1, ceil(size / 50))
    requests.update(dict.fromkeys(below, size))
    if "comments" in below:
        requests["comments"] = round(share * sum(ceil(number / 50) for number in comments))
    if "activity" in options.resources:  # each is opened, changed and ended, and every comment shows
        requests["activity"] = max(1, ceil((3 * size + share * sum(comments)) / 50))
    elif "comments" in below:
        requests["activity"] = 1
    return requests


async def _first_page(bb: CloudSession, path: str, query: Mapping[str, Any]) -> tuple[int, Sequence[dict[str, Any]]]:
    page: Any = await bb.request("GET", path, query=query)
    return page.get("size", 0), page.get("values", [])

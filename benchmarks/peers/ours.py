"""This library, as its README shows it: typed, in one session."""

from __future__ import annotations

from bbasync import AccessToken, CloudSession, ConcurrencyLimiter, RateTracker, __version__, aio

from .protocol import answer_async, spread


async def repositories(base: str, workspaces: list[str], at_once: int) -> int:
    """List the repositories of every workspace, with the session's own slots."""
    items = 0
    rates = RateTracker({"api": None})
    async with CloudSession(AccessToken("secret"), base_url=f"{base}/2.0", rates=rates) as bb:
        if at_once == 1:
            for workspace in workspaces:
                async for _ in bb.repositories.list(workspace):
                    items += 1
            return items
        sources = ((workspace, bb.repositories.list(workspace)) for workspace in workspaces)
        async with aio.merge(sources, concurrency=at_once) as merged:
            async for _ in merged:
                items += 1
    return items


async def single(base: str, calls: int, at_once: int) -> int:
    """Get one repository many times."""
    limiter, rates = ConcurrencyLimiter(at_once), RateTracker({"api": None})
    async with CloudSession(AccessToken("secret"), base_url=f"{base}/2.0", limiter=limiter, rates=rates) as bb:

        async def one(_: int) -> int:
            await bb.repositories.get("acme", "repo-0")
            return 1

        return await spread(range(calls), at_once, one)


if __name__ == "__main__":
    answer_async(__version__, repositories, single)

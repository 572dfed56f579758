"""bitbucket-unofficial-sdk spends a budget, and gathers repositories, pull requests and comments."""

from __future__ import annotations

import asyncio
from importlib.metadata import version

from bitbucket.aio import AsyncBitbucketClient
from bitbucket.config import ClientOptions

from .protocol import answer, spread

STATES = ["OPEN", "MERGED", "DECLINED", "SUPERSEDED"]


def _client(base: str, email: str, token: str) -> AsyncBitbucketClient:
    return AsyncBitbucketClient(email=email, api_token=token, options=ClientOptions(base_url=f"{base}/2.0"))


async def _spend(base: str, email: str, token: str, tasks: int, seconds: float) -> int:
    errors = 0
    async with _client(base, email, token) as client:
        repositories = client.workspace("acme").repositories

        async def task() -> None:
            nonlocal errors
            while True:
                try:
                    await repositories.get("api")
                except Exception:  # noqa: BLE001 - whatever it raises
                    errors += 1

        running = [asyncio.create_task(task()) for _ in range(tasks)]
        await asyncio.sleep(seconds)
        for one in running:
            one.cancel()
        await asyncio.wait(running)
    return errors


async def _gather(base: str, email: str, token: str, at_once: int) -> int:
    async with _client(base, email, token) as client:
        workspace = client.workspace("acme")
        slugs = [repository.slug async for repository in workspace.repositories.list()]

        async def one(slug: str) -> int:
            pull_requests = workspace.repository(slug).pull_requests
            items = 1
            async for pull_request in pull_requests.list(state=STATES, pagelen=50):
                items += 1
                async for _ in pull_requests.comments(pull_request.id).list(pagelen=100):
                    items += 1
            return items

        return await spread(slugs, at_once, one)


def spend(**job: object) -> int:
    """Return how many errors there were."""
    return asyncio.run(_spend(**job))


def gather(**job: object) -> int:
    """Return how many objects there were."""
    return asyncio.run(_gather(**job))


if __name__ == "__main__":
    answer(version("bitbucket-unofficial-sdk"), {"spend": spend, "gather": gather})

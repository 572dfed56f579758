"""bitbucket-unofficial-sdk, asynchronous: its lists follow `next` and yield pydantic models."""

from __future__ import annotations

from importlib.metadata import version

from bitbucket.aio import AsyncBitbucketClient
from bitbucket.config import ClientOptions

from .protocol import answer_async, spread


def _client(base: str) -> AsyncBitbucketClient:
    return AsyncBitbucketClient(access_token="secret", options=ClientOptions(base_url=f"{base}/2.0"))


async def repositories(base: str, workspaces: list[str], at_once: int) -> int:
    """List the repositories of every workspace; it asks for 100 a page by itself."""
    async with _client(base) as client:

        async def one(workspace: str) -> int:
            items = 0
            async for _ in client.workspace(workspace).repositories.list():
                items += 1
            return items

        return await spread(workspaces, at_once, one)


async def single(base: str, calls: int, at_once: int) -> int:
    """Get one repository many times."""
    async with _client(base) as client:
        repositories_of_acme = client.workspace("acme").repositories

        async def one(_: int) -> int:
            await repositories_of_acme.get("repo-0")
            return 1

        return await spread(range(calls), at_once, one)


if __name__ == "__main__":
    answer_async(version("bitbucket-unofficial-sdk"), repositories, single)

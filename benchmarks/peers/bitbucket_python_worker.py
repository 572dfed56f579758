"""bitbucket-python, asynchronous: `all_pages` follows `next` and yields dicts. A client belongs to one workspace."""

from __future__ import annotations

from importlib.metadata import version

from bitbucket import AsyncClient
from bitbucket.base import BaseClient

from .protocol import answer_async, spread


def _client(base: str, workspace: str) -> AsyncClient:
    BaseClient.BASE_URL = f"{base}/"  # a constant of the class; there is no argument for it
    return AsyncClient("me@example.org", "secret", owner=workspace)


async def repositories(base: str, workspaces: list[str], at_once: int) -> int:
    """List the repositories of every workspace; opening a client costs it a request for the user."""

    async def one(workspace: str) -> int:
        items = 0
        async with _client(base, workspace) as client:
            async for _ in client.all_pages(client.get_repositories, params={"pagelen": 100}):
                items += 1
        return items

    return await spread(workspaces, at_once, one)


async def single(base: str, calls: int, at_once: int) -> int:
    """Get one repository many times."""
    async with _client(base, "acme") as client:

        async def one(_: int) -> int:
            await client.get_repository("repo-0")
            return 1

        return await spread(range(calls), at_once, one)


if __name__ == "__main__":
    answer_async(version("bitbucket-python"), repositories, single)

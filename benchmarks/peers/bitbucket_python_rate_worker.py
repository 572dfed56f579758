"""bitbucket-python spends a budget. It has no method for pull requests, so there is nothing that it could gather."""

from __future__ import annotations

import asyncio
from importlib.metadata import version

from bitbucket import AsyncClient
from bitbucket.base import BaseClient

from .protocol import answer


async def _spend(base: str, email: str, token: str, tasks: int, seconds: float) -> int:
    BaseClient.BASE_URL = f"{base}/"  # a constant of the class; there is no argument for it
    errors = 0
    async with AsyncClient(email, token, owner="acme") as client:

        async def task() -> None:
            nonlocal errors
            while True:
                try:
                    await client.get_repository("api")
                except Exception:  # noqa: BLE001 - whatever it raises
                    errors += 1

        running = [asyncio.create_task(task()) for _ in range(tasks)]
        await asyncio.sleep(seconds)
        for one in running:
            one.cancel()
        await asyncio.wait(running)
    return errors


def spend(**job: object) -> int:
    """Return how many errors there were."""
    return asyncio.run(_spend(**job))


if __name__ == "__main__":
    answer(version("bitbucket-python"), {"spend": spend})

"""The limit: aiohttp and orjson that follow `next` and build nothing."""

from __future__ import annotations

import aiohttp
import orjson
from yarl import URL

from benchmarks.server import OBJECT, SIZE

from .protocol import answer_async, spread


async def repositories(base: str, workspaces: list[str], at_once: int) -> int:
    """List the repositories of every workspace."""
    async with aiohttp.ClientSession() as http:

        async def one(workspace: str) -> int:
            items = 0
            url: str | None = f"{base}/2.0/repositories/{workspace}?pagelen={SIZE}"
            while url is not None:
                async with http.get(URL(url, encoded=True)) as response:
                    page = orjson.loads(await response.read())
                for _ in page["values"]:
                    items += 1
                url = page.get("next")
            return items

        return await spread(workspaces, at_once, one)


async def single(base: str, calls: int, at_once: int) -> int:
    """Get one repository many times."""
    url = URL(base + OBJECT, encoded=True)
    async with aiohttp.ClientSession() as http:

        async def one(_: int) -> int:
            async with http.get(url) as response:
                orjson.loads(await response.read())
            return 1

        return await spread(range(calls), at_once, one)


if __name__ == "__main__":
    answer_async(aiohttp.__version__, repositories, single)

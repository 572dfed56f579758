"""A crawl in a process of its own, to be killed: `process.py URL STORE EMAIL TOKEN LIMIT WINDOW`."""

from __future__ import annotations

import asyncio
import sys

from bbasync import ApiToken, RateTracker, Rolling
from bbasync.crawl import CrawlOptions, Credentials, Store, crawl


async def main() -> None:
    url, path, email, token, limit, window = sys.argv[1:]
    credentials = Credentials(default=ApiToken(email, token))
    rates = RateTracker({"api": Rolling(int(limit), float(window))})
    async with Store(path) as store:
        report = await crawl(CrawlOptions(), store, credentials, base_url=url, rates=rates)
    sys.exit(0 if report.is_complete else 1)


if __name__ == "__main__":
    asyncio.run(main())

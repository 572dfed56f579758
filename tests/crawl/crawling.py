"""What the tests of the crawl share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import orjson
from sqlalchemy import Connection, func, select, true

from bbasync import ApiToken, CloudSession, RateTracker, Rolling
from bbasync.crawl import CrawlOptions, CrawlReport, Credentials, Store, crawl
from bbasync.crawl.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from bbasync.crawl import Progress
    from bbasync.testing import FakeCloud

PLENTY = 100_000

Rows = dict[str, dict[tuple[str, str, int, str], dict[str, Any]]]


async def run(
    fake: FakeCloud,
    store: Store,
    *,
    rates: RateTracker | None = None,
    credentials: Credentials | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    url: str | None = None,
    **options: Any,
) -> CrawlReport:
    return await crawl(
        CrawlOptions(**options),
        store,
        credentials or Credentials(default=ApiToken(fake.email, fake.token)),
        base_url=url or fake.url,
        rates=rates or RateTracker({"api": Rolling(PLENTY)}),
        on_progress=on_progress,
    )


def _session(fake: FakeCloud) -> CloudSession:
    return CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url, rates=RateTracker({"api": None}))


async def call(fake: FakeCloud, method: str, path: str, **options: Any) -> dict[str, Any]:
    """Change or read something in the fake as another client would."""
    async with _session(fake) as bb:
        return cast("dict[str, Any]", await bb.request(method, path, **options))


async def counts(store: Store, *, with_gone: bool = False) -> dict[str, int]:
    """Return the number of rows by resource, as `world.counts()` does."""

    def count(connection: Connection) -> dict[str, int]:
        return {
            name: connection.execute(
                select(func.count()).select_from(table).where(true() if with_gone else table.c.gone_at.is_(None))
            ).scalar_one()
            for name, table in TABLES.items()
        }

    return await store.run(count)


def expected(fake: FakeCloud) -> dict[str, int]:
    world = fake.world.counts()
    return {name: world[name] for name in TABLES}


async def rows(store: Store) -> Rows:
    """Return all payloads by key."""

    def read(connection: Connection) -> Rows:
        return {
            name: {
                (row.workspace, row.repository, row.pull_request, row.id): orjson.loads(row.payload)
                for row in connection.execute(select(table))
            }
            for name, table in TABLES.items()
        }

    return await store.run(read)


def sent(fake: FakeCloud, text: str = "") -> list[str]:
    """Return the requests that the fake has seen and whose path holds a text."""
    return [f"{request.method} {request.path_qs}" for request in fake.requests if text in request.path_qs]

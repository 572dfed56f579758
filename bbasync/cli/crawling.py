"""`bbasync crawl`, its demo and `bbasync export`."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text
from sqlalchemy import func, select

from bbasync.auth import ApiToken
from bbasync.cloud.limits import RATES
from bbasync.cloud.session import credential_from_env
from bbasync.crawl import (
    RESOURCES,
    CrawlOptions,
    Credentials,
    Store,
    crawl,
    estimate,
    export,
    read_config,
)
from bbasync.crawl.schema import TABLES

from .credentials import cloud_url, stored_credential
from .display import Display
from .errors import tell
from .text import harmless, printable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

    from bbasync.crawl import Estimate
    from bbasync.testing import FakeCloud

__all__ = ["Plan", "run_crawl", "run_demo", "run_export"]

STORE: Final = "sqlite:///bitbucket.db"
DEMO_STORE: Final = "sqlite:///bitbucket-demo.db"


@frozen(kw_only=True)
class Plan:
    """The options of the command, as they were typed."""

    workspaces: Sequence[str]
    store: str
    resources: str
    include: Sequence[str]
    exclude: Sequence[str]
    since: str
    config: Path | None
    dry_run: bool
    base_url: str

    def options(self) -> CrawlOptions:
        """Return what to crawl; ValueError for what cannot be read."""
        return CrawlOptions(
            workspaces=self.workspaces,
            resources=_resources(self.resources),
            include=self.include,
            exclude=self.exclude,
            since=_date(self.since),
        )

    def credentials(self) -> Credentials:
        """Return who asks; without a file the environment must name a credential, or somebody be logged in."""
        if self.config is None:
            return Credentials(default=stored_credential(cloud_url(self.base_url)) or credential_from_env())
        has_default = any(os.environ.get(name) for name in ("BITBUCKET_API_TOKEN", "BITBUCKET_ACCESS_TOKEN"))
        return Credentials(default=credential_from_env() if has_default else None, workspaces=read_config(self.config))


def _resources(names: str) -> frozenset[str]:
    return frozenset(name.strip() for name in names.split(",")) if names else frozenset(RESOURCES)


def _date(text: str) -> datetime | None:
    if not text:
        return None
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--since takes a date such as 2026-01-31 or 2026-01-31T12:00:00Z, got {text!r}") from None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)


def run_crawl(plan: Plan) -> bool:
    """Crawl, or estimate a crawl; return whether everything was read."""
    here = evolve(plan, base_url=cloud_url(plan.base_url), store=plan.store or STORE)
    return asyncio.run(_run(here, plan.credentials()))


def demo_fake() -> FakeCloud:
    """Return a fake whose crawl takes some fifteen seconds and stays within the budget of an hour."""
    from bbasync.testing import FakeCloud  # noqa: PLC0415 - only the demo needs it

    now = datetime.now(UTC)
    return FakeCloud(workspaces=3, repositories=5, commits=1500, pull_requests=15, now=now, latency=0.2)


def run_demo(plan: Plan) -> bool:
    """Crawl a fake of three workspaces; return whether everything was read."""
    if plan.base_url or plan.config:
        raise ValueError("--demo brings its own server and credential; leave out --base-url and --config")

    async def demo() -> bool:
        async with demo_fake() as fake:
            there = evolve(plan, base_url=fake.url, store=plan.store or DEMO_STORE)
            return await _run(there, Credentials(default=ApiToken(fake.email, fake.token)))

    return asyncio.run(demo())


async def _run(plan: Plan, credentials: Credentials) -> bool:
    options = plan.options()
    if plan.dry_run:
        _show_estimates(options, await estimate(options, credentials, base_url=plan.base_url))
        return True
    async with Store(plan.store) as store:
        async with Display(sys.stderr) as display:
            report = await crawl(options, store, credentials, base_url=plan.base_url, on_progress=display.show)
        for failure in report.failures:
            tell(f"{failure.key}: {failure.error}")
        if any(one.pages for one in report.workspaces):
            rows = await store.run(partial(_count, resources=options.resources))
            where = store.url.render_as_string(hide_password=True)
            _show_rows(rows, f"{report.requests:,} requests in {report.seconds:.1f} s; the rows are in {where}")
    return report.is_complete


def _count(connection: Connection, resources: Collection[str]) -> dict[str, int]:
    """Return how many rows the store has, of this crawl and of earlier ones, without those marked as deleted."""
    return {
        name: connection.execute(
            select(func.count()).select_from(TABLES[name]).where(TABLES[name].c.gone_at.is_(None))
        ).scalar_one()
        for name in RESOURCES
        if name in resources
    }


def _show_rows(rows: Mapping[str, int], summary: str) -> None:
    table = Table("resource", Column("rows", justify="right"))
    for name, number in rows.items():
        table.add_row(name, f"{number:,}")
    _print(table, summary)


def _show_estimates(options: CrawlOptions, estimates: Sequence[Estimate]) -> None:
    """Print what would be read; the budget is the vendor's, of which a scaled plan has more."""
    table = Table("workspace", Column("repositories", justify="right"), Column("requests", justify="right"), "of these")
    for one in estimates:
        parts = ", ".join(f"{number:,} {name}" for name, number in one.requests.items() if number)
        table.add_row(Text(printable(one.workspace)), f"{one.repositories:,}", f"{one.total:,}", parts)
    total = sum(one.total for one in estimates)
    since = f" since {options.since.isoformat()}" if options.since else ""
    _print(
        f"resources: {', '.join(name for name in RESOURCES if name in options.resources)}{since}",
        table,
        f"about {total:,} requests from the beginning; a credential has {RATES['api'].limit:,} an hour",
    )


def _print(*parts: Table | str) -> None:
    console = Console(highlight=False, markup=False)
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, str))


def run_export(url: str, resources: str, workspaces: Sequence[str], output: Path | None) -> None:
    """Write rows as JSON Lines."""
    # Closed here: where the reader of a pipe has gone, the rest would be collected after the store it reads from.
    with closing(export(url, resources=_resources(resources), workspaces=workspaces)) as lines:
        if output is None:
            sys.stdout.buffer.writelines(map(harmless, lines))
            sys.stdout.buffer.flush()
            return
        first = next(lines, b"")  # an error of the store leaves no empty file behind
        with open(output, "wb", opener=_private) as file:
            file.write(first)
            file.writelines(lines)


def _private(path: str, flags: int) -> int:
    """Open a file that, where it is new, its owner alone reads: what was crawled may be secret."""
    return os.open(path, flags, 0o600)

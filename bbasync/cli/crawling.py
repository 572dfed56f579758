"""`bbasync crawl`, its demo and `bbasync export`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from attrs import evolve, frozen
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from bbasync.auth import ApiToken
from bbasync.cloud.session import credential_from_env
from bbasync.crawl import (
    RESOURCES,
    CrawlOptions,
    CrawlReport,
    Credentials,
    Store,
    crawl,
    estimate,
    export,
    read_config,
)
from bbasync.crawl.schema import TABLES
from bbasync.crawl.store import connect

from .display import Display

__all__ = ["Plan", "run_crawl", "run_demo", "run_export"]

STORE = "sqlite:///bitbucket.db"
DEMO_STORE = "sqlite:///bitbucket-demo.db"


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
        """Return who asks; without a file the environment must name a credential."""
        if self.config is None:
            return Credentials(default=credential_from_env())
        workspaces = read_config(self.config)
        try:
            return Credentials(default=credential_from_env(), workspaces=workspaces)
        except ValueError:
            return Credentials(workspaces=workspaces)


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
    if plan.dry_run:
        asyncio.run(_estimate(plan, plan.credentials()))
        return True
    return asyncio.run(_crawl(plan, plan.credentials()))


def run_demo(plan: Plan) -> bool:
    """Crawl a fake of three workspaces; return whether everything was read."""
    from bbasync.testing import FakeCloud  # noqa: PLC0415 - only the demo needs it

    async def demo() -> bool:
        async with FakeCloud(workspaces=3, repositories=5, commits=1500, pull_requests=15, latency=0.2) as fake:
            there = evolve(plan, base_url=fake.url, store=DEMO_STORE if plan.store == STORE else plan.store)
            credentials = Credentials(default=ApiToken(fake.email, fake.token))
            if plan.dry_run:
                await _estimate(there, credentials)
                return True
            return await _crawl(there, credentials)

    return asyncio.run(demo())


async def _estimate(plan: Plan, credentials: Credentials) -> None:
    table = Table("workspace", "repositories", "requests", "of these")
    for one in await estimate(plan.options(), credentials, base_url=plan.base_url):
        parts = ", ".join(f"{number} {name}" for name, number in one.requests.items() if number)
        table.add_row(one.workspace, str(one.repositories), str(one.total), parts)
    Console().print(table)


async def _crawl(plan: Plan, credentials: Credentials) -> bool:
    options = plan.options()
    display = Display(sys.stderr)
    async with Store(plan.store) as store, display:
        report = await crawl(options, store, credentials, base_url=plan.base_url, on_progress=display.show)
    _tell(report, plan.store, options)
    return report.is_complete


def _tell(report: CrawlReport, url: str, options: CrawlOptions) -> None:
    for failure in report.failures:
        print(f"bbasync: {failure.key}: {failure.error}", file=sys.stderr)  # noqa: T201 - the command's output
    if not any(one.pages for one in report.workspaces):
        return
    store = Store(url).url
    table = Table("resource", "rows")
    with connect(store) as connection:
        for name in RESOURCES:
            rows = select(func.count()).select_from(TABLES[name]).where(TABLES[name].c.gone_at.is_(None))
            if name in options.resources:
                table.add_row(name, f"{connection.execute(rows).scalar():,}")
    console = Console()
    console.print(table)
    where = store.render_as_string(hide_password=True)
    console.print(f"{report.requests:,} requests in {report.seconds:.1f} s; the rows are in {where}", highlight=False)


def run_export(url: str, resources: str, workspaces: Sequence[str], output: Path | None) -> None:
    """Write rows as JSON Lines."""
    lines = export(url, resources=_resources(resources), workspaces=workspaces)
    if output is None:
        sys.stdout.buffer.writelines(lines)
        sys.stdout.buffer.flush()
        return
    first = next(lines, b"")  # an error of the store leaves no empty file behind
    with output.open("wb") as file:
        file.write(first)
        file.writelines(lines)

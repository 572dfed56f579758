"""`bbasync fake`: a fake server to try things on."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bbasync.testing import FakeCloud, FakeDataCenter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bbasync.testing import World

__all__ = ["make", "serve"]


def make(
    *,
    port: int,
    git: Sequence[Path],
    seed: int | None,
    workspaces: int | None,
    repositories: int | None,
    latency: float,
    limit: int | None,
    window: float,
    data_center: bool,
) -> FakeCloud | FakeDataCenter:
    """Return the fake that the options describe; ValueError if they do not go together."""
    if git and data_center:
        raise ValueError("--git goes with the fake of Bitbucket Cloud only")
    if git and any(size is not None for size in (seed, workspaces, repositories)):
        raise ValueError("--git serves what is in git; leave out --seed, --workspaces and --repositories")
    seed, workspaces, repositories = seed or 0, workspaces or 3, repositories or 4
    if data_center:
        return FakeDataCenter(
            port=port,
            seed=seed,
            projects=workspaces,
            repositories=repositories,
            latency=latency,
            capacity=limit,
            fill_rate=(limit or 0) / window,
        )
    return FakeCloud(
        _world_of_git(git) if git else None,
        port=port,
        seed=seed,
        workspaces=workspaces,
        repositories=repositories,
        now=datetime.now(UTC),
        latency=latency,
        limit=limit or 1000,
        window=window,
    )


def _world_of_git(paths: Sequence[Path]) -> World:
    try:
        from bbasync.testing import git_world  # noqa: PLC0415 - pygit2 is an extra
    except ModuleNotFoundError as error:
        raise ValueError(f"--git needs the package {error.name!r}; pip install 'bbasync[cli]'") from None
    return git_world(paths)


def serve(fake: FakeCloud | FakeDataCenter) -> None:
    """Serve until Ctrl-C."""
    asyncio.run(_serve(fake))


async def _serve(fake: FakeCloud | FakeDataCenter) -> None:
    async with fake:
        if isinstance(fake, FakeCloud):
            lines = [
                f"export BITBUCKET_EMAIL={fake.email} BITBUCKET_API_TOKEN={fake.token}",
                f"bbasync crawl --base-url {fake.url}",
                f"# workspaces: {', '.join(fake.world.workspaces)}",
            ]
        else:
            lines = [
                f"export BITBUCKET_DC_URL={fake.url} BITBUCKET_DC_TOKEN={fake.token}",
                "bbasync api GET /api/latest/projects --data-center",
                f"# projects: {', '.join(fake.world.projects)}",
            ]
        lines.append("# the credentials are throw-away ones: they open this server and nothing else")
        print(f"# {fake.url} until Ctrl-C; to use it:", *lines, sep="\n", flush=True)  # noqa: T201 - the command's output
        await asyncio.Event().wait()

"""`bbasync fake`: a fake server to try things on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bbasync.testing import FakeCloud, FakeDataCenter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bbasync.testing.world import World

__all__ = ["serve", "world_of_git"]


def world_of_git(paths: Sequence[Path]) -> World:
    """Return a world that is the history of local git repositories."""
    try:
        from bbasync.testing.git import git_world  # noqa: PLC0415 - pygit2 is an extra
    except ModuleNotFoundError as error:
        raise ValueError(f"--git needs the package {error.name!r}; pip install 'bbasync[cli]'") from None
    return git_world(paths)


def serve(fake: FakeCloud | FakeDataCenter) -> None:
    """Serve until Ctrl-C; the credentials printed are the fake's own and open nothing else."""
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
            ]
        print(f"# {fake.url} until Ctrl-C; to use it:", *lines, sep="\n", flush=True)  # noqa: T201 - the command's output
        await asyncio.Event().wait()

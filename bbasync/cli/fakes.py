"""`bbasync fake`: a fake server to try things on."""

from __future__ import annotations

import asyncio
import shlex
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING

from yarl import URL

from bbasync import testing
from bbasync.testing import FakeCloud, FakeDataCenter

from .text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["make", "serve"]


def make(
    *,
    host: str,
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
    if git and any(size is not None for size in (seed, workspaces, repositories)):
        raise ValueError("--git serves what is in git; leave out --seed, --workspaces and --repositories")
    if git and find_spec("pygit2") is None:
        raise ValueError("--git needs the package 'pygit2'; pip install 'bbasync[cli]'")
    if host in {"", "0.0.0.0", "::"}:  # noqa: S104 - it is refused
        raise ValueError("--host needs the one address that clients use: links name it")
    seed, workspaces, repositories = seed or 0, workspaces or 3, repositories or 4
    if data_center:
        return FakeDataCenter(
            testing.datacenter_git_world(git) if git else None,
            host=host,
            port=port,
            seed=seed,
            projects=workspaces,
            repositories=repositories,
            now=datetime.now(UTC),
            latency=latency,
            capacity=limit,
            fill_rate=(limit or 0) / window,
        )
    return FakeCloud(
        testing.git_world(git) if git else None,
        host=host,
        port=port,
        seed=seed,
        workspaces=workspaces,
        repositories=repositories,
        now=datetime.now(UTC),
        latency=latency,
        limit=limit or 1000,
        window=window,
    )


def serve(fake: FakeCloud | FakeDataCenter) -> None:
    """Serve until Ctrl-C."""
    asyncio.run(_serve(fake))


async def _serve(fake: FakeCloud | FakeDataCenter) -> None:
    async with fake:
        lines = _cloud(fake) if isinstance(fake, FakeCloud) else _data_center(fake)
        print(f"# {fake.url} until Ctrl-C; a shell can read all of this:", *map(printable, lines), sep="\n", flush=True)  # noqa: T201 - the command's output
        await asyncio.Event().wait()


def _cloud(fake: FakeCloud) -> Iterator[str]:
    """Write the address and the credentials of a fake as a shell reads them."""
    yield _export(BITBUCKET_BASE_URL=fake.url)
    yield _export(BITBUCKET_EMAIL=fake.email, BITBUCKET_API_TOKEN=fake.token)
    yield "# bbasync crawl"
    yield f"# workspaces: {', '.join(fake.world.workspaces)}"
    for workspace, token in fake.access_tokens.items():
        yield f"# access token of the workspace {workspace}: {token}"
    for user in fake.world.users:
        yield f"# access token of the user {user.nickname}: {fake.token_of(user.uuid)}"
    if fake.guarded:
        yield "# user names for git: x-bitbucket-api-token-auth with an API token, x-token-auth with an access token"
        for repository in fake.world.repositories():
            link = URL(f"{fake.origin}/{repository.full_name}.git")
            yield f"# git clone {link.with_user('x-bitbucket-api-token-auth').with_password(fake.token)}"
    yield from _others(fake)


def _data_center(fake: FakeDataCenter) -> Iterator[str]:
    yield _export(BITBUCKET_DC_URL=fake.url, BITBUCKET_DC_TOKEN=fake.token)
    yield "# bbasync api GET /api/latest/projects --data-center"
    yield f"# projects: {', '.join(fake.world.projects)}"
    yield f"# users: {', '.join(user.name for user in fake.world.users.values())}"
    yield f"# password of every user: {fake.password}"
    yield f"# HTTP access token of the administrator {fake.username}: {fake.token}"
    yield f"# HTTP access token of {fake.reader}, who may only read: {fake.reader_token}"
    yield f"# HTTP access token of a project: {fake.project_token}"
    if fake.guarded:
        for repository in fake.world.repositories():
            link = URL(f"{fake.url}/scm/{repository.project.key.lower()}/{repository.slug}.git")
            yield f"# git clone {link.with_user(fake.username).with_password(fake.token)}"
    yield from _others(fake)


def _others(fake: FakeCloud | FakeDataCenter) -> Iterator[str]:
    yield f"# OAuth client {fake.oauth.client_id} with the secret {fake.oauth.client_secret}"
    yield "# the credentials are throw-away ones: they open this server and nothing else"


def _export(**variables: str) -> str:
    return "export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())

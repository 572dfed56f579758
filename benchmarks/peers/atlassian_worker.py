"""atlassian-python-api in threads that share one session: `each` follows `next` and yields objects around dicts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import requests
from atlassian.bitbucket import Cloud
from requests.adapters import HTTPAdapter

from .protocol import answer


def _client(base: str, at_once: int) -> Cloud:
    session = requests.Session()
    # by default the session keeps ten connections; more threads than that would open new ones all the time
    session.mount(base, HTTPAdapter(pool_maxsize=max(at_once, 10)))
    return Cloud(url=base, username="me@example.org", password="secret", session=session)


def repositories(base: str, workspaces: list[str], at_once: int) -> int:
    """List the repositories of every workspace: no argument for the page size, so pages are the server's default."""
    with _client(base, at_once) as client, ThreadPoolExecutor(at_once) as threads:

        def one(workspace: str) -> int:
            return sum(1 for _ in client.workspaces.get(workspace).repositories.each())

        return sum(threads.map(one, workspaces))


def single(base: str, calls: int, at_once: int) -> int:
    """Get one repository many times."""
    with _client(base, at_once) as client, ThreadPoolExecutor(at_once) as threads:

        def one(_: int) -> int:
            client.repositories.get("acme", "repo-0")
            return 1

        return sum(threads.map(one, range(calls)))


if __name__ == "__main__":
    answer(version("atlassian-python-api"), {"repositories": repositories, "single": single})

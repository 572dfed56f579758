"""atlassian-python-api spends a budget in threads, and gathers repositories, pull requests and comments."""

from __future__ import annotations

import logging
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import requests
from atlassian.bitbucket import Cloud
from requests.adapters import HTTPAdapter

from .protocol import answer


def _client(base: str, email: str, token: str, at_once: int) -> Cloud:
    session = requests.Session()
    # by default the session keeps ten connections; more threads than that would open new ones all the time
    session.mount(base, HTTPAdapter(pool_maxsize=max(at_once, 10)))
    options = dict.fromkeys(sys.argv[1:], True)  # backoff_and_retry, which is off by default
    return Cloud(url=base, username=email, password=token, session=session, **options)


def spend(base: str, email: str, token: str, tasks: int, seconds: float) -> int:
    """Return how many errors there were."""
    until = time.monotonic() + seconds
    with _client(base, email, token, tasks) as client, ThreadPoolExecutor(tasks) as threads:

        def task(_: int) -> int:
            errors = 0
            while time.monotonic() < until:
                try:
                    client.repositories.get("acme", "api")
                except requests.RequestException:
                    errors += 1
            return errors

        return sum(threads.map(task, range(tasks)))


def gather(base: str, email: str, token: str, at_once: int) -> int:
    """Return how many objects there were. Pages are the server's default; each pull request is asked for once more."""
    with _client(base, email, token, at_once) as client, ThreadPoolExecutor(at_once) as threads:

        def one(repository: object) -> int:
            items = 1
            for pull_request in repository.pullrequests.each(q="id > 0"):  # a query, so that all states are listed
                items += 1 + sum(1 for _ in pull_request.comments())
            return items

        return sum(threads.map(one, client.workspaces.get("acme").repositories.each()))


if __name__ == "__main__":
    logging.getLogger("atlassian").addHandler(logging.NullHandler())  # it prints a line for every 429 otherwise
    answer(version("atlassian-python-api"), {"spend": spend, "gather": gather})

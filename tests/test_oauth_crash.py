"""A process that is killed while it stores a new pair of tokens."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import attrs
import pytest

from bbasync import AuthorizationExpiredError, CloudSession, OAuthToken
from bbasync.testing import FakeCloud
from tests.granting import agreed, asked, cloud_client, due

CRASHING = """
import asyncio, json, os, signal, sys
import attrs
from bbasync import CloudSession, OAuthClient, OAuthToken

async def main(origin, client_id, client_secret, path, when):
    async def store(token):
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        with open(path, "w") as file:
            json.dump(attrs.asdict(token), file)
        os.kill(os.getpid(), signal.SIGKILL)

    client = OAuthClient.cloud(client_id, client_secret, base_url=origin)
    with open(path) as file:
        credential = client.credential(OAuthToken(**json.load(file)), on_renew=store)
    async with CloudSession(credential, base_url=origin + "/2.0") as bb:
        await bb.request("GET", "/user")

asyncio.run(main(*sys.argv[1:]))
"""


def save(token: OAuthToken, path: Path) -> None:
    path.write_text(json.dumps(attrs.asdict(token)), encoding="utf-8")


def load(path: Path) -> OAuthToken:
    return OAuthToken(**json.loads(path.read_text(encoding="utf-8")))


async def _crash(fake: FakeCloud, path: Path, when: str) -> OAuthToken:
    """Kill a process while it stores a pair; return the pair that another one then finds."""
    save(due(await agreed(fake)), path)
    fake.requests.clear()
    oauth = fake.oauth
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CRASHING, fake.origin, oauth.client_id, oauth.client_secret, str(path), when)
    )
    assert await process.wait() == -signal.SIGKILL
    assert (asked(fake), len(fake.requests)) == (1, 1), "the new pair was answered, and nothing sent with it"
    return load(path)


async def test_a_crash_before_the_pair_is_stored_says_to_authorise_again(fake: FakeCloud, tmp_path: Path) -> None:
    token = await _crash(fake, tmp_path / "token.json", "before")
    async with CloudSession(cloud_client(fake).credential(token), base_url=fake.url) as bb:
        with pytest.raises(AuthorizationExpiredError, match="authorise again"):
            await bb.request("GET", "/user")
    assert asked(fake) == len(fake.requests) == 2


async def test_a_crash_after_the_pair_is_stored_loses_nothing(fake: FakeCloud, tmp_path: Path) -> None:
    token = await _crash(fake, tmp_path / "token.json", "after")
    async with CloudSession(cloud_client(fake).credential(token), base_url=fake.url) as bb:
        await bb.request("GET", "/user")
        fake.oauth.access_tokens.clear()
        await bb.request("GET", "/user")
    assert asked(fake) == 2

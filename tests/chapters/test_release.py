"""The worked release of the chapter of Cloud, over FakeCloud: all its steps, and each with wrong input."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bbasync import ApiToken, BadRequestError, CloudSession, ConflictError, NotFoundError, PermissionDeniedError
from bbasync.testing import FakeCloud, Fault
from tests.chapters.reading import load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

FILE: Final = """
pipelines:
  branches:
    release-*:
      - step: {name: Test, script: [make test]}
  custom:
    deploy:
      - step: {name: Deploy, deployment: production, script: [make deploy]}
"""
OWN: Final = ("acme", "api")


class Chat:
    """A chat that takes posts."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.status = 200
        app = web.Application()
        app.router.add_post("/hook", self._post)
        self.server = TestServer(app)

    async def _post(self, request: web.Request) -> web.Response:
        self.texts.append((await request.json())["text"])
        return web.Response(status=self.status)

    @property
    def url(self) -> str:
        return str(self.server.make_url("/hook"))


@pytest.fixture
async def chat() -> AsyncIterator[Chat]:
    chat = Chat()
    async with chat.server:
        yield chat


@pytest.fixture
async def bb(fake: FakeCloud, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CloudSession]:
    """A session with a repository that has pipelines; whoever sleeps moves the clock of the fake instead."""
    slept = asyncio.sleep

    async def sleep(seconds: float, *_: object) -> None:
        if seconds > 0:
            fake.clock.advance(seconds)
        await slept(0)

    async with CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url) as session:
        await session.pipelines.update_configuration(*OWN, enabled=True)
        await session.source.create_commit(
            *OWN, files={"bitbucket-pipelines.yml": FILE}, message="APP-7 and OPS-12: add pipelines"
        )
        await session.deployments.create_environment(*OWN, name="Production", environment_type="Production")
        monkeypatch.setattr(asyncio, "sleep", sleep)
        yield session


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    path = tmp_path / "api.zip"
    path.write_bytes(b"zip")
    return path


async def publish(release: Any, artifact: Path, chat: Chat, environment: str = "Production") -> None:
    await release.publish(artifact, environment, [], chat.url)


def new_release(bb: CloudSession, version: str = "1.4.0", repo_slug: str = "api") -> Any:
    return load("release.py")["Release"](bb, "acme", repo_slug, version)


async def test_a_release_from_the_branch_to_the_chat(bb: CloudSession, chat: Chat, artifact: Path) -> None:
    release = new_release(bb)
    await publish(release, artifact, chat)
    number = max([pr.id async for pr in bb.pull_requests.list(*OWN, state="MERGED")])
    assert release.done == [
        *("created release-1.4.0", "committed VERSION", f"opened pull request {number}"),
        *(f"merged pull request {number}", "tagged 1.4.0", "uploaded api.zip", "deployed to Production"),
        "posted to the chat",
    ]
    (text,) = chat.texts
    assert text.startswith("Released 1.4.0: ")
    assert {"APP-7", "OPS-12"} <= set(text.partition(": ")[2].split(", "))
    assert await bb.source.read(*OWN, "1.4.0", "VERSION") == b"1.4.0\n"
    assert await bb.downloads.read(*OWN, "api.zip") == b"zip"


async def refused(bb: CloudSession, chat: Chat, artifact: Path, error: type[Exception], **changes: Any) -> str:
    """Return what a reader sees of a release that fails."""
    environment = changes.pop("environment", "Production")
    with pytest.raises(error) as caught:
        await publish(new_release(bb, **changes), artifact, chat, environment)
    assert chat.texts == [] or chat.status != 200
    return f"{caught.value}\n{caught.value.__notes__[-1]}"


async def test_what_can_be_known_before_is_refused_before(bb: CloudSession, chat: Chat, artifact: Path) -> None:
    missing = artifact.with_name("none.zip")
    assert "none.zip is not a file\ndone: nothing" in await refused(bb, chat, missing, Exception)
    assert "no environment 'Nowhere', only Production\ndone: nothing" in await refused(
        bb, chat, artifact, Exception, environment="Nowhere"
    )
    assert "done: nothing" in await refused(bb, chat, artifact, NotFoundError, repo_slug="none")


async def test_a_version_that_exists_stops_at_its_branch(bb: CloudSession, chat: Chat, artifact: Path) -> None:
    await bb.refs.create_branch(*OWN, name="release-1.4.0", target="main")
    assert "done: nothing" in await refused(bb, chat, artifact, ConflictError)


async def test_a_reviewer_who_does_not_exist_stops_before_the_pull_request(
    bb: CloudSession, chat: Chat, artifact: Path
) -> None:
    with pytest.raises(BadRequestError) as caught:
        await new_release(bb).publish(artifact, "Production", ["{nobody}"], chat.url)
    assert caught.value.__notes__ == ["done: created release-1.4.0, committed VERSION"]


async def test_a_failing_step_shows_its_log(fake: FakeCloud, bb: CloudSession, chat: Chat, artifact: Path) -> None:
    fake.pipelines.script("Test", result="FAILED", log="1 failed\n")
    text = await refused(bb, chat, artifact, Exception)
    assert "FAILED\n1 failed\n" in text
    assert text.endswith(("opened pull request 2", "opened pull request 3"))


async def test_without_a_pipeline_nothing_is_merged(bb: CloudSession, chat: Chat, artifact: Path) -> None:
    await bb.source.create_commit(*OWN, files={"bitbucket-pipelines.yml": FILE.replace("release-", "other-")})
    text = await refused(bb, chat, artifact, Exception)
    assert "no pipeline is defined" in text
    assert "merged" not in text


async def test_a_tag_that_exists_is_reported_after_the_merge(bb: CloudSession, chat: Chat, artifact: Path) -> None:
    await bb.refs.create_tag(*OWN, name="1.4.0", target="main")
    text = await refused(bb, chat, artifact, ConflictError)
    assert "merged pull request" in text
    assert "tagged" not in text.splitlines()[-1]


async def test_a_refused_upload_is_reported(fake: FakeCloud, bb: CloudSession, chat: Chat, artifact: Path) -> None:
    fake.faults.add(Fault("status", status=403, method="POST", path="*/downloads"))
    assert (await refused(bb, chat, artifact, PermissionDeniedError)).endswith("tagged 1.4.0")


async def test_a_deployment_that_fails_is_reported(
    fake: FakeCloud, bb: CloudSession, chat: Chat, artifact: Path
) -> None:
    fake.pipelines.script("Deploy", result="FAILED", log="no host\n")
    text = await refused(bb, chat, artifact, Exception)
    assert "no host\n" in text
    assert text.endswith("uploaded api.zip")


async def test_a_chat_that_fails_is_reported(bb: CloudSession, chat: Chat, artifact: Path) -> None:
    chat.status = 500
    text = await refused(bb, chat, artifact, aiohttp.ClientResponseError)
    assert text.endswith("deployed to Production")

"""What pipelines and deployments are configured with, as FakeCloud keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from bbasync import ApiToken, BadRequestError, CloudSession, ConflictError, NotFoundError
from bbasync.aio import collect
from bbasync.cloud.models import RefTarget

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bbasync.testing import FakeCloud
    from tests.testing.cloud_api import Api

REPO: Final = ("acme", "api")
OWN: Final = "/repositories/acme/api"
FILE: Final = "pipelines: {default: [{step: {script: [make]}}]}"


@pytest.fixture
async def bb(fake: FakeCloud) -> AsyncIterator[CloudSession]:
    async with CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url) as session:
        yield session


@pytest.mark.parametrize(
    "owner",
    [
        f"{OWN}/pipelines_config",
        f"{OWN}/deployments_config/environments/{{environment}}",
        "/workspaces/acme/pipelines-config",
        "/users/{user}/pipelines_config",
        "/teams/acme/pipelines_config",
    ],
)
async def test_secured_values_never_come_back(fake: FakeCloud, api: Api, owner: str) -> None:
    environment = (await api("POST", f"{OWN}/environments", {"name": "Lab"})).json["uuid"]
    path = owner.format(user=fake.world.me.uuid, environment=environment) + "/variables"
    plain = await api("POST", path, {"key": "LEVEL", "value": "high"})
    assert (plain.status, plain.json["value"], plain.json["secured"]) == (201, "high", False)
    secured = (await api("POST", path, {"key": "TOKEN", "value": "hush", "secured": True})).json
    assert "value" not in secured
    assert (await api("POST", path, {"key": "TOKEN", "value": "other"})).status == 409
    one = f"{path}/{secured['uuid']}"
    assert "value" not in (await api("PUT", one, {"value": "hush hush"})).json
    assert "value" not in (await api("PUT", one, {"secured": False})).json
    assert [item.get("value") for item in await api.values(path)] == ["high", None]
    assert b"hush" not in repr(fake.world.stored).encode()
    assert (await api("DELETE", one)).status == 204
    assert (await api("DELETE", one)).status == 404


async def test_variables_belong_to_something_that_exists(api: Api) -> None:
    for owner in (f"{OWN}/deployments_config/environments/{{none}}", "/teams/none/pipelines_config"):
        assert (await api("GET", f"{owner}/variables")).status == 404


async def test_environments_are_created_changed_and_deleted(bb: CloudSession) -> None:
    made = await bb.deployments.create_environment(*REPO, name="EU Production", environment_type="Production")
    assert (made.slug, made.rank) == ("eu-production", 2)
    assert made.uuid is not None
    with pytest.raises(ConflictError, match="EU Production exists already"):
        await bb.deployments.create_environment(*REPO, name="EU Production", environment_type="Test")
    await bb.deployments.update_environment(*REPO, made.uuid, name="EU", admin_only=True)
    changed = await bb.deployments.get_environment(*REPO, made.uuid)
    assert changed.restrictions is not None
    assert (changed.name, changed.restrictions.admin_only) == ("EU", True)
    assert await collect(bb.deployments.list_environments(*REPO)) == [changed]
    await bb.deployments.delete_environment(*REPO, made.uuid)
    with pytest.raises(NotFoundError):
        await bb.deployments.update_environment(*REPO, made.uuid, name="EU")


@pytest.mark.parametrize("owner", ["repository", "workspace"])
async def test_the_secret_of_a_runner_is_shown_once(bb: CloudSession, owner: str) -> None:
    if owner == "repository":
        made = await bb.pipelines.create_repository_runner(*REPO, name="big", labels=["linux"])
        found = await bb.pipelines.get_repository_runner(*REPO, made.uuid)
    else:
        made = await bb.pipelines.create_workspace_runner("acme", name="big", labels=["linux"])
        found = await bb.pipelines.get_workspace_runner("acme", made.uuid)
    assert made.oauth_client is not None
    assert found.oauth_client is not None
    assert made.oauth_client.secret is not None
    assert (found.oauth_client.id, found.oauth_client.secret) == (made.oauth_client.id, None)
    assert found.state is not None
    assert (found.name, found.labels, found.state.status) == ("big", ["linux"], "UNREGISTERED")


async def test_the_private_key_is_not_kept(fake: FakeCloud, bb: CloudSession) -> None:
    with pytest.raises(NotFoundError, match="does not have an SSH key pair"):
        await bb.pipelines.get_ssh_key_pair(*REPO)
    await bb.pipelines.put_ssh_key_pair(*REPO, private_key="hush", public_key="ssh-ed25519 AAAA")
    pair = await bb.pipelines.get_ssh_key_pair(*REPO)
    assert (pair.public_key, "private_key" in pair.raw) == ("ssh-ed25519 AAAA", False)
    await bb.pipelines.delete_ssh_key_pair(*REPO)
    with pytest.raises(NotFoundError):
        await bb.pipelines.delete_ssh_key_pair(*REPO)


async def test_known_hosts_have_fingerprints(bb: CloudSession) -> None:
    host = await bb.pipelines.create_known_host(*REPO, hostname="git.example.org", key_type="ssh-rsa", key="AAAA")
    assert host.public_key.sha256_fingerprint is not None
    assert host.public_key.sha256_fingerprint.startswith("SHA256:")
    assert host.public_key.md5_fingerprint is not None
    assert len(host.public_key.md5_fingerprint.split(":")) == 16
    with pytest.raises(ConflictError):
        await bb.pipelines.create_known_host(*REPO, hostname="git.example.org", key_type="ssh-rsa", key="BBBB")
    with pytest.raises(BadRequestError, match="Base64"):
        await bb.pipelines.create_known_host(*REPO, hostname="other.example.org", key_type="ssh-rsa", key="?")


async def test_schedules_are_kept_and_run_nothing(bb: CloudSession) -> None:
    made = await bb.pipelines.create_schedule(*REPO, branch="main", cron_pattern="0 0 12 * * ? *")
    assert made.enabled
    off = await bb.pipelines.update_schedule(*REPO, made.uuid, enabled=False)
    assert (off.enabled, off.cron_pattern, off.uuid) == (False, made.cron_pattern, made.uuid)
    assert await collect(bb.pipelines.list_schedule_executions(*REPO, made.uuid)) == []
    with pytest.raises(BadRequestError, match="seven fields"):
        await bb.pipelines.create_schedule(*REPO, branch="main", cron_pattern="0 12 * * *")
    await bb.pipelines.delete_schedule(*REPO, made.uuid)
    with pytest.raises(NotFoundError):
        await collect(bb.pipelines.list_schedule_executions(*REPO, made.uuid))


async def test_build_numbers_continue_from_the_one_that_was_set(bb: CloudSession) -> None:
    assert not (await bb.pipelines.get_configuration(*REPO)).enabled
    await bb.source.create_commit(*REPO, files={"bitbucket-pipelines.yml": FILE})
    assert (await bb.pipelines.update_configuration(*REPO, enabled=True)).enabled
    assert (await bb.pipelines.update_build_number(*REPO, next=100)).next == 100
    assert (await bb.pipelines.run(*REPO, target=RefTarget("main"))).build_number == 100
    with pytest.raises(BadRequestError, match="at least 101"):
        await bb.pipelines.update_build_number(*REPO, next=100)


async def test_the_documents_of_openid_connect_lead_to_each_other(bb: CloudSession) -> None:
    document = await bb.pipelines.get_oidc_configuration("acme")
    keys = await bb.request("GET", document.jwks_uri.removeprefix(bb.base_url))
    assert keys == (await bb.pipelines.get_oidc_keys("acme")).raw

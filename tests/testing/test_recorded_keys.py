"""The objects of the fakes have the keys of recorded ones; what differs has a reason."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeGuard

import aiohttp
import orjson
import pytest

from bbasync.testing import FakeCloud, FakeDataCenter
from tests.meta.vendor import DATA, needs_data, recordings
from tests.testing.cloud_api import Api
from tests.testing.datacenter_api import Api as DataCenterApi
from tests.testing.vendor_examples import ARGUMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = needs_data

SIMULATED: Final = {"cloud": set(FakeCloud().operations), "dc": set(FakeDataCenter().operations)}
REPO: Final = "/repositories/{workspace}/{repo_slug}"
PULL: Final = f"{REPO}/pullrequests/{{pull_request_id}}"
DC_PULL: Final = "/api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}"
FILE: Final = f"GET {REPO}/src/{{commit}}/{{path}}"
"""Its recordings that are no pages are contents of JSON files."""

LACKING: Final = {
    "author.username": "removed from accounts in 2019",
    "creator.username": "removed from accounts in 2019",
    "closed_by.username": "removed from accounts in 2019",
    "username": "removed from accounts other than one's own in 2019",
    "location": "removed from accounts in 2019",
    "website": "removed from accounts in 2019",
    "links.followers": "removed from accounts in 2019",
    "links.following": "removed from accounts in 2019",
    "links.hooks": "removed from accounts in 2019",
    "links.repositories": "removed from accounts in 2019",
    "links.snippets": "removed from accounts in 2019",
    "links.issues": "the issue tracker was removed in 2026",
    "owner.account_id": "the owners of the fake are teams, those of personal workspaces are users",
    "owner.nickname": "the owners of the fake are teams, those of personal workspaces are users",
    "history_enabled": "in a recording of 2018, in no description",
    "page page": "commits of a pull request and directories are recorded with and without",
    "page size": "commits of a pull request are recorded with and without",
}
"""Recorded keys that a fake does not send."""
ADDED: Final = {
    "links.mergeability_checks": "newer than all recordings: an operation of 2026",
    "queued": "newer than these recordings: merge queues",
    "rendered.reason": "in the description, of a declined pull request",
    "secret_set": "in the description; newer than the recording of 2018",
    "subject_type": "in the description; newer than the recording of 2018",
    "administrator": "in the description",
    "pending": "in the description",
    "links.pullrequest_create": "recorded of single branches",
    "closedDate": "of a pull request that was closed; the recorded one is open",
    "properties.mergeCommit": "of a merged pull request; recorded of webhooks",
}
"""Keys that a fake sends and no recorded response has."""


def keys(payload: object) -> Iterator[str]:
    """Yield the keys of an object and of the objects right below it; of a page, those of its items."""
    if not _is_object(payload):
        return
    values = payload.get("values")
    if _is_list(values):
        yield from (f"page {name}" for name in payload)
        for item in values:
            yield from keys(item)
        return
    for name, value in payload.items():
        yield name
        for inner in value if _is_list(value) else [value]:
            if _is_object(inner) and name != "files":  # where names of files are the keys
                yield from (f"{name}.{key}" for key in inner)


def _is_object(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


@cache
def recorded() -> dict[str, set[str]]:
    """Return the keys of whole responses taken off the wire, by operation; "" stands for all responses."""
    found: dict[str, set[str]] = {"": set()}
    for row in recordings():
        if row["kind"] not in ("object", "page") or row["real"] == "handmade" or row.get("status", 200) >= 300:
            continue
        try:
            names = set(keys(orjson.loads((DATA / "recorded" / str(row["file"])).read_bytes())))
        except orjson.JSONDecodeError:  # a few begin with the status line
            continue
        found[""] |= names
        operation = f"{row.get('method')} {row.get('template')}"
        whole = row["real"] == "recorded" and not row.get("partial")
        content = operation == FILE and row["kind"] == "object"
        if whole and not content and operation in SIMULATED[row["api"]]:
            found.setdefault(operation, set()).update(names)
    return found


def parts_of(template: str) -> list[Any]:
    """Return recorded parts of responses: those asked for with `fields`, and those of unknown origin."""
    rows = [row for row in recordings() if row["api"] == "cloud" and row["real"] != "handmade"]
    files = [str(row["file"]) for row in rows if row.get("template") == template]
    return [orjson.loads((DATA / "recorded" / file).read_bytes()) for file in files]


def paths(payload: object, above: str = "") -> set[str]:
    """Return the keys of an object and of all objects below it, but for those of links."""
    if _is_list(payload):
        return {path for one in payload for path in paths(one, above)}
    if not _is_object(payload) or above.endswith("links."):
        return set()
    inner = {path for name, value in payload.items() for path in paths(value, f"{above}{name}.")}
    return inner | {f"{above}{name}" for name in payload}


class Sampler:
    """Asks a fake for everything that one operation can show."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.repository = api.fake.world.repository("acme", "api")

    async def read(self, operation: str) -> list[Any]:
        """Return responses to GET requests."""
        template = operation.removeprefix("GET ")
        pulls = [one["id"] for one in await self.api.values(f"{self._path(REPO)}/pullrequests", q="id > 0")]
        many: dict[str, list[str]] = {
            "repo_slug": ["api", "web", "docs", "infra"] if template == REPO else ["api"],
            "pull_request_id": [str(one) for one in pulls],
            "comment_id": [],
            "commit": [one["hash"] for one in (await self.api.get(f"{self._path(REPO)}/commits"))["values"]],
        }
        if "{comment_id}" in template:
            return [one for pull in pulls for one in await self._comments(str(pull))]
        if operation == FILE:
            return [await self.api.get(f"{self._path(REPO)}/src/main/")]
        if "{encoded_id}" in template:
            (made,) = await self._snippet()
            return [await self.api.get(self._path(template, encoded_id=made["id"]))]
        varied = next((name for name in reversed(many) if f"{{{name}}}" in template), None)
        paths = [self._path(template, **{varied: one}) for one in many[varied]] if varied else [self._path(template)]
        return [await self.api.get(path) for path in paths]

    async def _snippet(self) -> list[Any]:
        form = aiohttp.FormData()
        form.add_field("file", b"Content\n", filename="a.txt")
        return [(await self.api("POST", "/snippets", data=form)).json]

    async def _comments(self, pull: str) -> list[Any]:
        path = self._path(f"{PULL}/comments", pull_request_id=pull)
        return [await self.api.get(f"{path}/{one['id']}") for one in await self.api.values(path)]

    async def change(self, operation: str) -> list[Any]:
        """Return responses to requests that change something."""
        path = self._path(REPO)
        if operation == "POST /snippets":
            return await self._snippet()
        if operation == f"PUT {REPO}/hooks/{{uid}}":
            body = {"url": "https://hooks.example.org", "events": ["repo:push"]}
            hook = (await self.api("POST", f"{path}/hooks", body)).json
            return [(await self.api("PUT", f"{path}/hooks/{hook['uuid']}", body)).json]
        await self.api("POST", f"{path}/src", data={"/new.txt": "new", "branch": "new"})
        proposal = {"title": "New", "source": {"branch": {"name": "new"}}}
        made = (await self.api("POST", f"{path}/pullrequests", proposal)).json
        own = f"{path}/pullrequests/{made['id']}"
        changes = {
            f"POST {REPO}/pullrequests": made,
            f"PUT {PULL}": (await self.api("PUT", own, {"title": "Newer"})).json,
            f"POST {PULL}/decline": (await self.api("POST", f"{own}/decline")).json,
        }
        return [changes[operation]]

    def _path(self, template: str, **arguments: str) -> str:
        user = self.api.fake.world.users[1].uuid
        known = {"workspace": "acme", "repo_slug": "api", "selected_user": user} | arguments
        return ARGUMENT.sub(lambda found: known[found[1]], template)


def _differ(operation: str, responses: list[Any]) -> tuple[set[str], set[str]]:
    sent = {key for one in responses for key in keys(one)}
    return recorded()[operation] - sent - set(LACKING), sent - recorded()[""] - set(ADDED)


def _operations(api: str) -> list[str]:
    return sorted(set(recorded()) & SIMULATED[api])


@pytest.mark.parametrize("operation", _operations("cloud"))
async def test_cloud_sends_the_recorded_keys(operation: str) -> None:
    async with FakeCloud(workspaces=1) as fake, Api(fake) as api:
        user = fake.world.users[1].uuid
        await api("PUT", f"/repositories/acme/api/permissions-config/users/{user}", {"permission": "write"})
        sampler = Sampler(api)
        responses = await (sampler.read(operation) if operation.startswith("GET") else sampler.change(operation))
    assert _differ(operation, responses) == (set(), set())


@pytest.mark.parametrize("operation", _operations("dc"))
async def test_data_center_sends_the_recorded_keys(operation: str) -> None:
    async with FakeDataCenter(projects=1) as fake, aiohttp.ClientSession() as http:
        api, method = DataCenterApi(fake, http), operation.partition(" ")[0]
        ids = fake.world.repository("PRJ", "ledger").pull_requests if "{pullRequestId}" in operation else ["none"]
        template = operation.partition("/api/latest")[2]
        known = {"projectKey": "PRJ", "repositorySlug": "ledger"}
        responses: list[Any] = []
        for pull in ids:
            path = template.format_map(known | {"pullRequestId": str(pull)})
            responses.append((await api(method, path, {"text": "Comment"} if method == "POST" else None))[1])
    assert _differ(operation, responses) == (set(), set())


PIPELINE: Final = f"{REPO}/pipelines/{{pipeline_uuid}}"
PIPELINE_FILE: Final = """
pipelines:
  default:
    - step: {name: Test, deployment: staging, script: [make]}
    - step: {name: Late, deployment: production, script: [make]}
"""


@pytest.mark.parametrize(
    "template",
    [f"{REPO}/pipelines", PIPELINE, f"{PIPELINE}/steps/{{step_uuid}}", f"{REPO}/deployments/{{deployment_uuid}}"],
)
async def test_pipelines_have_the_keys_of_recorded_parts(template: str) -> None:
    own = "/repositories/acme/api"
    responses: list[Any] = []
    async with FakeCloud(workspaces=1) as fake, Api(fake) as api:
        await api("PUT", f"{own}/pipelines_config", {"enabled": True})
        await api("POST", f"{own}/src", data={"/bitbucket-pipelines.yml": PIPELINE_FILE, "branch": "main"})
        fake.clock.advance(5)
        if template == PIPELINE:
            responses.append(await api.get(f"{own}/pipelines/1"))
        await api("POST", f"{own}/pipelines/1/stopPipeline")
        if "step_uuid" in template:
            responses += await api.values(f"{own}/pipelines/1/steps")
        elif "deployment" in template:
            responses += await api.values(f"{own}/deployments")
        else:
            responses.append(await api.get(f"{own}/pipelines/1"))
    recorded_paths = paths(parts_of(template))
    assert len(recorded_paths) > 10
    assert recorded_paths - paths(responses) == set()


async def test_what_is_said_to_lack_is_recorded() -> None:
    every = {key for operation in (*_operations("cloud"), *_operations("dc")) for key in recorded()[operation]}
    assert set(LACKING) <= every

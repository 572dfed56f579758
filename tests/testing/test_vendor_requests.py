"""The fakes accept the requests that the vendor's descriptions show, and those that were recorded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from bbasync.testing import FakeCloud, FakeDataCenter
from tests.meta.vendor import is_there, load, needs_data, recordings
from tests.testing.cloud_api import Api
from tests.testing.vendor_examples import ARGUMENT, Example, Matcher, examples, is_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

pytestmark = needs_data

CLOUD: Final = FakeCloud().operations
DATA_CENTER: Final = FakeDataCenter().operations
COMMENT: Final = "/repositories/{workspace}/{repo_slug}/commit/{commit}/comments/{comment_id}"
NEW: Final = "POST /repositories/{workspace}/{repo_slug}"
PIPELINES: Final = """
pipelines:
  default: &steps
    - step: {script: [make]}
  custom: {"Deploy to production": *steps}
  pull-requests: {"**": *steps}
"""
TRAILING_COMMA: Final = re.compile(r",(?=\s*[}\]])")
"""Two of the vendor's bodies have a comma too many."""
REFUSED: Final = {
    f"PUT {COMMENT}": (400, "the body lacks its last brace"),
    "POST /users/{selected_user}/gpg-keys": (400, "the key is a placeholder"),
    "GET /repositories": (410, "removed by CHANGE-2770"),
}
"""Examples that no server takes, or no longer, by operation."""


def _load(product: str, operations: list[str], root: str) -> list[Example]:
    return list(examples(load(f"specs/{product}.openapi.json"), operations, root)) if is_there else []


def _recorded(api: str, operations: list[str], root: str) -> list[tuple[Example, int]]:
    matcher, found = Matcher(operations), list[tuple[Example, int]]()
    for row in recordings():
        path, _, query = str(row.get("path") or "").partition("?")
        if row["api"] == api and row.get("request_body"):
            match = matcher.match(row["method"], path.removeprefix(root).replace("/1.0/", "/latest/", 1))
            body = row["request_body"]
            if body.startswith("name="):  # the test data of atlassian-python-api names the query as the body
                query, body = body, ""
            found += [(Example(*match, query, body), row["status"])] if match else []
    return found


class World:
    """Acme's repository with one of everything that examples name."""

    def __init__(self, fake: FakeCloud) -> None:
        self.fake = fake
        self.repository = fake.world.repository("acme", "api")
        self.head = self.repository.branches["main"]
        self.arguments = {
            "workspace": "acme",
            "repo_slug": "api",
            "commit": self.head,
            "project_key": "PROJ",
            "path": "README.md",
            "name": "v1",
            "filename": "hello.txt",
            "task_id": "none",
            "reportId": "mysystem-001",
            "annotationId": "mysystem-annotation001",
            "selected_user": fake.world.users[0].uuid,
        }

    async def prepare(self, api: Api) -> None:
        await api("PUT", "/repositories/acme/api/pipelines_config", {"enabled": True})
        await api("POST", "/repositories/acme/api/src", data={"/bitbucket-pipelines.yml": PIPELINES})
        self.head = self.arguments["commit"] = self.repository.branches["main"]
        await api("POST", "/workspaces/acme/projects", {"key": "PROJ", "name": "Project"})
        await api("POST", "/repositories/acme/api/refs/tags", {"name": "v1", "target": {"hash": self.head}})
        for branch in ("staging", "my-feature-branch", "pr-test"):
            await api("POST", "/repositories/acme/api/src", data={f"/{branch}.txt": branch, "branch": branch})
        file = aiohttp.FormData()
        file.add_field("files", b"Hello\n", filename="hello.txt")
        await api("POST", "/repositories/acme/api/downloads", data=file)
        report = f"/repositories/acme/api/commit/{self.head}/reports/mysystem-001"
        await api("PUT", report, {"title": "Scan", "report_type": "SECURITY"})
        comment = {"content": {"raw": "One thing"}}
        made = (await api("POST", f"/repositories/acme/api/commit/{self.head}/comments", comment)).json
        subscription = {"url": "https://hooks.example.org", "events": ["repo:push"]}
        hook = (await api("POST", "/repositories/acme/api/hooks", subscription)).json
        proposal = {"title": "New", "source": {"branch": {"name": "staging"}}}
        pull = (await api("POST", "/repositories/acme/api/pullrequests", proposal)).json
        key = (await api("POST", "/repositories/acme/api/deploy-keys", {"key": "ssh-rsa AAAA"})).json
        self.arguments["key_id"] = str(key["id"])
        user = f"/users/{quote(self.fake.world.users[0].uuid)}"
        self.ssh_key = (await api("POST", f"{user}/ssh-keys", {"key": "ssh-rsa AAAA"})).json["uuid"]
        snippet = aiohttp.FormData()
        snippet.add_field("file", b"PNG", filename="image.png")
        self.arguments["encoded_id"] = (await api("POST", "/snippets/acme", data=snippet)).json["id"]
        self.arguments |= {"comment_id": str(made["id"]), "uid": hook["uuid"], "pull_request_id": str(pull["id"])}

    def path(self, example: Example) -> str:
        """Return the example's path with names of this world; a new repository keeps its own."""
        given, arguments = example.arguments, dict(self.arguments)
        if example.operation == NEW:
            arguments["repo_slug"] = given["repo_slug"]
        if given.get("repo_slug", "").startswith("%7B"):
            arguments["repo_slug"] = self.repository.uuid
        if given.get("workspace") == "%7B%7D":
            arguments["workspace"] = "{}"
        if "/ssh-keys/" in example.operation:
            arguments["key_id"] = self.ssh_key
        if given.get("path") == "tests":
            arguments["path"] = "src"
        template = example.operation.partition(" ")[2]
        return ARGUMENT.sub(lambda found: quote(arguments[found[1]], safe="/"), template)

    def body(self, text: str) -> str:
        """Return the body with names of this world."""
        user, project = self.fake.world.users[1].uuid, self.fake.world.workspaces["acme"].projects["PRJ0"].uuid
        ours = {
            "5728901": self.arguments["comment_id"],
            '"atlassian"': '"acme"',
            '"default"': f'"{self.head}"',
            "a1b2c3d4e5f6": self.head,
            '"MARS"\n    }': '"PRJ0"\n    }',
            '"master"': '"main"',
            "{504c3b62-8120-4f0c-a7bc-87800b9d6f70}": user,
            "{ba516952-992a-4c2d-acbd-17d502922f96}": project,
            "ce5b7431602f7cbba007062eeb55225c6e18e956": self.head,
            "a3c4e02c9a3755eccdc3764e6ea13facdf30f923": self.head,
            "9f848b7": self.head,
            "1a372fc": self.head,
            '"id": "3"': f'"id": "{self.arguments["pull_request_id"]}"',
            "pullrequest.id=3": f"pullrequest.id={self.arguments['pull_request_id']}",
            "=master": "=main",
            "<BITBUCKET_NAMESPACE>/test_create_requests": "acme/api",
        }
        for theirs, own in ours.items():
            text = text.replace(theirs, own)
        return TRAILING_COMMA.sub("", text)


def _form(fields: Iterable[tuple[str, str]], replaced: Mapping[str, str], *, multipart: bool) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=multipart)
    for name, value in fields:
        if value.startswith("@"):
            form.add_field(name, b"Content\n", filename=value[1:])
        else:
            form.add_field(name, replaced.get(name, value))
    return form


async def _send(api: Api, world: World, example: Example) -> Any:
    query = f"?{world.body(example.query)}" if example.query else ""
    path = str(URL(f"{api.fake.url}{world.path(example)}{query}", encoded="%" in query))
    data: Any = world.body(example.body).encode() if example.body else None
    kind = "yaml" if "target.type" in query else "json"
    headers = {"Content-Type": f"application/{kind}"} if example.body else {}
    if example.body and example.body.startswith("--"):
        headers["Content-Type"] = f"multipart/form-data; boundary={example.body.splitlines()[0][2:]}"
    if example.form:
        data = _form(example.form, {}, multipart=example.multipart)
    method = example.operation.partition(" ")[0]
    return await api(method, path, data=data, headers=headers)


def _name(example: Example) -> str:
    return f"{example.operation}?{example.query}" if example.query else example.operation


@pytest.mark.parametrize("example", _load("cloud", CLOUD, "/2.0"), ids=_name)
async def test_an_example_of_cloud_is_accepted(example: Example, api: Api, fake: FakeCloud) -> None:
    world = World(fake)
    await world.prepare(api)
    answer = await _send(api, world, example)
    status, reason = REFUSED.get(example.operation, (0, ""))
    if reason:
        assert answer.status == status, reason
    else:
        assert answer.status in (200, 201, 204, 302), answer.body


async def test_the_examples_of_cloud_are_found() -> None:
    found = [example for example in _load("cloud", CLOUD, "/2.0") if not example.operation.startswith("GET")]
    assert len(found) >= 20
    bodies = [one.body for one in found if one.body and "target.type" not in one.query]  # those are YAML
    assert [is_json(TRAILING_COMMA.sub("", body)) for body in bodies].count(False) == 1


@pytest.mark.parametrize(("example", "status"), _recorded("cloud", CLOUD, "/2.0"), ids=str)
async def test_a_recorded_request_of_cloud_gets_the_recorded_status(
    example: Example, status: int, api: Api, fake: FakeCloud
) -> None:
    world = World(fake)
    await world.prepare(api)
    answer = await _send(api, world, example)
    assert answer.status // 100 == status // 100, answer.body


async def _send_to_data_center(example: Example) -> int:
    async with FakeDataCenter(projects=1) as fake, aiohttp.ClientSession() as http:
        repository = fake.world.repository("PRJ", "ledger")
        pull = next(one for one in repository.pull_requests.values() if one.state == "OPEN")
        names = {"projectKey": "PRJ", "repositorySlug": "ledger", "path": "README.md", "pullRequestId": str(pull.id)}
        path = ARGUMENT.sub(lambda found: names[found[1]], example.operation.partition(" ")[2])
        own = {"branch": "main", "sourceCommitId": repository.branches["main"]}
        data: Any = _form(example.form, own, multipart=True) if example.form else (example.body or "").encode()
        headers = {"Authorization": aiohttp.encode_basic_auth(fake.username, fake.password)}
        if not example.form:
            headers["Content-Type"] = "application/json"
        url = f"{fake.url}/rest{path}?{example.query.replace('jcitizen1', fake.reader)}"
        async with http.request(example.operation.partition(" ")[0], url, data=data, headers=headers) as response:
            return response.status


@pytest.mark.parametrize("example", _load("datacenter", DATA_CENTER, "/rest"), ids=_name)
async def test_an_example_of_data_center_is_accepted(example: Example) -> None:
    assert await _send_to_data_center(example) == 200


@pytest.mark.parametrize(("example", "status"), _recorded("dc", DATA_CENTER, "/rest"), ids=str)
async def test_a_recorded_request_of_data_center_gets_the_recorded_status(example: Example, status: int) -> None:
    assert await _send_to_data_center(example) // 100 == status // 100

"""FakeCloud as npm's bitbucket, unmodified, sees it: what it refuses, the real service would refuse too."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest

from bbasync.testing import FakeCloud
from benchmarks.peers.environments import PEERS
from tests.testing.judge import Judge, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType
    from typing import Self

HOME: Final = next(peer for peer in PEERS if peer.name == "bitbucket").home
DRIVER: Final = Path(__file__).with_name("npm_bitbucket.js")
REPO: Final = {"workspace": "acme", "repo_slug": "api"}
PROJECT: Final = {"workspace": "acme", "project_key": "PRJ0"}

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (HOME / "node_modules").exists(),
    reason="needs Node, and npm's bitbucket from `python -m benchmarks.peers install bitbucket`",
)


class Npm:
    """Calls methods of the package, such as `refs.getBranch`, in a process of Node."""

    def __init__(self, fake: FakeCloud) -> None:
        command = ["node", str(DRIVER), str(HOME), fake.origin, fake.email, fake.token]
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def __call__(self, method: str, /, **parameters: object) -> Any:
        """Call a method and return its data."""
        return self._ask(verb="call", name=method, parameters=parameters)

    def all(self, method: str, /, **parameters: object) -> list[Any]:
        """Call a method and return the values of all pages."""
        values: list[Any] = self._ask(verb="all", name=method, parameters=parameters)
        return values

    def upload(self, method: str, files: Sequence[tuple[str, str, str]], /, **parameters: object) -> None:
        """Call a method with files (field, name, content) in a multipart body."""
        self._ask(verb="upload", name=method, parameters=parameters, files=files)

    def _ask(self, **request: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(orjson.dumps(request) + b"\n")
        self._process.stdin.flush()
        result: dict[str, Any] = orjson.loads(self._process.stdout.readline())
        if "failure" in result:
            raise RuntimeError(result["failure"])
        return result.get("data")


def walk_repositories(npm: Npm, fake: FakeCloud, judge: Judge) -> None:
    assert npm("workspaces.getWorkspace", workspace="acme")["name"] == "Acme"
    assert [one["slug"] for one in npm.all("repositories.list", workspace="acme", pagelen=1)] == ["api", "web"]
    with judge.refuses(410, "CHANGE-2770"):
        npm("repositories.listGlobal")
    fresh = {"workspace": "acme", "repo_slug": "fresh"}
    made = npm("repositories.create", **fresh, _body={"is_private": True, "project": {"key": "PRJ0"}})
    npm("repositories.update", **fresh, _body={"description": "New"})
    found = npm("repositories.get", **fresh)
    assert (found["uuid"], found["is_private"], found["description"]) == (made["uuid"], True, "New")
    npm("repositories.delete", **fresh)
    with judge.refuses(404, "Repository acme/fresh not found"):
        npm("repositories.get", **fresh)
    npm("repositories.createFork", **REPO, _body={"name": "forked"})
    assert [one["slug"] for one in npm("repositories.listForks", **REPO)["values"]] == ["forked"]


def walk_branches_and_tags(npm: Npm, fake: FakeCloud, judge: Judge) -> None:
    head = npm("refs.getBranch", **REPO, name="main")["target"]["hash"]
    assert "main" in [one["name"] for one in npm.all("refs.listBranches", **REPO, pagelen=2, sort="-name")]
    assert [one["name"] for one in npm.all("refs.listBranches", **REPO, q='name = "main"')] == ["main"]
    npm("refs.createBranch", **REPO, _body={"name": "topic/one", "target": {"hash": head}})
    assert npm("refs.getBranch", **REPO, name="topic/one")["target"]["hash"] == head
    npm("refs.deleteBranch", **REPO, name="topic/one")
    with judge.refuses(404, "topic/one"):
        npm("refs.getBranch", **REPO, name="topic/one")
    npm("refs.createTag", **REPO, _body={"name": "v9", "target": {"hash": head}})
    assert npm("refs.getTag", **REPO, name="v9")["target"]["hash"] == head
    assert "v9" in [one["name"] for one in npm.all("refs.listTags", **REPO)]
    npm("refs.deleteTag", **REPO, name="v9")
    assert "v9" not in [one["name"] for one in npm("refs.list", **REPO)["values"]]


def walk_commits(npm: Npm, fake: FakeCloud, judge: Judge) -> None:
    found = [one["hash"] for one in npm.all("commits.list", **REPO, pagelen=30)]
    assert len(set(found)) == len(found) > 50
    newer = [one["hash"] for one in npm.all("commits.listAlt", **REPO, _body={"include": "main", "exclude": found[20]})]
    assert found[20] not in newer
    assert newer == [one["hash"] for one in npm.all("commits.list", **REPO, include="main", exclude=found[20])]
    head = {**REPO, "commit": npm("commits.listAt", **REPO, revision="main")["values"][0]["hash"]}
    assert npm("commits.get", **head)["hash"] == newer[0]
    assert npm("commits.getDiff", **REPO, spec=newer[0]).startswith("diff --git ")
    assert npm("commits.getPatch", **REPO, spec=newer[0]).startswith("From ")
    comment = npm("commits.createComment", **head, _body={"content": {"raw": "Nice"}})
    npm("commits.updateComment", **head, comment_id=comment["id"], _body={"content": {"raw": "Nicer"}})
    assert [one["content"]["raw"] for one in npm("commits.listComments", **head)["values"]] == ["Nicer"]
    npm("commits.deleteComment", **head, comment_id=comment["id"])
    assert npm("commits.createApproval", **head)["approved"]
    npm("commits.deleteApproval", **head)
    build = {"key": "ci", "state": "INPROGRESS", "url": "https://ci.example.org/1"}
    npm("commitstatuses.createBuildStatus", **head, _body=build)
    npm("commitstatuses.updateBuildStatus", **head, key="ci", _body={**build, "state": "SUCCESSFUL"})
    assert npm("commitstatuses.getBuildStatus", **head, key="ci")["state"] == "SUCCESSFUL"


def walk_files(npm: Npm, fake: FakeCloud, judge: Judge) -> None:
    assert {one["type"] for one in npm("source.readRoot", **REPO)["values"]} == {"commit_file", "commit_directory"}
    main = {**REPO, "commit": "main"}
    assert npm("source.read", **main, path="README.md").startswith("# README.md")
    assert npm("source.read", **main, path="README.md", format="meta")["mimetype"] == "text/markdown"
    npm("source.createFileCommit", **REPO, _body={"docs/new.txt": "one\n", "message": "Add", "branch": "main"})
    assert npm("source.read", **main, path="docs/new.txt") == "one\n"
    files = [("docs/new.txt", "new.txt", "two\n"), ("docs/ünï.txt", "ünï.txt", "three\n")]
    npm.upload("source.createFileCommit", files, **REPO, message="Edit", branch="main")
    assert [npm("source.read", **main, path=path) for path, *_ in files] == ["two\n", "three\n"]
    history = npm.all("source.listHistory", **main, path="docs/new.txt")
    messages = [npm("commits.get", **REPO, commit=one["commit"]["hash"])["message"] for one in history]
    assert messages == ["Edit", "Add"]
    npm("source.createFileCommit", **REPO, _body={"files": [path for path, *_ in files], "branch": "main"})
    with judge.refuses(404, "No such file or directory: docs/new.txt"):
        npm("source.read", **main, path="docs/new.txt")


def walk_downloads(npm: Npm, fake: FakeCloud, judge: Judge) -> None:
    npm.upload("downloads.create", [("files", "notes.txt", "hello\n")], **REPO)
    assert "notes.txt" in [one["name"] for one in npm("downloads.list", **REPO)["values"]]
    assert npm("downloads.get", **REPO, filename="notes.txt") == "hello\n"
    npm("downloads.delete", **REPO, filename="notes.txt")


def walk_a_pull_request(npm: Npm, fake: FakeCloud, judge: Judge) -> None:
    npm("source.createFileCommit", **REPO, _body={"new.txt": "new\n", "branch": "topic/two"})
    fields = {"title": "New", "source": {"branch": {"name": "topic/two"}}, "close_source_branch": True}
    made = npm("pullrequests.create", **REPO, _body={**fields, "reviewers": [{"uuid": fake.world.users[1].uuid}]})
    pull = {**REPO, "pull_request_id": made["id"]}
    assert npm("pullrequests.update", **pull, _body={"title": "Newer"})["title"] == "Newer"
    assert [one["uuid"] for one in npm("pullrequests.get", **pull)["reviewers"]] == [fake.world.users[1].uuid]
    assert made["id"] in [one["id"] for one in npm.all("pullrequests.list", **REPO, state="OPEN", pagelen=2)]
    assert len(npm.all("pullrequests.listCommits", **pull)) == 1
    assert "+new" in npm("pullrequests.getDiff", **pull)
    assert npm("pullrequests.getPatch", **pull).startswith("From ")
    assert [one["new"]["path"] for one in npm("pullrequests.getDiffStat", **pull)["values"]] == ["new.txt"]
    assert npm.all("pullrequests.listStatuses", **pull) == []
    walk_comments_and_tasks(npm, pull)
    assert npm("pullrequests.createApproval", **pull)["approved"]
    npm("pullrequests.deleteApproval", **pull)
    assert npm("pullrequests.addChangeRequest", **pull)["state"] == "changes_requested"
    npm("pullrequests.deleteChangeRequest", **pull)
    assert npm.all("pullrequests.listActivities", **pull)
    assert npm("pullrequests.merge", **pull, _body={"merge_strategy": "squash"})["state"] == "MERGED"
    with judge.refuses(404, "topic/two"):
        npm("refs.getBranch", **REPO, name="topic/two")


def walk_comments_and_tasks(npm: Npm, pull: Mapping[str, object]) -> None:
    first = npm("pullrequests.createComment", **pull, _body={"content": {"raw": "First"}})
    inline = {"content": {"raw": "Inline"}, "inline": {"path": "new.txt", "to": 1}}
    second = npm("pullrequests.createComment", **pull, _body=inline)
    reply = {"content": {"raw": "Reply"}, "parent": {"id": first["id"]}}
    assert npm("pullrequests.createComment", **pull, _body=reply)["parent"]["id"] == first["id"]
    npm("pullrequests.updateComment", **pull, comment_id=first["id"], _body={"content": {"raw": "Second"}})
    assert npm("pullrequests.getComment", **pull, comment_id=first["id"])["content"]["raw"] == "Second"
    npm("pullrequests.resolveComment", **pull, comment_id=second["id"])
    npm("pullrequests.reopenComment", **pull, comment_id=second["id"])
    npm("pullrequests.deleteComment", **pull, comment_id=second["id"])
    left = [one["content"]["raw"] for one in npm.all("pullrequests.listComments", **pull) if not one["deleted"]]
    assert left == ["Second", "Reply"]
    task = npm("pullrequests.createTask", **pull, _body={"content": {"raw": "Test it"}})
    npm("pullrequests.updateTask", **pull, task_id=task["id"], _body={"state": "RESOLVED"})
    assert [one["state"] for one in npm("pullrequests.listTasks", **pull)["values"]] == ["RESOLVED"]
    npm("pullrequests.deleteTask", **pull, task_id=task["id"])


def walk_pull_requests(npm: Npm, fake: FakeCloud, judge: Judge) -> None:
    first, second, *_ = npm("pullrequests.list", **REPO, state="OPEN")["values"]
    npm("pullrequests.merge", **REPO, pull_request_id=first["id"], **{"async": True})
    assert npm("pullrequests.decline", **REPO, pull_request_id=second["id"])["state"] == "DECLINED"
    with judge.refuses(404, "No pull request"):
        npm("pullrequests.get", **REPO, pull_request_id=999)
    reviewer = fake.world.users[2].uuid
    npm("pullrequests.addDefaultReviewer", **REPO, target_username=reviewer)
    assert reviewer in [one["uuid"] for one in npm("pullrequests.listDefaultReviewers", **REPO)["values"]]
    npm("pullrequests.deleteDefaultReviewer", **REPO, target_username=reviewer)


def walk_permissions(npm: Npm, fake: FakeCloud, judge: Judge) -> None:
    user, group = {"selected_user_id": fake.world.users[1].uuid}, {"group_slug": "developers"}
    for namespace, place, permission in (("repositories", REPO, "write"), ("projects", PROJECT, "create-repo")):
        for kind, holder in (("User", user), ("Group", group)):
            npm(f"{namespace}.update{kind}Permission", **place, **holder, _body={"permission": permission})
            assert npm(f"{namespace}.get{kind}Permission", **place, **holder)["permission"] == permission
            listed = npm(f"{namespace}.list{kind}Permissions", **place)["values"]
            assert [one["permission"] for one in listed] == [permission]
            npm(f"{namespace}.delete{kind}Permission", **place, **holder)
    assert npm("workspaces.listPermissions", workspace="acme")["values"][0]["permission"] == "owner"
    everybody = npm.all("workspaces.listPermissionsForRepository", **REPO)
    assert len(everybody) == len(npm.all("workspaces.getMembersForWorkspace", workspace="acme"))
    assert npm("users.getAuthedUser")["uuid"] == fake.world.me.uuid
    with judge.refuses(410, "CHANGE-2770"):
        npm("user.listPermissionsForRepos")


def walk_hooks(npm: Npm, fake: FakeCloud, judge: Judge) -> None:
    subscription = {"url": "https://hooks.example.org/1", "events": ["repo:push"]}
    hook = {**REPO, "uid": npm("repositories.createWebhook", **REPO, _body=subscription)["uuid"]}
    npm("webhooks.update", **hook, _body={**subscription, "url": "https://hooks.example.org/2"})
    assert [one["url"] for one in npm("webhooks.listForRepo", **REPO)["values"]] == ["https://hooks.example.org/2"]
    npm("webhooks.delete", **hook)


def walk_pipelines(npm: Npm, fake: FakeCloud, judge: Judge) -> None:
    target = {"type": "pipeline_ref_target", "ref_type": "branch", "ref_name": "main"}
    with judge.refuses(400, "Bad request"):
        npm("pipelines.create", **REPO, _body={"target": target})
    assert npm("pipelines.list", **REPO)["values"] == []


def walk_what_is_not_simulated(npm: Npm, fake: FakeCloud, judge: Judge) -> None:
    with judge.refuses(501, "FakeCloud does not simulate GET /repositories/acme/api/issues"):
        npm("issue_tracker.list", **REPO)


WALKS = [
    walk_repositories,
    walk_branches_and_tags,
    walk_commits,
    walk_files,
    walk_downloads,
    walk_a_pull_request,
    walk_pull_requests,
    walk_permissions,
    walk_hooks,
    walk_pipelines,
    walk_what_is_not_simulated,
]


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.__name__)
async def test_npm_bitbucket(walk: Callable[[Npm, FakeCloud, Judge], None]) -> None:
    async with FakeCloud(workspaces=2, repositories=2, commits=60, pull_requests=12) as fake:

        def start(judge: Judge) -> None:
            with Npm(fake) as npm:
                walk(npm, fake, judge)

        await judged(fake, start)

"""FakeCloud as atlassian-python-api, unmodified, sees it: what it refuses, the real service would refuse too."""

from __future__ import annotations

import warnings
from datetime import datetime
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from bbasync.testing import FakeCloud
from tests.testing.judge import Judge, judged

if TYPE_CHECKING:
    from collections.abc import Callable

# Both are without types.
atlassian: Any = import_module("atlassian")
Cloud: Any = import_module("atlassian.bitbucket").Cloud


def walk_workspaces(cloud: Any, fake: FakeCloud, judge: Judge) -> None:
    assert [one.slug for one in cloud.workspaces.each(role="member")] == list(fake.world.workspaces)
    acme = cloud.workspaces.get("acme")
    assert (acme.name, acme.uuid) == ("Acme", fake.world.workspaces["acme"].uuid)
    members = [one.user for one in acme.members.each()]
    assert acme.members.get(members[0]["uuid"]).user == members[0]
    with judge.refuses(501, "does not simulate GET /workspaces/acme/avatar of the web site"):
        acme.get_avatar()


def walk_projects(cloud: Any, fake: FakeCloud, judge: Judge) -> None:
    projects = cloud.workspaces.get("acme").projects
    first = next(projects.each())
    assert projects.get(first.name, by="name").key == first.key
    assert [one.slug for one in first.repositories.each(sort="name")] == ["api"]
    assert not projects.exists("NOPE")
    judge.expect(404)
    made = projects.create("Mars", "MARS", "Colonizing", is_private=False)
    made.update(description="Terraforming")
    made.name = "Mars 2"
    assert (made.key, made.name, made.description) == ("MARS", "Mars 2", "Terraforming")
    made.delete()
    with judge.refuses(404, "MARS"):
        projects.get("MARS")


def walk_repositories(cloud: Any, fake: FakeCloud, judge: Judge) -> None:
    repositories = cloud.workspaces.get("acme").repositories
    assert [one.slug for one in repositories.each(role="member", q='name ~ "we"', sort="-updated_on")] == ["web"]
    with judge.refuses(410, "CHANGE-2770"):
        list(cloud.repositories.each(role="member"))
    made = repositories.create("fresh", project_key="PRJ0", is_private=True, fork_policy="no_forks")
    made.description, made.is_private = "New", False
    assert (made.slug, made.description, made.is_private) == ("fresh", "New", False)
    assert cloud.repositories.get("acme", "fresh").uuid == made.uuid
    made.delete()
    assert not repositories.exists("fresh")
    judge.expect(404)


def walk_branches_and_tags(cloud: Any, fake: FakeCloud, judge: Judge) -> None:
    repository = cloud.repositories.get("acme", "api")
    (main,) = repository.branches.each(q='name = "main"', sort="name", pagelen=5)
    assert repository.branches.get("main").hash == main.hash
    assert repository.branches.create("topic/one", main.hash).name == "topic/one"
    assert repository.branches.get("topic/one").hash == main.hash
    repository.branches.get("topic/one").delete(None)
    with judge.refuses(404, 'Branch "topic/one" not found'):
        repository.branches.get("topic/one")
    assert repository.tags.create("v9.0", main.hash).hash == main.hash
    assert [one.name for one in repository.tags.each(q='name ~ "v9"')] == ["v9.0"]
    repository.branches.create("fix/#14", main.hash)
    with judge.refuses(404, 'Branch "fix/" not found'):  # the client cuts the name off at its "#"
        list(repository.branches.each())


def walk_commits(cloud: Any, fake: FakeCloud, judge: Judge) -> None:
    commits = cloud.repositories.get("acme", "api").commits
    found: list[Any] = list(islice(commits.each(), 50))
    assert len({one.hash for one in found}) == 50
    newer = {one.hash for one in commits.each(include="main", exclude=found[30].hash)}
    assert newer
    assert found[30].hash not in newer
    assert next(commits.each(top="main", path="README.md")).hash
    newest = commits.get(found[0].hash)
    assert isinstance(newest.date, datetime)
    assert [one.hash for one in newest.parents()]
    assert newest.approve()["approved"]
    newest.unapprove()
    newest.add_build("ci", "https://ci.example.org/1", "Build", refname="main")
    newest.get_build("ci").update(state="SUCCESSFUL", url="https://ci.example.org/1")
    assert {one.key: one.successful for one in newest.builds()}["ci"]
    assert newest.comment("Nice")["content"]["raw"] == "Nice"
    assert [one.id for one in newest.get_pull_requests(start=1, pagelen=10)] == [
        one.id for one in newest.get_pull_requests()
    ]


def commit(cloud: Any, fields: dict[str, str]) -> None:
    form = {name: (None, value) for name, value in fields.items()}
    cloud.post("repositories/acme/api/src", files=form, headers=cloud.no_check_headers)


def walk_files(cloud: Any, fake: FakeCloud, judge: Judge) -> None:
    source = "repositories/acme/api/src"
    assert {one["type"] for one in cloud._get_paged(source)} == {"commit_file", "commit_directory"}
    assert cloud.get(f"{source}/main/README.md", not_json_response=True).startswith(b"# README.md")
    commit(cloud, {"README.md": "Edited\n", "message": "Edit", "branch": "main"})
    assert cloud.get(f"{source}/main/README.md", not_json_response=True) == b"Edited\n"
    assert next(cloud.repositories.get("acme", "api").commits.each(top="main")).message == "Edit"


def walk_a_pull_request(cloud: Any, fake: FakeCloud, judge: Judge) -> None:
    repository, reviewer = cloud.repositories.get("acme", "api"), fake.world.users[1].uuid
    commit(cloud, {"new.txt": "new\n", "branch": "topic/two"})
    made = repository.pullrequests.create("New", "topic/two", "main", "Why", True, [reviewer])  # noqa: FBT003 - their argument
    pull = repository.pullrequests.get(made.id)
    assert (pull.title, pull.source_branch, pull.destination_branch) == ("New", "topic/two", "main")
    assert [one.uuid for one in pull.reviewers()] == [reviewer]
    assert [(one.new.path, one.has_conflict) for one in pull.diffstat()] == [("new.txt", False)]
    assert "+new" in pull.diff()
    assert pull.patch().startswith("From ")
    assert len(list(pull.commits)) == 1
    assert list(pull.builds()) == []
    pull.comment("First")
    (comment,) = pull.comments(q="deleted = false", sort="-created_on")
    comment.update(content={"raw": "Second"})
    assert [one.raw for one in pull.comments()] == ["Second"]
    comment.delete()
    task = pull.add_task("Test it")
    task.update("Test it well")
    assert [(one.description, one.is_resolved) for one in pull.tasks()] == [("Test it well", False)]
    task.delete()
    assert pull.approve()["approved"]
    assert [one.has_approved for one in repository.pullrequests.get(made.id).participants()] == [False, True]
    pull.unapprove()
    assert pull.request_changes()["state"] == "changes_requested"
    pull.unrequest_changes()
    merged = pull.merge()
    assert (merged["state"], merged["close_source_branch"]) == ("MERGED", True)
    with judge.refuses(404, 'Branch "topic/two" not found'):
        repository.branches.get("topic/two")


def walk_pull_requests(cloud: Any, fake: FakeCloud, judge: Judge) -> None:
    pulls = cloud.repositories.get("acme", "api").pullrequests
    first, second, *_ = pulls.each(q='state = "OPEN"', sort="id")
    assert first.id < second.id
    assert first.merge("squash", close_source_branch=False) is not None
    assert pulls.get(first.id).is_merged
    second.decline()
    assert pulls.get(second.id).is_declined
    with judge.refuses(404, "No pull request"):
        pulls.get(999)


def walk_permissions(cloud: Any, fake: FakeCloud, judge: Judge) -> None:
    acme = cloud.workspaces.get("acme")
    repository, team = acme.repositories.get("api"), "repositories/acme/api/permissions-config/groups/developers"
    assert [one.permission for one in acme.permissions.each(pagelen=2)][:2] == ["owner", "member"]
    assert list(repository.group_permissions.each()) == []
    assert cloud.put(team, data={"permission": "write"})["permission"] == "write"
    assert [one.permission for one in repository.group_permissions.each()] == ["write"]
    assert repository.group_permissions.get("developers").permission == "write"
    reviewer = fake.world.users[2].uuid
    repository.default_reviewers.add(reviewer)
    assert reviewer in [one.uuid for one in repository.default_reviewers.each()]
    repository.default_reviewers.get(reviewer).delete()


def walk_hooks(cloud: Any, fake: FakeCloud, judge: Judge) -> None:
    hooks = cloud.repositories.get("acme", "api").hooks
    hook = hooks.create("https://hooks.example.org/1", "Bot", ["repo:push"])
    hook.update(active=False, url="https://hooks.example.org/2", description="Bot", events=["repo:push"])
    assert [one.get_data("url") for one in hooks.each()] == ["https://hooks.example.org/2"]
    hook.delete()
    assert list(hooks.each()) == []


def walk_branch_restrictions(cloud: Any, fake: FakeCloud, judge: Judge) -> None:
    restrictions = cloud.repositories.get("acme", "api").branch_restrictions
    user = {"uuid": fake.world.users[1].uuid}
    made = restrictions.create("push", branch_pattern="ma*", users=[user], groups=[])
    assert [(one.id, one.pattern) for one in restrictions.each(kind="push")] == [(made.id, "ma*")]
    assert [one["uuid"] for one in restrictions.get(made.id).get_data("users")] == [user["uuid"]]
    made.delete()
    assert list(restrictions.each()) == []


def walk_pipelines(cloud: Any, fake: FakeCloud, judge: Judge) -> None:
    fake.world.repository("acme", "api").pipelines.enabled = True
    step = "pipelines: {custom: {all: [{step: {script: [make], deployment: test}}]}}"
    commit(cloud, {"bitbucket-pipelines.yml": step, "branch": "main"})
    repository = cloud.repositories.get("acme", "api")
    made = repository.pipelines.trigger(branch="main", pattern="all")
    (pipeline,) = repository.pipelines.each(sort="-created_on")
    assert (pipeline.uuid, pipeline.build_number, pipeline.completed_on) == (made.uuid, 1, None)
    (found,) = pipeline.steps()
    assert found.log() is None
    judge.expect(404)
    fake.clock.advance(12)
    assert repository.pipelines.get(made.uuid).step(found.uuid).duration_in_seconds == 10
    assert (found.log(), found.log(0, 2)) == (b"+ make\n", ("7", b"+ m"))
    with judge.refuses(400, "Bad request"):
        pipeline.stop()
    (environment,) = repository.deployment_environments.each()
    assert (environment.name, environment.environment_type["name"]) == ("Test", "Test")
    assert list(environment.deployment_environment_variables.each()) == []


def walk_what_is_not_simulated(cloud: Any, fake: FakeCloud, judge: Judge) -> None:
    with judge.refuses(501, "FakeCloud does not simulate GET /repositories/acme/api/issues"):
        list(cloud.repositories.get("acme", "api").issues.each())


def walk_the_old_interface(cloud: Any, fake: FakeCloud, judge: Judge) -> None:
    old = atlassian.Bitbucket(fake.origin, username=fake.email, password=fake.token, cloud=True)
    reviewer = fake.world.users[2].uuid
    with warnings.catch_warnings(), old:
        warnings.simplefilter("ignore", DeprecationWarning)  # the interface itself is deprecated
        assert [one["slug"] for one in old.get_repositories("acme")] == ["api", "web"]
        old.add_default_reviewer("acme", "api", reviewer)
        assert old.is_default_reviewer("acme", "api", reviewer)
        old.delete_default_reviewer("acme", "api", reviewer)
        assert reviewer not in [one["uuid"] for one in old.get_default_reviewers("acme", "api")]


WALKS = [
    walk_workspaces,
    walk_projects,
    walk_repositories,
    walk_branches_and_tags,
    walk_commits,
    walk_files,
    walk_a_pull_request,
    walk_pull_requests,
    walk_permissions,
    walk_hooks,
    walk_branch_restrictions,
    walk_pipelines,
    walk_what_is_not_simulated,
    walk_the_old_interface,
]


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.__name__)
async def test_atlassian_python_api(
    walk: Callable[[Any, FakeCloud, Judge], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with FakeCloud(workspaces=2, repositories=2, commits=60, pull_requests=12) as fake:

        def start(judge: Judge) -> None:
            with Cloud(fake.origin, username=fake.email, password=fake.token) as cloud:
                walk(cloud, fake, judge)

        await judged(fake, start)

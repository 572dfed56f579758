"""FakeDataCenter as atlassian-python-api and stashy, unmodified, see it: what it refuses, a server would refuse too."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from bbasync.testing import FakeDataCenter
from tests.testing.judge import Judge, judged

if TYPE_CHECKING:
    from collections.abc import Callable

# Both are without types.
Bitbucket: Any = import_module("atlassian").Bitbucket
Server: Any = import_module("atlassian.bitbucket.server").Server
permissions: Any = import_module("atlassian.bitbucket.server.common.permissions")
stashy: Any = import_module("stashy")

REPO = ("PRJ", "ledger")


def atlassian_walks_projects(client: Any, fake: FakeDataCenter, judge: Judge) -> None:
    assert [one["key"] for one in client.project_list()] == ["PRJ"]
    assert client.create_project("NEW", "New", "Nothing yet")["key"] == "NEW"
    assert client.update_project("NEW", name="Newer")["name"] == "Newer"
    assert client.create_repo("NEW", "fresh", forkable=True)["slug"] == "fresh"
    assert client.update_repo("NEW", "fresh", description="Fresh")["description"] == "Fresh"
    assert client.get_repo_forkable("NEW", "fresh") is True
    client.disable_repo_forking("NEW", "fresh")
    assert client.get_repo_forkable("NEW", "fresh") is False
    client.delete_repo("NEW", "fresh")
    assert not client.repo_exists("NEW", "fresh")
    judge.expect(404)
    assert client.fork_repository(*REPO, "forked")["origin"]["slug"] == "ledger"
    assert client.get_users(user_filter=fake.reader)["values"][0]["name"] == fake.reader
    with judge.refuses(404, "Project NONE does not exist"):
        client.project("NONE")


def atlassian_walks_branches_and_tags(client: Any, fake: FakeDataCenter, judge: Judge) -> None:
    main = client.get_default_branch(*REPO)
    every = list(client.get_branches(*REPO, base="main", limit=2))
    assert all(one["metadata"] for one in every), "the client sends details=True"
    assert main["displayId"] in [one["displayId"] for one in every]
    tip = main["latestCommit"]
    assert client.create_branch(*REPO, "topic/one", tip, "why")["latestCommit"] == tip
    client.set_default_branch(*REPO, "refs/heads/topic/one")
    assert client.get_default_branch(*REPO)["displayId"] == "topic/one"
    client.set_default_branch(*REPO, main["id"])
    client.delete_branch(*REPO, "topic/one", end_point=tip)
    assert list(client.get_branches(*REPO, filter="topic/one")) == []
    client.set_tag(*REPO, "release/9", tip, description="Nine")
    assert client.get_project_tags(*REPO, "release/9")["latestCommit"] == tip
    assert [one["displayId"] for one in client.get_tags(*REPO, filter="release/9", order_by="ALPHABETICAL")]
    client.delete_tag(*REPO, "release/9")
    with judge.refuses(404, "Tag release/9 does not exist"):
        client.get_project_tags(*REPO, "release/9")


def atlassian_walks_commits(client: Any, fake: FakeDataCenter, judge: Judge) -> None:
    every: list[Any] = list(client.get_commits(*REPO, limit=5, until="main", with_counts=True))
    assert len(every) > 5
    newest, older = every[0]["id"], every[3]["id"]
    since = [one["id"] for one in client.get_commits(*REPO, hash_oldest=older, hash_newest=newest)]
    assert since == [one["id"] for one in client.get_changelog(*REPO, newest, older)]
    assert newest in since
    assert older not in since
    assert client.get_commit_info(*REPO, newest)["id"] == newest
    assert client.get_commit_changes(*REPO, commit_id=newest)["values"]
    assert list(client.get_commits(*REPO, until="nowhere", ignore_missing=True)) == []
    assert client.get_pull_requests_contain_commit(*REPO, newest) == []
    assert [one["key"] for one in client.get_associated_build_statuses(newest)["values"]] == ["CI-1"]
    with judge.refuses(404, "Commit 'nowhere' does not exist"):
        list(client.get_commits(*REPO, until="nowhere"))
    with judge.refuses(501, "does not simulate GET /api/1.0/projects/PRJ/repos/ledger/compare/diff/README.md"):
        client.get_diff(*REPO, "README.md", older, newest)


def atlassian_reads_files(client: Any, fake: FakeDataCenter, judge: Judge) -> None:
    every: list[Any] = list(client.get_file_list(*REPO, limit=3))
    assert "src/main.py" in every
    assert "main.py" in client.get_file_list(*REPO, sub_folder="src", query="main")
    assert client.get_content_of_file(*REPO, "README.md", at="main").endswith(b"\n")
    with judge.refuses(404, "none.txt"):
        client.get_content_of_file(*REPO, "none.txt")


def atlassian_edits_files(client: Any, fake: FakeDataCenter, judge: Judge) -> None:
    client.create_branch(*REPO, "topic/two", "main")
    client.upload_file(*REPO, "one\n", "Add", "topic/two", "docs/new.txt")
    (newest, *_) = client.get_commits(*REPO, until="topic/two", limit=1)
    client.update_file(*REPO, "two\n", "Change", "topic/two", "docs/new.txt", newest["id"])
    assert client.get_content_of_file(*REPO, "docs/new.txt", at="topic/two") == b"two\n"
    with judge.refuses(409, "docs/new.txt"):
        client.update_file(*REPO, "three\n", "Change", "topic/two", "docs/new.txt", newest["id"])


def atlassian_walks_a_pull_request(client: Any, fake: FakeDataCenter, judge: Judge) -> None:
    branch = push(client, fake)
    made = client.open_pull_request(*REPO, *REPO, f"refs/heads/{branch}", "refs/heads/main", "New", "Why", fake.reader)
    pull = (*REPO, made["id"])
    assert client.get_pull_request(*pull)["reviewers"][0]["user"]["name"] == fake.reader
    change = {"version": made["version"], "title": "Newer", "reviewers": made["reviewers"]}
    assert client.update_pull_request(*pull, change)["title"] == "Newer"
    assert [one["path"]["toString"] for one in client.get_pull_requests_changes(*pull)] == ["docs/new.txt"]
    assert len(list(client.get_pull_requests_commits(*pull))) == 1
    client.assign_pull_request_participant_role(*pull, "REVIEWER", fake.reader)
    assert {one["role"] for one in client.get_pull_requests_participants(*pull)} == {"AUTHOR", "REVIEWER"}
    comment = client.add_pull_request_comment(*pull, "First")
    reply = client.add_pull_request_comment(*pull, "Reply", comment["id"])
    anchor = {"path": "docs/new.txt", "from_hash": made["toRef"]["latestCommit"]}
    client.add_pull_request_inline_comment(*pull, "Inline", **anchor, to_hash=made["fromRef"]["latestCommit"], line=1)
    client.update_pull_request_comment(*pull, comment["id"], "Second", comment["version"])
    assert client.get_pull_request_comment(*pull, comment["id"])["text"] == "Second"
    client.delete_pull_request_comment(*pull, reply["id"], reply["version"])
    task = client.add_pull_request_blocker_comment(*pull, "Do it", "BLOCKER")
    assert [one["id"] for one in client.search_pull_request_blocker_comment(*pull)["values"]] == [task["id"]]
    with Bitbucket(fake.url, token=fake.reader_token) as reader:
        for status in ("NEEDS_WORK", "APPROVED"):
            assert reader.change_reviewed_status(*pull, status, fake.reader)["status"] == status
    with judge.refuses(403, "You may only update your own status"):
        client.change_reviewed_status(*pull, "APPROVED", fake.reader)
    assert {"COMMENTED", "APPROVED"} < {one["action"] for one in client.get_pull_requests_activities(*pull)}
    client.decline_pull_request(*pull, client.get_pull_request(*pull)["version"])
    client.reopen_pull_request(*pull, client.get_pull_request(*pull)["version"])
    assert client.is_pull_request_can_be_merged(*pull)["canMerge"]
    with judge.refuses(409, "out-of-date"):
        client.merge_pull_request(*pull, "Merge", pr_version=made["version"])
    version = client.get_pull_request(*pull)["version"]
    assert client.merge_pull_request(*pull, "Merge", pr_version=version)["state"] == "MERGED"
    assert made["id"] in [one["id"] for one in client.get_pull_requests(*REPO, state="MERGED", order="oldest")]


def atlassian_walks_permissions(client: Any, fake: FakeDataCenter, judge: Judge) -> None:
    second = "bjorn"
    assert list(client.project_users("PRJ")) == []
    client.project_grant_user_permissions("PRJ", second, "PROJECT_ADMIN")
    assert [one["name"] for one in client.project_users_with_administrator_permissions("PRJ")] == [second]
    client.project_remove_user_permissions("PRJ", second)
    assert [one["group"]["name"] for one in client.project_groups("PRJ")] == ["developers", "readers"]
    client.project_grant_group_permissions("PRJ", "administrators", "PROJECT_ADMIN")
    (administrators,) = client.all_project_administrators()
    assert [one["name"] for one in administrators["project_administrators"]] == ["Ada Ødegård"]
    client.project_remove_group_permissions("PRJ", "administrators")
    assert list(client.project_groups("PRJ", filter_str="admin")) == []
    client.repo_grant_group_permissions(*REPO, "administrators", "REPO_ADMIN")
    client.repo_grant_user_permissions(*REPO, second, "REPO_ADMIN")
    found = client.repo_users_with_administrator_permissions(*REPO)
    assert {one["name"] for one in found} == {fake.username, second}
    client.repo_remove_group_permissions(*REPO, "administrators", "REPO_ADMIN")
    client.repo_remove_user_permissions(*REPO, second)
    assert [list(client.repo_users(*REPO)), list(client.repo_groups(*REPO))] == [[], []]
    client.project_grant_default_permissions("PRJ", "PROJECT_READ")
    assert client.project_default_permissions("PRJ", "PROJECT_READ") == {"permitted": True}
    client.project_remove_default_permissions("PRJ", "PROJECT_READ")
    assert client.project_default_permissions("PRJ", "PROJECT_READ") == {"permitted": False}
    with judge.refuses(404, "User nobody does not exist"):
        client.repo_grant_user_permissions(*REPO, "nobody", "REPO_READ")


def atlassian_sees_what_permissions_do(client: Any, fake: FakeDataCenter, judge: Judge) -> None:
    with Bitbucket(fake.url, username=fake.reader, password=fake.password) as reader:
        assert {one["slug"] for one in reader.repo_list("PRJ")} > {"ledger"}
        client.project_remove_group_permissions("PRJ", "readers")
        assert list(reader.project_list()) == []
        for see in (
            lambda: reader.project("PRJ"),
            lambda: reader.get_repo(*REPO),
            lambda: list(reader.repo_list("PRJ")),
        ):
            with judge.refuses(401, "You are not permitted to access this resource"):
                see()
        client.repo_grant_user_permissions(*REPO, fake.reader, "REPO_READ")
        assert [one["key"] for one in reader.project_list()] == ["PRJ"]
        assert [one["slug"] for one in reader.repo_list("PRJ")] == ["ledger"]
        with judge.refuses(401, "You are not permitted"):
            reader.create_branch(*REPO, "topic/one", "main")
        client.repo_grant_user_permissions(*REPO, fake.reader, "REPO_WRITE")
        assert reader.create_branch(*REPO, "topic/one", "main")["displayId"] == "topic/one"
        with judge.refuses(401, "You are not permitted"):
            list(reader.repo_users(*REPO))
        client.repo_remove_user_permissions(*REPO, fake.reader)
        with judge.refuses(401, "You are not permitted"):
            reader.get_repo(*REPO)


def atlassian_walks_permissions_as_objects(client: Any, fake: FakeDataCenter, judge: Judge) -> None:
    with Server(fake.url, username=fake.username, password=fake.password) as server:
        # A project's own objects take the link to its web page for the address of the REST API.
        for place, prefix in (("projects/PRJ", "PROJECT"), ("projects/PRJ/repos/ledger", "REPO")):
            users, groups = (
                holders(f"{server.url}/{place}/permissions/{name}", prefix, **server._new_session_args)
                for name, holders in (("users", permissions.Users), ("groups", permissions.Groups))
            )
            assert "bjorn" in [one.get_data("name") for one in users.each_none()]
            for grant in (users.read, users.write, users.admin):
                grant("bjorn")
            assert (users.get("bjorn").slug, users.get("bjorn").permission) == ("bjorn", f"{prefix}_ADMIN")
            users.get("bjorn").delete()
            assert list(users.each()) == []
            assert "administrators" in [one.name for one in groups.each_none()]
            groups.write("readers")
            assert groups.get("readers").permission == f"{prefix}_WRITE"
            groups.get("readers").delete()
            assert list(groups.each("read")) == []
        server.users.add("bjorn", "PROJECT_CREATE")
        assert server.users.get("bjorn").permission == "PROJECT_CREATE"
        server.users.get("bjorn").delete()
        assert {one.get_data("name") for one in server.users.each_none()} == {
            one.name for one in fake.world.users.values()
        }
        assert server.groups.get("administrators").is_sys_admin
        with judge.refuses(409, "You cannot reduce your own permission"):
            server.groups.get("administrators").delete()
        assert list(server.groups.each_none()) == []


def atlassian_meets_what_is_not_simulated(client: Any, fake: FakeDataCenter, judge: Judge) -> None:
    with judge.refuses(501, "FakeDataCenter does not simulate GET /api/1.0/dashboard/pull-requests"):
        list(client.get_dashboard_pull_requests())


def stashy_walks_projects(client: Any, fake: FakeDataCenter, judge: Judge) -> None:
    assert [one["key"] for one in client.projects] == ["PRJ"]
    assert "ledger" in [one["slug"] for one in client.repos]
    assert client.projects.create("NEW", "New")["key"] == "NEW"
    assert client.projects["NEW"].update(name="Newer", public=True)["public"] is True
    assert client.projects["NEW"].repos.create("fresh")["slug"] == "fresh"
    assert client.projects["NEW"].repos["fresh"].update("fresher")["slug"] == "fresher"
    assert client.projects["NEW"].repos["fresher"].move("PRJ")["project"]["key"] == "PRJ"
    client.projects["PRJ"].repos["fresher"].delete()
    assert client.projects["NEW"].delete()
    repository = client.projects["PRJ"].repos["ledger"]
    repository.fork("forked")
    assert "forked" in [one["slug"] for one in repository.forks()]
    with judge.refuses(404, "Project NONE does not exist"):
        client.projects["NONE"].get()


def stashy_walks_branches_and_tags(client: Any, fake: FakeDataCenter, judge: Judge) -> None:
    repository = client.projects["PRJ"].repos["ledger"]
    repository.create_branch("topic/one", "main")
    (branch,) = repository.branches(filterText="topic/one", orderBy="ALPHABETICAL", details="true")
    assert "topic/one" in [one["displayId"] for one in repository.get_branch_info(branch["latestCommit"])["values"]]
    repository.default_branch = "refs/heads/topic/one"
    assert client.projects["PRJ"].repos["ledger"].default_branch["displayId"] == "topic/one"
    repository.default_branch = "refs/heads/main"
    repository.delete_branch("topic/one")
    with judge.refuses(404, "Commit 'master' does not exist"):  # what the client takes for the default branch
        repository.create_branch("topic/two")
    repository.create_tag("v9", "main")
    newer = repository.get_commit(branch["latestCommit"])["parents"][0]["id"]
    repository.create_tag("v9", newer)
    assert [one["latestCommit"] for one in repository.tags("v9")] == [newer], "the client forces"
    assert "v9" in [one["displayId"] for one in repository.get_all_tags(100)["values"]]
    repository.delete_tag("v9")
    assert list(repository.tags("v9")) == []


def stashy_walks_commits_and_files(client: Any, fake: FakeDataCenter, judge: Judge) -> None:
    repository = client.projects["PRJ"].repos["ledger"]
    every: list[Any] = list(repository.commits("main"))
    assert repository.get_commit(every[0]["id"])["id"] == every[0]["id"]
    assert len(list(repository.commits("main", since=every[3]["id"]))) < len(every)
    assert list(repository.changes(every[0]["id"]))
    assert repository.get_commit_pull_requests(every[0]["id"])["values"] == []
    assert "src/main.py" in repository.files()
    assert "main.py" in repository.files("src", at="main")
    assert all("text" in line for line in repository.browse("README.md", at="main"))
    build = client.build(every[0]["id"])
    assert build.set("SUCCESSFUL", "ci", "Build", "https://ci.example.org/1")
    assert [one["key"] for one in build.get()["values"]] == ["ci", "CI-1"]


def stashy_walks_a_pull_request(client: Any, fake: FakeDataCenter, judge: Judge) -> None:
    with Bitbucket(fake.url, token=fake.token) as other:
        branch = push(other, fake)
    pulls = client.projects["PRJ"].repos["ledger"].pull_requests
    made = pulls.create("New", f"refs/heads/{branch}", "refs/heads/main", "Why", reviewers=[fake.reader])
    pull = pulls[made["id"]]
    assert pull.update(made["version"], title="Newer", reviewers=[fake.reader])["title"] == "Newer"
    assert [one["path"]["name"] for one in pull.changes()] == ["new.txt"]
    assert len(list(pull.commits())) == 1
    assert [one.destination.name for one in pull.diff().diffs] == ["new.txt"]
    assert pull.comment("First")
    assert pull.comment("Inline", srcPath="docs/new.txt", fileLine=1, lineType="ADDED", fileType="TO")
    assert [one["text"] for one in pull.comments("docs/new.txt")] == ["Inline"]
    comments = [one["comment"] for one in pull.activities() if one["action"] == "COMMENTED"]
    assert pull.comment("Reply", comments[-1]["id"])
    with judge.refuses(409, "replies"):
        pull.delete_comment(comments[-1]["id"], comments[-1]["version"])
    assert pull.delete_comment(comments[0]["id"], comments[0]["version"])
    reader = connect(fake, judge, fake.reader)
    review = reader.projects["PRJ"].repos["ledger"].pull_requests[made["id"]]
    assert [review.needswork()["status"], review.approve()["status"]] == ["NEEDS_WORK", "APPROVED"]
    assert review.unapprove()["status"] == "UNAPPROVED"
    reader._client._session.close()
    pull.decline(pull.get()["version"])
    pull.reopen(pull.get()["version"])
    assert pull.can_merge()
    with judge.refuses(409, "out-of-date"):
        pull.merge()
    assert pull.merge(pull.get()["version"])["state"] == "MERGED"
    assert made["id"] in [one["id"] for one in pulls.all(state="MERGED", order="OLDEST", author=fake.username)]


def stashy_walks_permissions(client: Any, fake: FakeDataCenter, judge: Judge) -> None:
    project = client.projects["PRJ"]
    repository = project.repos["ledger"]
    for grants, prefix in ((client.admin.permissions, ""), (project.permissions, "PROJECT_")):
        assert grants.users.grant("bjorn", prefix + ("PROJECT_CREATE" if not prefix else "WRITE"))
        assert [one["user"]["name"] for one in grants.users.list("bjo")] == ["bjorn"]
        assert "bjorn" not in [one["name"] for one in grants.users.none()]
        assert grants.users.revoke("bjorn")
        assert "bjorn" in [one["name"] for one in grants.users.none("bjo")]
    assert {one["group"]["name"]: one["permission"] for one in client.admin.permissions.groups} == {
        "administrators": "SYS_ADMIN",
        "developers": "LICENSED_USER",
        "readers": "LICENSED_USER",
    }
    assert project.permissions.groups.grant("administrators", "PROJECT_ADMIN")
    assert list(project.permissions.groups.none()) == []
    assert project.permissions.grant("PROJECT_WRITE")
    with judge.refuses(501, "DELETE /api/1.0/projects/PRJ/permissions/PROJECT_WRITE/all"):
        project.permissions.revoke("PROJECT_WRITE")  # no operation; a POST with allow=false revokes
    assert repository.repo_permissions.grant_to_user("bjorn", "REPO_ADMIN")
    assert repository.repo_permissions.grant_to_group("readers", "REPO_WRITE")
    assert [one["permission"] for one in repository.permissions.users] == ["REPO_ADMIN"]
    assert [one["group"]["name"] for one in repository.permissions.groups] == ["readers"]
    assert repository.repo_permissions.revoke_from_user("bjorn")
    assert repository.repo_permissions.revoke_from_group("readers")
    assert [one["name"] for one in repository.permissions.groups.none("read")] == ["readers"]
    assert [one["name"] for one in client.admin.groups] == ["administrators", "developers", "readers"]
    assert [one["name"] for one in client.admin.groups.more_members("readers")] == [fake.reader]
    with judge.refuses(404, "Group nobody does not exist"):
        repository.permissions.groups.grant("nobody", "REPO_READ")


def stashy_meets_what_is_not_simulated(client: Any, fake: FakeDataCenter, judge: Judge) -> None:
    repository, path = client.projects["PRJ"].repos["ledger"], "/api/1.0/projects/PRJ/repos/ledger"
    with judge.refuses(501, f"FakeDataCenter does not simulate POST {path}/pull-requests/1/watch"):
        repository.pull_requests[1].watch()
    with judge.refuses(501, f"FakeDataCenter does not simulate GET {path}/webhooks"):
        repository.webhooks.list()


def push(client: Any, fake: FakeDataCenter) -> str:
    """Commit a file to a new branch, and return the branch."""
    client.create_branch(*REPO, "topic/new", "main")
    fields = {"content": "one\n", "message": "Add", "branch": "topic/new"}
    path = "rest/api/1.0/projects/PRJ/repos/ledger/browse/docs/new.txt"
    client.put(path, files={name: (None, value) for name, value in fields.items()}, headers=client.no_check_headers)
    return "topic/new"


def connect(fake: FakeDataCenter, judge: Judge, user: str) -> Any:
    """Connect with stashy, which begins with a HEAD of no operation and does not look at its status."""
    judge.expect(501)
    return stashy.connect(fake.url, user, fake.password)


WALKS = [
    atlassian_walks_projects,
    atlassian_walks_branches_and_tags,
    atlassian_walks_commits,
    atlassian_reads_files,
    atlassian_edits_files,
    atlassian_walks_a_pull_request,
    atlassian_walks_permissions,
    atlassian_sees_what_permissions_do,
    atlassian_walks_permissions_as_objects,
    atlassian_meets_what_is_not_simulated,
]
STASHY_WALKS = [
    stashy_walks_projects,
    stashy_walks_branches_and_tags,
    stashy_walks_commits_and_files,
    stashy_walks_a_pull_request,
    stashy_walks_permissions,
    stashy_meets_what_is_not_simulated,
]


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.__name__)
async def test_atlassian_python_api(
    walk: Callable[[Any, FakeDataCenter, Judge], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with FakeDataCenter(projects=1) as fake:

        def start(judge: Judge) -> None:
            with Bitbucket(fake.url, username=fake.username, password=fake.password) as client:
                walk(client, fake, judge)

        await judged(fake, start)


@pytest.mark.parametrize("walk", STASHY_WALKS, ids=lambda walk: walk.__name__)
async def test_stashy(walk: Callable[[Any, FakeDataCenter, Judge], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with FakeDataCenter(projects=1) as fake:

        def start(judge: Judge) -> None:
            client = connect(fake, judge, fake.username)
            try:
                walk(client, fake, judge)
            finally:
                client._client._session.close()

        await judged(fake, start)

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


def atlassian_meets_what_is_not_simulated(client: Any, fake: FakeDataCenter, judge: Judge) -> None:
    repository = "/api/1.0/projects/PRJ/repos/ledger"
    with judge.refuses(501, f"FakeDataCenter does not simulate GET {repository}/permissions/users"):
        list(client.repo_users(*REPO))
    with judge.refuses(501, f"FakeDataCenter does not simulate PUT {repository}/permissions/groups"):
        client.repo_grant_group_permissions(*REPO, "developers", "REPO_WRITE")
    with judge.refuses(501, "FakeDataCenter does not simulate GET /api/1.0/projects/PRJ/permissions/users"):
        list(client.project_users("PRJ"))
    with judge.refuses(501, f"FakeDataCenter does not simulate GET {repository}/pull-requests/1/blocker-comments"):
        client.search_pull_request_blocker_comment(*REPO, 1)
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


def stashy_meets_what_is_not_simulated(client: Any, fake: FakeDataCenter, judge: Judge) -> None:
    repository, path = client.projects["PRJ"].repos["ledger"], "/api/1.0/projects/PRJ/repos/ledger"
    with judge.refuses(501, f"FakeDataCenter does not simulate GET {path}/permissions/users"):
        repository.permissions.users.list()
    with judge.refuses(501, f"FakeDataCenter does not simulate PUT {path}/permissions/groups"):
        repository.permissions.groups.grant("developers", "REPO_WRITE")
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
    atlassian_meets_what_is_not_simulated,
]
STASHY_WALKS = [
    stashy_walks_projects,
    stashy_walks_branches_and_tags,
    stashy_walks_commits_and_files,
    stashy_walks_a_pull_request,
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

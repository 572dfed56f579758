"""Projects, repositories, branches and commits, against the fake server."""

from __future__ import annotations

import pytest

from bbasync import aio
from bbasync.datacenter.session import DataCenterSession
from bbasync.errors import BadRequestError, ConflictError, NotFoundError


async def test_life_of_a_project(bb: DataCenterSession) -> None:
    project = await bb.projects.create(key="NEW", name="Nouveau", description="d", public=True)
    assert (project.key, project.name, project.description, project.public) == ("NEW", "Nouveau", "d", True)
    assert await aio.collect(bb.projects.list(name="nouv")) == [project]
    with pytest.raises(ConflictError) as conflict:
        await bb.projects.create(key="NEW")
    assert conflict.value.current_version is None
    project = await bb.projects.update("NEW", key="NEWER", description="")
    assert (project.key, project.name, project.description) == ("NEWER", "Nouveau", "")
    await bb.projects.delete("NEWER")
    with pytest.raises(NotFoundError):
        await bb.projects.get("NEWER")


async def test_project_with_repositories_stays(bb: DataCenterSession) -> None:
    with pytest.raises(ConflictError, match="has repositories"):
        await bb.projects.delete("PRJ")


async def test_bad_body_names_the_field(bb: DataCenterSession) -> None:
    with pytest.raises(BadRequestError) as refusal:
        await bb.repositories.create("PRJ", name="")
    assert list(refusal.value.fields) == ["name"]


async def test_life_of_a_repository(bb: DataCenterSession) -> None:
    repository = await bb.repositories.create("PRJ", name="Née #1", description="d", forkable=False)
    assert (repository.slug, repository.name, repository.forkable) == ("née-1", "Née #1", False)
    assert repository.project.key == "PRJ"
    assert await bb.repositories.get("PRJ", "née-1") == repository
    moved = await bb.repositories.update("PRJ", "née-1", name="other", target_project="OPS", archived=True)
    assert (moved.project.key, moved.slug, moved.archived, moved.description) == ("OPS", "other", True, "d")
    await bb.repositories.delete("OPS", "other")
    with pytest.raises(NotFoundError):
        await bb.repositories.get("OPS", "other")
    await bb.repositories.delete("OPS", "other")  # what is gone is no error


async def test_fork(bb: DataCenterSession) -> None:
    fork = await bb.repositories.fork("PRJ", "ledger", target_project="OPS", name="ledger-2")
    assert (fork.project.key, fork.slug) == ("OPS", "ledger-2")
    assert fork.origin == await bb.repositories.get("PRJ", "ledger")
    personal = await bb.repositories.fork("PRJ", "gateway")
    assert personal.project.key == "~ada_example"
    forks = await aio.collect(bb.repositories.list_forks("PRJ", "ledger"))
    assert {(item.project.key, item.slug) for item in forks} == {("~ada_example", "ledger"), ("OPS", "ledger-2")}


async def test_search(bb: DataCenterSession) -> None:
    found = await aio.collect(bb.repositories.search(name="LEDG"))
    assert {item.project.key for item in found} == {"PRJ", "OPS", "~ada_example"}
    assert all(item.public for item in await aio.collect(bb.repositories.search(visibility="public")))
    await bb.repositories.update("PRJ", "ledger", archived=True)
    (archived,) = await aio.collect(bb.repositories.search(archived="ARCHIVED"))
    assert (archived.project.key, archived.slug) == ("PRJ", "ledger")


async def test_branches(bb: DataCenterSession) -> None:
    by_date = await aio.collect(bb.branches.list("PRJ", "ledger"))
    by_name = await aio.collect(bb.branches.list("PRJ", "ledger", order_by="ALPHABETICAL"))
    assert by_name == sorted(by_date, key=lambda branch: branch.display_id)
    assert by_name != by_date
    (main,) = [branch for branch in by_date if branch.is_default]
    assert (main.id, main.display_id, main.type) == ("refs/heads/main", "main", "BRANCH")
    detailed = await aio.collect(bb.branches.list("PRJ", "ledger", filter_text="pr/", details=True, base="main"))
    assert detailed
    assert all(branch.metadata and branch.display_id.startswith("pr/") for branch in detailed)


async def test_life_of_a_branch(bb: DataCenterSession) -> None:
    name = "fix/naïve#1"
    branch = await bb.branches.create("PRJ", "ledger", name=name, start_point="main")
    with pytest.raises(BadRequestError):
        await bb.branches.create("PRJ", "ledger", name=name, start_point="main")
    await bb.branches.set_default("PRJ", "ledger", name=name)
    assert (await bb.branches.get_default("PRJ", "ledger")).display_id == name
    await bb.branches.set_default("PRJ", "ledger", name="main")
    with pytest.raises(BadRequestError):
        await bb.branches.delete("PRJ", "ledger", name=name, end_point="0" * 40)
    await bb.branches.delete("PRJ", "ledger", name=name, end_point=branch.latest_commit, dry_run=True)
    assert await aio.collect(bb.branches.list("PRJ", "ledger", filter_text="naïve#1"))
    await bb.branches.delete("PRJ", "ledger", name=name, end_point=branch.latest_commit)
    assert not await aio.collect(bb.branches.list("PRJ", "ledger", filter_text="naïve#1"))


async def test_empty_repository_has_no_default_branch(bb: DataCenterSession) -> None:
    await bb.repositories.create("PRJ", name="empty")
    with pytest.raises(NotFoundError):
        await bb.branches.get_default("PRJ", "empty")


async def test_commits(bb: DataCenterSession) -> None:
    (head, second, *_) = await aio.collect(bb.commits.list("PRJ", "ledger"))
    assert await aio.collect(bb.commits.list("PRJ", "ledger", since=second.id, merges="exclude")) == (
        [] if len(head.parents) > 1 else [head]
    )
    merges = await aio.collect(bb.commits.list("PRJ", "ledger", merges="only"))
    assert merges
    assert all(len(commit.parents) == 2 for commit in merges)
    commit = await bb.commits.get("PRJ", "ledger", head.id)
    assert commit == head
    assert commit.id.startswith(commit.display_id)
    assert not await aio.collect(bb.commits.list("PRJ", "ledger", until="f" * 40, ignore_missing=True))
    with pytest.raises(NotFoundError):
        await aio.collect(bb.commits.list("PRJ", "ledger", until="f" * 40))


async def test_changes_of_a_commit(bb: DataCenterSession) -> None:
    commits = await aio.collect(bb.commits.list("PRJ", "ledger", path="docs/100% coverage #1+2.md"))
    changes = await aio.collect(bb.commits.list_changes("PRJ", "ledger", commits[0].id))
    paths = {str(change.path): change.type for change in changes}
    assert paths["docs/100% coverage #1+2.md"] == "MODIFY"
    assert changes[0].node_type == "FILE"

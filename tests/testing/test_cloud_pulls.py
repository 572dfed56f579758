"""Pull requests are stateful: created, reviewed, commented on, merged."""

from __future__ import annotations

import pytest

from tests.testing.cloud_api import Answer, Api, Json

OWN = "/repositories/acme/api"
PULLS = OWN + "/pullrequests"


async def branch_with_commit(api: Api, name: str = "work", own: str = OWN) -> None:
    form = {"branch": name, "message": f"On {name}", f"/{name}.txt": "content\n"}
    assert (await api("POST", f"{own}/src", data=form)).status == 201


async def create(api: Api, **more: object) -> Answer:
    return await api("POST", PULLS, {"title": "Work", "source": {"branch": {"name": "work"}}} | more)


async def created(api: Api) -> str:
    await branch_with_commit(api)
    answer = await create(api)
    assert answer.status == 201, answer.body
    return f"{PULLS}/{answer.json['id']}"


async def test_create_needs_a_source_that_differs(api: Api) -> None:
    missing = await create(api)
    assert (missing.status, missing.json["error"]["fields"]) == (400, {"source": ["branch not found: work"]})
    assert (await api("POST", PULLS, {"title": "x"})).status == 400
    assert (await api("POST", OWN + "/refs/branches", {"name": "work", "target": {"hash": "main"}})).status == 201
    assert (await create(api)).message == "There are no changes to be pulled"


async def test_created_one_is_listed_and_counted(api: Api) -> None:
    before = api.fake.world.counts()["pull_requests"]
    path = await created(api)
    pull = await api.get(path)
    assert (pull["state"], pull["title"], pull["destination"]["branch"]["name"]) == ("OPEN", "Work", "main")
    assert pull["created_on"] == max(one["created_on"] for one in await api.values(PULLS))
    assert api.fake.world.counts()["pull_requests"] == before + 1
    assert [one["message"] for one in await api.values(path + "/commits")] == ["On work"]
    newest = (await api.get(PULLS + "/activity"))["values"][0]
    assert newest["pull_request"]["id"] == pull["id"]
    assert newest["update"]["state"] == "OPEN"


async def test_create_for_the_same_branches_changes_the_open_one(api: Api) -> None:
    path = await created(api)
    again = await create(api, title="Other title")
    assert again.status == 201
    assert path.endswith(f"/{again.json['id']}")
    assert (await api.get(path))["title"] == "Other title"


async def test_reviewers_are_named_by_uuid_or_account_id(api: Api) -> None:
    await branch_with_commit(api)
    users = api.fake.world.users
    reviewers: list[Json] = [{"uuid": users[1].uuid}, {"account_id": users[2].account_id}]
    pull = (await create(api, reviewers=reviewers)).json
    assert [one["nickname"] for one in pull["reviewers"]] == [users[1].nickname, users[2].nickname]
    assert {one["role"] for one in pull["participants"]} == {"REVIEWER"}
    assert (await create(api, reviewers=[{"nickname": users[1].nickname}])).message == "Malformed reviewers list"
    assert (await create(api, reviewers=[{"uuid": users[0].uuid}])).status == 400


async def test_update_is_partial_and_only_for_open_ones(api: Api) -> None:
    path = await created(api)
    before = await api.get(path)
    after = (await api("PUT", path, {"description": "Why"})).json
    assert (after["title"], after["description"]) == ("Work", "Why")
    assert after["updated_on"] > before["updated_on"]
    assert (await api("POST", path + "/decline", {"reason": "no"})).json["state"] == "DECLINED"
    assert (await api("PUT", path, {"title": "x"})).status == 400


async def test_comments_count_and_show_but_do_not_update(api: Api) -> None:
    path = await created(api)
    before = await api.get(path)
    made = await api("POST", path + "/comments", {"content": {"raw": "**Hm**"}, "inline": {"path": "a", "to": 3}})
    assert made.status == 201
    assert made.json["inline"] == {"path": "a", "from": None, "to": 3}
    reply = await api("POST", path + "/comments", {"content": {"raw": "Yes"}, "parent": {"id": made.json["id"]}})
    assert reply.json["parent"]["id"] == made.json["id"]
    after = await api.get(path)
    assert after["comment_count"] == 2
    assert after["updated_on"] == before["updated_on"]
    newest = (await api.get(PULLS + "/activity"))["values"][0]
    assert newest["comment"]["id"] == reply.json["id"]
    assert (await api("POST", path + "/comments", {"content": {}})).status == 400


async def test_comment_is_changed_resolved_and_deleted(api: Api) -> None:
    path = await created(api)
    own = f"{path}/comments/{(await api('POST', path + '/comments', {'content': {'raw': 'a'}})).json['id']}"
    changed = (await api("PUT", own, {"content": {"raw": "b"}})).json
    assert changed["content"]["raw"] == "b"
    assert changed["updated_on"] > changed["created_on"]
    assert "resolution" not in changed
    assert (await api("POST", own + "/resolve")).json["type"] == "comment_resolution"
    assert (await api("POST", own + "/resolve")).status == 409
    assert "resolution" in await api.get(own)
    assert (await api("DELETE", own + "/resolve")).status == 204
    assert (await api("DELETE", own)).status == 204
    assert (await api("DELETE", own)).status == 404
    assert [one["deleted"] for one in await api.values(path + "/comments")] == [True]
    assert (await api.get(path))["comment_count"] == 0


async def test_tasks_live_and_are_counted_while_open(api: Api) -> None:
    path = await created(api)
    task = (await api("POST", path + "/tasks", {"content": {"raw": "Do it"}})).json
    own = f"{path}/tasks/{task['id']}"
    assert (await api.get(path))["task_count"] == 1
    assert (await api("PUT", own, {"state": "RESOLVED"})).json["resolved_by"] is not None
    assert (await api.get(path))["task_count"] == 0
    assert (await api("PUT", own, {"state": "DONE"})).status == 400
    assert (await api("DELETE", own)).status == 204
    assert (await api("GET", own)).status == 404


async def test_computed_pull_request_can_be_changed_too(api: Api) -> None:
    counts = api.fake.world.counts()
    path = f"{PULLS}/1"
    comments = await api.values(path + "/comments")
    assert (await api("POST", path + "/comments", {"content": {"raw": "New"}})).status == 201
    assert (await api.get(path))["comment_count"] == len(comments) + 1
    after = api.fake.world.counts()
    assert after == counts | {"comments": counts["comments"] + 1, "activity": counts["activity"] + 1}


async def test_reviews_are_given_and_taken_back(api: Api) -> None:
    path = await created(api)
    assert (await api("POST", path + "/approve")).json["state"] == "approved"
    assert [one["approved"] for one in (await api.get(path))["participants"]] == [True]
    assert (await api("POST", path + "/request-changes")).json["state"] == "changes_requested"
    assert (await api("DELETE", path + "/approve")).status == 404
    assert (await api("DELETE", path + "/request-changes")).status == 204
    kinds = [next(key for key in one if key != "pull_request") for one in await api.values(path + "/activity")]
    assert kinds == ["changes_requested", "approval", "update"]
    assert (await api("POST", f"{PULLS}/2/approve")).status == 200  # merged long ago


async def test_merge_makes_a_commit_and_closes(api: Api) -> None:
    path = await created(api)
    merged = (await api("POST", path + "/merge", {"message": "Ship it", "close_source_branch": True})).json
    assert merged["state"] == "MERGED"
    assert len(merged["merge_commit"]["hash"]) == 40
    assert len((await api.get(path))["merge_commit"]["hash"]) == 12
    main = await api.get(OWN + "/refs/branches/main")
    assert main["target"]["hash"] == merged["merge_commit"]["hash"]
    assert main["target"]["message"] == "Ship it"
    assert len(main["target"]["parents"]) == 2
    assert (await api("GET", OWN + "/refs/branches/work")).status == 404
    assert (await api("GET", OWN + "/src/main/work.txt")).body == b"content\n"
    assert (await api("POST", path + "/merge")).status == 400
    assert [one["message"] for one in await api.values(path + "/commits")] == ["On work"]


@pytest.mark.parametrize(("strategy", "parents"), [("squash", 1), ("merge_commit", 2)])
async def test_merge_strategies(api: Api, strategy: str, parents: int) -> None:
    path = await created(api)
    merged = (await api("POST", path + "/merge", {"merge_strategy": strategy})).json
    commit = await api.get(f"{OWN}/commit/{merged['merge_commit']['hash']}")
    assert len(commit["parents"]) == parents


async def test_fast_forward_needs_a_destination_that_did_not_move(api: Api) -> None:
    path = await created(api)
    assert (await api("POST", path + "/merge", {"merge_strategy": "nosuch"})).status == 400
    await branch_with_commit(api, "main")
    assert (await api("POST", path + "/merge", {"merge_strategy": "fast_forward"})).status == 400
    assert (await api.get(path))["state"] == "OPEN"


async def test_asynchronous_merge_is_pending_then_done(api: Api) -> None:
    path = await created(api)
    accepted = await api("POST", path + "/merge?async=true")
    assert (accepted.status, accepted.body) == (202, b'""')
    location = accepted.headers["Location"]
    assert (await api.get(location))["task_status"] == "PENDING"
    done = await api.get(location)
    assert (done["task_status"], done["merge_result"]["state"]) == ("SUCCESS", "MERGED")
    assert (await api("GET", f"{PULLS}/1/merge/task-status/{location.rpartition('/')[2]}")).status == 400
    for _ in range(3):
        assert (await api.get(path + "/merge/task-status/unknown"))["task_status"] == "PENDING"


async def test_slow_merge_is_asynchronous_unasked(api: Api) -> None:
    api.fake.merges.slow_merges = True
    path = await created(api)
    assert (await api("POST", path + "/merge")).status == 202


async def test_pull_request_from_a_fork_brings_its_commits(api: Api) -> None:
    fork = await api("POST", OWN + "/forks", {"name": "my-api", "workspace": {"slug": "globex"}})
    assert (fork.status, fork.json["full_name"], fork.json["parent"]["full_name"]) == (201, "globex/my-api", "acme/api")
    assert "globex/my-api" in [one["full_name"] for one in await api.values(OWN + "/forks")]
    form = {"branch": "work", "message": "In the fork", "/fork.txt": "x"}
    head = (await api.get("/repositories/globex/my-api/refs/branches"))["values"][0]["target"]["hash"]
    assert (await api("POST", "/repositories/globex/my-api/src", data=form | {"parents": head})).status == 201
    source: Json = {"branch": {"name": "work"}, "repository": {"full_name": "globex/my-api"}}
    pull = (await create(api, source=source)).json
    assert pull["source"]["repository"]["full_name"] == "globex/my-api"
    assert [one["message"] for one in await api.values(f"{PULLS}/{pull['id']}/commits")] == ["In the fork"]
    assert (await api("POST", f"{PULLS}/{pull['id']}/merge")).status == 200


async def test_push_moves_the_open_pull_request(api: Api) -> None:
    path = await created(api)
    before = await api.get(path)
    await branch_with_commit(api)
    after = await api.get(path)
    assert after["source"]["commit"]["hash"] != before["source"]["commit"]["hash"]
    assert after["updated_on"] > before["updated_on"]
    assert len(await api.values(path + "/commits")) == 2


async def test_build_statuses_are_upserted_by_key(api: Api) -> None:
    path = await created(api)
    head = (await api.get(OWN + "/refs/branches/work"))["target"]["hash"]
    own = f"{OWN}/commit/{head}/statuses"
    assert (await api("POST", own + "/build", {"key": "k"})).json["error"]["fields"].keys() == {"state", "url"}
    body = {"key": "a/b", "state": "INPROGRESS", "url": "https://ci.invalid/1", "name": "Build"}
    assert (await api("POST", own + "/build", body)).status == 201
    assert (await api("PUT", own + "/build/a%2Fb", {"state": "SUCCESSFUL"})).json["state"] == "SUCCESSFUL"
    assert (await api.get(own + "/build/a%2Fb"))["name"] == "Build"
    assert [one["key"] for one in await api.values(path + "/statuses")] == ["a/b"]
    assert (await api("PUT", own + "/build/other", {"state": "FAILED"})).status == 404
    assert (await api("POST", own + "/build", body | {"state": "GREEN"})).status == 400


async def test_commit_comments_and_approvals(api: Api) -> None:
    own = OWN + "/commit/main"
    made = (await api("POST", own + "/comments", {"content": {"raw": "Nice"}})).json
    assert [one["id"] for one in await api.values(own + "/comments")] == [made["id"]]
    assert (await api("PUT", f"{own}/comments/{made['id']}", {"content": {"raw": "!"}})).status == 201
    assert (await api("DELETE", f"{own}/comments/{made['id']}")).status == 204
    assert (await api("GET", f"{own}/comments/{made['id']}")).status == 404
    assert (await api("POST", own + "/approve")).json["approved"] is True
    assert len((await api.get(own))["participants"]) == 1
    assert (await api("DELETE", own + "/approve")).status == 204
    assert (await api("DELETE", own + "/approve")).status == 404

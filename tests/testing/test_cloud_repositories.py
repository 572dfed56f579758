"""Repositories, projects, refs, hooks, files, diffs, downloads and OAuth tokens."""

from __future__ import annotations

from urllib.parse import quote

import aiohttp
import pytest

from tests.testing.cloud_api import Answer, Api, basic

OWN = "/repositories/acme/api"


async def test_repository_is_created_renamed_and_deleted(api: Api) -> None:
    body = {"scm": "git", "is_private": False, "project": {"key": "PRJ1"}, "description": "New"}
    made = await api("POST", "/repositories/acme/new-one", body)
    assert (made.status, made.json["project"]["key"], made.json["mainbranch"]) == (200, "PRJ1", None)
    assert (await api("POST", "/repositories/acme/new-one", body)).status == 400
    renamed = (await api("PUT", "/repositories/acme/new-one", {"name": "Renamed One"})).json
    assert (renamed["slug"], renamed["uuid"]) == ("renamed-one", made.json["uuid"])
    assert (await api("GET", "/repositories/acme/new-one")).status == 404
    assert (await api.get(f"/repositories/acme/{quote(made.json['uuid'])}"))["slug"] == "renamed-one"
    assert (await api("DELETE", "/repositories/acme/renamed-one")).status == 204
    assert (await api("DELETE", "/repositories/acme/renamed-one")).status == 404


async def test_put_of_a_missing_repository_creates_it(api: Api) -> None:
    assert (await api("PUT", "/repositories/acme/by-put", {})).status == 201
    assert (await api("PUT", "/repositories/acme/by-put", {"description": "x"})).json["description"] == "x"
    assert (await api("PUT", "/repositories/acme/by-put", {"project": {"key": "NONE"}})).status == 400


async def test_repositories_filter_and_sort(api: Api) -> None:
    forks = await api.values("/repositories/acme", q="parent != null")
    assert [one["slug"] for one in forks] == ["docs"]
    names = [one["slug"] for one in await api.values("/repositories/acme", sort="-updated_on")]
    assert sorted(names) == sorted(one["slug"] for one in await api.values("/repositories/acme"))
    assert len(await api.values("/repositories/acme", q='project.key = "PRJ0"')) == 2


async def test_projects_live(api: Api) -> None:
    path = "/workspaces/acme/projects"
    assert (await api("POST", path, {"name": "x"})).json["error"]["fields"].keys() == {"key"}
    assert (await api("POST", path, {"key": "NEW", "name": "New"})).status == 201
    assert (await api("POST", path, {"key": "NEW", "name": "New"})).status == 400
    assert (await api("PUT", path + "/NEW", {"name": "Newer"})).json["name"] == "Newer"
    assert (await api("PUT", path + "/OTHER", {"name": "Other"})).status == 201
    assert (await api("DELETE", path + "/NEW")).status == 204
    assert (await api("GET", path + "/NEW")).status == 404
    assert (await api("DELETE", path + "/PRJ0")).status == 400


@pytest.mark.parametrize("kind", ["branches", "tags"])
async def test_refs_with_odd_names_live(api: Api, kind: str) -> None:
    path, name = f"{OWN}/refs/{kind}", "odd/#1 größe"
    body = {"name": name, "target": {"hash": "main"}}
    assert (await api("POST", path, body)).status == 201
    assert (await api("POST", path, body)).status == 409
    assert (await api("POST", path, {"name": "x"})).status == 400
    assert (await api("POST", path, {"name": "x", "target": {"hash": "0" * 40}})).status == 400
    assert (await api.get(f"{path}/{quote(name, safe='')}"))["name"] == name
    assert (await api("DELETE", f"{path}/{quote(name)}")).status == 204
    assert (await api("GET", f"{path}/{quote(name)}")).status == 404


async def test_main_branch_stays(api: Api) -> None:
    assert (await api("DELETE", OWN + "/refs/branches/main")).status == 400


async def test_default_reviewers(api: Api) -> None:
    user = quote(api.fake.world.users[3].uuid)
    path = f"{OWN}/default-reviewers/{user}"
    assert (await api("GET", path)).status == 404
    assert (await api("PUT", path)).status == 200
    assert len(await api.values(OWN + "/effective-default-reviewers")) == 3
    assert (await api("DELETE", path)).status == 204
    assert len(await api.values(OWN + "/default-reviewers")) == 2


@pytest.mark.parametrize("owner", [OWN, "/workspaces/acme"])
async def test_hooks_keep_their_secret_to_themselves(api: Api, owner: str) -> None:
    body = {"url": "https://bot.invalid/hook", "events": ["repo:push"], "secret": "hush", "active": True}
    made = await api("POST", owner + "/hooks", body)
    assert (made.status, made.json["secret_set"]) == (201, True)
    assert b"hush" not in made.body
    path = f"{owner}/hooks/{quote(made.json['uuid'])}"
    assert (await api("PUT", path, {"description": "d"})).json["secret_set"] is True
    assert (await api("PUT", path, {"secret": None})).json["secret_set"] is False
    assert (await api("POST", owner + "/hooks", body | {"events": ["repo:exploded"]})).status == 400
    assert (await api("DELETE", path)).status == 204
    assert (await api("GET", path)).status == 404
    events = await api.values("/hook_events/repository")
    assert "pullrequest:created" in [one["event"] for one in events]


async def test_files_directories_and_metadata(api: Api) -> None:
    root = await api("GET", OWN + "/src")
    assert root.status == 302
    assert root.headers["Location"].startswith(f"{api.fake.url}{OWN}/src/")
    entries = {one["path"]: one["type"] for one in await api.values(root.headers["Location"])}
    assert entries["src"] == "commit_directory"
    assert entries["README.md"] == "commit_file"
    deep = await api.values(f"{OWN}/src/main/src/?max_depth=3")
    assert "src/nested/deep/module.py" in [one["path"] for one in deep]
    path = f"{OWN}/src/main/{quote('src/größe.py')}"
    raw = await api("GET", path)
    assert raw.body.startswith("# src/größe.py\n".encode())
    assert raw.headers["Content-Type"] == "text/x-python"
    assert (await api("HEAD", path)).headers["Content-Length"] == str(len(raw.body))
    assert (await api("GET", path, headers={"If-None-Match": raw.headers["ETag"]})).status == 304
    meta = await api.get(path + "?format=meta")
    assert (meta["size"], meta["type"]) == (len(raw.body), "commit_file")
    gone = await api("GET", OWN + "/src/main/no/such.py")
    assert (gone.status, gone.message) == (404, "No such file or directory: no/such.py")


async def test_branch_with_a_slash_names_a_tree(api: Api) -> None:
    assert (await api("GET", f"{OWN}/src/{quote('release/1.0', safe='')}/README.md")).status == 200


async def test_history_of_a_file(api: Api) -> None:
    listed = await api.values(f"{OWN}/filehistory/main/README.md?pagelen=3")
    filtered = await api.values(f"{OWN}/commits/main?path=README.md")
    assert [one["commit"]["hash"] for one in listed] == [one["hash"] for one in filtered]
    assert 3 < len(listed) < 120


async def test_multipart_commits_bytes_and_deletions(api: Api) -> None:
    form = aiohttp.FormData({"message": "Bytes", "author": "Some Body <some@body.invalid>", "files": "setup.cfg"})
    form.add_field("/data/blob.bin", b"\x00\xff", filename="blob.bin", content_type="application/octet-stream")
    made = await api("POST", OWN + "/src", data=form)
    assert made.status == 201
    commit = await api.get(made.headers["Location"])
    assert commit["author"] == {"type": "author", "raw": "Some Body <some@body.invalid>"}
    assert (await api("GET", OWN + "/src/main/data/blob.bin")).body == b"\x00\xff"
    assert (await api("GET", OWN + "/src/main/setup.cfg")).status == 404
    stat = {one["status"] for one in await api.values(f"{OWN}/diffstat/{commit['hash']}")}
    assert stat == {"added", "removed"}
    stale = {"parents": commit["parents"][0]["hash"], "/x": "y"}
    assert (await api("POST", OWN + "/src", data=stale)).status == 409


async def test_first_commit_of_an_empty_repository(api: Api) -> None:
    own = "/repositories/acme/infra"
    assert (await api("GET", own + "/src")).status == 404
    assert (await api("POST", own + "/src", data={"/README.md": "Hi", "branch": "trunk"})).status == 201
    assert (await api.get(own))["mainbranch"]["name"] == "trunk"
    assert len(await api.values(own + "/commits")) == 1
    assert [one["path"] for one in await api.values(own + "/src/trunk/")] == ["README.md"]


async def test_diff_of_a_pull_request_is_a_redirect_on_the_same_host(api: Api) -> None:
    answer = await api("GET", OWN + "/pullrequests/1/diff?path=notes/API-1.md")
    assert answer.status == 302
    location = answer.headers["Location"]
    assert location.startswith(f"{api.fake.url}{OWN}/diff/acme/api:")
    diff = await api("GET", location)
    assert diff.headers["Content-Type"] == "text/plain"
    assert b"+++ b/notes/API-1.md" in diff.body
    assert diff.body.count(b"diff --git") == 1
    stat = await api("GET", (await api("GET", OWN + "/pullrequests/1/diffstat")).headers["Location"])
    (only,) = stat.json["values"]
    assert (only["status"], only["old"]) == ("added", None)
    assert only["lines_added"] == sum(line.startswith(b"+Note") for line in diff.body.splitlines())
    assert stat.json["pagelen"] == 500
    patch = await api("GET", (await api("GET", OWN + "/pullrequests/1/patch")).headers["Location"])
    commits = await api.values(OWN + "/pullrequests/1/commits")
    assert patch.body.count(b"\nSubject: [PATCH] ") == len(commits)


async def test_diffs_have_renames_and_binary_files(api: Api) -> None:
    head = (await api.get(OWN + "/refs/branches/main"))["target"]["hash"]
    first = (await api.values(OWN + "/commits/main"))[-1]["hash"]
    stat = {one["new"]["path"]: one for one in await api.values(f"{OWN}/diffstat/{head}..{first}?topic=false")}
    assert stat["docs/changes.md"]["status"] == "renamed"
    assert stat["docs/changes.md"]["old"]["path"] == "docs/history.md"
    diff = (await api("GET", f"{OWN}/diff/{head}..{first}?topic=false")).body
    assert b"Binary files a/assets/logo.png and b/assets/logo.png differ" in diff
    reverse = (await api("GET", f"{OWN}/diff/{first}..{head}")).body
    assert reverse == b""  # nothing in the first commit that the head lacks


async def test_download_redirects_to_a_host_that_wants_no_credentials(api: Api) -> None:
    upload = aiohttp.FormData(quote_fields=False)  # names stand there as they are, not percent-encoded
    upload.add_field("files", b"0123456789", filename="größe.txt")
    assert (await api("POST", OWN + "/downloads", data=upload)).status == 201
    path = f"{OWN}/downloads/{quote('größe.txt')}"
    location = (await api("GET", path)).headers["Location"]
    assert not location.startswith(api.fake.origin)
    refused = await api("GET", location)
    assert refused.status == 400
    assert b"Only one auth mechanism allowed" in refused.body
    assert (await api("GET", location, authorization=None)).body == b"0123456789"
    part = await api("GET", location, authorization=None, headers={"Range": "bytes=2-4"})
    assert (part.status, part.body) == (206, b"234")
    assert (await api("GET", location, authorization=None, headers={"Range": "bytes=99-"})).status == 416
    listed = {one["name"]: one for one in await api.values(OWN + "/downloads")}
    assert (listed["größe.txt"]["size"], listed["größe.txt"]["downloads"]) == (10, 1)
    assert (await api("DELETE", path)).status == 204
    assert (await api("GET", path)).status == 404


async def token(api: Api, secret: str | None = None, **form: str) -> Answer:
    client = api.fake.oauth
    authorization = basic(client.client_id, secret or client.client_secret)
    return await api("POST", api.fake.token_url, data=form, authorization=authorization)


async def test_client_credentials_bring_a_token_and_no_refresh(api: Api) -> None:
    answer = await token(api, grant_type="client_credentials")
    assert "refresh_token" not in answer.json
    assert answer.json["expires_in"] == 3600
    bearer = f"Bearer {answer.json['access_token']}"
    assert (await api("GET", OWN, authorization=bearer)).headers["X-Credential-Type"] == "oauth2"
    assert (await token(api, "wrong", grant_type="client_credentials")).status == 401
    assert (await token(api, grant_type="password")).json["error"] == "unsupported_grant_type"


async def test_refresh_tokens_rotate(api: Api) -> None:
    first = (await token(api, grant_type="authorization_code", code=api.fake.oauth.authorize())).json
    second = await token(api, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert second.json["refresh_token"] != first["refresh_token"]
    again = await token(api, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (again.status, again.json["error"]) == (400, "invalid_grant")


async def test_expired_token_is_refused(api: Api) -> None:
    api.fake.oauth.expires_in = 0
    answer = await token(api, grant_type="client_credentials")
    assert (await api("GET", OWN, authorization=f"Bearer {answer.json['access_token']}")).status == 401

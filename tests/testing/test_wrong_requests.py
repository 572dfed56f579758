"""What no client should send is answered with an error of the vendor's, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest
from yarl import URL

from bbasync.testing import FakeDataCenter
from tests.testing.datacenter_api import Api as DataCenterApi

if TYPE_CHECKING:
    from tests.testing.cloud_api import Api

OWN = "/repositories/acme/api"
PULL = f"{OWN}/pullrequests/1"
LONG = "9" * 5000
"""More digits than Python reads."""
FORM = "multipart/form-data; boundary=x"
TEXT = b'--x\r\nContent-Disposition: form-data; name="message"\r\n\r\n\xff\xfe\r\n--x--\r\n'
UNREADABLE = [
    ({"Content-Type": "multipart/form-data"}, b"no boundary"),
    ({"Content-Type": FORM}, b"--x\r\nbroken"),
    ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, b"not compressed"),
]
BRANCH = {"name": "feature/API-1"}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        *UNREADABLE,
        ({"Content-Type": FORM}, TEXT),
        ({"Content-Type": "application/x-www-form-urlencoded; charset=none"}, b"message=x"),
    ],
)
async def test_bodies_that_are_not_what_their_headers_say(headers: dict[str, str], body: bytes, api: Api) -> None:
    answer = await api("POST", f"{OWN}/src", data=body, headers=headers)
    assert (answer.status, answer.message) == (400, "The body is not what its headers say")


@pytest.mark.parametrize(("headers", "body"), UNREADABLE)
async def test_such_bodies_for_a_data_center(headers: dict[str, str], body: bytes) -> None:
    async with FakeDataCenter() as fake, aiohttp.ClientSession() as http:
        authorized = headers | {"Authorization": f"Bearer {fake.token}", "Connection": "close"}
        authorized["X-Atlassian-Token"] = "no-check"
        for path in ("/rest/api/latest/projects", "/rest/oauth2/latest/token"):
            async with http.post(fake.url + path, data=body, headers=authorized) as response:
                assert response.status in {400, 401}, path  # a token is not asked for with JSON


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", f"{PULL}/comments", {"content": {"raw": "x"}, "parent": {"id": [1]}}, "parent"),
        ("POST", f"{PULL}/comments", {"content": {"raw": "x"}, "inline": "src"}, "inline"),
        ("POST", f"{PULL}/tasks", {"content": {"raw": "x"}, "comment": {"id": {}}}, "comment"),
        ("POST", f"{OWN}/pullrequests", {"title": "x", "source": {"branch": BRANCH}, "reviewers": 1}, "reviewers"),
        ("PUT", PULL, {"title": {"raw": "x"}}, "title"),
        ("POST", f"{OWN}/forks", {"name": {}}, "name"),
        ("POST", f"{OWN}/forks", {"workspace": {"slug": 1}}, "slug"),
        ("PUT", OWN, {"mainbranch": {"name": ["main"]}}, "name"),
        ("POST", f"{OWN}/hooks", {"url": "http://127.0.0.1/", "events": 1}, "events"),
        ("POST", f"{OWN}/hooks", {"url": "http://127.0.0.1/", "events": ["repo:push"], "secret": 1}, "secret"),
    ],
)
async def test_a_value_of_a_wrong_type_names_its_field(
    method: str, path: str, body: object, field: str, api: Api
) -> None:
    before = api.fake.world.counts()
    answer = await api(method, path, body)
    assert (answer.status, list(answer.json["error"]["fields"])) == (400, [field])
    assert api.fake.world.counts() == before


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/repositories/acme?pagelen={LONG}", 400),
        (f"/repositories/acme?page={LONG}", 404),
        (f"{PULL}/commits?page={LONG}", 400),
        (f"{OWN}/pullrequests/{LONG}", 404),
        (f"{OWN}/pullrequests?q=id%3D{LONG}", 400),
        (f"{OWN}/pullrequests?q={'(' * 2000}id%3D1{')' * 2000}", 400),
        (f"{OWN}/pullrequests?q={'(' * 20}id%3D1{')' * 20}", 200),
        (f"{OWN}/src/main/?max_depth={LONG}", 400),
        (f"{OWN}/diff/main?context={LONG}", 400),
    ],
)
async def test_numbers_that_are_too_long_and_queries_that_are_too_deep(path: str, status: int, api: Api) -> None:
    assert (await api("GET", path)).status == status


async def test_a_cursor_of_another_list_is_refused(api: Api) -> None:
    entry = URL((await api.get(f"{OWN}/pullrequests/activity", pagelen="1"))["next"]).query["ctx"]
    file = URL((await api.get(f"{OWN}/src/main/", pagelen="1"))["next"]).query["page"]
    assert (await api("GET", f"{OWN}/src/main/", query={"page": entry})).status == 400
    assert (await api("GET", f"{OWN}/pullrequests/activity", query={"ctx": file})).status == 400


async def test_redirects_keep_the_query_as_it_was_sent(api: Api) -> None:
    for path in (f"{PULL}/diff", f"{PULL}/conflicts", f"{OWN}/src"):
        answer = await api("GET", f"{path}?path=a%26b%0Ac")
        assert answer.status == 302
        assert answer.headers["Location"].endswith("path=a%26b%0Ac")


async def test_wrong_numbers_and_builds_of_a_data_center() -> None:
    async with FakeDataCenter() as fake, aiohttp.ClientSession() as http:
        api = DataCenterApi(fake, http)
        repository = fake.world.repository("PRJ", "ledger")
        own = f"/projects/PRJ/repos/{repository.slug}"
        assert await api.refused("GET", f"{own}/commits?start={2**64}") == (400, "ArgumentValidationException")
        head = repository.branches[repository.default_branch]
        fake.world.builds.pop(head, None)
        assert await api.refused("DELETE", f"{own}/commits/{head}/builds?key=ci") == (404, "NoSuchEntityException")
        assert (await api("DELETE", f"{own}/commits/{head}/builds"))[0] == 400


async def test_a_branch_that_is_not_text_is_one_that_a_data_center_does_not_have() -> None:
    async with FakeDataCenter() as fake, aiohttp.ClientSession() as http:
        body = b"".join(
            b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % field
            for field in ((b"branch", b"\xff"), (b"content", b"x"), (b"sourceBranch", b"\xfe"))
        )
        headers = {"Authorization": f"Bearer {fake.token}", "Content-Type": FORM}
        url = f"{fake.url}/rest/api/latest/projects/PRJ/repos/ledger/browse/new.txt"
        async with http.put(url, data=body + b"--x--\r\n", headers=headers) as response:
            assert 400 <= response.status < 500


async def test_events_of_null_stay_as_they_are(api: Api) -> None:
    made = await api("POST", f"{OWN}/hooks", {"url": "http://127.0.0.1/", "events": ["repo:push"]})
    changed = await api("PUT", f"{OWN}/hooks/{made.json['uuid']}", {"events": None})
    assert (changed.status, changed.json["events"]) == (200, ["repo:push"])

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbasync.request import (
    UNSET,
    Home,
    SubPath,
    Timeouts,
    add_query,
    encode_json,
    encode_query,
    expand,
    nullable,
    origin_of,
    quote_path,
)

BRANCH = "/repositories/{workspace}/{repo_slug}/refs/branches/{name}"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("main", "main"),
        ("feat#1?x", "feat%231%3Fx"),
        ("a/b", "a%2Fb"),
        ("{uuid}", "%7Buuid%7D"),
        ("é 😀", "%C3%A9%20%F0%9F%98%80"),
        ("100%", "100%25"),
        ("~user", "~user"),
        ("a..b", "a..b"),
        (7, "7"),
    ],
)
def test_an_argument_is_one_segment(name: str | int, written: str) -> None:
    assert expand(BRANCH, ("acme", "api", name)) == f"/repositories/acme/api/refs/branches/{written}"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "%2e%2e", "%2E", "a/../b", "../x", "..\\x", "a\nb", "a\x00", "\x7f", True, None, 1.5]
)
def test_what_cannot_be_right_is_refused(name: object) -> None:
    with pytest.raises(ValueError, match="name must"):
        expand(BRANCH, ("acme", "api", name))  # type: ignore[arg-type]  # wrong types are the test


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        expand(BRANCH, ("acme", "api", "\ud800"))


@pytest.mark.parametrize(
    ("path", "written"),
    [("/", ""), ("a/b c.txt", "a/b%20c.txt"), ("/a/", "a"), ("ü#?%/+", "%C3%BC%23%3F%25/%2B")],
)
def test_the_slashes_of_a_sub_path_stay(path: str, written: str) -> None:
    assert expand("/src/{commit}/{path}", ("main", SubPath(path))) == f"/src/main/{written}"


@pytest.mark.parametrize("path", ["", "a//b", "a/../b", "a/%2e%2e/b", "//a", "a/."])
def test_a_sub_path_that_climbs_or_has_gaps_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path must"):
        expand("/src/{commit}/{path}", ("main", SubPath(path)))


def test_too_few_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="takes 3 arguments, got 1"):
        expand(BRANCH, ("acme",))


@given(st.text(min_size=1))
def test_every_argument_reaches_its_resource_or_is_refused(text: str) -> None:
    try:
        url = "https://host" + expand("/a/{name}/z", (text,))
    except ValueError:
        return
    path = urlsplit(url).path
    assert path.count("/") == 3
    assert unquote(path.split("/")[2]) == text
    assert urlsplit(url).query == urlsplit(url).fragment == ""


def test_a_query_repeats_sequences_and_leaves_none_out() -> None:
    when = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    query = {"state": ["OPEN", "MERGED"], "none": None, "yes": True, "n": 5, "since": when, "q": 'a="b+c"'}
    assert encode_query(query) == (
        "state=OPEN&state=MERGED&yes=true&n=5&since=2026-01-02T03%3A04%3A00%2B00%3A00&q=a%3D%22b%2Bc%22"
    )
    assert add_query("https://host/x?a=1", {"b": 2}) == "https://host/x?a=1&b=2"
    assert add_query("https://host/x", {"b": None}) == "https://host/x"


def test_a_body_leaves_out_what_is_absent_and_keeps_what_is_null() -> None:
    body = {
        "title": "t",
        "none": None,
        "unset": UNSET,
        "null": nullable(None),
        "kept": nullable("x"),
        "absent": nullable(UNSET),
        "source": {"branch": {"name": None}},
        "list": [{"a": None}],
        "false": False,
    }
    assert orjson.loads(encode_json(body)) == {
        "title": "t", "null": None, "kept": "x", "list": [{"a": None}], "false": False,
    }  # fmt: skip
    assert encode_json({"a": None}) == b"{}"
    assert encode_json([1]) == b"[1]"
    assert repr(UNSET) == "UNSET"
    assert not UNSET


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://API.bitbucket.org/2.0", ("https", "api.bitbucket.org", 443)),
        ("https://api.bitbucket.org:443/", ("https", "api.bitbucket.org", 443)),
        ("http://[::1]:8080/x", ("http", "::1", 8080)),
    ],
)
def test_origins_are_compared_after_parsing(url: str, origin: tuple[str, str, int]) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/", "//host/x", "/x", "x", "https:///x", "https://user@host/", "https://a:b@host/", "https://ho st/",
        "https://host\\@evil/", "https://host/\n", "https://host:99999/", "https://[::1/",
    ],
)  # fmt: skip
def test_urls_that_are_no_plain_origin_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL|[Pp]ort|IPv6"):
        origin_of(url)


HOME = Home("https://gate/bitbucket/2.0", ("https://api.example/2.0", "https://example/!api/2.0"))


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://gate/bitbucket/2.0/x?ctx=%2Fy%2e&page=2", "https://gate/bitbucket/2.0/x?ctx=%2Fy%2e&page=2"),
        ("https://api.example/2.0/x?ctx=%2Fy%2e", "https://gate/bitbucket/2.0/x?ctx=%2Fy%2e"),
        ("https://example:443/!api/2.0/a%2Fb", "https://gate/bitbucket/2.0/a%2Fb"),
        ("https://gate/bitbucket/1.0/groups", "https://gate/bitbucket/1.0/groups"),
        ("https://gate/other/2.0/x", None),
        ("https://gate/bitbucketeer/2.0/x", None),
        ("https://example/2.0/x", None),
        ("https://api.example/2.0", None),
        ("http://gate/bitbucket/2.0/x", None),
    ],
)
def test_a_url_of_a_response_is_sent_byte_for_byte_or_below_our_base_in_place_of_an_alias(
    url: str, sent: str | None
) -> None:
    assert HOME.resolve(url) == sent


@pytest.mark.parametrize(
    "path", ["../etc", "%2e%2e/etc", "2.0/..;x/etc", "2.0/%2e%2e%3bx/etc", "2.0/x/..", "2.0/%2E./x"]
)
def test_a_url_of_a_response_that_leads_up_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"'\.\.'"):
        HOME.resolve(f"https://gate/bitbucket/{path}")


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/user", "/user"),
        ("/repositories/acme/{uuid}?q=a%3D1", "/repositories/acme/%7Buuid%7D?q=a%3D1"),
        ("/refs/branches/a%2Fb", "/refs/branches/a%2Fb"),
        ("/a b", "/a%20b"),
        ("/src/main/", "/src/main/"),
    ],
)
def test_a_path_is_taken_as_it_is_typed(path: str, written: str) -> None:
    assert quote_path(path) == written


@pytest.mark.parametrize(
    "path",
    [
        "user", "", "/a/../b", "/a/%2e%2e/b", "/a/..;/b", "/a/%2e%2e;x/b", "/a/..%3bx/b", "/a#b", "/a?b c", "/a?b\nc",
        "/a\rb", "/a//b",
    ],
)  # fmt: skip
def test_a_path_that_cannot_be_right_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        quote_path(path)


def test_an_attempt_times_out_as_documented() -> None:
    assert Timeouts() == Timeouts(connect=10, read=60, total=300, least_rate=100)

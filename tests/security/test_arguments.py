"""Hostile texts in the arguments of every method: each is refused before it is sent, or stays where it belongs."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast
from urllib.parse import parse_qsl, quote, urlsplit

import attrs
import orjson
import pytest

from bbasync.request import Request
from bbasync.session import Session
from bbasync.testing.recording import RecordingTransport
from tests.meta.arguments import OTHER_VERB
from tests.meta.calls import SESSIONS, Method, answering, arguments, finish, methods, open_session, start

TEXTS = [
    "",
    ".",
    "..",
    "..;",
    "%2e%2e",
    "%2e%2e;",
    "%2e%2e%2fx",
    "..\\x",
    "a/../b",
    "a/../../b",
    "/",
    "/a",
    "a/",
    "a b+c%20d;e",
    "a\r\nX-Evil: 1",
    "a\x00b",
    "\x7f",
    "https://evil.example/",
    "//evil.example",
    "@evil.example",
    "?evil=1",
    "&evil=1",
    "#evil",
    '"; filename="evil',
    "é\u2028\u0085ß😀",
    "a\u202eb",
    "\ud800",
    "a" * 10_000,
]
HARMLESS = "harmless"
SAMPLE = 2500
"""For each product, of about 28,000 of Cloud and 4,500 of Data Center."""
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
VISIBLE = re.compile(r"[!-~]+")
FORM = "application/x-www-form-urlencoded"

Case = tuple[Method, str, str]
"""A method, the name of an argument, and the text in it."""


def filled(value: Any, text: str) -> Any:
    """Return a value with every text in it replaced."""
    if isinstance(value, str):
        return text
    if isinstance(value, Mapping):
        return {text: filled(next(iter(cast("Mapping[str, Any]", value).values())), text)}
    if isinstance(value, list):
        return [filled(inner, text) for inner in cast("list[object]", value)]
    cls: type[Any] = type(value)  # pyright: ignore[reportUnknownVariableType] - of anything
    if attrs.has(cls):
        fields = [field.name for field in attrs.fields(cls) if field.init]
        return attrs.evolve(value, **{name: filled(getattr(value, name), text) for name in fields})
    return value


def cases(product: str) -> list[Case]:
    return [
        (method, name, text)
        for method in methods()
        if method.product == product
        for name, value in arguments(method, "all").items()
        for text in TEXTS
        if filled(value, HARMLESS) != value
        and (name, text) != ("path", "/")  # the root of a repository, which may have a template of its own
    ]


@pytest.mark.parametrize("product", SESSIONS)
async def test_no_text_in_an_argument_reaches_another_resource_or_adds_a_parameter_or_header(product: str) -> None:
    chance = random.Random(1)  # noqa: S311 - a test must repeat
    await check(product, chance.sample(cases(product), SAMPLE))


@pytest.mark.nightly
@pytest.mark.parametrize("product", SESSIONS)
async def test_no_text_in_any_argument_does(product: str) -> None:
    await check(product, cases(product))


async def check(product: str, chosen: Iterable[Case]) -> None:
    for method, name, text in chosen:
        transport = RecordingTransport(answering(method))
        async with open_session(product, transport) as session:
            await check_case(session, method, name, text, transport.requests)


async def check_case(session: Session, method: Method, name: str, text: str, requests: list[Request]) -> None:
    """Compare a request with the one that a harmless text makes."""
    values = arguments(method, "all")
    await finish(start(session, method, {**values, name: filled(values[name], HARMLESS)}))
    usual = requests[-1]
    requests.clear()
    case = f"{method.id}({name}={text[:30]!r})"
    try:
        await finish(start(session, method, {**values, name: filled(values[name], text)}))
    except ValueError:
        assert all(request.method == "GET" for request in requests), case  # what a change reads first
        return
    finally:
        assert all(VISIBLE.fullmatch(request.url) for request in requests), case
    sent = requests[-1]
    assert urlsplit(sent.url)[:2] == urlsplit(usual.url)[:2], case
    assert urlsplit(sent.url).path == path_with(usual, name, text), case
    if not text:
        return  # stands for no value
    if isinstance(usual.body, bytes) and usual.headers.get("Content-Type") == FORM and b"=" not in usual.body:
        assert sent.body == with_text(usual.body.decode(), text).encode(), case  # a bare word
        return
    assert sorted(parameters(sent)) == sorted((key, with_text(value, text)) for key, value in parameters(usual)), case
    if sent.method == usual.method:
        assert sent.headers == usual.headers, case
    else:  # too long for a query
        assert (method.product, method.id) in OTHER_VERB, case
        assert sent.headers == {**usual.headers, "Content-Type": FORM}, case
    check_body(sent, usual, text, case)


def path_with(usual: Request, name: str, text: str) -> str:
    """Return the path with the text in place of the harmless one, in one segment."""
    if name == "path":  # in a repository: a slash at an end is dropped
        text = text.removeprefix("/").removesuffix("/")
    segments = urlsplit(usual.url).path.split("/")
    return "/".join(segment.replace(HARMLESS, quote(text, safe="~")) for segment in segments)


def with_text(value: Any, text: str) -> Any:
    """Return a value of a query or a body with the text in place of the harmless one, also within a `q` or a ref."""
    if isinstance(value, dict):
        items = cast("Mapping[str, Any]", value).items()
        return {with_text(key, text): with_text(inner, text) for key, inner in items}
    if isinstance(value, list):
        return [with_text(inner, text) for inner in cast("list[object]", value)]
    if isinstance(value, str):
        literal = text.replace("\\", "\\\\").replace('"', '\\"')
        return value.replace(f'"{HARMLESS}"', f'"{literal}"').replace(HARMLESS, text)
    return value


def parameters(request: Request) -> list[tuple[str, str]]:
    """Return the parameters of the query, and those of a form; what paging adds to `fields` is left out."""
    form = request.body if request.headers.get("Content-Type") == FORM else b""
    assert isinstance(form, bytes)
    texts = [urlsplit(request.url).query, form.decode("ascii")]
    pairs = [pair for text in texts if text for pair in parse_qsl(text, keep_blank_values=True, strict_parsing=True)]
    return [(name, value.removesuffix(",next") if name == "fields" else value) for name, value in pairs]


def check_body(sent: Request, usual: Request, text: str, case: str) -> None:
    if isinstance(sent.body, tuple):
        for part in sent.body:
            told = (part.name, part.filename, part.content_type, part.attributes)
            assert not any(CONTROL.search(text or "") for text in told), case
    elif usual.body == HARMLESS.encode():
        assert sent.body == text.encode(), case
    elif sent.headers.get("Content-Type") == "application/json":
        assert isinstance(sent.body, bytes)
        assert isinstance(usual.body, bytes)
        assert orjson.loads(sent.body) == with_text(orjson.loads(usual.body), text), case

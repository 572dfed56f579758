"""Every method is called against Prism, which knows the vendor's descriptions and nothing of this library."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest
from attrs import evolve

from bbasync.errors import DecodeError, PagingError
from bbasync.paging import Paging
from bbasync.transport import AiohttpTransport
from tests.contract.exceptions import (
    ANY_OF,
    COMPLAINTS,
    DECLARED_AS_JSON,
    SAMPLES,
    SLASHLESS,
    UNDECLARED_BODIES,
    UNKNOWN,
    UNWRITTEN,
)
from tests.contract.prism import needs_prism, serve
from tests.meta.calls import POLLING, Amount, Method, arguments, finish, methods, open_session, start
from tests.meta.table import operations

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from bbasync import CloudSession, DataCenterSession
    from bbasync.request import RawResponse, Request
    from bbasync.transport import RawStream

pytestmark = needs_prism

UNDESCRIBED: Final = {
    (operation.product, name)
    for operation in operations()
    if operation.product == "cloud" and UNKNOWN.match(f"{operation.method} {operation.template}")
    for name in operation.methods
}
METHODS: Final = [
    method for method in methods() if method.id not in POLLING and (method.product, method.id) not in UNDESCRIBED
]
"""All but those beside the description, and those that poll until something ends, which Prism's examples never do."""


class RefusedError(Exception):
    """Prism says that the request is wrong."""


class NoAnswerError(Exception):
    """Prism has judged the request and has no answer that could be read on."""


class Judge:
    """A transport that ends the call at what Prism says, before the session can repeat or follow anything."""

    def __init__(self, product: str) -> None:
        self._product = product
        self._transport = AiohttpTransport()

    async def send(self, request: Request) -> RawResponse:
        response = await self._transport.send(_as_described(request))
        self._judge(request, response, response.body)
        return response

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[RawStream, None]:
        async with self._transport.stream(_as_described(request)) as stream:
            self._judge(request, stream, b"")
            yield stream

    async def close(self) -> None:
        await self._transport.close()

    def _judge(self, request: Request, head: RawResponse | RawStream, body: bytes) -> None:
        if head.status < 300:
            return
        if (request.method, request.template, head.status) in UNWRITTEN:
            raise NoAnswerError
        if head.status >= 400:
            complaints = _complaints(head, body)
            unknown = [complaint for complaint in complaints if (self._product, complaint) not in COMPLAINTS]
            if unknown or not complaints:
                raise RefusedError(f"{request.method} {request.url}: {head.status}: {unknown or body[:1000].decode()}")
        raise NoAnswerError


def _as_described(request: Request) -> Request:
    key = (request.method, request.template)
    if request.template.endswith(SLASHLESS):
        start = request.template.rpartition("/")[2].partition("{")[0]
        return evolve(request, url=request.url.replace(f"/{start}/", f"/{start}"))
    if key in DECLARED_AS_JSON and isinstance(request.body, tuple):
        return evolve(request, body=b"{}", headers={**request.headers, "Content-Type": "application/json"})
    if key not in UNDECLARED_BODIES:
        return request
    headers = {name: value for name, value in request.headers.items() if name != "Content-Type"}
    return evolve(request, body=b"", headers=headers)


def _complaints(head: RawResponse | RawStream, body: bytes) -> list[str]:
    """Return what Prism finds wrong, as `body.title type`; the answer itself may be a documented error."""
    told: list[dict[str, Any]]
    if "sl-violations" in head.headers:
        told = orjson.loads(head.headers["sl-violations"])
    else:
        told = orjson.loads(body or b"{}").get("validation", [])
    return [f"{'.'.join(said['location']).removeprefix('request.')} {said['code']}" for said in told]


@pytest.fixture(scope="session")
def prisms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("prism")
    with serve("cloud", folder) as cloud, serve("datacenter", folder) as datacenter:
        yield {"cloud": f"{cloud}/2.0", "datacenter": datacenter}


@asynccontextmanager
async def judged(product: str, prisms: dict[str, str]) -> AsyncGenerator[CloudSession | DataCenterSession, None]:
    judge = Judge(product)
    try:
        async with open_session(product, judge, base_url=prisms[product]) as session:
            yield session
    finally:
        await judge.close()


@pytest.mark.parametrize("amount", ["required", "all"])
@pytest.mark.parametrize("method", METHODS, ids=lambda method: f"{method.product}-{method.id}")
async def test_the_description_allows_the_call(method: Method, amount: Amount, prisms: dict[str, str]) -> None:
    key = (method.product, method.id)
    amount = "all" if method.id in ANY_OF else amount
    async with judged(method.product, prisms) as session:
        call = start(session, method, arguments(method, amount), Paging(limit=1))
        try:
            await finish(call)
        except NoAnswerError:
            pass
        except (DecodeError, PagingError):
            if key not in SAMPLES:
                raise


@pytest.mark.parametrize(
    ("product", "method", "path"),
    [
        ("cloud", "GET", "/no/such/path"),
        ("cloud", "PATCH", "/user"),
        ("cloud", "GET", "/repositories/acme?role=king"),
        ("datacenter", "GET", "/api/latest/no-such-path"),
        ("datacenter", "GET", "/api/latest/projects/PRJ/repos/api/pull-requests/one"),
    ],
)
async def test_prism_refuses_what_is_wrong(product: str, method: str, path: str, prisms: dict[str, str]) -> None:
    async with judged(product, prisms) as session:
        with pytest.raises(RefusedError):
            await session.request(method, path)


def test_exceptions_are_of_methods_that_exist() -> None:
    known = {(method.product, method.id) for method in methods()}
    assert SAMPLES.keys() <= known
    assert {*UNDECLARED_BODIES, *DECLARED_AS_JSON} <= {operation.key[1:] for operation in operations()}

"""A bare client for the tests of FakeCloud: nothing of the library under test."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import aiohttp
import attrs
import orjson
from yarl import URL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType
    from typing import Self

    from bbasync.testing.cloud.server import FakeCloud

Json: TypeAlias = dict[str, Any]


@attrs.frozen
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        found: Json = orjson.loads(self.body)
        return found

    @property
    def message(self) -> str:
        return str(self.json["error"]["message"])


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


class Api:
    """Asks one fake as its user, or with another `authorization`; paths are sent as they are, below /2.0."""

    def __init__(self, fake: FakeCloud, authorization: str | None = "") -> None:
        self.fake = fake
        self.authorization = basic(fake.email, fake.token) if authorization == "" else authorization
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(auto_decompress=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._http is not None
        await self._http.close()

    async def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        data: Any = None,
        authorization: str | None = "",
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        assert self._http is not None
        sent = dict(headers or {})
        authorization = self.authorization if authorization == "" else authorization
        if authorization is not None:
            sent["Authorization"] = authorization
        url = URL(path if path.startswith("http") else self.fake.url + path, encoded=True)
        if query is not None:
            url = url.with_query(query)
        async with self._http.request(
            method, url, json=body, data=data, headers=sent, allow_redirects=False
        ) as response:
            return Answer(response.status, response.headers.copy(), await response.read())

    async def get(self, path: str, **query: str) -> Json:
        answer = await self("GET", path, query=query or None)
        assert answer.status == 200, (path, answer.status, answer.body)
        return answer.json

    async def pages(self, path: str, **query: str) -> AsyncIterator[Json]:
        page = await self.get(path, **query)
        yield page
        while "next" in page:
            page = await self.get(page["next"])
            yield page

    async def values(self, path: str, **query: str) -> list[Json]:
        return [value async for page in self.pages(path, **query) for value in page["values"]]

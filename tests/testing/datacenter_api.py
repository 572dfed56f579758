"""A bare client for the tests of FakeDataCenter: status and parsed body, nothing of the library under test."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

import aiohttp
import orjson
from yarl import URL

if TYPE_CHECKING:
    from bbasync.testing.datacenter.server import FakeDataCenter

Json: TypeAlias = dict[str, object]


class Api:
    """Asks one fake as its administrator; paths are sent as they are, below `root` of /rest."""

    def __init__(self, fake: FakeDataCenter, http: aiohttp.ClientSession) -> None:
        self.fake = fake
        self.http = http

    async def raw(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        form: dict[str, str] | None = None,
        root: str = "api/latest",
        token: str | None = None,
        accept: str = "*/*",
    ) -> tuple[int, bytes, aiohttp.ClientResponse]:
        headers = {"Authorization": f"Bearer {token or self.fake.token}", "Accept": accept}
        headers["X-Atlassian-Token"] = "no-check"
        url = URL(f"{self.fake.url}/rest/{root}{path}", encoded=True)
        data = aiohttp.FormData(form, default_to_multipart=True) if form else None
        async with self.http.request(
            method, url, json=body, data=data, headers=headers, allow_redirects=False
        ) as response:
            content = await response.read()
            if response.status == 204:
                assert content == b""
                assert "Content-Type" not in response.headers
            return response.status, content, response

    async def __call__(
        self, method: str, path: str, body: object = None, *, root: str = "api/latest"
    ) -> tuple[int, Json]:
        status, content, _ = await self.raw(method, path, body=body, root=root)
        return status, cast("Json", orjson.loads(content)) if content else {}

    async def get(self, path: str, *, root: str = "api/latest") -> Json:
        status, payload = await self("GET", path, root=root)
        assert status == 200, payload
        return payload

    async def values(self, path: str, *, root: str = "api/latest") -> list[Json]:
        return cast("list[Json]", (await self.get(path, root=root))["values"])

    async def error(self, method: str, path: str, body: object = None, *, root: str = "api/latest") -> tuple[int, Json]:
        status, payload = await self(method, path, body, root=root)
        return status, cast("list[Json]", payload["errors"])[0]

    async def refused(
        self, method: str, path: str, body: object = None, *, root: str = "api/latest"
    ) -> tuple[int, str]:
        """Return the status and the last part of the exception's name."""
        status, error = await self.error(method, path, body, root=root)
        return status, str(error["exceptionName"]).rpartition(".")[2]

    async def edit(self, path: str, fields: dict[str, str], token: str | None = None) -> tuple[int, Json]:
        status, content, _ = await self.raw("PUT", path, form=fields, token=token)
        return status, cast("Json", orjson.loads(content))

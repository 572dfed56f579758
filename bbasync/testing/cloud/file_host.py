"""The host that files come from when the API redirects to them."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web
from yarl import URL

from bbasync.testing.server import FakeServer

if TYPE_CHECKING:
    from bbasync.testing.server import Route

TWO_WAYS = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InvalidArgument</Code>'
    "<Message>Only one auth mechanism allowed</Message></Error>"
)


class FileHost(FakeServer):
    """Stands in for the storage behind downloads: signed links, another host, and no patience with credentials.

    Its links name localhost and the API's 127.0.0.1, since some clients compare hosts without ports before they send
    credentials on.
    """

    def __init__(self) -> None:
        super().__init__()
        self._files: dict[str, tuple[str, bytes]] = {}

    def publish(self, name: str, content: bytes) -> str:
        """Give a link to a file, good for as long as the host is up."""
        signature = secrets.token_hex(16)
        self._files[signature] = (name, content)
        origin = URL(self.origin).with_host("localhost").origin()
        return f"{origin}/{quote(name)}?X-Amz-Signature={signature}"

    def routes(self) -> list[Route]:
        """Serve every path."""
        return [("GET", "/{name}", self._get)]

    async def _get(self, request: web.Request) -> web.Response:
        if "Authorization" in request.headers:
            return web.Response(status=400, text=TWO_WAYS, content_type="application/xml")
        name, content = self._files.get(request.query.get("X-Amz-Signature", ""), ("", b""))
        if not name:
            return web.Response(
                status=403, text="<Error><Code>AccessDenied</Code></Error>", content_type="application/xml"
            )
        return ranged(request, content, {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"})


def ranged(request: web.Request, content: bytes, headers: dict[str, str]) -> web.Response:
    """Answer with the bytes that a request asks for: all, a range, or the last of them."""
    headers = headers | {"Accept-Ranges": "bytes"}
    wanted = re.fullmatch(r"bytes=(?:(\d+)-(\d*)|-(\d+))", request.headers.get("Range", ""))
    if wanted is None:
        return web.Response(body=content, headers=headers)
    if wanted[3]:
        first, last = max(len(content) - int(wanted[3]), 0), len(content) - 1
    else:
        first, last = int(wanted[1]), min(int(wanted[2] or len(content)), len(content) - 1)
    if first >= len(content):
        return web.Response(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
    return web.Response(status=206, body=content[first : last + 1], headers=headers)

"""FakeCloud: a stateful stand-in for https://api.bitbucket.org/2.0 on a loopback socket."""

from __future__ import annotations

import base64
import binascii
import itertools
from typing import TYPE_CHECKING

from aiohttp import BodyPartReader, web
from multidict import MultiDict

from bbasync.testing.cloud.file_host import FileHost
from bbasync.testing.cloud.http import (
    Call,
    CloudCaller,
    Memory,
    MergeTasks,
    Part,
    error_response,
    refusal,
)
from bbasync.testing.cloud.operations import OPERATIONS
from bbasync.testing.cloud.payloads import Payloads
from bbasync.testing.cloud.rate import ANONYMOUS, RateLimit
from bbasync.testing.cloud.scopes import ALL_SCOPES, api_token_scope, implied
from bbasync.testing.cloud.world import World
from bbasync.testing.cloud.world.timeline import NOW
from bbasync.testing.faults import RATE_LIMIT_TEXT
from bbasync.testing.oauth import AUTHORIZE_PATH, TOKEN_PATH, OAuth
from bbasync.testing.operations import in_order
from bbasync.testing.server import CALLER
from bbasync.testing.webhooks import DeliveringServer, WebhookSender

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from bbasync.testing.faults import Faults
    from bbasync.testing.operations import Operation
    from bbasync.testing.server import Caller, Handler, Route

GROUPS = {"files": 5000, "webhooks": 1000, ANONYMOUS: 60}
"""Limits an hour, beside that of `api`."""


class FakeCloud(DeliveringServer):
    """Bitbucket Cloud on 127.0.0.1, with a made-up world behind it.

    It takes Basic authentication with `email` and `token`, and as Bearer the `access_tokens`, one a workspace.
    `limit` requests are accepted within any `window` seconds, by principal and group; `scaled` adds the headers of a
    scaled plan. `scopes` restricts what the credentials may do. What is made up lies before `now`. `world` takes the
    place of the world that the other arguments describe. Changes made through the API stay until the server is gone.

    `requests` logs what was asked, `faults` spoils answers, `rate` counts and refuses, `oauth` issues tokens, `merges`
    makes merges slow, `files` is the host that downloads redirect to, and `world` holds the data and counts it.

    Webhooks made through the API are told what is done through the API. `token_of` gives the tokens of other users.
    """

    email = "me@example.invalid"
    token = "fake-api-token"  # noqa: S105  # of a fake

    def __init__(
        self,
        world: World | None = None,
        *,
        seed: int = 0,
        workspaces: int = 3,
        repositories: int = 4,
        commits: int = 120,
        pull_requests: int = 20,
        now: datetime = NOW,
        limit: int = 1000,
        window: float = 3600.0,
        scaled: bool = False,
        scopes: Collection[str] | None = None,
        latency: float = 0.0,
        faults: Faults | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        super().__init__(host=host, port=port, latency=latency, faults=faults)
        self.world = world or World(
            seed=seed,
            workspaces=workspaces,
            repositories=repositories,
            commits=commits,
            pull_requests=pull_requests,
            now=now,
        )
        self.access_tokens = {slug: f"fake-access-token-{slug}" for slug in self.world.workspaces}
        self._user_tokens = {f"fake-user-token-{user.index}": user for user in self.world.users}
        self.rate = RateLimit(limits={"api": limit, **GROUPS}, window=window)
        self.scaled = scaled
        self.scopes = scopes
        self._operations: dict[Handler, Operation[Call]] = {}
        self.filters = Memory(64)
        self.walks = Memory(1000)
        self.merges = MergeTasks()
        self.oauth = OAuth()
        self.files = FileHost()
        self.webhooks = WebhookSender(attempts=3, timeout=10.0)
        self._payloads: Payloads | None = None
        self._request_ids = itertools.count(1)

    def token_of(self, user: str) -> str:
        """Give an access token of another user, named by nickname, uuid or account id; KeyError if there is none."""
        for token, one in self._user_tokens.items():
            if user in (one.nickname, one.uuid, one.account_id):
                return token
        raise KeyError(user)

    @property
    def payloads(self) -> Payloads:
        """Renders the data of the world, with links to this server."""
        assert self._payloads is not None  # noqa: S101  # set by start()
        return self._payloads

    @property
    def token_url(self) -> str:
        """The OAuth token endpoint, which the vendor has on another host than the API."""
        return f"{self.origin}{TOKEN_PATH}"

    @property
    def url(self) -> str:
        """The base URL of the API."""
        return f"{self.origin}/2.0"

    async def start(self) -> None:
        """Open the socket; the payloads then link to it."""
        await self.files.start()
        try:
            await super().start()
        except BaseException:
            await self.files.stop()
            raise
        self._payloads = Payloads(self.world, self.url, self.origin)

    async def stop(self) -> None:
        """Close both sockets."""
        try:
            await self.files.stop()
        finally:
            await super().stop()

    def routes(self) -> Iterator[Route]:
        """Bind every operation to its path."""
        for operation in in_order(OPERATIONS):
            handler = self._bind(operation)
            self._operations[handler] = operation
            yield operation.method, f"/2.0{operation.template}", handler
            if _is_collection(operation.template):
                yield operation.method, f"/2.0{operation.template}/", handler
        yield "POST", TOKEN_PATH, self._issue_token
        yield "GET", AUTHORIZE_PATH, self._authorize
        yield "*", "/2.0/{path}", self._not_simulated

    def authenticate(self, request: web.Request) -> Caller:
        """Read the credential; a wrong one is refused, none at all is anonymous."""
        if request.path in {TOKEN_PATH, AUTHORIZE_PATH}:
            return CloudCaller("oauth_client", "")
        caller = self._caller(request.headers.get("Authorization"))
        operation = self._operation(request)
        if operation is not None and caller.credential != "none":
            self._check_scope(operation, caller)
        return caller

    def admit(self, request: web.Request, caller: Caller) -> web.Response | None:
        """Refuse with the vendor's plain text, which names no wait."""
        if request.path in {TOKEN_PATH, AUTHORIZE_PATH}:
            return None
        operation = self._operation(request)
        group = ANONYMOUS if caller.credential == "none" else operation.group if operation else "api"
        if not self.rate.accept(caller.principal, group):
            return web.Response(status=429, text=RATE_LIMIT_TEXT)
        if request.method in ("POST", "PUT") and not {"Content-Length", "Transfer-Encoding"} & request.headers.keys():
            return web.Response(status=411, text="Length Required")
        return None

    def error(self, status: int, message: str) -> web.Response:
        """Build the vendor's error envelope."""
        return error_response(status, message)

    def finish(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add the headers that tell of credentials and scopes."""
        response.headers["X-Request-Id"] = f"{next(self._request_ids):032x}"
        operation, caller = self._operation(request), request.get(CALLER)
        if operation is not None:
            response.headers["X-Accepted-Oauth-Scopes"] = operation.access
        if caller is None or caller.credential == "none":
            return
        response.headers["X-Credential-Type"] = caller.credential
        response.headers["X-Oauth-Scopes"] = ", ".join(self.scopes if self.scopes is not None else ALL_SCOPES)
        if self.scaled and operation is not None and caller.credential == "access_token":
            response.headers.update(self.rate.headers(caller.principal, operation.group))

    @property
    def operations(self) -> list[str]:
        """The operations that are simulated, as `METHOD /path`; all others answer 501."""
        return sorted(operation.name for operation in OPERATIONS)

    async def _not_simulated(self, request: web.Request) -> web.Response:
        return self.error(501, f"FakeCloud does not simulate {request.method} {request.path.removeprefix('/2.0')}")

    def _operation(self, request: web.Request) -> Operation[Call] | None:
        return self._operations.get(request.match_info.handler)

    def _caller(self, header: str | None) -> CloudCaller:
        if header is None:
            return CloudCaller("none", ANONYMOUS)
        scheme, _, value = header.partition(" ")
        if scheme.lower() == "basic":
            try:
                given = base64.b64decode(value, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                given = ""
            if given == f"{self.email}:{self.token}":
                return CloudCaller("api_token", self.email)
        elif scheme.lower() == "bearer":
            for slug, token in self.access_tokens.items():
                if value == token:
                    return CloudCaller("access_token", f"token of {slug}", slug)
            principal = self.oauth.principal(value)
            if principal is not None:
                return CloudCaller("oauth2", principal)
            user = self._user_tokens.get(value)
            if user is not None:
                return CloudCaller("oauth2", user.account_id, user=user.index)
        raise refusal(401, "Token is invalid, expired, or not supported for this endpoint.")

    def _check_scope(self, operation: Operation[Call], caller: CloudCaller) -> None:
        if self.scopes is None or not operation.access:
            return
        if caller.credential == "api_token":
            required = api_token_scope(operation.access, operation.method, operation.template)
            granted = set(self.scopes)
        else:
            required, granted = operation.access, implied(self.scopes)
        if required not in granted:
            raise refusal(
                403,
                "Your credentials lack one or more required privilege scopes.",
                detail={"granted": sorted(self.scopes), "required": [required]},
            )

    def _bind(self, operation: Operation[Call]) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            call = await self._call(request)
            return call.respond(operation.action(call), operation.status)

        return handle

    async def _authorize(self, request: web.Request) -> web.Response:
        return self.oauth.page(request.query)

    async def _issue_token(self, request: web.Request) -> web.Response:
        form = await request.post()
        return self.oauth.answer(request.headers.get("Authorization"), form, self.email)

    async def _call(self, request: web.Request) -> Call:
        body, form = b"", MultiDict[str | Part]()
        if request.content_type.startswith("multipart/"):
            form = await _parts(request)
        elif request.body_exists:
            body = await request.read()
            if request.content_type == "application/x-www-form-urlencoded":
                form.extend((name, value) for name, value in (await request.post()).items() if isinstance(value, str))
        return Call(self, request, body, form)


def _is_collection(template: str) -> bool:
    """Tell whether a path may end in a slash: the vendor's own examples do."""
    return not template.endswith("}") or template == "/repositories/{workspace}"


async def _parts(request: web.Request) -> MultiDict[str | Part]:
    form = MultiDict[str | Part]()
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise refusal(400, "Bad request", detail="Every part needs a name")
        content = bytes(await part.read(decode=True))
        if part.filename is None:
            form.add(part.name, content.decode())
        else:
            disposition = part.headers.get("Content-Disposition", "")
            attributes = next((kind for kind in ("executable", "link") if f'x-attributes="{kind}"' in disposition), "")
            form.add(part.name, Part(part.filename, content, attributes))
    return form

"""FakeCloud: a stateful stand-in for https://api.bitbucket.org/2.0 on a loopback socket."""

from __future__ import annotations

import base64
import binascii
import copy
import itertools
from typing import TYPE_CHECKING

import attrs
from aiohttp import BodyPartReader, web
from multidict import MultiDict

from bbasync.testing import git_http
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
from bbasync.testing.cloud.pipelines import FakePipelines
from bbasync.testing.cloud.rate import ANONYMOUS, RateLimit
from bbasync.testing.cloud.scopes import ALL_SCOPES, api_token_scope, implied
from bbasync.testing.cloud.world import World
from bbasync.testing.faults import RATE_LIMIT_TEXT
from bbasync.testing.git_http import GitBackend
from bbasync.testing.history.timeline import NOW
from bbasync.testing.oauth import AUTHORIZE_PATH, TOKEN_PATH, OAuth
from bbasync.testing.operations import in_order
from bbasync.testing.server import CALLER, Refusal, reading_body, with_trailing_slash
from bbasync.testing.webhooks import DeliveringServer, WebhookSender

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from bbasync.testing.clock import Clock
    from bbasync.testing.faults import Faults
    from bbasync.testing.operations import Operation
    from bbasync.testing.server import Caller, Handler, Route

GROUPS = {"files": 5000, "archives": 1500, "webhooks": 1000, "mergeability": 1000, "git": 60_000, ANONYMOUS: 60}
"""Limits an hour, beside that of `api`; the vendor does not document that of mergeability checks."""
API_TOKEN_USER = "x-bitbucket-api-token-auth"  # noqa: S105  # a name
ACCESS_TOKEN_USER = "x-token-auth"  # noqa: S105  # a name
"""What git sends as user name for tokens."""
WEB = "https://bitbucket.org"
GIT_ACCESS = ("repository", "GET", "/repositories/{workspace}/{repo_slug}")
"""The scope that a clone needs, and the operation that needs the same."""


@attrs.frozen
class CloudSnapshot:
    """What clients can change of a FakeCloud, at some time."""

    world: dict[str, object] = attrs.field(repr=False)
    merges: dict[str, tuple[int, int]] = attrs.field(repr=False)


class FakeCloud(DeliveringServer):
    """Bitbucket Cloud on 127.0.0.1, with a made-up world behind it.

    It takes Basic authentication with `email` and `token`, and as Bearer the `access_tokens`, one a workspace.
    `limit` requests are accepted within any `window` seconds, by principal and group; `scaled` adds the headers of a
    scaled plan. `scopes` restricts what the credentials may do. What is made up lies before `now`. `world` takes the
    place of the world that the other arguments describe. Changes made through the API stay until the server is stopped.

    `requests` logs what was asked, `faults` spoils answers, `rate` counts and refuses, `oauth` issues tokens, `merges`
    makes merges slow, `pipelines` chooses what becomes of steps, `files` is the host that downloads redirect to, and
    `world` holds the data and counts it.

    The clone links of a `git_world` serve `git clone` and `git fetch`. As its source is real, the credentials are
    random then, requests must name the fake as their host, and webhooks reach this machine only.

    Changes made through the API are delivered to webhooks created through the API. `token_of` gives the tokens of
    other users.
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
        self.world = world or World(
            seed=seed,
            workspaces=workspaces,
            repositories=repositories,
            commits=commits,
            pull_requests=pull_requests,
            now=now,
        )
        super().__init__(host=host, port=port, latency=latency, faults=faults, guarded=self.world.has_source)
        self.token = self.secret(self.token)
        self.access_tokens = {slug: self.secret(f"fake-access-token-{slug}") for slug in self.world.workspaces}
        self._user_tokens = {self.secret(f"fake-user-token-{user.index}"): user for user in self.world.users}
        self.rate = RateLimit(limits={"api": limit, **GROUPS}, window=window, clock=self.clock.monotonic)
        self.scaled = scaled
        self.scopes = scopes
        self._operations: dict[Handler, Operation[Call]] = {}
        self.filters = Memory(64)
        self.walks = Memory(1000)
        self.merges = MergeTasks()
        self.oauth = OAuth(client_secret=self.secret("fake-client-secret"), clock=self.clock.monotonic)
        self.files = FileHost()
        self.webhooks = WebhookSender(attempts=3, timeout=10.0, loopback_only=self.guarded)
        self.git = GitBackend()
        self.pipelines = FakePipelines(self)
        self._payloads: Payloads | None = None
        self._request_ids = itertools.count(1)

    @property
    def clock(self) -> Clock:
        """The clock of the world, which can be advanced."""
        return self.world.clock

    def token_of(self, user: str) -> str:
        """Give an access token of another user, named by nickname, uuid or account id; KeyError if there is none."""
        for token, one in self._user_tokens.items():
            if user in (one.nickname, one.uuid, one.account_id):
                return token
        raise KeyError(user)

    def snapshot(self) -> CloudSnapshot:
        """Copy all that clients can change: repositories, webhooks and whatever else the world holds.

        Credentials, limits, faults, the clock and the logs are not part of it.
        """
        world = {name: value for name, value in vars(self.world).items() if name != "clock"}
        return copy.deepcopy(CloudSnapshot(world, self.merges.left))

    def restore(self, snapshot: CloudSnapshot) -> None:
        """Return to a snapshot, as often as needed; what was read from `world` before is no longer part of it."""
        copied = copy.deepcopy(snapshot)
        vars(self.world).update(copied.world)
        self.merges.left = copied.merges
        self.filters, self.walks = Memory(64), Memory(1000)  # they belong to versions that there may be again
        self.pipelines.close()

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
        self.pipelines.close()
        try:
            await self.files.stop()
        finally:
            await super().stop()
            await self.git.close()

    def routes(self) -> Iterator[Route]:
        """Bind every operation to its path."""
        for operation in in_order(OPERATIONS):
            self._operations[self._bind(operation)] = operation
        routes = ((one.method, _path_of(one.template), handler) for handler, one in self._operations.items())
        yield from with_trailing_slash(routes)
        yield "POST", TOKEN_PATH, self._issue_token
        yield "GET", AUTHORIZE_PATH, self._authorize
        yield "*", "/2.0/{path}", self._not_simulated
        yield "*", "/{workspace}/{repo_slug}.git", self._git
        yield "*", "/{workspace}/{repo_slug}.git{path}", self._git
        yield "*", "/{path}", self._not_simulated

    def authenticate(self, request: web.Request) -> Caller:
        """Read the credential; a wrong one is refused, none at all is anonymous."""
        if request.path in {TOKEN_PATH, AUTHORIZE_PATH}:
            return CloudCaller("oauth_client", "")
        caller = self._caller(request)
        operation = self._operation(request)
        if operation is not None and caller.credential != "none":
            self._check_scope(caller, operation.access, operation.method, operation.template)
        return caller

    def admit(self, request: web.Request, caller: Caller) -> web.Response | None:
        """Refuse with the vendor's plain text, which names no wait."""
        if request.path in {TOKEN_PATH, AUTHORIZE_PATH}:
            return None
        operation = self._operation(request)
        group = ANONYMOUS if caller.credential == "none" else operation.group if operation else "api"
        if self._is_git(request):  # its first request is always anonymous
            group = "git"
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
        if isinstance(response, web.Response) and response.body is None:
            response.headers.setdefault("Content-Type", "text/html; charset=utf-8")  # on 204 too, as recorded
        operation, caller = self._operation(request), request.get(CALLER)
        if response.status == 401 and self._is_git(request):
            response.headers["WWW-Authenticate"] = 'Basic realm="Bitbucket.org HTTP"'
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

    def catch_up(self) -> None:
        """Let everything happen that was due."""
        self.pipelines.catch_up()

    async def _not_simulated(self, request: web.Request) -> web.Response:
        path = request.path
        is_api = path.startswith(("/2.0/", "/1.0/"))
        what = path.removeprefix("/2.0") if is_api else f"{path} of the web site"
        return self.error(501, f"FakeCloud does not simulate {request.method} {what}")

    def _operation(self, request: web.Request) -> Operation[Call] | None:
        return self._operations.get(request.match_info.handler)

    def _is_git(self, request: web.Request) -> bool:
        return request.match_info.handler == self._git

    def _caller(self, request: web.Request) -> CloudCaller:
        header = request.headers.get("Authorization")
        if header is None:
            return CloudCaller("none", ANONYMOUS)
        scheme, _, value = header.partition(" ")
        caller = None
        if scheme.lower() == "basic":
            try:
                name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                name, secret = "", ""
            caller = self._of_git(name, secret) if self._is_git(request) else self._of_api(name, secret)
        elif scheme.lower() == "bearer":
            caller = self._of_bearer(value)
        if caller is not None:
            return caller
        if self._is_git(request):
            names = f"{API_TOKEN_USER} with an API token, {ACCESS_TOKEN_USER} with an access token"
            raise Refusal(git_http.refusal(401, f"Wrong user name or token; user names for git are {names}"))
        raise refusal(401, "Token is invalid, expired, or not supported for this endpoint.")

    def _of_api(self, name: str, secret: str) -> CloudCaller | None:
        return CloudCaller("api_token", self.email) if (name, secret) == (self.email, self.token) else None

    def _of_git(self, name: str, secret: str) -> CloudCaller | None:
        """Tell whom the credential of a git command stands for; the vendor does not take e-mail addresses there."""
        if name == ACCESS_TOKEN_USER:
            return self._of_bearer(secret)
        return self._of_api(self.email, secret) if name in (API_TOKEN_USER, self.world.me.nickname) else None

    def _of_bearer(self, token: str) -> CloudCaller | None:
        for slug, one in self.access_tokens.items():
            if token == one:
                return CloudCaller("access_token", f"token of {slug}", slug)
        principal = self.oauth.principal(token)
        if principal is not None:
            return CloudCaller("oauth2", principal)
        user = self._user_tokens.get(token)
        return None if user is None else CloudCaller("oauth2", user.account_id, user=user.index)

    def _check_scope(self, caller: CloudCaller, access: str, method: str, template: str) -> None:
        if self.scopes is None or not access:
            return
        if caller.credential == "api_token":
            required = api_token_scope(access, method, template)
            granted = set(self.scopes)
        else:
            required, granted = access, implied(self.scopes)
        if required not in granted:
            raise refusal(
                403,
                "Your credentials lack one or more required privilege scopes.",
                detail={"granted": sorted(self.scopes), "required": [required]},
            )

    def _bind(self, operation: Operation[Call]) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            with reading_body():
                call = await self._call(request)
            self.catch_up()
            return call.respond(operation.action(call), operation.status)

        return handle

    async def _git(self, request: web.Request) -> web.StreamResponse:
        """Serve what is below a clone link; what nobody may see looks as if it did not exist."""
        caller, path = request[CALLER], request.match_info
        assert isinstance(caller, CloudCaller)  # noqa: S101  # what `authenticate` gives
        workspace = self.world.workspace(path["workspace"])
        found = workspace.repository(path["repo_slug"]) if workspace is not None else None
        if found is not None and found.git_dir is None:
            return git_http.refusal(501, f"{found.full_name} is made up: there is no git repository to clone")
        anonymous = caller.credential == "none"
        if found is None or (anonymous and found.is_private) or caller.workspace not in (None, found.workspace):
            status = 401 if anonymous else 404
            return git_http.refusal(status, "The repository does not exist, or needs other credentials")
        if not anonymous:
            self._check_scope(caller, *GIT_ACCESS)
        assert found.git_dir is not None  # noqa: S101  # seen above
        return await self.git.respond(request, found.git_dir, path.get("path", ""))

    async def _authorize(self, request: web.Request) -> web.Response:
        return self.oauth.page(request.query)

    async def _issue_token(self, request: web.Request) -> web.Response:
        with reading_body():
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


def _path_of(template: str) -> str:
    """Return where a template of the API, or of the web site, is served."""
    return template.removeprefix(WEB) if template.startswith(WEB) else f"/2.0{template}"


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

"""FakeDataCenter: a stateful stand-in for a Bitbucket Data Center server."""

from __future__ import annotations

import base64
import binascii
import copy
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

import attrs
from aiohttp import BodyPartReader, web

from bbasync.testing import git_http
from bbasync.testing.datacenter.http import LOGIN, Call, Login
from bbasync.testing.datacenter.oauth import OAuth
from bbasync.testing.datacenter.operations import OPERATIONS
from bbasync.testing.datacenter.payloads import Payloads, answer, error_entry, refuse
from bbasync.testing.datacenter.webhooks import Webhook, Webhooks
from bbasync.testing.datacenter.world import User
from bbasync.testing.datacenter.world.permissions import NONE
from bbasync.testing.datacenter.world.seed import Seed
from bbasync.testing.faults import LOGIN_PAGE
from bbasync.testing.git_http import GitBackend
from bbasync.testing.history.timeline import NOW
from bbasync.testing.operations import in_order
from bbasync.testing.server import Caller, Refusal, reading_body, with_trailing_slash
from bbasync.testing.webhooks import DeliveringServer, WebhookSender

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from bbasync.testing.clock import Clock
    from bbasync.testing.datacenter.world import World
    from bbasync.testing.faults import Faults
    from bbasync.testing.operations import Operation
    from bbasync.testing.server import Handler, Route

ANONYMOUS = Caller("none", "anonymous")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
EDIT = "/browse/{path}"
"""The end of the path of the operation that edits a file: its form needs no XSRF header."""


@attrs.define
class Rate:
    """The token bucket of each user, full at first; without a capacity nothing is ever refused."""

    capacity: float | None = None
    """Tokens."""
    fill_rate: float = 5.0
    """Tokens a second."""
    clock: Callable[[], float] = time.monotonic
    served: int = 0
    refused: int = 0
    _buckets: dict[str, tuple[float, float]] = attrs.field(init=False, factory=dict[str, tuple[float, float]])

    def take(self, user: str) -> float:
        """Take a token; return 0, or the seconds until there is one."""
        if self.capacity is None:
            self.served += 1
            return 0.0
        now = self.clock()
        tokens, since = self._buckets.get(user, (self.capacity, now))
        tokens = min(self.capacity, tokens + (now - since) * self.fill_rate)
        if tokens >= 1:
            self._buckets[user] = (tokens - 1, now)
            self.served += 1
            return 0.0
        self._buckets[user] = (tokens, now)
        self.refused += 1
        return (1 - tokens) / self.fill_rate if self.fill_rate else math.inf


@attrs.frozen
class DataCenterSnapshot:
    """What clients can change of a FakeDataCenter, at some time."""

    world: dict[str, object] = attrs.field(repr=False)
    webhooks: list[Webhook] = attrs.field(repr=False)
    tokens: dict[str, User] = attrs.field(repr=False)
    """They lead to users of the world."""


class FakeDataCenter(DeliveringServer):
    """A Bitbucket Data Center 10.4 on a loopback socket, under a context path.

    Sizes are for each parent: `repositories` a project, `commits` on the trunk of a repository. The same `seed` gives
    the same data, and what is made up lies before `now`. `world` holds it and may be changed, `rate` counts what was
    served and refused, `oauth` issues tokens. `hidden_rows` permission-filtered rows after every third item make pages
    short or empty; `endless_lists` never says `isLastPage`, as some lists of real servers; `max_limit` caps `limit`
    silently. A `world` given takes the place of the one that the sizes describe.

    The clone links of a `datacenter_git_world` serve `git clone` and `git fetch`. As its source is real,
    the credentials are random then, requests must name the fake as their host, and webhooks reach this machine only.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        seed: int = 0,
        projects: int = 2,
        repositories: int = 3,
        commits: int = 30,
        branches: int = 6,
        tags: int = 4,
        pull_requests: int = 8,
        users: int = 6,
        now: datetime = NOW,
        context: str = "/bitbucket",
        capacity: float | None = None,
        fill_rate: float = 5.0,
        max_limit: int = 1000,
        hidden_rows: int = 0,
        endless_lists: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
        latency: float = 0.0,
        faults: Faults | None = None,
    ) -> None:
        self.world = (
            world
            or Seed(
                seed=seed,
                projects=projects,
                repositories=repositories,
                commits=commits,
                branches=branches,
                tags=tags,
                pull_requests=pull_requests,
                users=users,
                now=now,
            ).build()
        )
        super().__init__(host=host, port=port, latency=latency, faults=faults, guarded=self.world.has_source)
        self.context = context.rstrip("/")
        self.rate = Rate(capacity, fill_rate, self.clock.monotonic)
        self.payloads = Payloads(self.world, lambda: self.url, max_limit, hidden_rows, endless_lists)
        self.webhooks = WebhookSender(attempts=1, timeout=20.0, loopback_only=self.guarded)
        self.git = GitBackend()
        self.hooks = Webhooks(self.world, self.payloads, self.webhooks)
        people = list(self.world.users.values())
        self.username, self.reader = people[0].name, people[-1].name
        self.password = self.secret("fake-password")
        self.token, self.reader_token, self.project_token = (
            self.secret(f"BBDC-fake-{name}") for name in ("admin", "reader", "project")
        )
        self.oauth = OAuth(client_secret=self.secret("fake-client-secret"), clock=self.clock.monotonic)
        self._tokens = {self.token: people[0], self.reader_token: people[-1]}
        self._tokens[self.project_token] = _service_user(self.world)

    def add_webhook(
        self, url: str, project: str, repository: str | None = None, *, events: Iterable[str], secret: str | None = None
    ) -> Webhook:
        """Make a webhook of a project, or of one of its repositories; it is `active` until you set that to False.

        A failed delivery is not repeated. ValueError for an event that a server does not take, and for a URL that this
        one does not deliver to.
        """
        if not self.webhooks.may_reach(url):
            raise ValueError("This fake serves real source: its webhooks reach this machine only")
        hook = Webhook(
            url=url,
            events=tuple(events),
            project=self.world.project(project),
            repository=None if repository is None else self.world.repository(project, repository),
            secret=secret,
        )
        self.hooks.add(hook)
        return hook

    def snapshot(self) -> DataCenterSnapshot:
        """Copy all that clients can change: repositories, webhooks and whatever else the world holds.

        Limits, faults, the clock and the logs are not part of it.
        """
        world = {name: value for name, value in vars(self.world).items() if name != "clock"}
        return copy.deepcopy(DataCenterSnapshot(world, self.hooks.hooks, self._tokens))

    def restore(self, snapshot: DataCenterSnapshot) -> None:
        """Return to a snapshot, as often as needed; what was read from `world` before is no longer part of it."""
        copied = copy.deepcopy(snapshot)
        vars(self.world).update(copied.world)
        self.hooks.hooks, self._tokens = copied.webhooks, copied.tokens

    @property
    def clock(self) -> Clock:
        """The clock of the world, which can be advanced."""
        return self.world.clock

    @property
    def url(self) -> str:
        """The base URL, with the context path and without a slash at the end."""
        return f"{self.origin}{self.context}"

    def routes(self) -> Iterable[Route]:
        """Give every operation; `1.0` is another name of `latest`."""
        yield from with_trailing_slash(self._operation_routes())
        yield "GET", f"{self.context}/rest/oauth2/latest/authorize", self._authorize
        yield "POST", f"{self.context}/rest/oauth2/latest/token", self._issue_token
        yield "POST", f"{self.context}/rest/oauth2/latest/revoke", self._revoke_token
        yield "GET", f"{self.context}/status", _status
        yield "GET", f"{self.context}/login", _login_page
        yield "*", f"{self.context}/scm/{{projectKey}}/{{repositorySlug}}.git", self._git
        yield "*", f"{self.context}/scm/{{projectKey}}/{{repositorySlug}}.git{{path}}", self._git
        yield "*", "/{path}", self._elsewhere

    def _operation_routes(self) -> Iterable[Route]:
        for operation in in_order(OPERATIONS):
            handler = self._checked(operation)
            for template in {operation.template, operation.template.replace("/latest/", "/1.0/", 1)}:
                yield operation.method, f"{self.context}/rest{template}", handler

    @property
    def operations(self) -> list[str]:
        """The operations that are simulated, as `METHOD /path`; all others answer 501."""
        return sorted(operation.name for operation in OPERATIONS)

    def _bind(self, operation: Operation[Call]) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            multipart = _is_multipart(request)
            with reading_body():
                form = await _form(request) if multipart else {}
                call = Call(self, request, b"" if multipart else await request.read(), form)
            if operation.access:
                call.require_globally(operation.access)
            return call.respond(operation.action(call), operation.status)

        return handle

    def _checked(self, operation: Operation[Call]) -> Handler:
        """Refuse a change that a web page of another site could have sent, then carry out the operation."""
        handler = self._bind(operation)

        async def checked(request: web.Request) -> web.StreamResponse:
            checked = request.headers.get("X-Atlassian-Token", "").lower() in ("no-check", "nocheck")
            json = "Content-Type" in request.headers and request.content_type == "application/json"
            edit = request.method == "PUT" and operation.template.endswith(EDIT) and _is_multipart(request)
            if request.method not in SAFE_METHODS and not (checked or json or edit):
                return web.Response(status=403, text="XSRF check failed")
            return await handler(request)

        return checked

    def authenticate(self, request: web.Request) -> Caller:
        """Tell who asks: a wrong password is refused, a token that nobody knows is an anonymous caller."""
        scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
        user, kind = None, "none"
        if scheme.lower() == "bearer":
            user = self._tokens.get(credential)
            granted = self.oauth.principal(credential)
            if granted is not None:
                user, kind = self.world.user_named(granted), "oauth2"
            elif user is not None:
                kind = "project_token" if user.kind == "SERVICE" else "http_token"
        elif scheme.lower() == "basic":
            user, kind = self._basic(credential)
        request[LOGIN] = Login(user, kind)
        if user is not None and self.world.global_rank(user) == NONE:
            message = "You are not currently licensed to use Bitbucket. Please contact your administrator"
            raise refuse(401, message, "auth.NoAccessAuthenticationException")
        return ANONYMOUS if user is None else Caller(kind, user.name)

    def _basic(self, credential: str) -> tuple[User, str]:
        try:
            name, _, secret = base64.b64decode(credential, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            name, secret = "", ""
        user = self.world.user_named(name)
        if user is not None and secret == self.password:
            return user, "basic"
        if user is not None and self._tokens.get(secret) is user:  # only a user's own token works as password
            return user, "basic_token"
        message = "Authentication failed. Please check your credentials and try again."
        raise refuse(401, message, "auth.IncorrectPasswordAuthenticationException")

    def admit(self, request: web.Request, caller: Caller) -> web.Response | None:
        """Take a token from the bucket of an authenticated user."""
        del request
        wait = 0.0 if caller is ANONYMOUS else self.rate.take(caller.principal)
        if not wait:
            return None
        refused = self.error(429, "You have sent too many requests, try again later")
        refused.headers["Retry-After"] = str(math.ceil(wait) if math.isfinite(wait) else 2**63 - 1)
        return refused

    def error(self, status: int, message: str) -> web.Response:
        """Build an error in Data Center's envelope."""
        return answer({"errors": [error_entry(message, None)]}, status)

    def finish(self, request: web.Request, response: web.StreamResponse) -> None:
        """Name the request and, if it was authenticated, the user."""
        if response.status == 401 and request.match_info.handler == self._git:
            response.headers["WWW-Authenticate"] = 'Basic realm="Atlassian Bitbucket"'
        response.headers["X-AREQUESTID"] = f"@1FAKE0x{len(self.requests)}x{id(request):x}x0"
        user = request[LOGIN].user if LOGIN in request else None
        if user is not None:
            response.headers["X-AUSERNAME"] = quote(user.name, safe="")
            response.headers["X-AUSERID"] = str(user.id)

    async def stop(self) -> None:
        """Close the socket, and end what git still serves."""
        try:
            await super().stop()
        finally:
            await self.git.close()

    async def _git(self, request: web.Request) -> web.StreamResponse:
        """Serve what is below a clone link; an anonymous caller is asked to log in, except for what is public."""
        path, user = request.match_info, request[LOGIN].user
        try:
            found = self.world.repository(path["projectKey"], path["repositorySlug"])
        except KeyError:
            found = None
        if found is not None and found.git_dir is None:
            return git_http.refusal(501, f"{found.path} is made up: there is no git repository to clone")
        if user is None and (found is None or not self.world.may(None, "READ", found)):
            return git_http.refusal(401, "Authentication is required")
        if found is None or found.git_dir is None or not self.world.may(user, "READ", found):
            return git_http.refusal(404, "The repository does not exist")
        return await self.git.respond(request, found.git_dir, path.get("path", ""))

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        return self.oauth.page(request.query)

    async def _issue_token(self, request: web.Request) -> web.StreamResponse:
        with reading_body():
            form = await request.post()
        return self.oauth.answer(request.headers.get("Authorization"), form, self.username)

    async def _revoke_token(self, request: web.Request) -> web.StreamResponse:
        with reading_body():
            form = await request.post()
        return self.oauth.revoke(request.headers.get("Authorization"), form)

    async def _elsewhere(self, request: web.Request) -> web.StreamResponse:
        """Respond to what is not an operation: nothing below /rest, and the log-in page for the rest of the web site.

        Since 9.3.2 tokens count for nothing outside /rest: a Bearer is redirected, one used as password is refused
        (Atlassian's support page "Access tokens no longer work as expected").
        """
        if not request.path.startswith(f"{self.context}/") or request.path.startswith(f"{self.context}/rest/"):
            path = request.path.removeprefix(f"{self.context}/rest")
            raise Refusal(self.error(501, f"FakeDataCenter does not simulate {request.method} {path}"))
        if request[LOGIN].credential == "basic_token":
            raise Refusal(self.error(401, "Access tokens are not accepted here"))
        target = quote(request.path.removeprefix(self.context), safe="")
        return web.Response(status=302, headers={"Location": f"{self.url}/login?next={target}"})


def _service_user(world: World) -> User:
    """Return the technical user behind the project token, who may write to all but personal projects."""
    name = "access-token-user/1/1"
    world.grants.users[name] = "LICENSED_USER"
    for project in world.projects.values():
        if project.owner is None:
            project.grants.users[name] = "PROJECT_WRITE"
    return User(
        id=world.next_id(),
        name=name,
        slug="access-token-user_1_1",
        display_name="Access Token User - project",
        email="",
        kind="SERVICE",
    )


async def _status(request: web.Request) -> web.StreamResponse:
    """Tell that the server runs, before any authentication."""
    del request
    return answer({"state": "RUNNING"})


async def _login_page(request: web.Request) -> web.StreamResponse:
    del request
    return web.Response(body=LOGIN_PAGE, content_type="text/html", charset="utf-8")


def _is_multipart(request: web.Request) -> bool:
    return request.content_type.startswith("multipart/")


async def _form(request: web.Request) -> dict[str, bytes]:
    fields: dict[str, bytes] = {}
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.name:
            fields[part.name] = bytes(await part.read())
    return fields

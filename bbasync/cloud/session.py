"""The session for Bitbucket Cloud."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final, Self, cast

from bbasync.auth import AccessToken, Anonymous, ApiToken, Credential, CredentialLike, Secret
from bbasync.convert import SNAKE
from bbasync.errors import ErrorDetails
from bbasync.paging import DEFAULT_SIZE, LinkPager, NumberPager
from bbasync.request import RawResponse, Request, as_object
from bbasync.session import Session, SessionOptions

from .limits import ANONYMOUS, NUMBERED, PAGE_SIZES, RATES
from .query import page_fields
from .removed import replacement_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from bbasync.paging import Pager
    from bbasync.rate import Rate
    from bbasync.request import Query

    from .services.addon import Addon
    from .services.branch_restrictions import BranchRestrictions
    from .services.branching_model import BranchingModels
    from .services.commit_statuses import CommitStatuses
    from .services.commits import Commits
    from .services.deploy_keys import DeployKeys
    from .services.deployments import Deployments
    from .services.downloads import Downloads
    from .services.gpg_keys import GpgKeys
    from .services.groups import Groups
    from .services.pipelines import Pipelines
    from .services.projects import Projects
    from .services.properties import Properties
    from .services.pull_requests import PullRequests
    from .services.refs import Refs
    from .services.reports import Reports
    from .services.repositories import Repositories
    from .services.search import Search
    from .services.snippets import Snippets
    from .services.source import Source
    from .services.ssh_keys import SshKeys
    from .services.users import Users
    from .services.webhooks import Webhooks
    from .services.workspaces import Workspaces

__all__ = ["BASE_URL", "CloudSession", "base_url_from_env", "credential_from_env"]

BASE_URL: Final = "https://api.bitbucket.org/2.0"
_HOSTS: Final = ("bitbucket.org", "api.bitbucket.org")
_WEB: Final = "https://bitbucket.org"


def credential_from_env(environ: Mapping[str, str] = os.environ) -> Credential:
    """Return the credential set in the environment.

    Reads `BITBUCKET_EMAIL` and `BITBUCKET_API_TOKEN`, else `BITBUCKET_ACCESS_TOKEN`; ValueError if neither is set.
    """
    names = ("BITBUCKET_EMAIL", "BITBUCKET_API_TOKEN", "BITBUCKET_ACCESS_TOKEN")
    email, api_token, access_token = (Secret(environ.get(name, "")) for name in names)
    del environ  # before anything can raise, since tracebacks may show local variables
    if api_token:
        if not email:
            raise ValueError("BITBUCKET_API_TOKEN needs BITBUCKET_EMAIL, the email address of the Atlassian account")
        return ApiToken(str(email), api_token)
    if access_token:
        return AccessToken(access_token)
    raise ValueError("no credential: set BITBUCKET_EMAIL and BITBUCKET_API_TOKEN, or BITBUCKET_ACCESS_TOKEN")


def base_url_from_env() -> str:
    """Return the base URL set in the environment as `BITBUCKET_BASE_URL`, else the vendor's."""
    return os.environ.get("BITBUCKET_BASE_URL") or BASE_URL


class CloudSession(Session):
    """A session with Bitbucket Cloud: `async with CloudSession(ApiToken(email, token)) as bb`.

    Without a credential, only public resources are accessible, with 60 requests per hour and IP address.
    """

    _converter = SNAKE
    _aliases = (BASE_URL, *(f"https://{host}/{path}" for host in _HOSTS for path in ("!api/2.0", "api/2.0")))
    _web_url = _WEB

    def __init__(
        self,
        credential: CredentialLike | None = None,
        *,
        base_url: str = BASE_URL,
        **options: Unpack[SessionOptions],
    ) -> None:
        super().__init__(credential, base_url=base_url, **options)

    @classmethod
    def from_env(cls, *, base_url: str | None = None, **options: Unpack[SessionOptions]) -> Self:
        """Return a session with the credential set in the environment.

        Reads `BITBUCKET_EMAIL` and `BITBUCKET_API_TOKEN`, else `BITBUCKET_ACCESS_TOKEN`; ValueError if neither is set.
        `BITBUCKET_BASE_URL` is used if no `base_url` is passed: for a gateway in front of the API, or a fake.
        """
        return cls(credential_from_env(), base_url=base_url or base_url_from_env(), **options)

    # -- hooks of the base class ----------------------------------------------------------------------------------

    def _rate_of(self, group: str) -> Rate:
        """Return the vendor's limit for a rate group."""
        return ANONYMOUS if isinstance(self._credential, Anonymous) else RATES.get(group, RATES["api"])

    def _url_of(self, path: str) -> str:
        """Return the URL of a path: of the API 2.0, of what is left of the API 1.0 beside it, or of the web site."""
        if path.startswith(f"{_WEB}/"):
            return self._home.web_url + path.removeprefix(_WEB)
        return (self._home.parent if path.startswith("/1.0/") else self._base_url) + path

    def _page_size(self, template: str) -> int:
        """Return the largest page size known to be accepted for a list."""
        return PAGE_SIZES.get(template, DEFAULT_SIZE)

    def _pager_of(self, template: str) -> Pager:
        """Return the pager that follows links, or the one that counts pages."""
        return NumberPager(self._home) if NUMBERED.fullmatch(template) else LinkPager(self._home)

    def _page_query(self, query: Query) -> Query:
        """Return the query, with `next` added to `fields` where paging needs it."""
        fields = query.get("fields")
        if isinstance(fields, Sequence):
            fields = fields if isinstance(fields, str) else ",".join(map(str, fields))
            return {**query, "fields": page_fields(fields)}
        return query

    def _read_error(self, response: RawResponse) -> ErrorDetails:
        """Parse `{"type": "error", "error": {message, detail, fields}}`, or `{message}` as reports have it."""
        payload = as_object(response.json())
        error = as_object(payload.get("error"))
        scopes = as_object(error.get("detail"))
        headers = response.headers
        return ErrorDetails(
            message=_text(error.get("message", payload.get("error", payload.get("message")))),
            detail=_text(error.get("detail")),
            fields={name: _texts(messages) for name, messages in as_object(error.get("fields")).items()},
            scopes_required=_texts(scopes.get("required")) or _scopes(headers.get("x-accepted-oauth-scopes")),
            scopes_granted=_texts(scopes.get("granted")) or _scopes(headers.get("x-oauth-scopes")),
            data=response.json(),
        )

    def _advice(self, request: Request, status: int, details: ErrorDetails) -> str:
        """Return a hint for the error message, or an empty string if the cause is unknown."""
        match status:
            case 401 if isinstance(self._credential, AccessToken) and self._credential.token.startswith("ATATT"):
                return "this is an API token of a user, not an access token: use ApiToken(email, token)"
            case 401 if isinstance(self._credential, ApiToken):
                return "an API token requires the account's email address; app passwords were removed on 2026-07-28"
            case 401:
                return "the token is invalid, revoked or expired"
            case 403 if details.scopes_required:
                return f"required scopes: {', '.join(details.scopes_required)}"
            case 404 | 410 if replacement := replacement_of(request.method, request.template):
                return replacement
            case 404 if isinstance(self._credential, Anonymous):
                return "private resources are not found without a credential"
            case 410:
                return "the operation was removed, or the workspace was moved or disabled"
            case 555:
                return "the server timed out"
            case _:
                return ""

    # -- services -------------------------------------------------------------------------------------------------

    @cached_property
    def workspaces(self) -> Workspaces:
        """Workspaces and their members and permissions."""
        from .services.workspaces import Workspaces

        return Workspaces(self)

    @cached_property
    def projects(self) -> Projects:
        """Projects and their default reviewers and permissions."""
        from .services.projects import Projects

        return Projects(self)

    @cached_property
    def repositories(self) -> Repositories:
        """Repositories and their forks, watchers, settings and permissions."""
        from .services.repositories import Repositories

        return Repositories(self)

    @cached_property
    def pull_requests(self) -> PullRequests:
        """Pull requests: reviews, comments, tasks, merges."""
        from .services.pull_requests import PullRequests

        return PullRequests(self)

    @cached_property
    def commits(self) -> Commits:
        """Commits and their comments, approvals, diffs and patches."""
        from .services.commits import Commits

        return Commits(self)

    @cached_property
    def commit_statuses(self) -> CommitStatuses:
        """Build statuses of commits."""
        from .services.commit_statuses import CommitStatuses

        return CommitStatuses(self)

    @cached_property
    def refs(self) -> Refs:
        """Branches and tags."""
        from .services.refs import Refs

        return Refs(self)

    @cached_property
    def source(self) -> Source:
        """Files and directories, their history, and commits created by uploading files."""
        from .services.source import Source

        return Source(self)

    @cached_property
    def users(self) -> Users:
        """The authenticated user and other users."""
        from .services.users import Users

        return Users(self)

    @cached_property
    def webhooks(self) -> Webhooks:
        """Webhooks of repositories and workspaces."""
        from .services.webhooks import Webhooks

        return Webhooks(self)

    @cached_property
    def reports(self) -> Reports:
        """Code Insights: reports on a commit and their annotations."""
        from .services.reports import Reports

        return Reports(self)

    @cached_property
    def branch_restrictions(self) -> BranchRestrictions:
        """Branch restrictions of repositories."""
        from .services.branch_restrictions import BranchRestrictions

        return BranchRestrictions(self)

    @cached_property
    def branching_model(self) -> BranchingModels:
        """Branching models of repositories and projects."""
        from .services.branching_model import BranchingModels

        return BranchingModels(self)

    @cached_property
    def deploy_keys(self) -> DeployKeys:
        """Deploy keys of repositories and projects."""
        from .services.deploy_keys import DeployKeys

        return DeployKeys(self)

    @cached_property
    def downloads(self) -> Downloads:
        """Downloads of repositories."""
        from .services.downloads import Downloads

        return Downloads(self)

    @cached_property
    def snippets(self) -> Snippets:
        """Snippets: files with a history, comments and watchers, outside of repositories."""
        from .services.snippets import Snippets

        return Snippets(self)

    @cached_property
    def groups(self) -> Groups:
        """Groups of workspaces, their privileges and invitations: what is left of the API 1.0."""
        from .services.groups import Groups

        return Groups(self)

    @cached_property
    def ssh_keys(self) -> SshKeys:
        """SSH keys of users."""
        from .services.ssh_keys import SshKeys

        return SshKeys(self)

    @cached_property
    def gpg_keys(self) -> GpgKeys:
        """GPG keys of users."""
        from .services.gpg_keys import GpgKeys

        return GpgKeys(self)

    @cached_property
    def search(self) -> Search:
        """Code search, deprecated by the vendor."""
        from .services.search import Search

        return Search(self)

    @cached_property
    def properties(self) -> Properties:
        """Application properties of Connect apps, deprecated by the vendor."""
        from .services.properties import Properties

        return Properties(self)

    @cached_property
    def addon(self) -> Addon:
        """The installation of a Connect app, deprecated by the vendor."""
        from .services.addon import Addon

        return Addon(self)

    @cached_property
    def pipelines(self) -> Pipelines:
        """Pipelines: runs, steps, logs, test reports, caches, schedules, configuration, variables and runners."""
        from .services.pipelines import Pipelines

        return Pipelines(self)

    @cached_property
    def deployments(self) -> Deployments:
        """Deployments, environments and their variables."""
        from .services.deployments import Deployments

        return Deployments(self)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(map(str, cast("list[object]", value))) if isinstance(value, list) else ()


def _scopes(header: str | None) -> tuple[str, ...]:
    return tuple(scope.strip() for scope in header.split(",") if scope.strip()) if header else ()

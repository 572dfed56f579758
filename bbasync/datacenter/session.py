"""The session of Bitbucket Data Center."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

from bbasync.auth import AccessToken, CredentialLike, Secret
from bbasync.convert import CAMEL
from bbasync.errors import ErrorDetails, PermissionDeniedError, ResponseError, class_for
from bbasync.paging import OffsetPager
from bbasync.request import as_object
from bbasync.session import Session, SessionOptions

from .added_in import ADDED_IN
from .browse import BrowsePager
from .limits import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from bbasync.paging import Pager
    from bbasync.rate import Rate
    from bbasync.request import RawResponse, Request

    from .services.access_keys import AccessKeys
    from .services.access_tokens import AccessTokens
    from .services.admin import Admin
    from .services.attachments import Attachments
    from .services.branch_permissions import BranchPermissions
    from .services.branches import Branches
    from .services.builds import Builds
    from .services.code_insights import CodeInsights
    from .services.comment_likes import CommentLikes
    from .services.commits import Commits
    from .services.comparisons import Comparisons
    from .services.dashboard import Dashboard
    from .services.default_reviewers import DefaultReviewers
    from .services.default_tasks import DefaultTasks
    from .services.deployments import Deployments
    from .services.gpg_keys import GpgKeys
    from .services.hooks import Hooks
    from .services.jira import Jira
    from .services.labels import Labels
    from .services.markup import Markup
    from .services.permissions import Permissions
    from .services.projects import Projects
    from .services.pull_requests import PullRequests
    from .services.rate_limits import RateLimits
    from .services.ref_sync import RefSync
    from .services.repositories import Repositories
    from .services.reviewer_groups import ReviewerGroups
    from .services.settings import Settings
    from .services.source import Source
    from .services.ssh_keys import SshKeys
    from .services.tags import Tags
    from .services.user_directory import UserDirectories
    from .services.users import Users
    from .services.webhooks import Webhooks

__all__ = ["DataCenterSession"]


class DataCenterSession(Session):
    """A session with a Data Center server: `async with DataCenterSession(AccessToken(token), base_url=url) as bb`.

    `base_url` is the server's URL with its context path, such as `https://host/bitbucket`; `/rest` is appended.
    Use `AccessToken` for an HTTP access token, `BasicAuth` for a username and password.
    """

    _converter = CAMEL
    _write_headers: ClassVar[Mapping[str, str]] = {"X-Atlassian-Token": "no-check"}
    """Without this header, the server's XSRF check rejects writes that are not JSON.
    https://confluence.atlassian.com/kb/rest-api-calls-with-a-browser-user-agent-header-may-fail-csrf-checks-802591455.html
    """

    def __init__(
        self, credential: CredentialLike | None = None, *, base_url: str, **options: Unpack[SessionOptions]
    ) -> None:
        super().__init__(credential, base_url=base_url.rstrip("/") + "/rest", **options)

    @classmethod
    def from_env(cls, **options: Unpack[SessionOptions]) -> Self:
        """Return a session for `BITBUCKET_DC_URL` with `BITBUCKET_DC_TOKEN`; ValueError if either is unset."""
        url, token = os.environ.get("BITBUCKET_DC_URL"), Secret(os.environ.get("BITBUCKET_DC_TOKEN", ""))
        if not url or not token:
            raise ValueError("set BITBUCKET_DC_URL (with the context path) and BITBUCKET_DC_TOKEN")
        return cls(AccessToken(token), base_url=url, **options)

    # -- hooks of the base class ----------------------------------------------------------------------------------

    def _rate_of(self, group: str) -> Rate:
        """Return None: no limit is known until the server reports one."""
        del group
        return None

    def _page_size(self, template: str) -> int:
        """Return the largest page size that servers commonly allow."""
        del template
        return PAGE_SIZE

    def _pager_of(self, template: str) -> Pager:
        """Return the pager that follows `nextPageStart`; pages of `/browse` have another form."""
        return BrowsePager() if "/browse" in template else OffsetPager()

    def _read_error(self, response: RawResponse) -> ErrorDetails:
        """Read the error envelope, `{"errors": [{context, message, exceptionName}]}`, or one such error by itself."""
        payload = response.json()
        envelope = as_object(payload)
        errors = [as_object(error) for error in envelope.get("errors") or ()] or [envelope]
        fields: dict[str, list[str]] = {}
        for error in errors:
            if error.get("context"):
                fields.setdefault(error["context"], []).append(error.get("message") or "")
        return ErrorDetails(
            message="; ".join(text for error in errors if (text := _message_of(error))),
            fields=fields,
            exception_name=errors[0].get("exceptionName") if errors else None,
            data=payload,
        )

    def _error_class(self, status: int, details: ErrorDetails) -> type[ResponseError]:
        """Return the exception class; a missing permission is a 401 too, recognized by its exception name."""
        if status == 401 and (details.exception_name or "").endswith("AuthorisationException"):
            return PermissionDeniedError
        return class_for(status)

    def _advice(self, request: Request, status: int, details: ErrorDetails) -> str:
        """Return what to do about an error whose cause is known, else the empty string."""
        name = (details.exception_name or "").rpartition(".")[2]
        added_in = ADDED_IN.get(f"{request.method} {request.template}")
        match status, name:
            case 401, "AuthorisationException":
                return "the user lacks the permission; administration endpoints do not accept HTTP access tokens"
            case 401, _:
                return "the credential is missing or wrong, or the server requires a CAPTCHA after failed logins"
            case 409, "PullRequestOutOfDateException":
                return "the pull request was changed in the meantime; fetch it again and retry with its current version"
            case 409, "CommentOutOfDateException":
                return "the comment was changed in the meantime; fetch it again and retry with its current version"
            case ((404 | 405), _) if added_in and not name.startswith("NoSuch"):
                return f"Bitbucket {added_in} and later have this operation; the server may be older"
            case _:
                return ""

    # -- services -------------------------------------------------------------------------------------------------

    @cached_property
    def projects(self) -> Projects:
        """Projects."""
        from .services.projects import Projects

        return Projects(self)

    @cached_property
    def repositories(self) -> Repositories:
        """Repositories of a project."""
        from .services.repositories import Repositories

        return Repositories(self)

    @cached_property
    def branches(self) -> Branches:
        """Branches of a repository."""
        from .services.branches import Branches

        return Branches(self)

    @cached_property
    def commits(self) -> Commits:
        """Commits of a repository."""
        from .services.commits import Commits

        return Commits(self)

    @cached_property
    def pull_requests(self) -> PullRequests:
        """Pull requests of a repository."""
        from .services.pull_requests import PullRequests

        return PullRequests(self)

    @cached_property
    def source(self) -> Source:
        """Files and directories of a repository."""
        from .services.source import Source

        return Source(self)

    @cached_property
    def tags(self) -> Tags:
        """Tags of a repository."""
        from .services.tags import Tags

        return Tags(self)

    @cached_property
    def builds(self) -> Builds:
        """Build statuses of commits, and builds that a merge requires."""
        from .services.builds import Builds

        return Builds(self)

    @cached_property
    def comparisons(self) -> Comparisons:
        """Comparisons of two commits of a repository."""
        from .services.comparisons import Comparisons

        return Comparisons(self)

    @cached_property
    def webhooks(self) -> Webhooks:
        """Webhooks of projects and repositories."""
        from .services.webhooks import Webhooks

        return Webhooks(self)

    @cached_property
    def code_insights(self) -> CodeInsights:
        """Code Insights: reports on commits and their annotations."""
        from .services.code_insights import CodeInsights

        return CodeInsights(self)

    @cached_property
    def deployments(self) -> Deployments:
        """Deployments of commits."""
        from .services.deployments import Deployments

        return Deployments(self)

    @cached_property
    def attachments(self) -> Attachments:
        """Attachments of a repository."""
        from .services.attachments import Attachments

        return Attachments(self)

    @cached_property
    def ref_sync(self) -> RefSync:
        """Synchronization of forks with their origin."""
        from .services.ref_sync import RefSync

        return RefSync(self)

    @cached_property
    def markup(self) -> Markup:
        """Rendered markup."""
        from .services.markup import Markup

        return Markup(self)

    @cached_property
    def labels(self) -> Labels:
        """Labels of repositories."""
        from .services.labels import Labels

        return Labels(self)

    @cached_property
    def default_reviewers(self) -> DefaultReviewers:
        """Conditions of default reviewers."""
        from .services.default_reviewers import DefaultReviewers

        return DefaultReviewers(self)

    @cached_property
    def reviewer_groups(self) -> ReviewerGroups:
        """Groups of reviewers of projects and repositories."""
        from .services.reviewer_groups import ReviewerGroups

        return ReviewerGroups(self)

    @cached_property
    def default_tasks(self) -> DefaultTasks:
        """Tasks that new pull requests begin with."""
        from .services.default_tasks import DefaultTasks

        return DefaultTasks(self)

    @cached_property
    def comment_likes(self) -> CommentLikes:
        """Reactions to comments."""
        from .services.comment_likes import CommentLikes

        return CommentLikes(self)

    @cached_property
    def dashboard(self) -> Dashboard:
        """Pull requests and repositories that concern the authenticated user."""
        from .services.dashboard import Dashboard

        return Dashboard(self)

    @cached_property
    def rate_limits(self) -> RateLimits:
        """Rate limits of the server."""
        from .services.rate_limits import RateLimits

        return RateLimits(self)

    @cached_property
    def admin(self) -> Admin:
        """The server itself."""
        from .services.admin import Admin

        return Admin(self)

    @cached_property
    def users(self) -> Users:
        """Users and their settings."""
        from .services.users import Users

        return Users(self)

    @cached_property
    def permissions(self) -> Permissions:
        """Permissions of users and groups."""
        from .services.permissions import Permissions

        return Permissions(self)

    @cached_property
    def access_keys(self) -> AccessKeys:
        """Access keys of projects and repositories."""
        from .services.access_keys import AccessKeys

        return AccessKeys(self)

    @cached_property
    def access_tokens(self) -> AccessTokens:
        """HTTP access tokens of projects, repositories and users."""
        from .services.access_tokens import AccessTokens

        return AccessTokens(self)

    @cached_property
    def branch_permissions(self) -> BranchPermissions:
        """Restrictions of branches and tags."""
        from .services.branch_permissions import BranchPermissions

        return BranchPermissions(self)

    @cached_property
    def hooks(self) -> Hooks:
        """Hooks of projects and repositories."""
        from .services.hooks import Hooks

        return Hooks(self)

    @cached_property
    def settings(self) -> Settings:
        """Settings of pull requests."""
        from .services.settings import Settings

        return Settings(self)

    @cached_property
    def user_directory(self) -> UserDirectories:
        """Administration of users and groups."""
        from .services.user_directory import UserDirectories

        return UserDirectories(self)

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
    def jira(self) -> Jira:
        """Jira issues of commits, pull requests and comments."""
        from .services.jira import Jira

        return Jira(self)


def _message_of(error: dict[str, Any]) -> str:
    """Return the message of an error with the reasons of a veto to merge, which are listed beside it."""
    reasons = [as_object(veto) for veto in error.get("vetoes") or ()]
    texts = [veto.get("detailedMessage") or veto.get("summaryMessage") or "" for veto in reasons]
    message = error.get("message")
    return ": ".join(filter(None, [message if isinstance(message, str) else "", "; ".join(filter(None, texts))]))

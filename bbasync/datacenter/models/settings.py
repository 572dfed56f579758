"""Settings of projects and repositories."""

from __future__ import annotations

from attrs import define, field

from bbasync.datacenter.models.projects import Project
from bbasync.datacenter.models.scopes import Scope
from bbasync.model import Model, OpenEnum, wire

__all__ = [
    "AutoDeclineSettings",
    "AutoMergeSettings",
    "ChangeAuthorSettings",
    "CommitMessageTemplate",
    "MergeCheck",
    "MergeConfig",
    "MergeStrategy",
    "PullRequestSettings",
    "RestrictionAction",
    "RestrictionState",
    "SettingsProcessing",
    "SettingsRestriction",
]


class RestrictionState(OpenEnum):
    """Whether a project restricts the settings of its repositories; the state of a project itself can be modified."""

    NONE = "NONE"
    RESTRICTED_UNMODIFIABLE = "RESTRICTED_UNMODIFIABLE"
    RESTRICTED_MODIFIABLE = "RESTRICTED_MODIFIABLE"


class RestrictionAction(OpenEnum):
    """What to do with the restriction of a project's settings; NONE leaves it as it is."""

    CREATE = "CREATE"
    DELETE = "DELETE"
    NONE = "NONE"


class SettingsProcessing(OpenEnum):
    """State of the server's work on the repositories of a project after their settings were restricted."""

    UNPROCESSED = "UNPROCESSED"
    IN_PROGRESS = "IN_PROGRESS"
    PROCESSED = "PROCESSED"
    FAILED = "FAILED"


@define(kw_only=True)
class AutoDeclineSettings(Model):
    """Whether inactive pull requests are declined."""

    enabled: bool
    """Whether they are."""
    inactivity_weeks: int
    """Weeks without activity after which they are."""
    scope: Scope | None = None
    """Where the settings were made; None if not sent."""


@define(kw_only=True)
class AutoMergeSettings(Model):
    """Whether pull requests can be merged automatically once nothing blocks them."""

    enabled: bool
    """Whether they can."""
    restriction_state: RestrictionState | None = None
    """Whether the project restricts the settings of its repositories; None if not sent."""
    scope: Scope | None = None
    """Where the settings were made; None if not sent."""


@define(kw_only=True)
class ChangeAuthorSettings(Model):
    """Whether the author of pull requests can be changed."""

    enabled: bool
    """Whether it can."""
    restriction_state: RestrictionState | None = None
    """Whether the project restricts the settings of its repositories; None if not sent."""
    scope: Scope | None = None
    """Where the settings were made; None if not sent."""


@define(kw_only=True)
class MergeStrategy(Model):
    """A way of merging pull requests."""

    id: str
    """The ID, such as `no-ff` or `squash`."""
    name: str
    """The name."""
    description: str
    """What it does."""
    flag: str
    """The option of `git merge` that it corresponds to."""
    enabled: bool | None = None
    """Whether it can be chosen; None if not sent."""


@define(kw_only=True)
class CommitMessageTemplate(Model):
    """The template of the messages of merge commits, with variables such as `${title}`."""

    title: str
    """The first line."""
    body: str
    """The rest."""


@define(kw_only=True)
class MergeConfig(Model):
    """How pull requests are merged."""

    default_strategy: MergeStrategy
    """The strategy of merges that name none."""
    strategies: list[MergeStrategy]
    """All strategies; `enabled` says which can be chosen."""
    type: str | None = None
    """Where it was set, `DEFAULT` if nowhere; None if not sent."""
    commit_summaries: int | None = None
    """Number of commits that the message of a merge commit lists; None if not sent."""
    commit_message_template: CommitMessageTemplate | None = None
    """Template of the messages of merge commits; None if there is none."""


@define(kw_only=True)
class MergeCheck(Model):
    """A merge check that requires a number of approvals or builds."""

    enable: bool
    """Whether it is enabled."""
    count: int
    """The number that it requires."""


@define(kw_only=True)
class PullRequestSettings(Model):
    """Settings of the pull requests of a repository; further ones of plugins are in `raw`."""

    merge_config: MergeConfig
    """How pull requests are merged."""
    required_all_approvers: bool | None = None
    """Whether all reviewers must approve before a merge; None if not sent."""
    required_all_tasks_complete: bool | None = None
    """Whether all tasks must be complete before a merge; None if not sent."""
    needs_work: bool | None = None
    """Whether a review of status NEEDS_WORK prevents a merge; None if not sent."""
    required_approvers: MergeCheck | None = field(
        default=None, metadata=wire("com.atlassian.bitbucket.server.bitbucket-bundled-hooks:requiredApprovers")
    )
    """The number of required approvals, None if not sent; `raw["requiredApprovers"]` differs from server to server."""
    required_successful_builds: MergeCheck | None = field(
        default=None, metadata=wire("com.atlassian.bitbucket.server.bitbucket-build:requiredBuilds")
    )
    """The number of required successful builds; None if not sent."""


@define(kw_only=True)
class SettingsRestriction(Model):
    """A restriction that keeps the repositories of a project from changing a setting."""

    namespace: str
    """The namespace of the setting, such as `com.atlassian.bitbucket.server`."""
    feature_key: str
    """The key of the setting."""
    component_key: str | None = None
    """The key of the part of the setting, such as a hook's; None for all of it."""
    processed_state: SettingsProcessing | None = None
    """State of the server's work on the repositories; None if not sent."""
    project: Project | None = None
    """The project; None if not sent."""

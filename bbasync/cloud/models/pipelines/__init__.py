"""Pipelines, their steps, and what a pipeline can be run for."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field, frozen

from bbasync.cloud.models.commits import BaseCommit
from bbasync.cloud.models.pull_requests import BasePullRequest
from bbasync.cloud.models.repositories import BaseRepository
from bbasync.cloud.models.users import Account
from bbasync.model import Model, OpenEnum

from .variables import PipelineVariable

__all__ = [
    "BasePipeline",
    "CommitTarget",
    "ConfigurationSource",
    "Pipeline",
    "PipelineCommand",
    "PipelineError",
    "PipelineImage",
    "PipelineRefType",
    "PipelineResult",
    "PipelineResultName",
    "PipelineSelector",
    "PipelineSelectorType",
    "PipelineStage",
    "PipelineStageName",
    "PipelineState",
    "PipelineStateName",
    "PipelineStatus",
    "PipelineStep",
    "PipelineTarget",
    "PipelineTrigger",
    "PipelineTriggerType",
    "PullRequestTarget",
    "RefTarget",
    "RunVariable",
    "SelectorFilter",
    "TargetRefFilter",
]


class PipelineStateName(OpenEnum):
    """State of a pipeline or a step."""

    PARSING = "PARSING"
    PENDING = "PENDING"
    READY = "READY"
    IN_PROGRESS = "IN_PROGRESS"
    HALTED = "HALTED"
    COMPLETED = "COMPLETED"


class PipelineStageName(OpenEnum):
    """Stage of a pipeline in progress."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    HALTED = "HALTED"


class PipelineResultName(OpenEnum):
    """Result of a completed pipeline or step."""

    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"
    ERROR = "ERROR"
    STOPPED = "STOPPED"
    EXPIRED = "EXPIRED"
    NOT_RUN = "NOT_RUN"


class PipelineStatus(OpenEnum):
    """Status by which pipelines are listed; the names differ from those of states and results."""

    PARSING = "PARSING"
    PENDING = "PENDING"
    PAUSED = "PAUSED"
    HALTED = "HALTED"
    BUILDING = "BUILDING"
    ERROR = "ERROR"
    PASSED = "PASSED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"
    UNKNOWN = "UNKNOWN"


class PipelineTriggerType(OpenEnum):
    """Trigger by which pipelines are listed."""

    PUSH = "PUSH"
    MANUAL = "MANUAL"
    SCHEDULED = "SCHEDULED"
    PARENT_STEP = "PARENT_STEP"


class TargetRefFilter(OpenEnum):
    """Type of reference by which pipelines are listed."""

    BRANCH = "BRANCH"
    TAG = "TAG"
    ANNOTATED_TAG = "ANNOTATED_TAG"


class SelectorFilter(OpenEnum):
    """Type of selector by which pipelines are listed."""

    BRANCH = "BRANCH"
    TAG = "TAG"
    CUSTOM = "CUSTOM"
    PULLREQUESTS = "PULLREQUESTS"
    DEFAULT = "DEFAULT"


class PipelineRefType(OpenEnum):
    """Type of a reference that a pipeline runs for."""

    BRANCH = "branch"
    TAG = "tag"
    NAMED_BRANCH = "named_branch"
    BOOKMARK = "bookmark"


class PipelineSelectorType(OpenEnum):
    """Section of `bitbucket-pipelines.yml` that a pipeline is defined in."""

    BRANCHES = "branches"
    TAGS = "tags"
    BOOKMARKS = "bookmarks"
    DEFAULT = "default"
    CUSTOM = "custom"
    PULL_REQUESTS = "pull-requests"


@define(kw_only=True)
class PipelineError(Model):
    """An error that caused a failure."""

    key: str | None = None
    """The key of the error."""
    message: str | None = None
    """The message."""


@define(kw_only=True)
class PipelineResult(Model):
    """The result of a completed pipeline or step."""

    name: PipelineResultName
    """The result."""
    error: PipelineError | None = None
    """The cause of an ERROR."""
    terminator: Account | None = None
    """The user who stopped it."""


@define(kw_only=True)
class PipelineStage(Model):
    """The stage of a pipeline in progress."""

    name: PipelineStageName
    """The stage."""


@define(kw_only=True)
class PipelineState(Model):
    """The state of a pipeline or a step."""

    name: PipelineStateName
    """The state."""
    result: PipelineResult | None = None
    """The result, once the state is COMPLETED."""
    stage: PipelineStage | None = None
    """The stage of a pipeline in progress; steps have none."""


@define(kw_only=True)
class PipelineSelector(Model):
    """Selects the definition of a pipeline in `bitbucket-pipelines.yml`."""

    type: PipelineSelectorType
    """The section of the file."""
    pattern: str | None = None
    """The name of the definition in its section."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        return {"type": self.type, "pattern": self.pattern}


@define(kw_only=True)
class PipelineTarget(Model):
    """What a pipeline runs for. `type` tells which fields are set; types added later keep their fields in `raw`."""

    type: str | None = None
    """`pipeline_ref_target`, `pipeline_commit_target`, `pipeline_pullrequest_target` or another one."""
    ref_type: PipelineRefType | None = None
    """Type of the reference."""
    ref_name: str | None = None
    """The branch or tag."""
    commit: BaseCommit | None = None
    """The commit."""
    selector: PipelineSelector | None = None
    """The definition that was selected."""
    source: str | None = None
    """The source branch of the pull request."""
    destination: str | None = None
    """The destination branch of the pull request."""
    destination_commit: BaseCommit | None = None
    """The head of the destination branch."""
    pullrequest: BasePullRequest | None = None
    """The pull request."""


@define(kw_only=True)
class PipelineTrigger(Model):
    """What started a pipeline or a step."""

    type: str
    """Such as `pipeline_trigger_push`, `pipeline_trigger_manual` or `pipeline_step_trigger_automatic`."""
    name: str | None = None
    """Such as PUSH or MANUAL."""


@define(kw_only=True)
class ConfigurationSource(Model):
    """A file that the configuration of a pipeline was read from."""

    source: str
    """Identifies the source."""
    uri: str
    """URL of the source."""


@define(kw_only=True)
class BasePipeline(Model):
    """A pipeline, as other objects embed it."""

    uuid: str
    """The UUID, in braces."""


@define(kw_only=True)
class Pipeline(BasePipeline):
    """A run of a pipeline."""

    build_number: int
    """The build number; accepted in place of the UUID."""
    state: PipelineState
    """The state, with its result or stage."""
    created_on: datetime
    """When it was created."""
    target: PipelineTarget | None = None
    """What it runs for."""
    trigger: PipelineTrigger | None = None
    """What started it."""
    creator: Account | None = None
    """The user who started it."""
    repository: BaseRepository | None = None
    """The repository."""
    variables: list[PipelineVariable] | None = None
    """The variables that it was started with."""
    completed_on: datetime | None = None
    """When it completed; None while it is in progress."""
    duration_in_seconds: int | None = None
    """How long it took."""
    build_seconds_used: int | None = None
    """Build seconds that were charged."""
    run_number: int | None = None
    """Counts from 1; a rerun of failed steps increments it."""
    configuration_sources: list[ConfigurationSource] | None = None
    """Files that the configuration was read from, in order."""

    @property
    def is_completed(self) -> bool:
        """Whether it has a result, which does not change."""
        return _is_completed(self.state)

    @property
    def result(self) -> PipelineResultName | None:
        """The result; None while it is in progress."""
        return _result(self.state)


@define(kw_only=True)
class PipelineCommand(Model):
    """A command that a step executes."""

    name: str | None = None
    """The name."""
    command: str
    """The command line."""


@define(kw_only=True)
class PipelineImage(Model):
    """The Docker image that a step runs in."""

    name: str
    """The name, with its registry unless it is on Docker Hub."""
    username: str | None = None
    """The user of a private registry."""
    email: str | None = None
    """The email address of a private registry."""


@define(kw_only=True)
class PipelineStep(Model):
    """A step of a pipeline."""

    uuid: str
    """The UUID, in braces."""
    state: PipelineState
    """The state, with its result."""
    name: str | None = None
    """The name in `bitbucket-pipelines.yml`."""
    pipeline: BasePipeline | None = None
    """The pipeline."""
    trigger: PipelineTrigger | None = None
    """What started it."""
    image: PipelineImage | None = None
    """The Docker image."""
    setup_commands: list[PipelineCommand] | None = None
    """Commands executed outside the container, before the script."""
    script_commands: list[PipelineCommand] | None = None
    """The commands of the script."""
    started_on: datetime | None = None
    """When it started; None if it has not, and then it has no log."""
    completed_on: datetime | None = None
    """When it completed; None while it is in progress."""
    duration_in_seconds: int | None = None
    """How long it took."""
    build_seconds_used: int | None = None
    """Build seconds that were charged."""
    run_number: int | None = None
    """Counts from 1; a rerun increments it."""

    @property
    def is_completed(self) -> bool:
        """Whether it has a result, which does not change."""
        return _is_completed(self.state)

    @property
    def result(self) -> PipelineResultName | None:
        """The result; None while it is in progress."""
        return _result(self.state)


# With `fields=`, a state may be missing.


def _is_completed(state: PipelineState | None) -> bool:
    return state is not None and state.name == PipelineStateName.COMPLETED


def _result(state: PipelineState | None) -> PipelineResultName | None:
    return None if state is None or state.result is None else state.result.name


# -- requests ---------------------------------------------------------------------------------------------------------


@frozen
class RefTarget:
    """Runs a pipeline for a branch or tag."""

    ref_name: str
    """The branch or tag."""
    ref_type: PipelineRefType | str = field(default=PipelineRefType.BRANCH, kw_only=True)
    """Type of the reference."""
    commit: str | None = field(default=None, kw_only=True)
    """The hash of a commit on it; None for its head."""
    selector: PipelineSelector | None = field(default=None, kw_only=True)
    """The definition to run; None for the one that a push would run."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        return {
            "type": "pipeline_ref_target",
            "ref_type": self.ref_type,
            "ref_name": self.ref_name,
            "commit": None if self.commit is None else {"type": "commit", "hash": self.commit},
            "selector": None if self.selector is None else self.selector.body(),
        }


@frozen
class CommitTarget:
    """Runs a pipeline for a commit, without a branch; the server requires the selector."""

    commit: str
    """The hash of the commit."""
    selector: PipelineSelector = field(kw_only=True)
    """The definition to run."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        return {
            "type": "pipeline_commit_target",
            "commit": {"type": "commit", "hash": self.commit},
            "selector": self.selector.body(),
        }


@frozen(kw_only=True)
class PullRequestTarget:
    """Runs a pipeline for a pull request."""

    pull_request_id: int
    """The ID of the pull request."""
    source: str
    """The source branch."""
    destination: str
    """The destination branch."""
    commit: str
    """The hash of the head of the source branch."""
    destination_commit: str
    """The hash of the head of the destination branch."""
    pattern: str = "**"
    """The name of the definition in the section `pull-requests`."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        return {
            "type": "pipeline_pullrequest_target",
            "source": self.source,
            "destination": self.destination,
            "destination_commit": {"hash": self.destination_commit},
            "commit": {"hash": self.commit},
            "pullrequest": {"id": self.pull_request_id},
            "selector": {"type": PipelineSelectorType.PULL_REQUESTS, "pattern": self.pattern},
        }


@frozen
class RunVariable:
    """A variable for one run of a custom pipeline."""

    key: str
    """The name."""
    value: str = field(repr=False)
    """The value."""
    secured: bool | None = field(default=None, kw_only=True)
    """Whether the value is hidden in logs and responses."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        secured = {} if self.secured is None else {"secured": self.secured}
        return {"key": self.key, "value": self.value, **secured}

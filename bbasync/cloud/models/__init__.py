"""Models of Bitbucket Cloud, one module per resource, each imported when one of its names is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync._lazy import attach

if TYPE_CHECKING:
    from .branch_restrictions import *
    from .branching_model import *
    from .comments import *
    from .commit_statuses import *
    from .commits import *
    from .commits.diffs import *
    from .default_reviewers import *
    from .deploy_keys import *
    from .deployments import *
    from .downloads import *
    from .gpg_keys import *
    from .groups import *
    from .participants import *
    from .permissions import *
    from .pipelines import *
    from .pipelines.caches import *
    from .pipelines.configuration import *
    from .pipelines.runners import *
    from .pipelines.schedules import *
    from .pipelines.test_reports import *
    from .pipelines.variables import *
    from .projects import *
    from .properties import *
    from .pull_requests import *
    from .pull_requests.activity import *
    from .pull_requests.merges import *
    from .pull_requests.tasks import *
    from .refs import *
    from .rendered import *
    from .reports import *
    from .repositories import *
    from .search import *
    from .snippets import *
    from .source import *
    from .ssh_keys import *
    from .users import *
    from .webhooks import *
    from .workspaces import *

if not TYPE_CHECKING:  # type checkers would take any name for an object
    __getattr__, __dir__ = attach(
        __name__,
        {
            "branch_restrictions": "BranchMatchKind BranchRestriction BranchType RestrictionKind",
            "branching_model": (
                "BranchPrefix BranchSetting BranchTypeSetting BranchingModel BranchingModelBranch "
                "BranchingModelSettings"
            ),
            "comments": "BaseComment Comment CommentResolution Inline",
            "commit_statuses": "CommitStatus CommitStatusState",
            "commits": "BaseCommit Commit",
            "commits.diffs": "ConflictScenario DiffStat DiffStatus FileConflict",
            "default_reviewers": "DefaultReviewer DefaultReviewerType",
            "deploy_keys": "BaseDeployKey DeployKey ProjectDeployKey",
            "downloads": "Download",
            "gpg_keys": "GpgKey",
            "deployments": (
                "Deployment DeploymentEnvironment DeploymentRelease DeploymentState DeploymentStateName "
                "DeploymentStatus DeploymentStatusName DeploymentStep EnvironmentRestrictions EnvironmentType "
                "EnvironmentTypeName"
            ),
            "groups": "Group GroupPrivilege Invitation LegacyAccount LegacyGroup Privilege",
            "participants": "Participant ParticipantRole ParticipantState",
            "permissions": (
                "Permission ProjectGroupPermission ProjectUserPermission RepositoryGroupPermission "
                "RepositoryPermission RepositoryUserPermission"
            ),
            "pipelines": (
                "BasePipeline CommitTarget ConfigurationSource Pipeline PipelineCommand PipelineError "
                "PipelineImage PipelineRefType PipelineResult PipelineResultName PipelineSelector "
                "PipelineSelectorType PipelineStage PipelineStageName PipelineState PipelineStateName "
                "PipelineStatus PipelineStep PipelineTarget PipelineTrigger PipelineTriggerType PullRequestTarget "
                "RefTarget RunVariable SelectorFilter TargetRefFilter"
            ),
            "pipelines.caches": "PipelineCache PipelineCacheContent",
            "pipelines.configuration": (
                "KnownHost KnownHostKey OidcConfiguration OidcKey OidcKeys PipelineBuildNumber PipelineSshKeyPair "
                "PipelinesConfiguration"
            ),
            "pipelines.runners": "PipelineRunner RunnerOAuthClient RunnerState RunnerStatus RunnerVersion",
            "pipelines.schedules": "PipelineSchedule PipelineScheduleExecution",
            "pipelines.test_reports": "PipelineTestCase PipelineTestCaseReason PipelineTestReport PipelineTestStatus",
            "pipelines.variables": "PipelineVariable",
            "projects": "BaseProject Project",
            "properties": "ApplicationProperty PropertyAttribute",
            "pull_requests": (
                "BasePullRequest PullRequest PullRequestBranch PullRequestEndpoint PullRequestState RenderedPullRequest"
            ),
            "pull_requests.activity": "PullRequestActivity PullRequestReview PullRequestUpdate",
            "pull_requests.merges": (
                "MergeCheck MergeQueue MergeTask MergeTaskStatus MergeabilityCheck MergeabilityCheckType "
                "MergeabilityChecks MergeabilityStatus"
            ),
            "pull_requests.tasks": "Task TaskState",
            "refs": "Branch MergeStrategy Ref Tag",
            "rendered": "Rendered",
            "reports": (
                "Annotation AnnotationBody AnnotationResult AnnotationType Report ReportData ReportDataType "
                "ReportResult ReportType Severity"
            ),
            "repositories": "BaseRepository ForkPolicy InheritanceState MainBranch Repository RepositoryRole",
            "search": "CodeSearchResult SearchContentMatch SearchLine SearchSegment",
            "snippets": "BaseSnippet Snippet SnippetComment SnippetCommit SnippetRole",
            "source": "ArchiveFormat BaseFile CommitDirectory CommitFile FileAttribute TreeEntry",
            "ssh_keys": "SshKey",
            "users": "Account AccountType Author Email",
            "webhooks": "EventKey HookEvent HookSubject SubjectType SubjectTypes Webhook",
            "workspaces": "BaseWorkspace ForkingMode Workspace WorkspaceAccess WorkspaceMembership WorkspaceRole",
        },
    )
    __all__ = [name for name in __dir__() if name[0].isupper()]

"""Models of Bitbucket Data Center, one module per resource, each imported when one of its names is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync._lazy import attach

if TYPE_CHECKING:
    from .access_keys import *
    from .access_tokens import *
    from .application_properties import *
    from .attachments import *
    from .banner import *
    from .branch_permissions import *
    from .branches import *
    from .builds import *
    from .changes import *
    from .code_insights import *
    from .comment_likes import *
    from .comments import *
    from .commits import *
    from .dashboard import *
    from .default_reviewers import *
    from .default_tasks import *
    from .deployments import *
    from .diff_stats import *
    from .diffs import *
    from .gpg_keys import *
    from .groups import *
    from .hooks import *
    from .jira import *
    from .labels import *
    from .markup import *
    from .permissions import *
    from .projects import *
    from .pull_requests import *
    from .pull_requests.activities import *
    from .pull_requests.changes import *
    from .pull_requests.merges import *
    from .rate_limits import *
    from .ref_matchers import *
    from .ref_sync import *
    from .refs import *
    from .repositories import *
    from .reviewer_groups import *
    from .scopes import *
    from .settings import *
    from .source import *
    from .ssh_keys import *
    from .tags import *
    from .user_directory import *
    from .users import *
    from .webhooks import *

if not TYPE_CHECKING:  # type checkers would take any name for an object
    __getattr__, __dir__ = attach(
        __name__,
        {
            "access_keys": "AccessKey ProjectKeyPermission RepositoryKeyPermission",
            "access_tokens": "HttpAccessToken NewHttpAccessToken",
            "application_properties": "ApplicationProperties",
            "attachments": "AttachmentMetadata",
            "banner": "BannerAudience",
            "branch_permissions": "Restriction RestrictionRequest RestrictionType",
            "branches": "Branch",
            "builds": "BuildCapabilities BuildOrder BuildState BuildStats BuildStatus BuildTestResults RequiredBuild",
            "changes": "Change ChangeProperties ChangeType Conflict ConflictChange NodeType Path",
            "code_insights": (
                "Annotation AnnotationBody AnnotationSeverity AnnotationType Annotations Report ReportData "
                "ReportDataType ReportResult"
            ),
            "comment_likes": "Emoticon Reaction",
            "comments": (
                "AnchorState BlockerCommentCount Comment CommentAnchor CommentSeverity CommentState DiffType "
                "FileType LineType MultilineMarker MultilineSpan PermittedOperations"
            ),
            "commits": "BaseCommit Commit MergeFilter RefChangeActivity",
            "dashboard": "DashboardOrder InboxCount PullRequestSuggestion",
            "default_reviewers": "DefaultReviewerCondition",
            "default_tasks": "DefaultTask",
            "deployments": "Deployment DeploymentEnvironment DeploymentState EnvironmentType",
            "diff_stats": "DiffStatsSummary",
            "diffs": "ConflictMarker Diff DiffHunk DiffLine DiffSegment FileDiff Whitespace",
            "gpg_keys": "GpgKey GpgSubKey",
            "groups": "Group",
            "hooks": "Hook HookDetails HookType",
            "jira": (
                "BackfillError BackfillReport BackfillRepository BackfillStatus Changeset ChangesetChanges "
                "CommentIssue JiraIssue JiraProjectLink"
            ),
            "labels": "Label Labelable LabelableType",
            "markup": "Markup MarkupUrlMode",
            "permissions": (
                "DefaultPermission GlobalPermission GroupPermission Permission PermissionFilter PrincipalType "
                "ProjectPermission UserPermission"
            ),
            "projects": "Project ProjectType",
            "pull_requests": (
                "Direction MergeOutcome MergeResult Participant ParticipantFilter ParticipantRole "
                "ParticipantStatus PullRequest PullRequestOrder PullRequestProperties PullRequestRef "
                "PullRequestState"
            ),
            "pull_requests.activities": "Activity ActivityAction ActivityType CommentAction RescopedCommits",
            "pull_requests.changes": "ChangeScope",
            "pull_requests.merges": (
                "AutoMergeRequest AutoMergeResult AutoMergeStatus CommitMessageSuggestion Mergeability "
                "RebaseResult Rebaseability Veto"
            ),
            "rate_limits": "RateLimit RateLimitSettings RateLimitedUser RejectionOrder UserRateLimitSettings",
            "ref_matchers": "RefMatcher RefMatcherType RefMatcherTypeId",
            "ref_sync": "RefSyncAction RefSyncState RefSyncStatus RejectedRef",
            "refs": "BaseRef RefChange RefChangeType RefOrder RefType RefUpdateType",
            "repositories": "ArchiveFilter Repository RepositoryPermission RepositoryState Visibility",
            "reviewer_groups": "ReviewerGroup",
            "scopes": "Scope ScopeType",
            "settings": (
                "AutoDeclineSettings AutoMergeSettings ChangeAuthorSettings CommitMessageTemplate MergeCheck "
                "MergeConfig MergeStrategy PullRequestSettings RestrictionAction RestrictionState "
                "SettingsProcessing SettingsRestriction"
            ),
            "source": "ArchiveFormat Blame DirectoryEntry FileLine FileSize LastModified PathType",
            "ssh_keys": "SshFingerprint SshKey SshKeySettings SshKeyType SshKeyTypeRestriction SshSettings",
            "tags": "Tag TagType",
            "user_directory": "DetailedUser ErasedUser UserDirectory",
            "users": "Author Avatar Person User UserType",
            "webhooks": (
                "EventScope Invocation InvocationHistory InvocationOutcome Webhook WebhookCredentials "
                "WebhookEvent WebhookScope"
            ),
        },
    )
    __all__ = [name for name in __dir__() if name[0].isupper()]

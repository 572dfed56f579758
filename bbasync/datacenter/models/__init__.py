"""Models of Bitbucket Data Center, one module per resource, each imported when one of its names is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync._lazy import attach

if TYPE_CHECKING:
    from .access_keys import *
    from .access_tokens import *
    from .branch_permissions import *
    from .branches import *
    from .changes import *
    from .comments import *
    from .commits import *
    from .gpg_keys import *
    from .groups import *
    from .hooks import *
    from .jira import *
    from .permissions import *
    from .projects import *
    from .pull_requests import *
    from .pull_requests.activities import *
    from .pull_requests.changes import *
    from .pull_requests.merges import *
    from .ref_matchers import *
    from .refs import *
    from .repositories import *
    from .scopes import *
    from .settings import *
    from .source import *
    from .ssh_keys import *
    from .tags import *
    from .user_directory import *
    from .users import *

if not TYPE_CHECKING:  # type checkers would take any name for an object
    __getattr__, __dir__ = attach(
        __name__,
        {
            "access_keys": "AccessKey ProjectKeyPermission RepositoryKeyPermission",
            "access_tokens": "HttpAccessToken NewHttpAccessToken",
            "branch_permissions": "Restriction RestrictionRequest RestrictionType",
            "branches": "Branch",
            "changes": "Change ChangeProperties ChangeType Conflict ConflictChange NodeType Path",
            "comments": (
                "AnchorState Comment CommentAnchor CommentSeverity CommentState DiffType FileType LineType "
                "MultilineMarker MultilineSpan PermittedOperations"
            ),
            "commits": "BaseCommit Commit MergeFilter",
            "gpg_keys": "GpgKey GpgSubKey",
            "groups": "Group",
            "hooks": "Hook HookDetails HookType",
            "jira": (
                "BackfillError BackfillReport BackfillRepository BackfillStatus Changeset ChangesetChanges "
                "CommentIssue JiraIssue JiraProjectLink"
            ),
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
            "pull_requests.merges": "Mergeability Veto",
            "ref_matchers": "RefMatcher RefMatcherKind RefMatcherType",
            "refs": "BaseRef RefChange RefChangeType RefOrder RefType RefUpdateType",
            "repositories": "ArchiveFilter Repository RepositoryPermission RepositoryState Visibility",
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
        },
    )
    __all__ = [name for name in __dir__() if name[0].isupper()]

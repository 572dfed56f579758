"""What the vendor's descriptions list as parameters and no method sends, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGING: Final[Mapping[str, frozenset[str]]] = {
    "cloud": frozenset({"page", "pagelen"}),
    "datacenter": frozenset({"start", "limit"}),
}
"""Query parameters that are `Paging`'s."""

READ_ONLY: Final[Mapping[str, frozenset[str]]] = {
    "cloud": frozenset({"created_on", "id", "links", "type", "updated_on", "user", "uuid"}),
    "datacenter": frozenset({"avatarUrl", "id", "links", "properties", "type"}),
}
"""Body fields that only answers hold: the descriptions give bodies the schema of the whole resource."""

_CLOUD: Final = "/repositories/{workspace}/{repo_slug}"
_PULLS: Final = f"{_CLOUD}/pullrequests"
_COMMIT: Final = f"{_CLOUD}/commit/{{commit}}"
_REPOSITORY: Final = ("full_name", "owner", "parent", "size")
_PULL: Final = (
    *("author", "closed_by", "comment_count", "merge_commit", "participants", "queued", "reason", "rendered", "state"),
    *("summary", "task_count"),
)
_PIPELINE: Final = (
    *("build_number", "build_seconds_used", "completed_on", "configuration_sources", "creator", "repository", "state"),
    "trigger",
)
_DC: Final = "/api/latest/projects"
_DC_REPOSITORY: Final = f"{_DC}/{{projectKey}}/repos/{{repositorySlug}}"
_DC_PULLS: Final = f"{_DC_REPOSITORY}/pull-requests"
_DC_PULL: Final = (
    *("closed", "closedDate", "createdDate", "descriptionAsHtml", "htmlDescription", "locked", "open", "participants"),
    *("state", "updatedDate"),
)
_IN_QUERY: Final = "goes in the query"
_ANSWERED: Final = "only answers hold it"
_HOOK_SETTINGS: Final = (
    ("booleanValue", "doubleValue", "integerValue", "longValue", "stringValue"),
    "are examples of what a hook defines",
)
_RESTRICTIONS: Final = (
    ("accessKeyIds", "accessKeys", "groupNames", "groups", "matcher", "userSlugs", "users"),
    "is that of one restriction; several go as an array",
)
_FIXED: Final = "is fixed once it is written"
_HOOK: Final = (("scopeType", "statistics"), _ANSWERED)

Reasons = tuple[tuple[tuple[str, ...], str], ...]
_COMMENTS: Final = "/snippets/{workspace}/{encoded_id}/comments"
_SNIPPET: Final[Reasons] = ((("creator", "owner"), _ANSWERED), (("scm",), "is always git"))
UNSENT: Final[Mapping[tuple[str, str, str], Reasons]] = {
    ("cloud", "POST", _CLOUD): (
        (_REPOSITORY, _ANSWERED),
        (("mainbranch",), "a repository begins without a branch"),
    ),
    ("cloud", "PUT", _CLOUD): ((_REPOSITORY, _ANSWERED), (("scm",), _FIXED)),
    ("cloud", "POST", f"{_CLOUD}/forks"): ((_REPOSITORY, _ANSWERED), (("scm",), "is that of the repository")),
    ("cloud", "POST", f"{_CLOUD}/refs/tags"): ((("date", "tagger"), _ANSWERED),),
    ("cloud", "POST", f"{_CLOUD}/src"): (
        (("author", "branch", "files", "message", "parents"), "goes as a part of the body, not in the query"),
    ),
    ("cloud", "POST", f"{_COMMIT}/comments"): ((("commit", "deleted"), _ANSWERED),),
    ("cloud", "PUT", f"{_COMMIT}/comments/{{comment_id}}"): (
        (("commit", "deleted"), _ANSWERED),
        (("inline", "parent"), _FIXED),
    ),
    ("cloud", "POST", _PULLS): ((_PULL, _ANSWERED),),
    ("cloud", "PUT", f"{_PULLS}/{{pull_request_id}}"): ((_PULL, _ANSWERED),),
    ("cloud", "POST", f"{_PULLS}/{{pull_request_id}}/comments"): (
        (("deleted", "pullrequest"), _ANSWERED),
        (("resolution",), "has an operation of its own"),
    ),
    ("cloud", "PUT", f"{_PULLS}/{{pull_request_id}}/comments/{{comment_id}}"): (
        (("deleted", "pullrequest"), _ANSWERED),
        (("inline", "parent"), _FIXED),
        (("resolution",), "has an operation of its own"),
    ),
    ("cloud", "POST", "/snippets"): _SNIPPET,
    ("cloud", "POST", "/snippets/{workspace}"): _SNIPPET,
    ("cloud", "POST", _COMMENTS): ((("snippet",), _ANSWERED),),
    ("cloud", "PUT", f"{_COMMENTS}/{{comment_id}}"): ((("snippet",), _ANSWERED),),
    ("cloud", "POST", f"{_CLOUD}/pipelines"): ((_PIPELINE, _ANSWERED),),
    ("cloud", "PUT", f"{_CLOUD}/pipelines_config"): ((("repository",), "is in the path"),),
    ("cloud", "POST", "/workspaces/{workspace}/projects"): ((("has_publicly_visible_repos", "owner"), _ANSWERED),),
    ("cloud", "PUT", "/workspaces/{workspace}/projects/{project_key}"): (
        (("has_publicly_visible_repos", "owner"), _ANSWERED),
    ),
    ("cloud", "POST", "/users/{selected_user}/ssh-keys"): (
        (("fingerprint", "last_used", "owner"), _ANSWERED),
        (("comment",), "stands after the key"),
        (("expires_on",), _IN_QUERY),
    ),
    ("cloud", "PUT", "/users/{selected_user}/ssh-keys/{key_id}"): (
        (("fingerprint", "last_used", "owner"), _ANSWERED),
        (("comment", "expires_on", "key"), _FIXED),
    ),
    ("cloud", "POST", "/users/{selected_user}/gpg-keys"): (
        (("added_on", "expires_on", "fingerprint", "key_id", "last_used", "owner", "parent_fingerprint"), _ANSWERED),
        (("subkeys",), "are part of the key"),
    ),
    ("datacenter", "GET", "/api/latest/users"): ((("permission", "permission.N"), "go numbered from 1"),),
    ("datacenter", "PUT", "/api/latest/users"): ((("name",), "is that of the authenticated user"),),
    ("datacenter", "POST", "/api/latest/users/{userSlug}/settings"): (
        (("boolean key", "long key", "string key"), "are examples"),
    ),
    ("datacenter", "POST", f"{_DC}/{{projectKey}}/repos"): (
        (("project",), "is in the path"),
        (("slug",), "is made of the name"),
    ),
    ("datacenter", "POST", _DC_REPOSITORY): (
        (("scmId",), "is that of the repository"),
        (("slug",), "is made of the name"),
    ),
    ("datacenter", "PUT", _DC_REPOSITORY): ((("scmId",), _FIXED), (("slug",), "is made of the name")),
    ("datacenter", "POST", _DC_PULLS): ((_DC_PULL, _ANSWERED), (("version",), "begins at 0")),
    ("datacenter", "PUT", f"{_DC_PULLS}/{{pullRequestId}}"): ((_DC_PULL, _ANSWERED), (("fromRef",), _FIXED)),
    ("datacenter", "POST", f"{_DC_PULLS}/{{pullRequestId}}/decline"): ((("version",), _IN_QUERY),),
    ("datacenter", "POST", f"{_DC_PULLS}/{{pullRequestId}}/merge"): ((("version",), _IN_QUERY),),
    ("datacenter", "POST", f"{_DC_PULLS}/{{pullRequestId}}/reopen"): ((("version",), _IN_QUERY),),
    ("datacenter", "GET", f"{_DC_PULLS}/{{pullRequestId}}/comments"): (
        (("diffTypes", "states"), "second names of diffType and state"),
    ),
    ("datacenter", "POST", f"{_DC_PULLS}/{{pullRequestId}}/comments"): (
        (("comments", "threadResolved", "version"), _ANSWERED),
    ),
    ("datacenter", "PUT", f"{_DC_PULLS}/{{pullRequestId}}/comments/{{commentId}}"): (
        (("comments",), _ANSWERED),
        (("anchor",), _FIXED),
    ),
    ("datacenter", "GET", f"{_DC_PULLS}/{{pullRequestId}}/blocker-comments"): (
        (("states",), "is a second name of state"),
    ),
    ("datacenter", "POST", f"{_DC_PULLS}/{{pullRequestId}}/blocker-comments"): (
        (("comments", "threadResolved", "version"), _ANSWERED),
        (("severity",), "is BLOCKER"),
    ),
    ("datacenter", "PUT", f"{_DC_PULLS}/{{pullRequestId}}/blocker-comments/{{commentId}}"): (
        (("comments",), _ANSWERED),
        (("anchor",), _FIXED),
    ),
    ("datacenter", "GET", f"{_DC_REPOSITORY}/archive"): ((("filename",), "names the file for browsers"),),
    ("datacenter", "GET", f"{_DC_REPOSITORY}/browse"): (
        (("blame", "noContent", "size", "type"), "the root is a directory"),
    ),
    ("datacenter", "GET", f"{_DC_REPOSITORY}/browse/{{path}}"): (
        (("noContent",), "servers differ in what they answer; the lines have their blame"),
    ),
    ("datacenter", "POST", "/build-status/latest/commits/{commitId}"): (
        (("createdDate", "projectKey", "repositorySlug", "updatedDate"), _ANSWERED),
        (("buildNumber", "duration", "parent", "ref", "testResults"), "is for builds of a repository"),
    ),
    ("datacenter", "POST", f"{_DC_REPOSITORY}/commits/{{commitId}}/comments"): (
        (("comments", "threadResolved", "version"), _ANSWERED),
    ),
    ("datacenter", "PUT", f"{_DC_REPOSITORY}/commits/{{commitId}}/comments/{{commentId}}"): (
        (("comments",), _ANSWERED),
        (("anchor",), _FIXED),
    ),
    ("datacenter", "POST", f"{_DC_REPOSITORY}/webhooks"): (_HOOK,),
    ("datacenter", "PUT", f"{_DC_REPOSITORY}/webhooks/{{webhookId}}"): (_HOOK,),
    ("datacenter", "POST", f"{_DC}/{{projectKey}}/webhooks"): (_HOOK,),
    ("datacenter", "PUT", f"{_DC}/{{projectKey}}/webhooks/{{webhookId}}"): (_HOOK,),
    (
        "datacenter",
        "PUT",
        "/insights/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/reports/{key}/annotations/{externalId}",
    ): ((("externalId",), "is in the path"),),
    ("datacenter", "POST", f"{_DC_REPOSITORY}/watch"): (
        (("defaultBranch", "name", "project", "scmId", "slug"), "servers need no body"),
    ),
    ("datacenter", "POST", f"{_DC_REPOSITORY}/settings/reviewer-groups"): ((("scope",), "is in the path"),),
    ("datacenter", "PUT", f"{_DC_REPOSITORY}/settings/reviewer-groups/{{id}}"): ((("scope",), "is in the path"),),
    ("datacenter", "POST", f"{_DC}/{{projectKey}}/settings/reviewer-groups"): ((("scope",), "is in the path"),),
    ("datacenter", "PUT", f"{_DC}/{{projectKey}}/settings/reviewer-groups/{{id}}"): ((("scope",), "is in the path"),),
    ("datacenter", "PUT", f"{_DC}/{{projectKey}}/settings/hooks/{{hookKey}}/settings"): (_HOOK_SETTINGS,),
    ("datacenter", "PUT", f"{_DC_REPOSITORY}/settings/hooks/{{hookKey}}/settings"): (_HOOK_SETTINGS,),
    ("datacenter", "POST", f"{_DC_REPOSITORY}/settings/pull-requests"): (
        (("requiredApproversDeprecated", "requiredSuccessfulBuildsDeprecated"), "are second names"),
    ),
    ("datacenter", "POST", "/branch-permissions/latest/projects/{projectKey}/restrictions"): (_RESTRICTIONS,),
    ("datacenter", "POST", "/branch-permissions/latest/projects/{projectKey}/repos/{repositorySlug}/restrictions"): (
        _RESTRICTIONS,
    ),
    ("datacenter", "POST", "/keys/latest/projects/{projectKey}/ssh"): ((("project", "repository"), "are in the path"),),
    ("datacenter", "POST", "/keys/latest/projects/{projectKey}/repos/{repositorySlug}/ssh"): (
        (("project", "repository"), "are in the path"),
    ),
    ("datacenter", "DELETE", "/ssh/latest/keys"): ((("userName",), "is a second name of user"),),
    ("datacenter", "GET", "/ssh/latest/keys"): ((("userName",), "is a second name of user"),),
    ("datacenter", "POST", "/ssh/latest/keys"): ((("algorithmType", "bitLength"), _ANSWERED),),
}
"""Names by operation."""

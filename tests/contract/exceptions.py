"""Where the vendor's descriptions are wrong about requests or answers, each with its reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_REPOSITORY: Final = "/repositories/{workspace}/{repo_slug}"
_COMMIT_FORM: Final = "include and exclude go in a form"
_HOOK: Final = "a hook goes as JSON; the text beside the description shows it"

_HOOK_SETTINGS: Final = "settings of the hook may go as JSON; the text beside the description says so"
_SETTINGS: Final = "the settings go as JSON; the text beside the description shows them"
_RUNNER: Final = "a runner goes as JSON; the text beside the description shows it"
_SNIPPET: Final = "a snippet goes as JSON or multipart; the text beside the description shows both"
_KEY: Final = "a key goes as JSON; the text beside the description shows it"

UNDECLARED_BODIES: Final[Mapping[tuple[str, str], str]] = {
    ("PUT", "/addon"): "the descriptor goes as JSON; the text beside the description shows it",
    ("POST", f"{_REPOSITORY}/commits"): _COMMIT_FORM,
    ("POST", f"{_REPOSITORY}/commits/{{revision}}"): _COMMIT_FORM,
    ("POST", f"{_REPOSITORY}/refs/branches"): "name and target go as JSON; the text beside the description shows it",
    ("POST", f"{_REPOSITORY}/src"): "files go as multipart; what goes with them is declared as a query",
    ("PUT", f"{_REPOSITORY}/override-settings"): "the settings go as JSON",
    ("PUT", f"{_REPOSITORY}/branching-model/settings"): _SETTINGS,
    ("PUT", "/workspaces/{workspace}/projects/{project_key}/branching-model/settings"): _SETTINGS,
    ("POST", f"{_REPOSITORY}/deploy-keys"): _KEY,
    ("PUT", f"{_REPOSITORY}/deploy-keys/{{key_id}}"): _KEY,
    ("POST", "/workspaces/{workspace}/projects/{project_key}/deploy-keys"): _KEY,
    ("POST", f"{_REPOSITORY}/downloads"): "files go as multipart; the text beside the description shows it",
    ("POST", f"{_REPOSITORY}/hooks"): _HOOK,
    ("PUT", f"{_REPOSITORY}/hooks/{{uid}}"): _HOOK,
    ("POST", f"{_REPOSITORY}/environments/{{environment_uuid}}/changes"): "the change goes as JSON",
    ("POST", f"{_REPOSITORY}/pipelines-config/runners"): _RUNNER,
    ("PUT", f"{_REPOSITORY}/pipelines-config/runners/{{runner_uuid}}"): _RUNNER,
    ("POST", "/workspaces/{workspace}/pipelines-config/runners"): _RUNNER,
    ("PUT", "/workspaces/{workspace}/pipelines-config/runners/{runner_uuid}"): _RUNNER,
    ("PUT", "/snippets/{workspace}/{encoded_id}"): _SNIPPET,
    ("PUT", "/snippets/{workspace}/{encoded_id}/{node_id}"): _SNIPPET,
    ("PUT", "/api/latest/projects/{projectKey}/settings/hooks/{hookKey}/enabled"): _HOOK_SETTINGS,
    (
        "PUT",
        "/api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/hooks/{hookKey}/enabled",
    ): _HOOK_SETTINGS,
    ("POST", "/workspaces/{workspace}/hooks"): _HOOK,
    ("PUT", "/workspaces/{workspace}/hooks/{uid}"): _HOOK,
}
"""Operations that take a body of which the description says nothing: Prism is shown them without it."""

_JSON_PART: Final = "files go as multipart; only what goes with them is declared, as JSON"
DECLARED_AS_JSON: Final[Mapping[tuple[str, str], str]] = {
    ("POST", "/snippets"): _JSON_PART,
    ("POST", "/snippets/{workspace}"): _JSON_PART,
}
"""Cloud operations with multipart bodies that are declared as JSON: Prism is shown an empty object."""

_BY_ID: Final = "a ref is named by its id alone; servers fill in the rest"
_BY_NAME: Final = "a user is named by the name alone; servers fill in the rest"
_VALUE: Final = "the value of a report's data is a text, number or truth, and the description's own sample has a number"
_NUMBER: Final = "a number is declared as what the answer holds"
_PATH: Final = "a path goes as text, as servers send it"
COMPLAINTS: Final[Mapping[tuple[str, str], str]] = {
    ("cloud", "body.data.0.value type"): "the value of a report's data is a text, number or truth, as its `type` says",
    ("cloud", "query.sort enum"): "the dummy is not the name of a field",
    ("datacenter", "body.fromRef required"): _BY_ID,
    ("datacenter", "body.toRef required"): _BY_ID,
    ("datacenter", "body.user required"): _BY_NAME,
    ("datacenter", "body.reviewers.0.user required"): _BY_NAME,
    ("datacenter", "body.anchor.path type"): _PATH,
    ("datacenter", "body.anchor.srcPath type"): _PATH,
    ("datacenter", "body.data.0.value type"): _VALUE,
    ("datacenter", "response.body.data.0.value type"): _VALUE,
    ("datacenter", "response.body.values.0.data.0.value type"): _VALUE,
    ("datacenter", "body.0 required"): "exempt users, groups and keys may be left out",
    ("datacenter", "body.0.matcher.type required"): _BY_ID,
    ("datacenter", "body.mergeConfig required"): "an empty configuration deletes it; servers fill in the rest",
    ("datacenter", "body.requiredApprovers type"): _NUMBER,
    ("datacenter", "body.requiredSuccessfulBuilds type"): _NUMBER,
    ("datacenter", "body type"): "an issue goes as an object, as Jira's own API takes it",
    ("datacenter", "query.matchertype enum"): "a restriction of any ref has this type",
    ("datacenter", "body.autoSubject type"): "true or false, as the same field of an automatic merge is declared",
}
"""What Prism may say of a request though it is right, by product."""

UNKNOWN: Final = re.compile(r"HEAD |\w+ /1\.0/|\w+ https://bitbucket\.org/")
"""Cloud documents them beside its description: Prism is not asked."""

_DC_REPOSITORY: Final = "/api/latest/projects/{projectKey}/repos/{repositorySlug}"
_TEXT: Final = "text is described beside the description"
_REACTION: Final = "comments/{commentId}/reactions/{emoticon}"
_DC_LIKES: Final = "/comment-likes/latest/projects/{projectKey}/repos/{repositorySlug}"
_NESTED: Final = "Prism finds the schema too complex"
_BINARY: Final = "Prism writes no samples of binary files"
UNWRITTEN: Final[Mapping[tuple[str, str, int], str]] = {
    ("GET", "/api/latest/projects/{projectKey}/avatar.png", 500): _BINARY,
    ("PUT", f"{_DC_LIKES}/commits/{{commitId}}/{_REACTION}", 500): _NESTED,
    ("PUT", f"{_DC_LIKES}/pull-requests/{{pullRequestId}}/{_REACTION}", 500): _NESTED,
    ("GET", f"{_DC_REPOSITORY}/archive", 500): _BINARY,
    ("GET", "/snippets/{workspace}/{encoded_id}/{node_id}/files/{path}", 500): _BINARY,
    ("GET", f"{_DC_REPOSITORY}/commits/{{commitId}}/diff/{{path}}", 406): _TEXT,
    ("GET", f"{_DC_REPOSITORY}/pull-requests/{{pullRequestId}}/diff/{{path}}", 406): _TEXT,
}
"""Operations for which Prism has no sample, with its answer, which comes after it has judged the request."""
SLASHLESS: Final = ("/compare/diff{path}", "/compare/diff-stats-summary{path}")
"""Ends of templates that leave the slash before a path to the path, which Prism does not match."""

_NO_SCHEMA: Final = "the description gives its answer no schema, so the sample is empty"
_ONE_REF: Final = "the description declares one ref where servers send a list of them"
SAMPLES: Final[Mapping[tuple[str, str], str]] = {
    ("cloud", "commits.create_comment"): _NO_SCHEMA,
    ("cloud", "commits.update_comment"): _NO_SCHEMA,
    ("cloud", "pipelines.get_oidc_configuration"): _NO_SCHEMA,
    ("cloud", "pipelines.get_oidc_keys"): _NO_SCHEMA,
    ("cloud", "pipelines.get_test_report"): _NO_SCHEMA,
    ("cloud", "pipelines.list_test_case_reasons"): _NO_SCHEMA,
    ("cloud", "pipelines.list_test_cases"): _NO_SCHEMA,
    ("cloud", "pull_requests.get_merge_task_status"): _NO_SCHEMA,
    ("cloud", "pull_requests.list_activity"): _NO_SCHEMA,
    ("cloud", "pull_requests.list_commits"): _NO_SCHEMA,
    ("cloud", "pull_requests.list_repository_activity"): _NO_SCHEMA,
    ("cloud", "downloads.list"): _NO_SCHEMA,
    ("cloud", "users.list_emails"): _NO_SCHEMA,
    ("datacenter", "admin.get_application_properties"): "the date is an example in microseconds",
    ("datacenter", "dashboard.get_inbox_count"): _NO_SCHEMA,
    ("datacenter", "dashboard.list_inbox_pull_requests"): _NO_SCHEMA,
    ("datacenter", "comparisons.get_diff_stats_summary"): "the description declares a diff where servers send numbers",
    ("datacenter", "source.get_size"): _NO_SCHEMA,
    ("datacenter", "source.get_type"): _NO_SCHEMA,
    ("datacenter", "source.list_directory"): _NO_SCHEMA,
    ("datacenter", "source.list_lines"): _NO_SCHEMA,
    ("datacenter", "source.list_root"): _NO_SCHEMA,
    ("datacenter", "deployments.get_capabilities"): _NO_SCHEMA,
    ("datacenter", "labels.list_repository_labels"): "the description declares one label where servers send a page",
    ("datacenter", "ref_sync.get_status"): _ONE_REF,
    ("datacenter", "ref_sync.set_enabled"): _ONE_REF,
    ("datacenter", "webhooks.list_project_webhooks"): _NO_SCHEMA,
    ("datacenter", "webhooks.list_repository_webhooks"): _NO_SCHEMA,
    ("datacenter", "webhooks.search_repository_webhooks"): _NO_SCHEMA,
    ("datacenter", "access_keys.get_projects"): _NO_SCHEMA,
    ("datacenter", "access_keys.get_repositories"): _NO_SCHEMA,
    ("datacenter", "permissions.search_project_permissions"): _NO_SCHEMA,
    ("datacenter", "permissions.search_repository_permissions"): _NO_SCHEMA,
    ("datacenter", "ssh_keys.get_supported_key_types"): _NO_SCHEMA,
    ("datacenter", "users.list"): "the description declares one user where servers send a page",
    ("datacenter", "pull_requests.list_changes"): "the description declares one change where servers send a page",
}
"""Methods for which Prism's sample answer is nothing that a server would send."""

ANY_OF: Final = {
    *("access_keys.delete", "permissions.delete_project_permissions", "permissions.delete_repository_permissions"),
    *("access_tokens.update_project_token", "access_tokens.update_repository_token", "access_tokens.update_user_token"),
}
"""Methods that make sense with at least one of their optional arguments."""

"""Every recorded answer of an operation that is built becomes its model, and every recorded error its exception."""

from __future__ import annotations

import sys
import typing
from typing import TYPE_CHECKING, Any, Final, TypeGuard

import attrs
import orjson
import pytest
from attrs import frozen

from bbasync.errors import (
    AuthenticationError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    ResponseError,
)
from bbasync.model import Model, OpenEnum
from bbasync.paging import Page, Paging
from bbasync.testing.recording import RecordingTransport, answer
from tests.meta.calls import Method, arguments, finish, methods, open_session, start
from tests.meta.table import operations
from tests.meta.vendor import DATA, needs_data, recordings

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = needs_data

PRODUCTS: Final = {"cloud": "cloud", "dc": "datacenter"}
METHODS: Final = {(method.product, method.id): method for method in methods()}
FILE: Final = "/repositories/{workspace}/{repo_slug}/src/{commit}/{path}"
ATTRIBUTED: Final = {
    "dc/branches/": "branches.list",
    "dc/build-status/": "deployments.create",
    "dc/changes/": "pull_requests.list_changes",
    "dc/comments/": "pull_requests.list_comments",
    "dc/commits/": "commits.list commits.get",
    "dc/diff/": "pull_requests.get_diff",
    "dc/elements-pull_request_commits/": "commits.get",
    "dc/participants/": "pull_requests.approve",
    "dc/projects/": "projects.list",
    "dc/projects-mocked-project-repos-dc-mocked-repo-pull-requests-d/": "pull_requests.get_diff",
    "dc/pull-requests/": "pull_requests.list pull_requests.get",
    "dc/pull-requests-activities/": "pull_requests.list_activities",
    "dc/repos/": "repositories.create",
    "dc/sync-projects/": "ref_sync.get_status",
    "dc/tags/": "tags.list tags.create",
    "dc/webhooks/": "webhooks.list_repository_webhooks webhooks.create_repository_webhook",
    "dc/misc/atlassian-bitbucket-server-integration-plugin__commit": "commits.list",
    "dc/misc/stash-pullrequest-builder-plugin__PullRequestComments": "pull_requests.list_activities",
    "dc/misc/stash-pullrequest-builder-plugin__PullRequestList": "pull_requests.list",
    "dc/hooks/bitbucket": "hooks.list_repository_hooks hooks.get_repository_hook",
    "dc/keys-projects-ssh/bitbucket-rest__accesskeys-get-for-project": "access_keys.get_project_key",
    "dc/keys/go-bitbucket__keys_repos": "access_keys.list_repository_keys",
    "dc/misc/bitbucket-rest__hook-settings": "hooks.get_repository_hook_settings",
    "dc/misc/bitbucket-rest__pull-request-settings": "settings.get_repository_pull_requests",
    "dc/misc/go-bitbucket__access_tokens_repos": (
        "access_tokens.list_repository_tokens access_tokens.get_repository_token"
    ),
    "dc/misc/go-bitbucket__access_tokens_users": "access_tokens.list_user_tokens access_tokens.create_user_token",
    "dc/permissions/bitbucket-rest__project-permission-group": "permissions.list_project_group_permissions",
    "dc/permissions/bitbucket-rest__project-permission-users": "permissions.list_project_user_permissions",
    "dc/permissions/bitbucket-rest__repository-permission-group": "permissions.list_repository_group_permissions",
    "dc/permissions/bitbucket-rest__repository-permission-users": "permissions.list_repository_user_permissions",
    "dc/users/go-bitbucket__users": "users.get",
    "dc/misc/bitbucket-rest__branch-list": "branches.list",
    "dc/misc/bitbucket-rest__insight-report": "code_insights.get_report",
    "dc/misc/bitbucket-rest__labels-": "labels.list labels.get",
    "dc/misc/bitbucket-rest__last-modified": "source.get_last_modified",
    "dc/misc/bitbucket-rest__pull-request-can-merge": "pull_requests.get_mergeability",
    "cloud/api-groups/": "groups.get_all",
    "cloud/branch/": "refs.get_branch",
    "cloud/commit/": "commits.get",
    "cloud/impl/": "repositories.list",
    "cloud/repository_permission/": "workspaces.list_all_repository_permissions",
    "cloud/participant/": "pull_requests.approve",
    "cloud/user-email/": "users.list_emails",
    "cloud/user-permissions-repositories/": "repositories.list_own_permissions",
    "cloud/misc/dependabot-core__current_user": "users.get_current",
    "cloud/misc/dependabot-core__default_reviewers": "pull_requests.list_default_reviewers",
    "cloud/misc/go-scm__repo_as_list": "repositories.list",
    "cloud/misc/woodpecker__handler.go_12": "repositories.list",
    "cloud/misc/woodpecker__handler.go_15": "repositories.list_own_permissions",
    "cloud/misc/woodpecker__handler.go_17": "repositories.list_own_permissions",
    "cloud/misc/woodpecker__handler.go_4": "repositories.get",
    "cloud/misc/woodpecker__handler.go_8": "commits.list",
}
"""Answers of which the index does not tell the operation, by the beginning of the file's name."""

_BROWSED: Final = "dc/browse/bitbucket-branch-source-plugin__1.0-projects-amuniz-repos-test-repos-browse"
MISATTRIBUTED: Final = {"dc/keys-projects-ssh/bitbucket-rest__accesskeys-get-for-project.json"}
"""Answers of which the index tells another operation."""

NO_ANSWERS: Final = {
    "dc/diff/froggit-go__compare_commits.json": "has text for true and false",
    "cloud/user-emails/go-scm__userEmail.json": "spells `values` with a capital letter, which no server does",
    "cloud/misc/froggit-go__get_commit_status_response.json": "has words for dates",
    "cloud/misc/danger__pr_comments.txt": "begins with the status line",
    "cloud/misc/danger__pr_response.txt": "begins with the status line",
    "cloud/pipelines-steps/bitbucket-cli__pipeline_test.go_2.json": "is the body of a request",
    "cloud/pipelines-steps/bitbucket-cli__pipeline_test.go_3.json": "is the body of a request",
    "dc/misc/danger__pr_diff_response.txt": "begins with the status line",
    "dc/misc/danger__pr_response.txt": "begins with the status line",
    "dc/build-status-commits/froggit-go__commits_statuses_bad_decode.json": "has an object for a name",
    f"{_BROWSED}-Jenkinsfile_at_feature_2Fpipeline.txt": "is the file itself",
    "dc/misc/go-git-providers__integration_suite_test.go_1.json": "is the configuration of a logger",
}
"""Files that no server can have sent."""
NO_SEQUENCES: Final = {
    "dc/branches/atlassian-bitbucket-server-integration-plugin__branches.json": "says that it is the last page",
}
"""First pages of what the index takes for a sequence."""
LACKING: Final = {
    "tweag/jenkins-bitbucket:": {
        *("Account.type", "Account.uuid", "BaseRepository.uuid"),
        *("PullRequest.comment_count", "PullRequest.task_count"),
    },
}
"""Fields that servers did not send when a project recorded its answers, in 2014 and 2015: accounts and repositories
had no uuid, and pull requests counted neither comments nor tasks."""


def body_of(row: dict[str, Any]) -> bytes:
    """Return a recorded body."""
    return (DATA / "recorded" / str(row["file"])).read_bytes()


@frozen
class Recording:
    """A recorded body and the method that would have received it."""

    row: dict[str, Any]
    method: Method

    @property
    def body(self) -> bytes:
        return body_of(self.row)


def _method_of(row: dict[str, Any]) -> Method | None:
    """Return the method for a recorded answer, None where its operation is not built."""
    product = PRODUCTS[row["api"]]
    if row.get("template") is None or row["file"] in MISATTRIBUTED:
        found = [names for prefix, names in ATTRIBUTED.items() if row["file"].startswith(prefix)]
        attributed = [METHODS[product, name] for names in found for name in names.split()]
        return next((method for method in attributed if method.lists == (row["kind"] == "page")), None)
    names = BUILT.get((product, row["method"], row["template"]), ())
    candidates = [METHODS[product, name] for name in names]
    if row["template"] == FILE:
        wanted = {"page": "list_directory"}.get(row["kind"], "read")
        return next(method for method in candidates if method.name == wanted)
    fitting = [method for method in candidates if method.lists == (row["kind"] == "page")]
    return next(iter([*fitting, *candidates]), None)


BUILT: Final = {operation.key: operation.methods for operation in operations()}
ANSWERS: Final = [row for row in recordings() if row["kind"] != "webhook"]
ERRORS: Final = [row for row in ANSWERS if row["kind"] == "error" or row["status"] >= 400]
REDIRECTS: Final = [row for row in ANSWERS if 300 <= (row.get("status") or 0) < 400 and _method_of(row) is not None]
ATTEMPTS: Final = [
    (row, _method_of(row))
    for row in ANSWERS
    if row not in ERRORS and row not in REDIRECTS and row["file"] not in NO_ANSWERS
]
GOOD: Final = [Recording(row, method) for row, method in ATTEMPTS if method is not None]
WHOLE: Final = [
    recording for recording in GOOD if recording.row["real"] == "recorded" and not recording.row.get("partial")
]
"""Taken off the wire, and not shortened by `fields=`."""

CLASSES: Final = {400: BadRequestError, 401: AuthenticationError, 404: NotFoundError, 409: ConflictError}


def _sequences() -> list[list[Recording]]:
    numbered: dict[int, list[Recording]] = {}
    for recording in GOOD:
        if recording.method.lists and recording.row.get("page_sequence"):
            numbered.setdefault(recording.row["page_sequence"], []).append(recording)
    found = [sorted(pages, key=lambda page: page.row["page_index"]) for pages in numbered.values()]
    return [pages for pages in found if pages[0].row["file"] not in NO_SEQUENCES]


def _is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


def _assert_is_whole(result: object, payload: Any) -> None:
    if _is_list(result):
        for item, value in zip(result, payload, strict=True):
            _assert_is_whole(item, value)
    elif isinstance(result, Model):
        assert result.raw == payload
    elif isinstance(result, OpenEnum):  # the one value of an object
        assert payload == {"type": result}
    else:
        assert result == payload


async def replay(recording: Recording) -> object:
    method, body = recording.method, recording.body
    transport = RecordingTransport(lambda _: answer(body, recording.row["status"]))
    # The page after a recorded one was not recorded.
    paging = Paging(limit=max(1, len(orjson.loads(body)["values"]))) if method.lists else None
    async with open_session(method.product, transport) as session:
        return await finish(start(session, method, arguments(method, "required"), paging))


def _broken_promises(value: object) -> Iterator[str]:
    """Yield the fields, at any depth, that are None though their type says that they never are."""
    if _is_list(value):
        for item in value:
            yield from _broken_promises(item)
    elif isinstance(value, Model):
        hints = typing.get_type_hints(type(value))
        for field in attrs.fields(type(value)):  # type: ignore[arg-type]  # every model is an attrs class
            inner = getattr(value, field.name)
            if inner is None and type(None) not in typing.get_args(hints[field.name]):
                yield f"{type(value).__name__}.{field.name}"
            yield from _broken_promises(inner)


@pytest.mark.parametrize("recording", GOOD, ids=lambda recording: recording.row["file"])
async def test_a_recorded_body_becomes_its_model_and_nothing_is_lost(recording: Recording) -> None:
    result = await replay(recording)
    if isinstance(result, bytes):
        assert result == recording.body
    elif result is None:
        assert recording.method.hints["return"] is type(None)
    else:
        payload = orjson.loads(recording.body)
        _assert_is_whole(result, payload["values"] if recording.method.lists else payload)


@pytest.mark.parametrize("recording", WHOLE, ids=lambda recording: recording.row["file"])
async def test_what_a_model_promises_is_there(recording: Recording) -> None:
    lacking = [fields for origin, fields in LACKING.items() if recording.row["origin"].startswith(origin)]
    assert set(_broken_promises(await replay(recording))) <= set().union(*lacking)


@pytest.mark.parametrize("pages", _sequences(), ids=lambda pages: pages[0].row["file"])
async def test_a_recorded_sequence_of_pages_is_followed_to_its_end(pages: list[Recording]) -> None:
    method = pages[0].method
    transport = RecordingTransport([answer(page.body) for page in pages])
    seen: list[Page[Any]] = []
    async with open_session(method.product, transport) as session:
        items = await finish(start(session, method, arguments(method, "required"), Paging(on_page=seen.append)))
    payloads = [orjson.loads(page.body) for page in pages]
    assert [page.raw for page in seen] == payloads
    _assert_is_whole(items, [value for payload in payloads for value in payload["values"]])


@pytest.mark.parametrize("row", REDIRECTS, ids=lambda row: row["file"])
async def test_a_recorded_redirect_leads_to_what_was_recorded_after_it(row: dict[str, Any]) -> None:
    method, target = _method_of(row), row["headers"]["location"]
    following = next(one for one in ANSWERS if target.endswith(one["path"]))
    assert method is not None
    transport = RecordingTransport([answer(b"", row["status"], row["headers"]), answer(body_of(following))])
    async with open_session(method.product, transport) as session:
        result = await finish(start(session, method, arguments(method, "required")))
    assert result == body_of(following)
    assert "Authorization" in transport.requests[1].headers  # another address of the same API


@pytest.mark.parametrize("row", ERRORS, ids=lambda row: row["file"])
async def test_a_recorded_error_becomes_its_exception_with_the_servers_message(row: dict[str, Any]) -> None:
    body, status = body_of(row), row.get("status") or 400  # that of some was not recorded
    transport = RecordingTransport([answer(body, status)])
    async with open_session(PRODUCTS[row["api"]], transport) as session:
        with pytest.raises(ResponseError) as raised:
            await session.request(row.get("method") or "GET", "/anything")
    is_denied = status == 401 and b"AuthorisationException" in body  # Data Center's answer to a missing permission
    assert type(raised.value) is (PermissionDeniedError if is_denied else CLASSES[status])
    for message in _messages(body):
        assert message in raised.value.details.message or message in raised.value.details.detail


def test_no_recorded_body_is_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    waiting = [row for row, method in ATTEMPTS if method is None]
    webhooks = len(recordings()) - len(ANSWERS)  # `tests/webhooks` replays them all
    replayed = len(GOOD) + len(REDIRECTS) + len(ERRORS) + webhooks
    assert replayed + len(waiting) + len(NO_ANSWERS) == len(recordings())
    with capsys.disabled():
        told = f"{replayed} of {len(recordings())} recorded bodies replayed, {len(waiting)} wait for their operation"
        sys.stdout.write(f"\n{told}, {len(NO_ANSWERS)} are no responses\n")


def _messages(body: bytes) -> list[str]:
    try:
        payload = orjson.loads(body)
    except ValueError:
        return []
    match payload:
        case {"error": {"message": str(message)}}:
            return [message]
        case {"errors": [*errors]}:
            return [error["message"] for error in errors]
        case _:
            return []

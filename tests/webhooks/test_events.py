"""Every event key has its class, and a class has what its event brings."""

from __future__ import annotations

import ast
import inspect
from types import ModuleType
from typing import Any

import attrs
import pytest

from bbasync.cloud.models import Branch, EventKey, Tag
from bbasync.datacenter.models import ParticipantStatus
from bbasync.model import Model, OpenEnum
from bbasync.webhooks import Event, Product, UnknownEvent, cloud, datacenter, parse
from tests.meta.vendor import load, needs_data
from tests.webhooks.deliveries import encoded, smallest

ACCEPTED_BY_DATA_CENTER = [
    "repo:refs_changed",
    "repo:modified",
    "repo:forked",
    "repo:comment:added",
    "repo:comment:edited",
    "repo:comment:deleted",
    "repo:secret_detected",
    "mirror:repo_synchronized",
    "project:modified",
    "pr:opened",
    "pr:from_ref_updated",
    "pr:modified",
    "pr:merged",
    "pr:declined",
    "pr:deleted",
    "pr:reviewer:updated",
    "pr:reviewer:approved",
    "pr:reviewer:unapproved",
    "pr:reviewer:needs_work",
    "pr:comment:added",
    "pr:comment:edited",
    "pr:comment:deleted",
]
ONLY_SENT_BY_DATA_CENTER = ["pr:to_ref_updated", "pr:reviewer:changes_requested", "diagnostics:ping"]

TABLES = {Product.CLOUD: cloud.EVENTS, Product.DATA_CENTER: datacenter.EVENTS}
EVENTS = [(product, key, cls) for product, table in TABLES.items() for key, cls in table.items()]
CLASSES: list[tuple[ast.ClassDef, type[object]]] = [
    (node, getattr(module, node.name))
    for module in (cloud, datacenter)
    for node in ast.parse(inspect.getsource(module)).body
    if isinstance(node, ast.ClassDef)
]
by_class = pytest.mark.parametrize(
    ("node", "cls"), CLASSES, ids=[f"{cls.__module__.rpartition('.')[2]}.{cls.__name__}" for _, cls in CLASSES]
)


def read(key: str, payload: dict[str, Any]) -> Any:
    """Return the event of a body, whose other required fields are filled in."""
    return parse({"X-Event-Key": key}, encoded(smallest(key) | payload), secret=None)


# -- the tables -------------------------------------------------------------------------------------------------------


def test_every_key_of_cloud_has_a_class() -> None:
    assert set(cloud.EVENTS) == set(EventKey)
    assert len(cloud.EVENTS) == 29


@needs_data
def test_the_keys_of_cloud_are_the_vendors() -> None:
    schemas = load("specs/cloud.openapi.json")["components"]["schemas"]
    assert set(cloud.EVENTS) == set(schemas["hook_event"]["properties"]["event"]["enum"])


def test_every_key_that_data_center_accepts_or_sends_has_a_class() -> None:
    assert set(datacenter.EVENTS) == {*ACCEPTED_BY_DATA_CENTER, *ONLY_SENT_BY_DATA_CENTER}
    assert len(ACCEPTED_BY_DATA_CENTER) == 22


def test_no_key_is_both_products() -> None:
    assert not set(cloud.EVENTS) & set(datacenter.EVENTS)


@pytest.mark.parametrize(("product", "key", "cls"), EVENTS, ids=[key for _, key, _ in EVENTS])
def test_a_key_alone_leads_to_its_class_and_product(product: Product, key: str, cls: type[Event]) -> None:
    event = read(key, {"unknown": 1})
    assert type(event) is cls
    assert cls.key == key
    assert event.delivery.product is product
    assert event.raw["unknown"] == 1
    assert all((getattr(event, field.name) is None) == (field.default is None) for field in attrs.fields(cls))


# -- the classes ------------------------------------------------------------------------------------------------------


@by_class
def test_a_class_and_its_fields_are_documented(node: ast.ClassDef, cls: type[object]) -> None:
    assert ast.get_docstring(node)
    for field, following in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign) and "ClassVar" not in ast.unparse(field.annotation):
            documented = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
            assert documented, f"{cls.__name__}.{ast.unparse(field.target)} says nothing"


@by_class
def test_a_class_is_a_plain_model_since_reading_goes_past_its_constructor(
    node: ast.ClassDef, cls: type[object]
) -> None:
    if issubclass(cls, OpenEnum):
        return
    assert issubclass(cls, Model)
    fields = attrs.fields(cls)  # type: ignore[arg-type]  # every model is an attrs class
    assert all(field.kw_only and not field.validator and not field.converter for field in fields)
    assert not {field.name for field in fields} & {"raw", "links", "delivery"}


@pytest.mark.parametrize("module", [cloud, datacenter])
def test_a_module_exports_its_classes(module: ModuleType) -> None:
    shared = {"RefChange", "RefChangeType"} if module is datacenter else set[str]()  # with answers of the API
    own = {cls.__name__ for _, cls in CLASSES if cls.__module__ == module.__name__}
    assert set(module.__all__) == {"EVENTS"} | own | shared


def test_a_product_is_its_name() -> None:
    assert list(map(str, Product)) == ["cloud", "datacenter"]


def test_two_unknown_events_are_not_equal() -> None:
    first, second = (parse({"X-Event-Key": "repo:new"}, encoded({"n": n}), secret=None) for n in (1, 2))
    assert isinstance(first, UnknownEvent)
    assert first != second


# -- what they bring: Cloud -------------------------------------------------------------------------------------------


def test_a_push_tells_what_became_of_each_branch_and_tag() -> None:
    head = {"hash": "f00", "date": "2026-05-01T10:00:00+00:00", "message": "Fix", "author": {"raw": "A <a@b>"}}
    event: cloud.RepositoryPush = read(
        "repo:push",
        {
            "repository": {"full_name": "acme/api"},
            "push": {
                "changes": [
                    {"new": {"type": "branch", "name": "made", "target": head}, "old": None, "created": True},
                    {"new": None, "old": {"type": "tag", "name": "v1", "target": head}, "closed": True},
                    {
                        "new": {"type": "branch", "name": "main", "target": head},
                        "old": {"type": "branch", "name": "main", "target": head},
                        "forced": True,
                        "truncated": True,
                        "commits": [head],
                    },
                ]
            },
        },
    )
    made, gone, moved = event.push.changes
    assert isinstance(made.new, Branch)
    assert (made.new.name, made.old, made.created) == ("made", None, True)
    assert isinstance(gone.old, Tag)
    assert (gone.old.name, gone.new, gone.closed) == ("v1", None, True)
    assert moved.commits is not None
    assert (moved.forced, moved.truncated, moved.commits[0].author.raw_author) == (True, True, "A <a@b>")
    assert event.actor is None


def test_an_update_of_a_repository_tells_old_and_new() -> None:
    event: cloud.RepositoryUpdated = read("repo:updated", {"changes": {"name": {"old": "api", "new": "core"}}})
    assert event.changes is not None
    assert (event.changes["name"].old, event.changes["name"].new) == ("api", "core")


def test_a_review_tells_who_and_when() -> None:
    review = {"date": "2026-05-01T10:00:00+00:00", "user": {"display_name": "Ann"}}
    for key in ("approved", "unapproved"):
        event = read(f"pullrequest:{key}", {"approval": review})
        assert event.approval.user.display_name == "Ann"
    for key in ("changes_request_created", "changes_request_removed"):
        event = read(f"pullrequest:{key}", {"changes_request": review})
        assert event.changes_request.date.year == 2026


def test_a_comment_tells_its_text_and_place() -> None:
    comment = {"id": 5, "content": {"raw": "why?"}, "inline": {"path": "a.py", "to": 3}}
    for key in ("created", "updated", "deleted", "resolved", "reopened"):
        event = read(f"pullrequest:comment_{key}", {"comment": comment})
        assert isinstance(event, cloud.PullRequestCommentEvent)
        assert event.comment.content.text == "why?"
        assert event.comment.inline is not None
        assert event.comment.inline.to == 3


def test_the_spans_of_a_pipeline_are_found_at_any_depth() -> None:
    run = {
        "name": "bbc.pipeline_run",
        "traceId": "t",
        "startTimeUnixNano": "1705312200000000000",
        "attributes": [{"key": "pipeline_run.uuid", "value": {"stringValue": "{p}"}}],
    }
    scopes = [{"spans": [run]}, {"spans": [{"name": "bbc.pipeline_step"}]}]
    event: cloud.PipelineSpanCreated = read("pipeline:span_created", {"resourceSpans": [{"scopeSpans": scopes}]})
    assert [span.name for span in event.spans] == ["bbc.pipeline_run", "bbc.pipeline_step"]
    assert event.spans[0].trace_id == "t"
    assert event.spans[0].start_time_unix_nano == "1705312200000000000"
    assert event.spans[0].attributes is not None
    assert event.spans[0].attributes[0].value == {"stringValue": "{p}"}


# -- what they bring: Data Center -------------------------------------------------------------------------------------


def test_changed_refs_tell_hashes_and_what_happened() -> None:
    change = {"ref": {"id": "refs/heads/x", "displayId": "x", "type": "BRANCH"}, "refId": "refs/heads/x"}
    zeros = "0" * 40
    payload = {"changes": [{**change, "fromHash": zeros, "toHash": "f00", "type": "ADD"}, {**change, "type": "SPLIT"}]}
    event: datacenter.RepositoryRefsChanged = read("repo:refs_changed", payload)
    assert event.changes[0].type is datacenter.RefChangeType.ADD
    assert (event.changes[0].ref.display_id, event.changes[0].from_hash) == ("x", zeros)
    assert event.changes[1].type == "SPLIT"


def test_a_modified_pull_request_tells_what_it_was() -> None:
    target = {"id": "refs/heads/main", "displayId": "main", "latestCommit": "f00"}
    event: datacenter.PullRequestModified = read(
        "pr:modified", {"previousTitle": "Old", "previousDescription": None, "previousTarget": target}
    )
    assert event.previous_title == "Old"
    assert event.previous_target is not None
    assert event.previous_target.latest_commit == "f00"


def test_a_reviewers_word_tells_the_one_before() -> None:
    payload = {"participant": {"status": "NEEDS_WORK", "user": {"slug": "ann"}}, "previousStatus": "APPROVED"}
    for key in ("approved", "unapproved", "needs_work", "changes_requested"):
        event = read(f"pr:reviewer:{key}", payload)
        assert isinstance(event, datacenter.PullRequestReviewEvent)
        assert event.previous_status is ParticipantStatus.APPROVED
        assert event.participant.user.slug == "ann"


def test_a_found_secret_tells_where() -> None:
    where = {"commitId": "f00", "path": "a.env", "line": 3, "ruleName": "AWS", "repository": {"slug": "api"}}
    event: datacenter.RepositorySecretDetected = read("repo:secret_detected", {"secretLocations": [where]})
    (found,) = event.secret_locations
    assert (found.commit_id, found.path, found.line, found.rule_name) == ("f00", "a.env", 3, "AWS")
    assert found.repository.slug == "api"


def test_a_mirror_tells_that_there_were_too_many_changes() -> None:
    mirror = {"mirrorServer": {"id": "B8", "name": "Far"}, "syncType": "SNAPSHOT"}
    event: datacenter.MirrorRepositorySynchronized = read(
        "mirror:repo_synchronized", {**mirror, "refLimitExceeded": True, "changes": []}
    )
    assert (event.mirror_server.name, event.ref_limit_exceeded, event.changes) == ("Far", True, [])


def test_a_fork_tells_its_origin() -> None:
    event: datacenter.RepositoryForked = read("repo:forked", {"repository": {"slug": "b", "origin": {"slug": "a"}}})
    assert event.repository.origin is not None
    assert event.repository.origin.slug == "a"


def test_a_ping_says_that_it_is_a_test() -> None:
    event: datacenter.DiagnosticsPing = read("diagnostics:ping", {"test": True})
    assert event.test is True

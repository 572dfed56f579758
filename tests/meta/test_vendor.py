"""What is built is held against the vendor's descriptions: operations, parameters, paging and scopes."""

from __future__ import annotations

import contextlib
import inspect
import re
import sys
import warnings
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from bbasync.cloud.services import deprecation
from bbasync.datacenter.added_in import ADDED_IN
from tests.meta.calls import Method, methods, record, requests
from tests.meta.table import Operation, operations
from tests.meta.unsent import PAGING, READ_ONLY, UNSENT
from tests.meta.vendor import load, needs_data, rows_of_operations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from bbasync.request import Request

pytestmark = needs_data

METHODS: Final = {(method.product, method.id): method for method in methods()}
by_operation = pytest.mark.parametrize("operation", operations(), ids=lambda row: " ".join(row.key))
PULLS: Final = "/repositories/{workspace}/{repo_slug}/pullrequests"
STEP: Final = "/repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}/steps/{step_uuid}"
UNDECLARED_PAGES: Final = {
    ("datacenter", "GET", "/api/latest/inbox/pull-requests"),
    ("cloud", "GET", f"{PULLS}/activity"),
    ("cloud", "GET", f"{PULLS}/{{pull_request_id}}/activity"),
    ("cloud", "GET", f"{PULLS}/{{pull_request_id}}/commits"),
    ("cloud", "GET", f"{PULLS}/{{pull_request_id}}/conflicts"),
    ("cloud", "GET", f"{PULLS}/{{pull_request_id}}/diffstat"),
    ("cloud", "GET", "/repositories/{workspace}/{repo_slug}/downloads"),
    ("cloud", "GET", f"{STEP}/test_reports/test_cases"),
    ("cloud", "GET", f"{STEP}/test_reports/test_cases/{{test_case_uuid}}/test_case_reasons"),
    ("cloud", "GET", "/user/emails"),
    ("datacenter", "GET", "/api/latest/projects/{projectKey}/repos/{repositorySlug}/labels"),
}
"""Servers answer with pages; the description has no schema for them, a redirect, or that of one item."""
PAGES: Final = {"browse", "envelope-undeclared"}
"""How Data Center pages what its description does not declare as pages."""


def test_every_operation_of_cloud_has_a_method(capsys: pytest.CaptureFixture[str]) -> None:
    wanted = rows_of_operations("cloud").keys()
    built = {operation.key for operation in operations() if operation.product == "cloud"}
    with capsys.disabled():
        sys.stdout.write(f"\n{len(wanted & built)} of {len(wanted)} operations of Cloud have methods\n")
    assert built == wanted


@pytest.mark.parametrize(
    "method", [method for key, method in METHODS.items() if key[0] == "cloud"], ids=lambda one: one.id
)
async def test_methods_of_deprecated_operations_warn_of_a_date_and_a_replacement(
    method: Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deprecation, "_WARNED", set[str]())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await record(method, "required")
    row = next(row for row in operations() if row.product == "cloud" and method.id in row.methods)
    is_deprecated = rows_of_operations("cloud")[row.key]["deprecated"] or method.service == "addon"
    assert [one.category for one in caught] == [DeprecationWarning] * is_deprecated
    for one in caught:
        assert re.search(
            r" on (\d{4}-\d\d-\d\d|a date not yet announced); (use |it names no replacement)", str(one.message)
        )


@by_operation
def test_an_operation_is_the_vendors_and_paged_as_said(operation: Operation) -> None:
    row = rows_of_operations(operation.product)[operation.key]
    assert operation.paginated == (row["paginated"] or row.get("paging") in PAGES or operation.key in UNDECLARED_PAGES)


@by_operation
async def test_no_documented_parameter_is_missing(operation: Operation) -> None:
    row = rows_of_operations(operation.product)[operation.key]
    queries, fields = set[str](), set[str]()
    for name in operation.methods:
        async for request in _requests(METHODS[operation.product, name], operation):
            queries |= parse_qs(urlsplit(request.url).query, keep_blank_values=True).keys()
            fields |= set(_fields(request))
    unsent = {name for names, _ in UNSENT.get(operation.key, ()) for name in names}
    missing = {parameter["name"] for parameter in row["query_params"]} - queries - PAGING[operation.product]
    missing |= set(_documented_fields(operation)) - fields - READ_ONLY[operation.product]
    assert missing == unsent


@pytest.mark.parametrize("method", [key for key in METHODS if key[0] == "cloud"], ids=lambda key: key[1])
def test_a_docstring_names_the_scopes_of_the_description(method: tuple[str, str]) -> None:
    operation = next(row for row in operations() if row.product == "cloud" and method[1] in row.methods)
    row = rows_of_operations("cloud")[operation.key]
    if row["source"] != "spec":
        return  # documented beside the description, without scopes
    doc = inspect.getdoc(METHODS[method].function) or ""
    said = re.search(r"^Scope: (.*)\.$", doc, re.MULTILINE)
    assert said is not None
    groups = {"OAuth": set[str](), "API token": set[str]()}
    for names, kind in re.findall(r"([\w:, -]+?) \((OAuth|API token)\)", said[1]):
        groups[kind] = {name.strip() for name in names.split(",") if name.strip()} - {"none"}
    assert groups == {"OAuth": set(row["oauth2_scopes"]), "API token": set(row["api_token_scopes"])}


def test_the_versions_that_operations_were_added_in_are_the_vendors() -> None:
    rows = rows_of_operations("datacenter")
    named = {f"{verb} {path}": row["added_in"] for (_, verb, path), row in rows.items() if row.get("added_in")}
    assert named
    assert named.items() <= ADDED_IN.items()
    assert {("datacenter", *operation.split(" ")) for operation in ADDED_IN} <= rows.keys()


def test_a_docstring_says_since_which_version_an_operation_exists() -> None:
    for operation in operations():
        version = ADDED_IN.get(f"{operation.method} {operation.template}")
        if operation.product == "datacenter" and version is not None:
            for name in operation.methods:
                assert f"Since {version}." in (inspect.getdoc(METHODS["datacenter", name].function) or "")


async def _requests(method: Method, operation: Operation) -> AsyncIterator[Request]:
    """Yield what a method sends with all its parameters, and with each optional one alone: some exclude others."""
    for request in await requests(method):
        if (request.method, request.template) == operation.key[1:]:
            yield request
    for parameter in method.parameters:
        if parameter.default is not parameter.empty and parameter.name != "paging":
            with contextlib.suppress(ValueError):  # one that only goes together with another
                yield await record(method, "required", parameter.name)


def _fields(request: Request) -> Iterator[str]:
    """Yield the names of a body's fields."""
    content_type = request.headers.get("Content-Type", "")
    if isinstance(request.body, tuple):
        yield from (part.name for part in request.body)
    elif request.body and content_type == "application/json":
        payload: Any = orjson.loads(request.body)
        yield from payload[0] if isinstance(payload, list) else payload
    elif request.body:
        yield from parse_qs(request.body.decode())


def _documented_fields(operation: Operation) -> Iterator[str]:
    """Yield the names of the fields that a body may have, but for those marked as read-only."""
    spec = load(f"specs/{operation.product}.openapi.json")
    described: dict[str, Any] = spec["paths"].get(operation.template, {}).get(operation.method.lower(), {})
    for content in _resolved(spec, described.get("requestBody", {})).get("content", {}).values():
        for name, schema in _properties(spec, content.get("schema", {})).items():
            if not schema.get("readOnly") and not _resolved(spec, schema).get("readOnly"):
                yield name


def _properties(spec: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    schema = _resolved(spec, schema)
    if schema.get("type") == "array":
        return _properties(spec, schema["items"])
    found: dict[str, Any] = {}
    for part in schema.get("allOf", []):
        found |= _properties(spec, part)
    found |= schema.get("properties", {})
    return found


def _resolved(spec: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    target = spec
    for name in node["$ref"].removeprefix("#/").split("/"):
        target = target[name]
    return _resolved(spec, target)

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bbasync import Q
from bbasync.cloud.query import page_fields


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (Q("state") == "OPEN", 'state = "OPEN"'),
        (Q("source.branch.name") != "main", 'source.branch.name != "main"'),
        (Q("id") > 3, "id > 3"),
        (Q("id") >= 3, "id >= 3"),
        (Q("id") < 3.5, "id < 3.5"),
        (Q("id") <= 3, "id <= 3"),
        (Q("updated_on") > datetime(2026, 1, 2, tzinfo=UTC), "updated_on > 2026-01-02T00:00:00+00:00"),
        (Q("parent") == None, "parent = null"),  # noqa: E711  # builds a condition
        (Q("is_private") == True, "is_private = true"),  # noqa: E712  # builds a condition
        (Q("title").contains("fix"), 'title ~ "fix"'),
        (Q("title").lacks("fix"), 'title !~ "fix"'),
        (Q("state").is_in(["OPEN", "MERGED"]), 'state IN ("OPEN", "MERGED")'),
        (Q("state").not_in(["OPEN"]), 'state NOT IN ("OPEN")'),
        (Q("title") == 'a"b\\c', 'title = "a\\"b\\\\c"'),
        ((Q("a") == 1) & (Q("b") == 2), "a = 1 AND b = 2"),
        ((Q("a") == 1) & ((Q("b") == 2) | (Q("c") == 3)), "a = 1 AND (b = 2 OR c = 3)"),
        (((Q("a") == 1) | (Q("b") == 2)) & (Q("c") == 3), "(a = 1 OR b = 2) AND c = 3"),
        ((Q("a") == 1) & "b = 2 OR c = 3", "a = 1 AND (b = 2 OR c = 3)"),
    ],
)
def test_conditions(expression: str, text: str) -> None:
    assert expression == text
    assert isinstance(expression, str)


@pytest.mark.parametrize("field", ["", "a b", "a=1", 'a"', "ä", ".", "a..b"])
def test_a_field_that_is_no_field_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match="a field name must consist of"):
        Q(field)


def test_no_values_and_control_characters_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one value"):
        Q("a").is_in([])
    with pytest.raises(ValueError, match="control characters"):
        Q("a").contains("x\n")


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        (None, None),
        ("values.id", "values.id,next"),
        ("values.id,next", "values.id,next"),
        ("-values.links", "-values.links"),
        ("+values.reviewers", "+values.reviewers"),
        ("-*,+values.id", "-*,+values.id,+next"),
        ("*", "*"),
        ("*,-values.links", "*,-values.links"),
    ],
)
def test_fields_of_a_list_keep_next(fields: str | None, sent: str | None) -> None:
    assert page_fields(fields) == sent

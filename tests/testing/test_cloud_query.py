"""The filter language, on plain values."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from bbasync.testing.cloud.query import Fields, QueryError, parse_query

FIELDS: Fields[dict[str, Any]] = {
    "title": lambda one: one["title"],
    "n": lambda one: one["n"],
    "draft": lambda one: one["draft"],
    "author.nickname": lambda _: None,
    "reviewers.nickname": lambda one: [reviewer["nickname"] for reviewer in one["reviewers"]],
    "created_on": lambda one: one["created_on"],
}
ITEM: dict[str, Any] = {
    "title": 'Say "hello" \\ world',
    "n": 5,
    "draft": False,
    "reviewers": [{"nickname": "ada"}, {"nickname": "zoe"}],
    "created_on": datetime.fromisoformat("2026-01-02T03:04:05.678901+00:00"),
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('title = "Say \\"hello\\" \\\\ world"', True),
        ('title ~ "HELLO"', True),
        ('title !~ "hello"', False),
        ("n = 5", True),
        ("n != 5", False),
        ("n > 4 AND n <= 5", True),
        ("n < 5 OR n >= 5", True),
        ("n = 1 AND n = 2 OR n = 5", True),
        ("n = 5 OR n = 1 AND n = 2", True),
        ("(n = 5 OR n = 1) and n = 2", False),
        ("n IN (1, 5)", True),
        ("n NOT IN (1, 5)", False),
        ('title IN ("a","b")', False),
        ("draft = false", True),
        ("author.nickname = null", True),
        ("author.nickname != null", False),
        ('author.nickname ~ "a"', False),
        ('reviewers.nickname = "zoe"', True),
        ('reviewers.nickname != "zoe"', False),
        ("created_on >= 2026-01-02T03:04:05.678901+00:00", True),
        ("created_on > 2026-01-02T03:04:05.678901+00:00", False),
        ("created_on < 2026-01-03", True),
    ],
)
def test_query_decides(query: str, expected: bool) -> None:
    assert parse_query(query, FIELDS)(ITEM) is expected


def test_dates_may_stand_in_quotes() -> None:
    assert parse_query('created_on >= "2026-01-02T03:04:05+00:00"', FIELDS)(ITEM)


@pytest.mark.parametrize(
    "query", ["", "n", "n 5", "n = 5 n = 6", "n IN 5", "n IN ()", 'title = "open', "= 5", "n = 5 AND"]
)
def test_nonsense_is_an_error(query: str) -> None:
    with pytest.raises(QueryError):
        parse_query(query, FIELDS)

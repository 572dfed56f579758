from __future__ import annotations

import pytest

from bbasync import errors


def test_every_status_has_its_class_and_all_are_bitbucket_errors() -> None:
    expected = {
        400: errors.BadRequestError,
        401: errors.AuthenticationError,
        402: errors.PaymentRequiredError,
        403: errors.PermissionDeniedError,
        404: errors.NotFoundError,
        405: errors.ResponseError,
        409: errors.ConflictError,
        410: errors.GoneError,
        500: errors.ServerError,
        555: errors.ServerError,
    }
    assert {status: errors.class_for(status) for status in expected} == expected
    assert all(issubclass(cls, errors.BitbucketError) for cls in expected.values())


def test_the_text_names_the_operation() -> None:
    assert str(errors.PagingError("why", method="GET", template="/x/{y}")) == "GET /x/{y}: why"
    assert str(errors.PagingError("why")) == "why"


def test_texts_are_cut_at_200_characters_on_one_line() -> None:
    assert errors.clip("a\n  b") == "a b"
    assert len(errors.clip("x" * 500)) == 200


@pytest.mark.parametrize(
    ("data", "url"),
    [
        ({"error": {"data": {"announcement_url": "https://a"}}}, "https://a"),
        ({"data": {"announcement_url": "https://b"}}, "https://b"),
        ({"error": "text"}, None),
        ({"error": {"data": None}}, None),
        (None, None),
        ([], None),
    ],
)
def test_gone_names_the_announcement(data: object, url: str | None) -> None:
    error = errors.GoneError("gone", status=410, details=errors.ErrorDetails(data=data))
    assert error.announcement_url == url


CONFLICTS: list[tuple[object, int | None]] = [
    ({"errors": [{"currentVersion": 4}]}, 4),
    ({"errors": [{}]}, None),
    ({"errors": []}, None),
    ({}, None),
    (1, None),
]


@pytest.mark.parametrize(("data", "version"), CONFLICTS)
def test_a_conflict_names_the_current_version(data: object, version: int | None) -> None:
    error = errors.ConflictError("stale", status=409, details=errors.ErrorDetails(data=data))
    assert error.current_version == version

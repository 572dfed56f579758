"""The aioresponses fixture serves what aiohttp needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bbasync import AccessToken, CloudSession, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://api.bitbucket.org/2.0"


async def test_answers_pass_through_the_whole_session(mock_answer: Callable[..., None]) -> None:
    mock_answer(f"{URL}/user", "GET", payload={"display_name": "Ada"})
    async with CloudSession(AccessToken("t")) as bb:
        assert await bb.request("GET", "/user") == {"display_name": "Ada"}


async def test_large_bodies_are_served(mock_answer: Callable[..., None]) -> None:
    text = "x" * 400_000
    mock_answer(f"{URL}/user", "GET", payload={"display_name": text})
    async with CloudSession(AccessToken("t")) as bb:
        assert await bb.request("GET", "/user") == {"display_name": text}


async def test_statuses_become_errors(mock_answer: Callable[..., None]) -> None:
    mock_answer(f"{URL}/user", "GET", status=404, payload={"error": {"message": "nobody here"}})
    async with CloudSession(AccessToken("t")) as bb:
        with pytest.raises(NotFoundError, match="nobody here"):
            await bb.request("GET", "/user")

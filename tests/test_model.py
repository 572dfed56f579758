"""Copies of models: values with their payloads."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from attrs import define

from bbasync.cloud.models import PullRequest
from bbasync.convert import SNAKE
from bbasync.datacenter.models import Project
from bbasync.model import Model

PAYLOAD = {
    "type": "pullrequest",
    "id": 7,
    "title": "Fix",
    "unknown": [1],
    "author": {"type": "user", "display_name": "A", "links": {"html": {"href": "https://a"}}},
    "links": {"html": {"href": "https://pr"}},
    "source": {"branch": {"name": "fix"}, "repository": {"full_name": "acme/api", "odd": None}},
}


def pickled(model: Any) -> Any:
    return pickle.loads(pickle.dumps(model))  # noqa: S301 - our own bytes


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickled], ids=["copy", "deepcopy", "pickle"])
def test_a_copy_keeps_the_payload_and_the_links_nested_ones_too(duplicate: Callable[[Any], Any]) -> None:
    model = SNAKE.structure(PAYLOAD, PullRequest)
    same = duplicate(model)
    assert same == model
    assert same.raw == PAYLOAD
    assert same.links.html == "https://pr"
    assert same.author.raw == PAYLOAD["author"]
    assert same.author.links.html == "https://a"
    assert same.source.repository.raw["odd"] is None
    if duplicate is not copy.copy:
        same.raw["title"] = "changed"
        assert model.raw["title"] == "Fix", "the payload is a copy too"
        assert same.author.raw is same.raw["author"], "and still one"


def test_a_model_that_was_made_by_hand_is_copied_too() -> None:
    made = Project(key="A", id=1, name="a", public=True, type=None)  # type: ignore[arg-type]  # its type does not matter
    assert pickled(made) == copy.copy(made) == made
    assert copy.deepcopy(made).raw == {}


@define(kw_only=True)
class Own(Model):
    """A model of a user's own."""

    name: str


def test_a_users_own_model_is_copied_too() -> None:
    model = SNAKE.structure({"name": "a", "more": 1}, Own)
    assert copy.deepcopy(model).raw == {"name": "a", "more": 1}

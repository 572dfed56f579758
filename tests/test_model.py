"""Copies of models: values with their payloads."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from attrs import define

from bbasync.cloud.models import Author, PullRequest
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


def test_a_model_becomes_json_types_by_the_names_of_its_attributes() -> None:
    payload = {"raw": "Ada <ada@example.org>", "user": {"type": "robot", "created_on": "2020-01-02T03:04:05.5+02:00"}}
    author = SNAKE.structure(payload, Author)
    user = author.to_dict().pop("user")
    assert author.to_dict() == {"raw_author": "Ada <ada@example.org>", "user": user}
    assert user["type"] == "robot", "a value that the enum does not know"
    assert type(user["type"]) is str
    assert user["created_on"] == "2020-01-02T03:04:05.500000+02:00"
    assert (user["uuid"], user["nickname"]) == (None, None)
    assert "raw" not in user


@define(kw_only=True)
class Many(Model):
    """Has every kind of field."""

    one: Own | Project | None = None
    several: list[Own] | None = None
    named: dict[str, list[Own]] | None = None
    value: Any = None


def test_lists_mappings_and_unions_become_json_types_at_every_depth() -> None:
    own = Own(name="a")
    model = Many(one=own, several=[own], named={"b": [own]}, value={"c": [1, None, True, 2.5]})
    written = {"name": "a"}
    assert model.to_dict() == {
        "one": written,
        "several": [written],
        "named": {"b": [written]},
        "value": {"c": [1, None, True, 2.5]},
    }
    model.to_dict()["value"]["c"].clear()
    assert model.value["c"], "what is changed in the dict stays as it was in the model"
    assert Many().to_dict() == {"one": None, "several": None, "named": None, "value": None}

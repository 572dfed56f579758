from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import ClassVar, cast

import attrs
import pytest
from attrs import define, field

from bbasync.convert import CAMEL, SNAKE, parse_date
from bbasync.model import Links, Model, OpenEnum, wire


class Colour(OpenEnum):
    RED = "RED"
    BLUE = "BLUE"


@define(kw_only=True)
class Leaf(Model):
    types: ClassVar = ("leaf",)
    name: str


@define(kw_only=True)
class Twig(Model):
    types: ClassVar = ("twig",)
    length: int


@define(kw_only=True)
class Tree(Model):
    full_name: str
    colour: Colour | None = None
    planted_on: datetime | None = None
    leaf: Leaf | None = None
    leaves: list[Leaf] | None = None
    by_name: dict[str, Leaf] | None = None
    counts: dict[str, int] | None = None
    part: Leaf | Twig | None = None
    parent: Tree | None = None
    from_: int | None = None
    text: str | None = field(default=None, metadata=wire("raw"))
    anything: object = None


PAYLOAD = {
    "full_name": "oak",
    "colour": "RED",
    "planted_on": "2026-01-02T03:04:05.123456+00:00",
    "leaf": {"name": "a", "extra": 1},
    "leaves": [{"name": "b"}, None],
    "by_name": {"x": {"name": "c"}},
    "counts": {"x": 1},
    "part": {"type": "twig", "length": 3},
    "parent": {"full_name": "older", "parent": {"full_name": "oldest"}},
    "from": 7,
    "raw": "text",
    "anything": [1, {"two": 2}],
    "unknown": {"kept": True},
}


def test_a_payload_becomes_its_model_and_nothing_is_lost() -> None:
    tree = SNAKE.structure(PAYLOAD, Tree)
    assert tree == Tree(
        full_name="oak",
        colour=Colour.RED,
        planted_on=datetime(2026, 1, 2, 3, 4, 5, 123456, UTC),
        leaf=Leaf(name="a"),
        leaves=[Leaf(name="b"), None],  # type: ignore[list-item]  # nulls survive
        by_name={"x": Leaf(name="c")},
        counts={"x": 1},
        part=Twig(length=3),
        parent=Tree(full_name="older", parent=Tree(full_name="oldest")),
        from_=7,
        text="text",
        anything=[1, {"two": 2}],
    )
    assert tree.raw is PAYLOAD
    assert tree.leaf is not None
    assert tree.leaf.raw == {"name": "a", "extra": 1}


def test_raw_takes_no_part_in_equality_repr_and_asdict_and_evolve_makes_no_stale_one() -> None:
    tree = SNAKE.structure({"full_name": "oak", "secret_extra": 1}, Tree)
    assert tree == SNAKE.structure({"full_name": "oak"}, Tree)
    assert "secret_extra" not in repr(tree)
    assert "raw" not in attrs.asdict(tree)
    assert "_raw" not in attrs.asdict(tree)
    assert attrs.evolve(tree, full_name="elm").raw == {}


def test_a_missing_field_reads_none() -> None:
    assert SNAKE.structure({}, Tree).full_name is None


def test_an_unknown_enum_value_survives_as_it_is() -> None:
    colour = SNAKE.structure({"full_name": "x", "colour": "MAUVE"}, Tree).colour
    assert colour == "MAUVE"
    assert isinstance(colour, Colour)
    assert (colour.name, colour.value, str(colour)) == ("MAUVE", "MAUVE", "MAUVE")
    assert colour is not None
    assert hash(colour) == hash("MAUVE")
    assert Colour("RED") is Colour.RED
    with pytest.raises(ValueError, match="5 is not a valid Colour"):
        Colour(5)  # type: ignore[arg-type]  # a wrong type is the test


def test_a_union_goes_by_type_and_an_unknown_type_is_the_first() -> None:
    assert SNAKE.structure({"part": {"type": "leaf", "name": "n"}}, Tree).part == Leaf(name="n")
    unknown = SNAKE.structure({"part": {"type": "flower", "petals": 5}}, Tree).part
    assert isinstance(unknown, Leaf)
    assert unknown.raw["petals"] == 5
    union = cast("type[Leaf | Twig]", Leaf | Twig)
    assert SNAKE.structure({"type": "twig", "length": 1}, union) == Twig(length=1)
    assert SNAKE.structure([{"name": "x"}], list[Leaf]) == [Leaf(name="x")]


def test_camel_case() -> None:
    tree = CAMEL.structure({"fullName": "oak", "plantedOn": 1_500_000_000_123, "byName": {}}, Tree)
    assert tree.full_name == "oak"
    assert tree.planted_on == datetime(2017, 7, 14, 2, 40, 0, 123000, UTC)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2026-01-02T03:04:05+00:00", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123456, UTC)),
        ("2026-01-02T03:04:05.5-07:00", datetime(2026, 1, 2, 3, 4, 5, 500000, timezone(timedelta(hours=-7)))),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        ("1500000000123", datetime(2017, 7, 14, 2, 40, 0, 123000, UTC)),
    ],
)
def test_dates_are_aware(text: str | int, date: datetime) -> None:
    parsed = parse_date(text)
    assert parsed == date
    assert parsed.utcoffset() == date.utcoffset()


@pytest.mark.parametrize("payload", ["text", 5, None, [], {"leaf": "text"}, {"planted_on": "yesterday"}])
def test_what_cannot_become_the_model_is_an_error(payload: object) -> None:
    with pytest.raises((AttributeError, TypeError, ValueError)):
        SNAKE.structure(payload, Tree)


def test_links_are_read_from_the_payload() -> None:
    links = SNAKE.structure(
        {
            "links": {
                "self": {"href": "https://api"},
                "html": {"href": "https://web"},
                "clone": [{"name": "https", "href": "https://git"}, {"name": "ssh", "href": "git@host"}],
                "broken": {},
                "null": None,
            }
        },
        Tree,
    ).links
    assert links.html == "https://web"
    assert links.clone == {"https": "https://git", "ssh": "git@host"}
    assert links["self"] == "https://api"
    assert links["clone"] == "https://git"
    assert set(links) == {"self", "html", "clone"}
    assert len(links) == 3
    assert repr(links) == "Links(self, html, clone)"
    with pytest.raises(KeyError):
        links["broken"]
    assert Links([]).html is None
    assert Links({"self": [{"href": "https://dc"}]}).html == "https://dc"

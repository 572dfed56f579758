"""Every model of a recorded body becomes JSON, and pydantic writes the same JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any, Final

import attrs
import pytest
from pydantic import TypeAdapter

from bbasync.model import Model
from bbasync.webhooks import parse
from tests.meta.vendor import needs_data, recordings
from tests.recorded.test_bodies import GOOD, Recording, body_of, replay

pytestmark = needs_data

EVENTS: Final = [row for row in recordings() if row["kind"] == "webhook"]
adapter: Final = cache(TypeAdapter[Any])


def models_in(result: object) -> Iterator[Model]:
    for item in result if isinstance(result, list) else [result]:  # pyright: ignore[reportUnknownVariableType]  # of a call
        if isinstance(item, Model):
            yield item


def as_pydantic_writes(value: Any) -> Any:
    """Return what `to_dict` returned with the dates as pydantic writes them, Z for UTC."""
    match value:
        case dict():
            return {key: as_pydantic_writes(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]  # JSON
        case list():
            return [as_pydantic_writes(item) for item in value]  # pyright: ignore[reportUnknownVariableType]  # JSON
        case str() if value.endswith("+00:00"):
            return f"{value.removesuffix('+00:00')}Z"
        case _:
            return value


def assert_is_json_of(model: Model) -> None:
    cls: Any = type(model)
    written = model.to_dict()
    assert json.loads(json.dumps(written)) == written
    assert written.keys() == {field.name for field in attrs.fields(cls)}
    for name, value in written.items():
        field = getattr(model, name)
        if isinstance(field, datetime):
            assert datetime.fromisoformat(value) == field
        elif isinstance(field, Model):
            assert_is_json_of(field)
    assert adapter(cls).dump_python(model, mode="json") == as_pydantic_writes(written)


@pytest.mark.parametrize("recording", GOOD, ids=lambda recording: recording.row["file"])
async def test_the_models_of_a_recorded_body_become_json(recording: Recording) -> None:
    for model in models_in(await replay(recording)):
        assert_is_json_of(model)


@pytest.mark.parametrize("row", EVENTS, ids=lambda row: row["file"])
def test_a_recorded_event_becomes_json(row: dict[str, Any]) -> None:
    body = body_of(row)
    headers = {"x-event-key": row["event_key"], "x-request-uuid" if row["api"] == "cloud" else "x-request-id": "1"}
    assert_is_json_of(parse(headers, body, secret=None))

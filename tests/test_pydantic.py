"""Models in pydantic and FastAPI: written, documented, never created from input."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import pytest
from attrs import define
from fastapi import Body, FastAPI
from pydantic import BaseModel, TypeAdapter, ValidationError

from bbasync.cloud.models import (
    BasePullRequest,
    Branch,
    CommitDirectory,
    CommitFile,
    PullRequest,
    PullRequestState,
)
from bbasync.convert import SNAKE
from bbasync.datacenter import models as datacenter
from bbasync.model import Model
from tests.asgi import call

PAYLOAD: Final = {
    "id": 7,
    "title": "Fix",
    "state": "PARKED",
    "created_on": "2020-01-02T03:04:05+00:00",
    "source": {"branch": {"name": "fix", "merge_strategies": ["squash", "novel"]}},
}
PULL: Final = SNAKE.structure(PAYLOAD, PullRequest)
"""With a state that the enum does not know, and without fields that are never None in a full pull request."""


class Report(BaseModel):
    """A model of a service."""

    pull: PullRequest
    others: list[PullRequest]


app = FastAPI()


@app.get("/one")
async def one() -> PullRequest:
    return PULL


@app.get("/some")
async def some() -> list[PullRequest]:
    return [PULL, PULL]


@app.get("/none")
async def none() -> PullRequest | None:
    return None


@app.get("/named")
async def named() -> dict[str, CommitFile | CommitDirectory]:
    file = {"type": "commit_file", "path": "a", "size": 1}
    return {"a": SNAKE.structure(file, CommitFile), "b": SNAKE.structure({"path": "b"}, CommitDirectory)}


@app.get("/report")
async def report() -> Report:
    return Report(pull=PULL, others=[PULL])


@app.get("/short", response_model_include={"id", "title"})
async def short() -> PullRequest:
    return PULL


@app.get("/present", response_model_exclude_none=True)
async def present() -> PullRequest:
    return PULL


@app.get("/base")
async def base() -> BasePullRequest:
    return PULL


@app.get("/data-center")
async def data_center() -> list[datacenter.PullRequest]:
    return []


async def get(path: str) -> Any:
    status, body = await call(app, "GET", path)
    assert status == 200
    return json.loads(body)


# -- writing ----------------------------------------------------------------------------------------------------------


async def test_fastapi_returns_models_and_lists_of_models() -> None:
    written = PULL.to_dict() | {"created_on": "2020-01-02T03:04:05Z"}
    assert (written["state"], written["title"], written["updated_on"]) == ("PARKED", "Fix", None)
    assert await get("/one") == written
    assert await get("/some") == [written, written]
    assert await get("/none") is None
    assert await get("/report") == {"pull": written, "others": [written]}


async def test_each_member_of_a_union_is_written_whole() -> None:
    found = await get("/named")
    assert (found["a"]["path"], found["a"]["size"]) == ("a", 1)
    assert found["b"] == {"path": "b", "commit": None}


async def test_fastapis_options_of_a_response_hold_at_every_depth() -> None:
    assert await get("/short") == {"id": 7, "title": "Fix"}
    assert await get("/present") == {
        "id": 7,
        "title": "Fix",
        "state": "PARKED",
        "created_on": "2020-01-02T03:04:05Z",
        "source": {"branch": {"name": "fix", "merge_strategies": ["squash", "novel"]}},
    }
    assert await get("/base") == {"id": 7, "title": "Fix", "draft": None}


def test_pydantic_keeps_python_values_unless_json_is_asked_for() -> None:
    written = TypeAdapter(PullRequest).dump_python(PULL)
    assert written["created_on"] == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert written["source"]["branch"]["name"] == "fix"


# -- reading ----------------------------------------------------------------------------------------------------------


def test_an_instance_passes_as_it_is() -> None:
    assert TypeAdapter(PullRequest).validate_python(PULL) is PULL
    assert TypeAdapter(BasePullRequest).validate_python(PULL) is PULL


async def test_a_model_is_not_created_from_input() -> None:
    wanted = "a PullRequest that bbasync returned; models are not created from input"
    with pytest.raises(ValidationError, match=wanted):
        TypeAdapter(PullRequest).validate_python(PAYLOAD)
    with pytest.raises(ValidationError, match=wanted):
        TypeAdapter(list[PullRequest]).validate_json(json.dumps([PAYLOAD]))
    with pytest.raises(ValidationError, match=wanted):
        TypeAdapter(PullRequest).validate_python(SNAKE.structure({"name": "main"}, Branch))
    reading = FastAPI()

    @reading.post("/")
    async def read(pull: Annotated[PullRequest, Body()]) -> int:
        return pull.id

    headers = {"content-type": "application/json"}
    status, body = await call(reading, "POST", "/", headers=headers, body=json.dumps(PAYLOAD).encode())
    assert status == 422
    assert wanted in body.decode()


def test_an_enum_is_read_from_input_as_the_methods_of_services_take_it() -> None:
    assert TypeAdapter(PullRequestState).validate_python("OPEN") is PullRequestState.OPEN
    assert TypeAdapter(PullRequestState).validate_python("PARKED") == "PARKED"


# -- documentation ----------------------------------------------------------------------------------------------------


async def test_fastapi_documents_the_fields() -> None:
    schemas = (await get("/openapi.json"))["components"]["schemas"]
    described = schemas["bbasync__cloud__models__pull_requests__PullRequest"]
    assert described["description"] == "A pull request."
    assert described["required"] == list(PULL.to_dict())
    fields = described["properties"]
    assert fields["id"] == {
        "type": "integer",
        "title": "Id",
        "description": "The number, unique within the repository.",
    }
    assert (fields["created_on"]["type"], fields["created_on"]["format"]) == ("string", "date-time")
    assert fields["reason"]["anyOf"] == [{"type": "string"}, {"type": "null"}]
    assert fields["reviewers"]["anyOf"][0] == {"type": "array", "items": {"$ref": "#/components/schemas/Account"}}
    assert fields["state"]["description"] == "State of the pull request."
    assert fields["source"]["$ref"] == "#/components/schemas/PullRequestEndpoint"
    assert {"Account", "PullRequestEndpoint", "bbasync__datacenter__models__pull_requests__PullRequest"} <= set(schemas)


async def test_an_enum_is_documented_as_open() -> None:
    schemas = (await get("/openapi.json"))["components"]["schemas"]
    pull = schemas["bbasync__cloud__models__pull_requests__PullRequest"]
    state = schemas[pull["properties"]["state"]["$ref"].rpartition("/")[2]]
    assert state == {
        "type": "string",
        "title": "PullRequestState",
        "description": "State of a pull request.",
        "examples": ["OPEN", "MERGED", "DECLINED", "SUPERSEDED"],
    }


def test_a_model_that_contains_itself_is_documented() -> None:
    schema = TypeAdapter(datacenter.Comment).json_schema(mode="serialization")
    assert schema["$ref"] == "#/$defs/Comment"
    assert schema["$defs"]["Comment"]["properties"]["comments"]["items"] == {"$ref": "#/$defs/Comment"}


def test_a_model_without_source_code_is_documented_without_descriptions() -> None:
    names: dict[str, Any] = {"__name__": "typed_at_a_prompt", "Model": Model, "define": define}
    exec("@define(kw_only=True)\nclass Own(Model):\n    name: str\n    '''The name.'''", names)  # noqa: S102 - our own text
    schema = TypeAdapter(names["Own"]).json_schema()
    assert schema["properties"] == {"name": {"type": "string", "title": "Name"}}


# -- cost -------------------------------------------------------------------------------------------------------------


def test_models_need_no_pydantic() -> None:
    program = """
import sys
sys.modules |= dict.fromkeys(["pydantic", "pydantic_core", "fastapi", "opentelemetry"])
from bbasync import CloudSession, DataCenterSession
from bbasync.cloud.models import Branch
from bbasync.convert import SNAKE
import bbasync.webhooks.cloud, bbasync.datacenter.models, bbasync.testing
print(SNAKE.structure({"name": "main"}, Branch).to_dict()["name"], "bbasync._pydantic" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)  # noqa: S603 - ours
    assert ran.stdout == "main False\n"

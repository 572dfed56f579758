"""Pipelines of FakeCloud run on its clock, from a push or a request to their results."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import pytest

from bbasync import ApiToken, BadRequestError, CloudSession, NotFoundError
from bbasync.aio import collect
from bbasync.cloud.models import CommitTarget, PipelineSelector, PipelineSelectorType, PullRequestTarget, RefTarget
from bbasync.testing import ScriptedTestCase
from bbasync.testing.cloud.operations.webhooks import EVENTS
from bbasync.webhooks import cloud, parse
from tests.testing.hook_receiver import receiving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bbasync.cloud.models import Pipeline
    from bbasync.testing import FakeCloud
    from tests.testing.cloud_api import Api

OWN: Final = "/repositories/acme/api"
FILE: Final = """
image: python:3.13
pipelines:
  default:
    - step: {name: Build, caches: [pip], script: [pip install ., make]}
    - parallel:
        - step: {name: Lint, script: [ruff check]}
        - step: {name: Test, script: [{pipe: acme/test}]}
  branches:
    release/*:
      - step: {name: Build, script: [make]}
      - step: {name: Deploy, deployment: production, trigger: manual, script: [make deploy]}
  pull-requests:
    "**":
      - step: {name: Review, script: [make check]}
  tags:
    "v*":
      - step: {script: [make publish]}
  custom:
    nightly:
      - variables: [{name: LEVEL}]
      - step: {name: Nightly, script: [make slow]}
"""


@pytest.fixture
async def bb(fake: FakeCloud) -> AsyncIterator[CloudSession]:
    """Return a session; the main branch has a file, and pipelines are enabled then."""
    async with CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url) as session:
        await session.source.create_commit("acme", "api", files={"bitbucket-pipelines.yml": FILE})
        await session.pipelines.update_configuration("acme", "api", enabled=True)
        yield session


async def run(bb: CloudSession, ref: str = "main") -> Pipeline:
    return await bb.pipelines.run("acme", "api", target=RefTarget(ref))


async def steps(bb: CloudSession, pipeline: Pipeline) -> list[tuple[str | None, str, str | None]]:
    found = await collect(bb.pipelines.list_steps("acme", "api", pipeline.uuid))
    return [(one.name, one.state.name, one.result) for one in found]


async def test_a_run_from_its_start_to_its_end(fake: FakeCloud, bb: CloudSession) -> None:
    async with receiving() as receiver:
        await bb.webhooks.create_repository_hook("acme", "api", url=receiver.url, events=list(EVENTS))
        made = await run(bb)
        assert (made.state.name, made.build_number, made.result) == ("PARSING", 1, None)
        assert made.target is not None
        assert made.target.selector is not None
        assert made.target.selector.type == "default"
        fake.clock.advance(1)
        assert (await bb.pipelines.get("acme", "api", 1)).state.name == "PENDING"
        fake.clock.advance(11)
        assert await steps(bb, made) == [
            ("Build", "COMPLETED", "SUCCESSFUL"),
            ("Lint", "IN_PROGRESS", None),
            ("Test", "PENDING", None),
        ]
        now = await bb.pipelines.get("acme", "api", made.uuid)
        assert now.state.stage is not None
        assert (now.state.name, now.state.stage.name, now.completed_on) == ("IN_PROGRESS", "RUNNING", None)
        await fake.settled()
        assert receiver.keys == ["repo:commit_status_created", "pipeline:span_created"]
        assert made.target.commit is not None
        (status,) = [
            one
            async for one in bb.commit_statuses.list("acme", "api", made.target.commit.hash)
            if one.name == "Pipeline #1 for main"
        ]
        assert (status.state, status.refname) == ("INPROGRESS", "main")
        fake.clock.advance(20)
        await fake.settled()  # no request is needed for it
        events = [parse(headers, body, secret=None) for headers, body in receiver.requests]
        ends = [one for one in events if isinstance(one, cloud.RepositoryCommitStatusUpdated)]
        assert [one.commit_status.state for one in ends] == ["SUCCESSFUL"]
        spans = [span for one in events if isinstance(one, cloud.PipelineSpanCreated) for span in one.spans]
        assert sorted(span.name for span in spans) == ["bbc.pipeline_run", *["bbc.pipeline_step"] * 3]
        done = await bb.pipelines.get("acme", "api", made.uuid)
        assert (done.is_completed, done.result, done.duration_in_seconds) == (True, "SUCCESSFUL", 30)
        assert done.completed_on is not None
        assert (done.completed_on - done.created_on).total_seconds() == 32
    (cache,) = await collect(bb.pipelines.list_caches("acme", "api"))
    assert (cache.name, cache.pipeline_uuid) == ("pip", made.uuid)
    content = await bb.pipelines.get_cache_content_uri("acme", "api", cache.uuid)
    assert content.uri.startswith("http://localhost:")
    await bb.pipelines.delete_caches("acme", "api", name="pip")
    assert await collect(bb.pipelines.list_caches("acme", "api")) == []


async def test_a_failure_is_scripted_with_its_log_and_its_report(fake: FakeCloud, bb: CloudSession) -> None:
    cases = [
        ScriptedTestCase("test_sum", class_name="TestMath", package_name="tests", seconds=0.5),
        ScriptedTestCase("test_div", status="FAILED", message="by zero"),
    ]
    fake.pipelines.script("L*", result="FAILED", duration=60, log="E501\n" * 100, test_cases=cases)
    made = await run(bb)
    fake.clock.advance(12 + 30)
    lint = (await collect(bb.pipelines.list_steps("acme", "api", made.build_number)))[1]
    step = ("acme", "api", made.uuid, lint.uuid)
    assert 250 <= len(await bb.pipelines.read_log(*step)) < 300
    with pytest.raises(NotFoundError, match="no test reports"):
        await bb.pipelines.get_test_report(*step)
    fake.clock.advance(30)
    assert await steps(bb, made) == [
        ("Build", "COMPLETED", "SUCCESSFUL"),
        ("Lint", "COMPLETED", "FAILED"),
        ("Test", "COMPLETED", "NOT_RUN"),
    ]
    assert (await bb.pipelines.get("acme", "api", made.uuid)).result == "FAILED"
    assert await bb.pipelines.read_log(*step) == b"E501\n" * 100
    async with bb.pipelines.open_service_log(*step, lint.uuid) as stream:
        assert b"".join([chunk async for chunk in stream]) == b"E501\n" * 100
    report = await bb.pipelines.get_test_report(*step)
    assert (report.number_of_test_cases, report.number_of_failed_test_cases) == (2, 1)
    passed, failed = await collect(bb.pipelines.list_test_cases(*step))
    assert (passed.fully_qualified_name, passed.duration) == ("tests.TestMath.test_sum", "PT0.5S")
    assert failed.uuid is not None
    (reason,) = await collect(bb.pipelines.list_test_case_reasons(*step, failed.uuid))
    assert reason.message == "by zero"
    fake.pipelines.script("Lint")  # the newest holds
    again = await run(bb)
    fake.clock.advance(40)
    assert (await bb.pipelines.get("acme", "api", again.uuid)).result == "SUCCESSFUL"
    hash_ = (await bb.commits.get("acme", "api", "main")).hash
    names = [one.name async for one in bb.commit_statuses.list("acme", "api", hash_)]
    assert "Pipeline #2 for main" in names
    assert "Pipeline #1 for main" not in names


async def test_a_pipeline_is_stopped(fake: FakeCloud, bb: CloudSession) -> None:
    made = await run(bb)
    fake.clock.advance(15)
    await bb.pipelines.stop("acme", "api", made.uuid)
    assert [one[1:] for one in await steps(bb, made)] == [
        ("COMPLETED", "SUCCESSFUL"),
        ("COMPLETED", "STOPPED"),
        ("COMPLETED", "NOT_RUN"),
    ]
    done = await bb.pipelines.get("acme", "api", made.uuid)
    assert done.state.result is not None
    assert done.state.result.terminator is not None
    assert (done.result, done.state.result.terminator.uuid) == ("STOPPED", fake.world.me.uuid)
    hash_ = (await bb.commits.get("acme", "api", "main")).hash
    states = [one.state async for one in bb.commit_statuses.list("acme", "api", hash_) if one.refname == "main"]
    assert states == ["STOPPED"]
    with pytest.raises(BadRequestError, match="already completed"):
        await bb.pipelines.stop("acme", "api", made.uuid)


async def test_a_manual_step_waits_for_a_user_and_deploys(fake: FakeCloud, bb: CloudSession) -> None:
    await bb.refs.create_branch("acme", "api", name="release/2.0", target="main")
    (made,) = await collect(bb.pipelines.list("acme", "api", branch="release/2.0"))
    assert made.trigger is not None
    assert (made.trigger.name, made.build_number) == ("PUSH", 1)
    (deployment,) = await collect(bb.deployments.list("acme", "api"))
    assert deployment.state.name == "UNDEPLOYED"
    with pytest.raises(ValueError, match="not paused"):
        fake.pipelines.start_step(made.uuid)
    fake.clock.advance(3600)
    paused = await bb.pipelines.get("acme", "api", 1)
    assert paused.state.stage is not None
    assert paused.state.stage.name == "PAUSED"
    assert [one.build_number async for one in bb.pipelines.list("acme", "api", status="PAUSED")] == [1]
    fake.pipelines.start_step(made.uuid)
    assert (await bb.deployments.get("acme", "api", deployment.uuid)).state.name == "IN_PROGRESS"
    fake.clock.advance(10)
    done = await bb.deployments.get("acme", "api", deployment.uuid)
    assert (done.is_completed, done.result) == (True, "SUCCESSFUL")
    assert done.environment is not None
    assert done.environment.environment_type is not None
    assert (done.environment.name, done.environment.environment_type.name) == ("Production", "Production")
    assert done.release is not None
    assert done.release.name == "#1"
    assert (await bb.pipelines.get("acme", "api", 1)).result == "SUCCESSFUL"


async def test_pushes_tags_and_pull_requests_start_what_is_defined_for_them(fake: FakeCloud, bb: CloudSession) -> None:
    head = (await bb.commits.get("acme", "api", "main")).hash
    await bb.refs.create_tag("acme", "api", name="v2", target=head)
    await bb.refs.create_tag("acme", "api", name="other", target=head)
    await bb.source.create_commit("acme", "api", files={"new.txt": "1"}, branch="work")
    pull = await bb.pull_requests.create("acme", "api", title="Work", source_branch="work")
    await bb.source.create_commit("acme", "api", files={"new.txt": "2"}, branch="work")
    found = await collect(bb.pipelines.list("acme", "api"))
    targets = [(one.target.ref_name or one.target.source, one.target.selector) for one in found if one.target]
    assert [(name, selector and selector.type, selector and selector.pattern) for name, selector in targets] == [
        ("v2", "tags", "v*"),
        ("work", "default", None),
        ("work", "pull-requests", "**"),
        ("work", "default", None),
        ("work", "pull-requests", "**"),
    ]
    target = found[-1].target
    assert target is not None
    assert target.pullrequest is not None
    assert (target.pullrequest.id, target.pullrequest.title) == (pull.id, "Work")


async def test_a_target_chooses_its_definition(bb: CloudSession) -> None:
    commit = (await bb.commits.get("acme", "api", "main")).hash
    nightly = PipelineSelector(type=PipelineSelectorType.CUSTOM, pattern="nightly")
    custom = await bb.pipelines.run("acme", "api", target=CommitTarget(commit[:12], selector=nightly))
    assert [name for name, *_ in await steps(bb, custom)] == ["Nightly"]
    await bb.source.create_commit("acme", "api", files={"new.txt": "1"}, branch="work")
    pull = await bb.pull_requests.create("acme", "api", title="Work", source_branch="work")
    head = (await bb.commits.get("acme", "api", "work")).hash
    proposed = await bb.pipelines.run(
        "acme",
        "api",
        target=PullRequestTarget(
            pull_request_id=pull.id, source="work", destination="main", commit=head, destination_commit=commit
        ),
    )
    assert [name for name, *_ in await steps(bb, proposed)] == ["Review"]


@pytest.mark.parametrize(
    ("target", "status", "detail"),
    [
        (None, 400, "A target is required"),
        ({"type": "pipeline_ref_target", "ref_type": "branch", "ref_name": "none"}, 404, "none is not a branch"),
        ({"type": "pipeline_ref_target", "ref_type": "tree", "ref_name": "main"}, 400, "ref_type"),
        ({"type": "pipeline_ref_target", "ref_type": "branch", "ref_name": "develop"}, 400, "missing"),
        ({"type": "pipeline_commit_target", "commit": {"hash": "main"}}, 400, "selector"),
        (
            {
                "type": "pipeline_ref_target",
                "ref_type": "branch",
                "ref_name": "main",
                "selector": {"type": "custom", "pattern": "none"},
            },
            400,
            "defines no pipeline",
        ),
        ({"type": "pipeline_unknown_target"}, 400, "type of a target"),
    ],
)
async def test_what_cannot_run_is_refused(api: Api, bb: CloudSession, target: object, status: int, detail: str) -> None:
    answer = await api("POST", f"{OWN}/pipelines", {"target": target})
    assert answer.status == status
    assert detail in answer.json["error"]["detail"]
    assert (await api.get(f"{OWN}/pipelines"))["values"] == []


async def test_a_repository_without_pipelines_runs_none(api: Api) -> None:
    answer = await api("POST", f"{OWN}/pipelines", {"target": {}})
    assert (answer.status, answer.message) == (400, "Bad request")
    assert "not enabled" in answer.json["error"]["detail"]


@pytest.mark.parametrize("text", ["pipelines: [", "- a list", "pipelines: {default: [{step: {name: Empty}}]}"])
async def test_a_broken_file_is_an_error_of_the_pipeline(fake: FakeCloud, bb: CloudSession, text: str) -> None:
    await bb.source.create_commit("acme", "api", files={"bitbucket-pipelines.yml": text})
    fake.clock.advance(1)
    made = await bb.pipelines.get("acme", "api", 1)
    assert made.state.result is not None
    assert made.state.result.error is not None
    assert (made.result, made.state.result.error.key) == ("ERROR", "plan-service.parse.error")


async def test_lists_begin_with_the_oldest_and_lose_their_order_or_their_next(fake: FakeCloud, api: Api) -> None:
    for workspace in ("acme", "globex"):
        own = f"/repositories/{workspace}/api"
        await api("PUT", f"{own}/pipelines_config", {"enabled": True})
        for number in range(3):
            data = {"bitbucket-pipelines.yml": FILE, "message": f"{number}"}
            assert (await api("POST", f"{own}/src", data=data)).status == 201
        assert [one["build_number"] for one in (await api.get(f"{own}/pipelines"))["values"]] == [1, 2, 3]
    first = await api.get(f"{OWN}/pipelines", sort="-created_on", pagelen="2")
    assert [one["build_number"] for one in first["values"]] == [3, 2]
    assert [one["build_number"] for one in (await api.get(first["next"]))["values"]] == [3]
    assert "sort" not in first["next"]
    other = await api.get("/repositories/globex/api/pipelines", sort="-created_on", pagelen="2")
    assert "next" not in other
    assert (other["size"], len(other["values"])) == (3, 2)
    async with CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url) as bb:
        for workspace in ("acme", "globex"):
            listed = [one.build_number async for one in bb.pipelines.list(workspace, "api", sort="-created_on")]
            assert listed == [3, 2, 1]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"target.branch": "main"}, [1]),
        ({"target.ref_type": "TAG"}, [2]),
        ({"target.ref_type": "tag"}, []),
        ({"target.selector.type": "TAG"}, [2]),
        ({"target.selector.pattern": "v*"}, [2]),
        ({"trigger_type": "PUSH"}, [2]),
        ({"trigger_type": "MANUAL"}, [1]),
        ({"status": "PASSED"}, []),
        ({"status": "PARSING"}, [1, 2]),
        ({"status": "NEVER"}, []),
        ({"creator.uuid": "{me}"}, [1, 2]),
        ({"q": "build_number = 7"}, [1, 2]),
    ],
)
async def test_filters(fake: FakeCloud, api: Api, bb: CloudSession, query: dict[str, str], numbers: list[int]) -> None:
    await run(bb)
    await bb.refs.create_tag("acme", "api", name="v2", target="main")
    query = {name: value.replace("{me}", fake.world.me.uuid) for name, value in query.items()}
    assert [one["build_number"] for one in await api.values(f"{OWN}/pipelines", **query)] == numbers


async def test_logs_are_bytes_of_another_host_once_complete(fake: FakeCloud, api: Api, bb: CloudSession) -> None:
    fake.pipelines.script("Build", duration=100, log="x" * 100)
    made = await run(bb)
    step = (await collect(bb.pipelines.list_steps("acme", "api", made.uuid)))[0]
    log = f"{OWN}/pipelines/1/steps/{step.uuid}/log"
    assert (await api("GET", log)).status == 404
    fake.clock.advance(52)
    whole = await api("GET", log)
    assert (whole.status, len(whole.body)) == (200, 50)
    assert (await api("GET", log, headers={"Accept": "application/json"})).status == 406
    assert (await api("GET", log, headers={"Accept": "text/plain"})).status == 406
    assert (await api("GET", log, headers={"If-None-Match": whole.headers["ETag"]})).status == 304
    part = await api("GET", log, headers={"Range": "bytes=40-", "Accept": "application/octet-stream"})
    assert (part.status, part.headers["Content-Range"]) == (206, "bytes 40-49/50")
    assert (await api("GET", log, headers={"Range": "bytes=-7"})).body == b"x" * 7
    assert (await api("GET", log, headers={"Range": "bytes=50-"})).status == 416
    fake.clock.advance(60)
    moved = await api("GET", log)
    assert moved.status == 307
    assert not moved.headers["Location"].startswith(fake.origin)
    assert (await api("GET", moved.headers["Location"], authorization=None)).body == b"x" * 100
    assert (await api("GET", f"{log}s/{step.uuid}")).status == 307
    assert (await api("GET", f"{log}s/{{none}}")).status == 404


async def test_a_snapshot_holds_runs(fake: FakeCloud, bb: CloudSession) -> None:
    made = await run(bb)
    state = fake.snapshot()
    for _ in range(2):
        fake.clock.advance(15)
        await bb.pipelines.stop("acme", "api", made.uuid)
        assert (await bb.pipelines.get("acme", "api", 1)).result == "STOPPED"
        fake.restore(state)
    fake.clock.advance(60)
    assert (await bb.pipelines.get("acme", "api", 1)).result == "SUCCESSFUL"


async def test_the_pipelines_of_a_deleted_repository_tell_nothing_more(fake: FakeCloud, bb: CloudSession) -> None:
    async with receiving() as receiver:
        events = ["repo:commit_status_updated"]
        await bb.webhooks.create_workspace_hook("acme", url=receiver.url, events=events)
        await run(bb)
        await bb.repositories.delete("acme", "api")
        fake.clock.advance(60)
        await fake.settled()
        assert receiver.keys == []


async def test_running_needs_the_scope_to_write(fake: FakeCloud, api: Api, bb: CloudSession) -> None:
    fake.scopes = {"read:pipeline:bitbucket"}
    assert (await api("GET", f"{OWN}/pipelines")).status == 200
    assert (await api("POST", f"{OWN}/environments", {"name": "Lab"})).status == 403
    refused = await api("POST", f"{OWN}/pipelines", {})
    assert (refused.status, refused.json["error"]["detail"]["required"]) == (403, ["write:pipeline:bitbucket"])


async def test_pipelines_cannot_be_enabled_without_a_parser(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    answer = await api("PUT", f"{OWN}/pipelines_config", {"enabled": True})
    assert (answer.status, answer.message.partition(":")[0]) == (501, "FakeCloud needs PyYAML to run pipelines")
    assert (await api("PUT", f"{OWN}/pipelines_config", {"enabled": False})).status == 200

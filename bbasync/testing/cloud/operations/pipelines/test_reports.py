"""Test reports of steps, which are there once the step has completed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bbasync.testing.cloud.operations.pipelines import find_step, not_found
from bbasync.testing.cloud.world.repository import make_uuid
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.http import Call
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.world.pipelines import ScriptedTestCase

operations: Operations[Call] = Operations()

PATH = "GET /repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}/steps/{step_uuid}/test_reports"


@operations(PATH, "pipeline")
def get_report(call: Call) -> Result:
    """Count the test cases of a step by status."""
    cases = _cases(call)
    count = Counter(one.status for one in cases.values())
    return {
        "number_of_test_cases": len(cases),
        "number_of_successful_test_cases": count["SUCCESSFUL"],
        "number_of_failed_test_cases": count["FAILED"],
        "number_of_error_test_cases": count["ERROR"],
        "number_of_skipped_test_cases": count["SKIPPED"],
    }


@operations(f"{PATH}/test_cases", "pipeline")
def list_cases(call: Call) -> Result:
    """List the test cases of a step."""
    return call.page(list(_cases(call).items()), _case)


@operations(f"{PATH}/test_cases/{{test_case_uuid}}/test_case_reasons", "pipeline")
def list_reasons(call: Call) -> Result:
    """List why a test case failed."""
    case = _cases(call).get(call.arg("test_case_uuid"))
    if case is None:
        raise not_found(f"There is no test case {call.arg('test_case_uuid')}")
    reason: Payload = {"message": case.message, "stack_trace": "", "output": ""}
    return call.page([reason] if case.message else [], lambda one: one)


def _cases(call: Call) -> dict[str, ScriptedTestCase]:
    course = find_step(call)
    cases = course.step.test_cases
    if not cases or course.result == "NOT_RUN" or course.state(call.fake.clock.now()) != "COMPLETED":
        raise not_found("The step has no test reports")
    return {make_uuid(f"{course.step.uuid}/{place}"): one for place, one in enumerate(cases)}


def _case(item: tuple[str, ScriptedTestCase]) -> Payload:
    uuid, case = item
    names = [name for name in (case.package_name, case.class_name, case.name) if name]
    return {
        "uuid": uuid,
        "name": case.name,
        "fully_qualified_name": ".".join(names),
        "class_name": case.class_name,
        "package_name": case.package_name,
        "status": case.status,
        "duration": f"PT{case.seconds:g}S",
    }

"""Logs of steps."""

from __future__ import annotations

import hashlib

from aiohttp import web

from bbasync.testing.cloud.file_host import ranged
from bbasync.testing.cloud.http import Call, error_response
from bbasync.testing.cloud.operations.pipelines import find_step, not_found
from bbasync.testing.operations import Operations, Result

operations: Operations[Call] = Operations()

PATH = "GET /repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}/steps/{step_uuid}"
BINARY = ("*/*", "application/*", "application/octet-stream")


@operations(f"{PATH}/log", "pipeline")
def get_log(call: Call) -> Result:
    """Answer with what is written of a log; once the step has completed, redirect to the host of the files."""
    course = find_step(call)
    accepted = call.request.headers.get("Accept", "*/*").split(",")
    if not any(one.partition(";")[0].strip() in BINARY for one in accepted):
        return error_response(406, "Not acceptable", detail="A log is application/octet-stream")
    now = call.fake.clock.now()
    log = course.log(now)
    if log is None:
        raise not_found("The step has not started, so it has no log")
    if course.state(now) == "COMPLETED":
        return web.Response(status=307, headers={"Location": call.fake.files.publish("log.txt", log)})
    tag = f'"{hashlib.blake2b(log, digest_size=16).hexdigest()}"'
    if call.request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers={"ETag": tag})
    return ranged(call.request, log, {"ETag": tag, "Content-Type": "application/octet-stream"})


@operations(f"{PATH}/logs/{{log_uuid}}", "pipeline")
def get_service_log(call: Call) -> Result:
    """Answer with the log of the container of the step; there are no services."""
    if call.arg("log_uuid") != call.arg("step_uuid"):
        raise not_found(f"There is no log {call.arg('log_uuid')}")
    return get_log(call)

"""Steps of pipelines and their logs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from bbasync.cloud.models.pipelines import PipelineStep
from bbasync.errors import NotFoundError, ResponseError
from bbasync.service import Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from bbasync.request import PathArgument
    from bbasync.session import Stream

__all__ = ["PipelineLogs"]

_LOG: Final = "GET /repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}/steps/{step_uuid}/log"
_ANY: Final = "application/octet-stream"
"""The server responds with 406 to a request for JSON or text."""
_CHUNK: Final = 1 << 20
_WHOLE: Final = 200
_UNSATISFIABLE: Final = 416
_FIRST_POLL_DELAY: Final = 1.0
_POLL_DELAY_FACTOR: Final = 1.5
_MAX_POLL_DELAY: Final = 15.0


class PipelineLogs(Service):
    """Steps of pipelines and their logs: part of `bb.pipelines`."""

    async def get_step(
        self,
        workspace: str,
        repo_slug: str,
        pipeline_uuid: str | int,
        step_uuid: str,
        *,
        fields: str | None = None,
    ) -> PipelineStep:
        """Return a step of a pipeline.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return await self._call(
            PipelineStep,
            "GET /repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}/steps/{step_uuid}",
            (workspace, repo_slug, pipeline_uuid, step_uuid),
            query={"fields": fields},
        )

    async def read_log(
        self, workspace: str, repo_slug: str, pipeline_uuid: str | int, step_uuid: str, *, offset: int = 0
    ) -> bytes:
        """Return the log of a step, or what has been appended since the first `offset` bytes.

        NotFoundError if the step has not started.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return await self._read_range((workspace, repo_slug, pipeline_uuid, step_uuid), offset)

    def open_log(
        self, workspace: str, repo_slug: str, pipeline_uuid: str | int, step_uuid: str
    ) -> AbstractAsyncContextManager[Stream]:
        """Open the log of a step as a stream; NotFoundError if the step has not started.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return self._open(_LOG, (workspace, repo_slug, pipeline_uuid, step_uuid), accept=_ANY, leaves_origin=True)

    def open_service_log(
        self, workspace: str, repo_slug: str, pipeline_uuid: str | int, step_uuid: str, log_uuid: str
    ) -> AbstractAsyncContextManager[Stream]:
        """Open the log of a container of a step as a stream, by the UUID of the service or of the step itself.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return self._open(
            "GET /repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}/steps/{step_uuid}/logs/{log_uuid}",
            (workspace, repo_slug, pipeline_uuid, step_uuid, log_uuid),
            accept=_ANY,
            leaves_origin=True,
        )

    def follow_log(
        self, workspace: str, repo_slug: str, pipeline_uuid: str | int, step_uuid: str, *, offset: int = 0
    ) -> AsyncIterator[bytes]:
        """Yield the log of a step in chunks of bytes as it grows, until the step is completed.

        Waits for a step that has not started. Each poll is one request, two if there was nothing new; the pauses grow
        from 1 to 15 seconds while nothing is appended. After a failure, the sum of the lengths of the chunks is the
        `offset` from which to continue. Nothing is held between two chunks.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return self._follow(workspace, repo_slug, pipeline_uuid, step_uuid, offset)

    async def _follow(
        self, workspace: str, repo_slug: str, pipeline_uuid: str | int, step_uuid: str, offset: int
    ) -> AsyncIterator[bytes]:
        delay, is_completed = _FIRST_POLL_DELAY, False
        while True:
            try:
                chunk = await self._read_range((workspace, repo_slug, pipeline_uuid, step_uuid), offset, _CHUNK)
            except NotFoundError:  # the step has not started; an unknown step is not found below
                chunk = b""
            if chunk:
                offset += len(chunk)
                yield chunk
                delay = _FIRST_POLL_DELAY
                if is_completed or len(chunk) >= _CHUNK:
                    continue
            elif is_completed:
                return
            else:
                step = await self.get_step(workspace, repo_slug, pipeline_uuid, step_uuid, fields="state.name")
                is_completed = step.is_completed
                if is_completed:
                    continue  # with what was appended between the two requests
            await asyncio.sleep(delay)
            if not chunk:
                delay = min(delay * _POLL_DELAY_FACTOR, _MAX_POLL_DELAY)

    async def _read_range(self, step: Sequence[PathArgument], offset: int, length: int | None = None) -> bytes:
        """Return bytes of a log from an offset; none if it has no more."""
        if offset < 0:
            raise ValueError(f"offset must be at least 0, got {offset}")
        end = "" if length is None else offset + length - 1
        headers = {"Range": f"bytes={offset}-{end}"} if offset or length else {}
        try:
            response = await self._send(_LOG, step, accept=_ANY, headers=headers, leaves_origin=True)
        except ResponseError as error:
            if error.status != _UNSATISFIABLE:
                raise
            return b""
        # A server may ignore the range.
        return response.body[offset:] if response.status == _WHOLE else response.body

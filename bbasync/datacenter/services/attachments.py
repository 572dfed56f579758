"""Attachments: files that comments and descriptions refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.attachments import AttachmentMetadata
from bbasync.service import Service

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bbasync.session import Stream

__all__ = ["Attachments"]


class Attachments(Service):
    """Attachments of a repository: `bb.attachments`."""

    def open(
        self,
        project_key: str,
        repository_slug: str,
        attachment_id: str,
        *,
        offset: int | None = None,
        length: int | None = None,
    ) -> AbstractAsyncContextManager[Stream]:
        """Open an attachment as a stream: `async with ... as stream: async for chunk in stream`.

        `offset` is the first byte to read, `length` the number of bytes; ValueError if either is out of range.

        Permission: REPO_READ.
        """
        return self._open(
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/attachments/{attachmentId}",
            (project_key, repository_slug, attachment_id),
            headers=_range(offset, length),
        )

    async def delete(self, project_key: str, repository_slug: str, attachment_id: str) -> None:
        """Delete an attachment.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/attachments/{attachmentId}",
            (project_key, repository_slug, attachment_id),
        )

    async def get_metadata(self, project_key: str, repository_slug: str, attachment_id: str) -> AttachmentMetadata:
        """Return the metadata of an attachment; NotFoundError if it has none.

        Permission: REPO_READ.
        """
        return await self._call(
            AttachmentMetadata,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/attachments/{attachmentId}/metadata",
            (project_key, repository_slug, attachment_id),
        )

    async def set_metadata(self, project_key: str, repository_slug: str, attachment_id: str, *, metadata: str) -> None:
        """Set the metadata of an attachment, any JSON text; BadRequestError if it is not valid JSON.

        Permission: REPO_READ.
        """
        await self._run(
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/attachments/{attachmentId}/metadata",
            (project_key, repository_slug, attachment_id),
            text=metadata,
            headers={"Content-Type": "application/json"},
        )

    async def delete_metadata(self, project_key: str, repository_slug: str, attachment_id: str) -> None:
        """Delete the metadata of an attachment.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/attachments/{attachmentId}/metadata",
            (project_key, repository_slug, attachment_id),
        )


def _range(offset: int | None, length: int | None) -> dict[str, str]:
    if offset is None and length is None:
        return {}
    first = offset or 0
    if first < 0 or (length is not None and length < 1):
        raise ValueError(f"offset must be at least 0 and length at least 1, got {offset} and {length}")
    last = "" if length is None else first + length - 1
    return {"Range": f"bytes={first}-{last}", "Accept-Encoding": "identity"}

"""Reactions to comments."""

from __future__ import annotations

from bbasync.datacenter.models.comment_likes import Reaction
from bbasync.service import Service

__all__ = ["CommentLikes"]


class CommentLikes(Service):
    """Reactions of the authenticated user to comments: `bb.comment_likes`.

    `emoticon` is a name such as `thumbsup`. Comments carry all their reactions in `properties`.
    """

    async def add_commit_reaction(
        self, project_key: str, repository_slug: str, commit_id: str, comment_id: int, emoticon: str
    ) -> Reaction:
        """React to a comment on a commit.

        Permission: REPO_READ.
        """
        return await self._call(
            Reaction,
            "PUT /comment-likes/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/comments/{commentId}/reactions/{emoticon}",
            (project_key, repository_slug, commit_id, comment_id, emoticon),
        )

    async def remove_commit_reaction(
        self, project_key: str, repository_slug: str, commit_id: str, comment_id: int, emoticon: str
    ) -> None:
        """Withdraw a reaction to a comment on a commit.

        Permission: REPO_READ.
        """
        await self._run(
            "DELETE /comment-likes/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/comments/{commentId}/reactions/{emoticon}",
            (project_key, repository_slug, commit_id, comment_id, emoticon),
        )

    async def add_pull_request_reaction(
        self, project_key: str, repository_slug: str, pull_request_id: int, comment_id: int, emoticon: str
    ) -> Reaction:
        """React to a comment on a pull request.

        Permission: REPO_READ.
        """
        return await self._call(
            Reaction,
            "PUT /comment-likes/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/comments/{commentId}/reactions/{emoticon}",
            (project_key, repository_slug, pull_request_id, comment_id, emoticon),
        )

    async def remove_pull_request_reaction(
        self, project_key: str, repository_slug: str, pull_request_id: int, comment_id: int, emoticon: str
    ) -> None:
        """Withdraw a reaction to a comment on a pull request.

        Permission: REPO_READ.
        """
        await self._run(
            "DELETE /comment-likes/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/comments/{commentId}/reactions/{emoticon}",
            (project_key, repository_slug, pull_request_id, comment_id, emoticon),
        )

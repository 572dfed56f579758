"""Operations of FakeDataCenter on the comments of pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.datacenter.http import LOGIN, Operations, body, require, required, text, user_of, value
from bbasync.testing.datacenter.operations.datacenter_pulls import PULL_REQUEST
from bbasync.testing.datacenter.payloads import VALIDATION, answer, no_content, refuse
from bbasync.testing.datacenter.world import Comment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiohttp import web

    from bbasync.testing.datacenter.payloads import Json
    from bbasync.testing.datacenter.world import PullRequest
    from bbasync.testing.server import Route


class CommentOperations(Operations):
    """Comments of pull requests."""

    def routes(self) -> Iterable[Route]:
        """Give the operations below /rest/api/latest."""
        comments = f"{PULL_REQUEST}/comments"
        return (
            ("GET", comments, self.list_comments),
            ("POST", comments, self.create),
            ("GET", f"{comments}/{{comment}}", self.get),
            ("PUT", f"{comments}/{{comment}}", self.update),
            ("DELETE", f"{comments}/{{comment}}", self.delete),
        )

    def _comment(self, request: web.Request) -> tuple[PullRequest, Comment]:
        pull, number = self.pull_request(request), request.match_info["comment"]
        return pull, self._find(pull, number)

    def _find(self, pull: PullRequest, number: str) -> Comment:
        comment = pull.comments.get(int(number)) if number.isdecimal() else None
        if comment is None:
            raise refuse(404, f"There is no comment {number}.", "comment.NoSuchCommentException")
        return comment

    async def list_comments(self, request: web.Request) -> web.Response:
        """List the comments on one path, which is required; comments on the whole are among the activities."""
        pull, path = self.pull_request(request), request.query.get("path")
        if not path:
            raise refuse(400, "The path parameter is required", VALIDATION, context="path")
        found = [item for item in pull.comments.values() if item.anchor and item.anchor.get("path") == path]
        return self.payloads.page(request, found, self.payloads.comment)

    async def create(self, request: web.Request) -> web.Response:
        """Comment on the whole, on a line of a file (`anchor`) or on a comment (`parent`)."""
        pull, data = self.pull_request(request), await body(request)
        author, words, now = user_of(request), required(data, "text"), self.world.tick()
        parent, anchor = value(data, "parent.id"), value(data, "anchor")
        above = None if parent is None else self._find(pull, str(parent))
        comment = Comment(
            id=self.world.next_id(),
            repository=pull.target.repository,
            text=words,
            author=author,
            created=now,
            updated=now,
            parent=above,
        )
        comment.severity = text(data, "severity") or "NORMAL"
        if isinstance(anchor, dict):
            comment.anchor = {
                "fromHash": pull.target.commit,
                "toHash": pull.source.commit,
                "diffType": "EFFECTIVE",
                "orphaned": False,
                **anchor,
            }
        if above is not None:
            above.replies.append(comment)
        pull.comments[comment.id] = comment
        self.world.record(pull, "COMMENTED", author, now, comment=comment)
        self.tell.on_comment("added", pull, comment, author)
        return answer(self.payloads.comment(comment), 201)

    async def get(self, request: web.Request) -> web.Response:
        """Return a comment."""
        return answer(self.payloads.comment(self._comment(request)[1]))

    async def update(self, request: web.Request) -> web.Response:
        """Change text, severity or state of the version that the body names; the text is its author's."""
        pull, comment = self._comment(request)
        data: Json = await body(request)
        self._check_version(comment, value(data, "version"))
        words = text(data, "text")
        if words is not None and words != comment.text and user_of(request) is not comment.author:
            raise refuse(401, "Only the author of a comment may change its text", "AuthorisationException")
        previous, comment.text = comment.text, words or comment.text
        comment.severity = text(data, "severity") or comment.severity
        comment.state = text(data, "state") or comment.state
        comment.version, comment.updated = comment.version + 1, self.world.tick()
        if comment.text != previous:
            self.tell.on_comment("edited", pull, comment, user_of(request), previousComment=previous)
        return answer(self.payloads.comment(comment))

    async def delete(self, request: web.Request) -> web.Response:
        """Delete the version that the query names of a comment without replies."""
        pull, comment = self._comment(request)
        if user_of(request) is not comment.author:
            require(request[LOGIN].user, "ADMIN")
        self._check_version(comment, request.query.get("version"))
        if comment.replies:
            raise refuse(409, "A comment with replies cannot be deleted", "comment.CommentDeletionException")
        del pull.comments[comment.id]
        pull.activities = [item for item in pull.activities if item.comment is not comment]
        if comment.parent is not None:
            comment.parent.replies.remove(comment)
        self.tell.on_comment("deleted", pull, comment, user_of(request))
        return no_content()

    def _check_version(self, comment: Comment, version: object) -> None:
        if str(version) != str(comment.version):
            raise refuse(
                409,
                "You are attempting to modify a comment based on out-of-date information.",
                "comment.CommentOutOfDateException",
                currentVersion=comment.version,
                expectedVersion=version,
            )

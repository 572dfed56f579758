"""What FakeDataCenter tells webhooks: which events there are, to whom they go, and what they hold."""

from __future__ import annotations

import uuid
from datetime import UTC
from typing import TYPE_CHECKING

import orjson
from attrs import define, field

from bbasync.testing.datacenter.payloads import Payloads
from bbasync.testing.datacenter.world import Project, Repository, World
from bbasync.testing.webhooks import WebhookSender

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bbasync.testing.datacenter.payloads import Json
    from bbasync.testing.datacenter.world import Comment, Participant, PullRequest, User
    from bbasync.testing.history import Commit

EVENTS = (
    *(f"repo:{name}" for name in ("refs_changed", "modified", "forked", "secret_detected")),
    *(f"repo:comment:{name}" for name in ("added", "edited", "deleted")),
    *(f"pr:{name}" for name in ("opened", "from_ref_updated", "modified", "merged", "declined", "deleted")),
    *(f"pr:reviewer:{name}" for name in ("updated", "approved", "unapproved", "needs_work")),
    *(f"pr:comment:{name}" for name in ("added", "edited", "deleted")),
    "mirror:repo_synchronized",
    "project:modified",
)
"""What a server lets webhooks ask for."""
JUDGED = {"APPROVED": "approved", "UNAPPROVED": "unapproved", "NEEDS_WORK": "needs_work"}
NOTHING = "0" * 40
MOST_COMMITS = 5
"""Commits that a push names."""
AGENT = "Atlassian HttpClient 3.0.4 / Bitbucket-10.4.0 (10004000) / Default"


@define(kw_only=True, eq=False)
class Webhook:
    """A webhook of a project, or of one of its repositories."""

    url: str
    events: tuple[str, ...]
    project: Project
    repository: Repository | None = None
    secret: str | None = field(default=None, repr=False)
    active: bool = True


@define
class Webhooks:
    """The webhooks of a server, and what is delivered to them."""

    world: World
    payloads: Payloads
    sender: WebhookSender
    hooks: list[Webhook] = field(factory=list[Webhook])

    def add(self, hook: Webhook) -> None:
        """Add a webhook; ValueError for events that a server does not take."""
        unknown = [event for event in hook.events if event not in EVENTS]
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: the event is unknown")
        self.hooks.append(hook)

    # Repositories and projects

    def on_ref(self, repository: Repository, actor: User, ref: str, old: str | None, new: str | None) -> None:
        """Tell that a ref was made (`old` is None), moved, or deleted (`new` is None)."""
        if old == new:
            return
        kind = "ADD" if old is None else "DELETE" if new is None else "UPDATE"
        _, group, name = ref.split("/", 2)
        change: Json = {
            "ref": {"id": ref, "displayId": name, "type": "BRANCH" if group == "heads" else "TAG"},
            "refId": ref,
            "fromHash": old or NOTHING,
            "toHash": new or NOTHING,
            "type": kind,
        }

        def payload() -> Json:
            pushed = {} if new is None else self._pushed(repository, name, old, new)
            return {"repository": self.payloads.repository(repository), "changes": [change]} | pushed

        self._send("repo:refs_changed", repository.project, repository, actor, payload)
        if group == "heads" and kind == "UPDATE":
            for pull in self.world.pulls_from(repository, name):
                self.on_pull("from_ref_updated", pull, actor, previousFromHash=old)

    def _pushed(self, repository: Repository, name: str, old: str | None, new: str) -> Json:
        history = repository.history
        known = old
        if known is None and name != repository.default_branch:
            known = repository.branches.get(repository.default_branch)
        commits = [_commit(self.payloads, one) for one in history.log(new, known)[:MOST_COMMITS]]
        parents = [_commit(self.payloads, history.commit(one)) for one in history.commit(new).parents]
        return {"commits": commits, "toCommit": _commit(self.payloads, history.commit(new)) | {"parents": parents}}

    def on_fork(self, fork: Repository, origin: Repository, actor: User) -> None:
        """Tell the webhooks of a repository that it was forked."""
        self._send("repo:forked", origin.project, origin, actor, lambda: {"repository": self.payloads.repository(fork)})

    def on_repository(self, repository: Repository, before: Json, actor: User) -> None:
        """Tell that a repository has another name or address than before."""
        after = self.payloads.repository(repository)
        if any(before[name] != after[name] for name in ("name", "slug", "project")):
            self._send("repo:modified", repository.project, repository, actor, lambda: {"old": before, "new": after})

    def on_project(self, project: Project, before: Json, actor: User) -> None:
        """Tell that a project is another than before."""
        after = self.payloads.project(project)
        if before != after:
            self._send("project:modified", project, None, actor, lambda: {"old": before, "new": after})

    # Pull requests

    def on_pull(self, event: str, pull: PullRequest, actor: User, **more: object) -> None:
        """Tell what happened to a pull request."""
        target = pull.target.repository
        self._send(
            f"pr:{event}",
            target.project,
            target,
            actor,
            lambda: {"pullRequest": self._pull(pull)} | more,
        )

    def _pull(self, pull: PullRequest) -> Json:
        """Render a pull request as events hold it: of the properties they have the merge commit alone."""
        payload = self.payloads.pull_request(pull)
        if pull.merge_commit is None:
            del payload["properties"]
        else:
            payload["properties"] = {"mergeCommit": self.payloads.merge_commit(pull.merge_commit)}
        return payload

    def on_reviewers(self, pull: PullRequest, actor: User, added: Sequence[User], removed: Sequence[User]) -> None:
        """Tell who is asked to review, and who is asked no more, if anybody."""
        if added or removed:
            lists = {
                "addedReviewers": [self.payloads.user(one) for one in added],
                "removedReviewers": [self.payloads.user(one) for one in removed],
            }
            self.on_pull("reviewer:updated", pull, actor, **lists)

    def on_review(self, pull: PullRequest, item: Participant, previous: str) -> None:
        """Tell that a reviewer has judged."""
        participant = self.payloads.participant(item)
        self.on_pull(
            f"reviewer:{JUDGED[item.status]}", pull, item.user, participant=participant, previousStatus=previous
        )

    def on_comment(self, event: str, pull: PullRequest, comment: Comment, actor: User, **more: object) -> None:
        """Tell what happened to a comment on a pull request."""
        if comment.parent is not None:
            more["commentParentId"] = comment.parent.id
        self.on_pull(f"comment:{event}", pull, actor, comment=self.payloads.comment(comment), **more)

    def _send(
        self, key: str, project: Project, repository: Repository | None, actor: User, payload: Callable[[], Json]
    ) -> None:
        hooks = [
            hook
            for hook in self.hooks
            if hook.active
            and key in hook.events
            and (hook.project is project if hook.repository is None else hook.repository is repository)
        ]
        if not hooks:
            return
        date = self.world.clock.now().strftime("%Y-%m-%dT%H:%M:%S%z")
        body = orjson.dumps({"eventKey": key, "date": date, "actor": self.payloads.user(actor)} | payload())
        for hook in hooks:
            headers = {"User-Agent": AGENT, "X-Request-Id": str(uuid.uuid4())}
            self.sender.send(key, hook.url, body, hook.secret, headers)


def _commit(payloads: Payloads, commit: Commit) -> Json:
    """Render a commit as deliveries of the newest versions do: their dates are texts."""
    date = commit.date.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return payloads.commit(commit) | {"authorTimestamp": date, "committerTimestamp": date}

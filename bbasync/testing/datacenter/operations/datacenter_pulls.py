"""Operations of FakeDataCenter on pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.datacenter.http import (
    Operations,
    body,
    items,
    require,
    required,
    signature,
    text,
    user_of,
    value,
)
from bbasync.testing.datacenter.operations.datacenter_refs import plain
from bbasync.testing.datacenter.payloads import VALIDATION, answer, no_content, refuse
from bbasync.testing.datacenter.world import Participant, PullRequest, Ref, Repository
from bbasync.testing.datacenter.world.history import changed, text_diff

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiohttp import web

    from bbasync.testing.datacenter.payloads import Json
    from bbasync.testing.datacenter.world import User
    from bbasync.testing.datacenter.world.history import Change, Commit
    from bbasync.testing.server import Route

STATUSES = ("UNAPPROVED", "NEEDS_WORK", "APPROVED")
STATES = ("OPEN", "DECLINED", "MERGED", "ALL")
PULL_REQUEST = "/projects/{key}/repos/{slug}/pull-requests/{id}"


class PullRequestOperations(Operations):
    """Pull requests, their participants, commits and changes."""

    def routes(self) -> Iterable[Route]:
        """Give the operations below /rest/api/latest."""
        pulls = "/projects/{key}/repos/{slug}/pull-requests"
        return (
            ("GET", pulls, self.list_pull_requests),
            ("POST", pulls, self.create),
            ("GET", f"{PULL_REQUEST}.diff", self.get_text_diff),
            ("GET", PULL_REQUEST, self.get),
            ("PUT", PULL_REQUEST, self.update),
            ("DELETE", PULL_REQUEST, self.delete),
            ("GET", f"{PULL_REQUEST}/merge", self.can_merge),
            ("POST", f"{PULL_REQUEST}/merge", self.merge),
            ("POST", f"{PULL_REQUEST}/decline", self.decline),
            ("POST", f"{PULL_REQUEST}/reopen", self.reopen),
            ("GET", f"{PULL_REQUEST}/activities", self.list_activities),
            ("GET", f"{PULL_REQUEST}/commits", self.list_commits),
            ("GET", f"{PULL_REQUEST}/changes", self.list_changes),
            ("GET", f"{PULL_REQUEST}/diff", self.get_diff),
            ("GET", f"{PULL_REQUEST}/diff/{{path}}", self.get_diff),
            ("GET", f"{PULL_REQUEST}/participants", self.list_participants),
            ("POST", f"{PULL_REQUEST}/participants", self.assign_role),
            ("DELETE", f"{PULL_REQUEST}/participants", self.unassign_named),
            ("PUT", f"{PULL_REQUEST}/participants/{{user}}", self.set_status),
            ("DELETE", f"{PULL_REQUEST}/participants/{{user}}", self.unassign),
            ("POST", f"{PULL_REQUEST}/approve", self.approve),
            ("DELETE", f"{PULL_REQUEST}/approve", self.unapprove),
        )

    # Reading

    async def list_pull_requests(self, request: web.Request) -> web.Response:
        """List pull requests, the last changed first; `at` is a full ref, and anything else finds nothing."""
        repository, query = self.repository(request), request.query
        state, incoming = query.get("state", "OPEN").upper(), query.get("direction", "INCOMING").upper() == "INCOMING"
        if state not in STATES:
            raise refuse(400, f"state must be one of {', '.join(STATES)}", VALIDATION, context="state")
        pulls: Iterable[PullRequest] = repository.pull_requests.values()
        if not incoming:
            everywhere = (pull for item in self.world.repositories() for pull in item.pull_requests.values())
            pulls = (pull for pull in everywhere if pull.source.repository is repository)
        part, at, draft = query.get("filterText", "").lower(), query.get("at"), query.get("draft")
        found = [
            pull
            for pull in pulls
            if state in ("ALL", pull.state)
            and part in f"{pull.title}\n{pull.description or ''}".lower()
            and at in (None, f"refs/heads/{(pull.target if incoming else pull.source).branch}")
            and draft in (None, "true" if pull.draft else "false")
            and self._has_participants(pull, request)
        ]
        newest = query.get("order", "NEWEST").upper() == "NEWEST"
        found.sort(key=lambda pull: (pull.updated, pull.id), reverse=newest)
        return self.payloads.page(request, found, self.payloads.pull_request)

    def _has_participants(self, pull: PullRequest, request: web.Request) -> bool:
        """Apply the indexed filters username.1, role.1, approved.1 and so on; the first gap ends them."""
        for number in range(1, 11):
            name = request.query.get(f"username.{number}")
            if name is None:
                return True
            author = Participant(user=pull.author, role="AUTHOR")
            role, approved = request.query.get(f"role.{number}"), request.query.get(f"approved.{number}")
            if not any(
                item.user.name == name
                and role in (None, item.role)
                and approved in (None, "true" if item.status == "APPROVED" else "false")
                for item in [author, *pull.participants]
            ):
                return False
        return True

    async def get(self, request: web.Request) -> web.Response:
        """Return a pull request."""
        return answer(self.payloads.pull_request(self.pull_request(request)))

    async def list_activities(self, request: web.Request) -> web.Response:
        """List activities, the newest first, from the one that `fromId` and `fromType` name."""
        pull = self.pull_request(request)
        found, from_id, kind = pull.activities[::-1], request.query.get("fromId"), request.query.get("fromType")
        if from_id is not None:
            if kind not in ("ACTIVITY", "COMMENT"):
                raise refuse(400, "fromType must be ACTIVITY or COMMENT", VALIDATION, context="fromType")
            ids = [
                str(item.comment.id if item.comment else "") if kind == "COMMENT" else str(item.id) for item in found
            ]
            found = found[ids.index(from_id) :] if from_id in ids else []
        history = pull.target.repository.history
        return self.payloads.page(request, found, lambda item: self.payloads.activity(item, history))

    def _commits(self, pull: PullRequest) -> list[Commit]:
        pull.refresh()
        return pull.source.repository.history.log(pull.source.commit, pull.target.commit)

    def _changes(self, request: web.Request, pull: PullRequest) -> list[Change]:
        pull.refresh()
        history, path = pull.source.repository.history, request.match_info.get("path", "")
        found = changed(history.tree(_base(pull)), history.tree(pull.source.commit))
        return [item for item in found if not path or item.path == path or item.path.startswith(f"{path}/")]

    async def list_commits(self, request: web.Request) -> web.Response:
        """List the commits that a merge would bring, the newest first."""
        return self.payloads.page(request, self._commits(self.pull_request(request)), self.payloads.commit)

    async def list_changes(self, request: web.Request) -> web.Response:
        """List the paths that a merge would change; the last page says `nextPageStart: null`."""
        pull = self.pull_request(request)
        found = self._changes(request, pull)
        extra: Json = {"fromHash": _base(pull), "toHash": pull.source.commit, "properties": {"changeScope": "ALL"}}
        return answer({"nextPageStart": None, **extra, **self.payloads.envelope(request, found, self.payloads.change)})

    async def get_diff(self, request: web.Request) -> web.Response:
        """Return the diff, as JSON unless text is asked for."""
        pull = self.pull_request(request)
        found = self._changes(request, pull)
        if request.headers.get("Accept", "").startswith("text/plain"):
            return plain(text_diff(found))
        return answer(self.payloads.diff(found, _base(pull), pull.source.commit))

    async def get_text_diff(self, request: web.Request) -> web.Response:
        """Return the diff as text."""
        return plain(text_diff(self._changes(request, self.pull_request(request))))

    # Writing

    async def create(self, request: web.Request) -> web.Response:
        """Open a pull request between two branches."""
        target, data = self.repository(request), await body(request)
        author, title = user_of(request), required(data, "title")
        if target.archived:
            raise refuse(409, f"{target.path} is archived.", "repository.RepositoryArchivedException")
        source_ref, target_ref = self._ref(data, "fromRef", target), self._ref(data, "toRef", target)
        self._check_new(source_ref, target_ref)
        reviewers = self._reviewers(data, author)
        now = self.world.tick()
        description, draft = text(data, "description"), value(data, "draft") is True
        number = max(target.pull_requests, default=0) + 1
        pull = PullRequest(
            id=number,
            title=title,
            description=description,
            author=author,
            source=source_ref,
            target=target_ref,
            created=now,
            updated=now,
            draft=draft,
        )
        pull.participants = [Participant(user=user, role="REVIEWER") for user in reviewers]
        target.pull_requests[number] = pull
        self.world.record(pull, "OPENED", author, now)
        self.tell.on_pull("opened", pull, author)
        return answer(self.payloads.pull_request(pull), 201)

    def _ref(self, data: Json, side: str, here: Repository) -> Ref:
        name = required(data, f"{side}.id").removeprefix("refs/heads/")
        slug, key = text(data, f"{side}.repository.slug"), text(data, f"{side}.repository.project.key")
        repository = here
        if slug and key:
            try:
                repository = self.world.repository(key, slug)
            except KeyError:
                message = f"Repository {key}/{slug} does not exist."
                raise refuse(404, message, "repository.NoSuchRepositoryException") from None
        tip = repository.history.branches.get(name)
        if tip is None:
            message = f'Repository "{repository.slug}" has no branch "{name}".'
            raise refuse(404, message, "repository.NoSuchBranchException")
        return Ref(repository=repository, branch=name, commit=tip)

    def _check_new(self, source: Ref, target: Ref, ignore: PullRequest | None = None) -> None:
        """Refuse a pull request that exists already or would bring no commit."""
        for pull in target.repository.pull_requests.values():
            same = pull.source.repository is source.repository and pull.source.branch == source.branch
            if pull.state == "OPEN" and same and pull.target.branch == target.branch and pull is not ignore:
                raise refuse(
                    409,
                    "Only one pull request may be open for a given source and target branch",
                    "pull.DuplicatePullRequestException",
                    existingPullRequest=self.payloads.pull_request(pull),
                )
        if source.commit in target.repository.history.reachable(target.commit):
            message = f'Branch "{target.branch}" is already up to date with branch "{source.branch}".'
            raise refuse(409, message, "pull.EmptyPullRequestException")

    def _reviewers(self, data: Json, author: User) -> list[User]:
        """Find the reviewers a body names; all problems are told at once."""
        found: list[User] = []
        problems: list[Json] = []
        for item in items(data, "reviewers"):
            name = text(item, "user.name") or ""
            user = self.world.user_named(name)
            if user is None:
                problems.append({"context": name, "message": f"{name} is not a user.", "exceptionName": None})
            elif user is author:
                message = f"{name} is the author of the pull request and cannot review it."
                problems.append({"context": name, "message": message, "exceptionName": None})
            else:
                found.append(user)
        if problems:
            valid = [self.payloads.user(user) for user in found]
            message = "Some of the reviewers cannot be added"
            exception = "pull.InvalidPullRequestReviewersException"
            raise refuse(409, message, exception, context="reviewers", reviewerErrors=problems, validReviewers=valid)
        return found

    async def update(self, request: web.Request) -> web.Response:
        """Replace title, description, reviewers and target; reviewers and description left out are removed."""
        pull, data = self.pull_request(request), await body(request)
        self._require_author(request, pull)
        self._check_version(pull, value(data, "version"))
        _require_open(pull)
        reviewers = self._reviewers(data, pull.author)
        title, description, old_target, asked = pull.title, pull.description, pull.target, _asked(pull)
        if text(data, "toRef.id"):
            target = self._ref(data, "toRef", pull.target.repository)
            if target.branch != pull.target.branch:
                self._check_new(pull.source, target, pull)
                pull.target = target
        pull.title, pull.description = text(data, "title") or pull.title, text(data, "description")
        pull.draft = value(data, "draft") is True if "draft" in data else pull.draft
        joined = [Participant(user=user, role="REVIEWER") for user in reviewers if pull.participant(user) is None]
        pull.participants += joined
        for item in pull.participants:  # whoever took part once remains a participant
            item.role = "REVIEWER" if item.user in reviewers else "PARTICIPANT"
        user = user_of(request)
        self._changed(pull, "UPDATED", user)
        if (pull.title, pull.description, pull.target) != (title, description, old_target):
            was = {"previousTitle": title, "previousDescription": description}
            self.tell.on_pull("modified", pull, user, **was, previousTarget=self.payloads.previous_target(old_target))
        self._tell_reviewers(pull, user, asked)
        return answer(self.payloads.pull_request(pull))

    def _tell_reviewers(self, pull: PullRequest, user: User, before: list[User]) -> None:
        now = _asked(pull)
        added, removed = [one for one in now if one not in before], [one for one in before if one not in now]
        self.tell.on_reviewers(pull, user, added, removed)

    def _require_author(self, request: web.Request, pull: PullRequest) -> User:
        user = user_of(request)
        return user if user is pull.author else require(user, "WRITE")

    def _check_version(self, pull: PullRequest, version: object) -> None:
        """Refuse a change based on another version; none counts as -1, as on a real server."""
        told = str(version) if isinstance(version, (int, str)) else "-1"
        expected = int(told) if told.lstrip("-").isdecimal() else -1
        if expected != pull.version:
            raise refuse(
                409,
                "You are attempting to modify a pull request based on out-of-date information.",
                "pull.PullRequestOutOfDateException",
                currentVersion=pull.version,
                expectedVersion=expected,
                pullRequest=self.payloads.pull_request(pull),
            )

    def _changed(self, pull: PullRequest, action: str, user: User) -> None:
        pull.version, pull.updated = pull.version + 1, self.world.tick()
        self.world.record(pull, action, user, pull.updated)

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a pull request of the version that the body names."""
        pull, data = self.pull_request(request), await body(request)
        user = user_of(request)
        if user is not pull.author:
            require(user, "ADMIN")
        self._check_version(pull, value(data, "version"))
        del pull.target.repository.pull_requests[pull.id]
        self.tell.on_pull("deleted", pull, user)
        return no_content()

    async def can_merge(self, request: web.Request) -> web.Response:
        """Tell whether a merge would succeed."""
        pull = self.pull_request(request)
        _require_open(pull)
        vetoes = _vetoes(pull)
        return answer(
            {
                "canMerge": not vetoes and not pull.conflicted,
                "conflicted": pull.conflicted,
                "outcome": "CONFLICTED" if pull.conflicted else "CLEAN",
                "vetoes": vetoes,
            }
        )

    async def merge(self, request: web.Request) -> web.Response:
        """Merge the version that the query or the body names."""
        pull, data = self.pull_request(request, "WRITE"), await body(request)
        user = user_of(request)
        version = request.query.get("version", value(data, "version"))
        self._check_version(pull, version)
        _require_open(pull)
        pull.refresh()
        vetoes = _vetoes(pull)
        if vetoes or pull.conflicted:
            reason = "has conflicts" if pull.conflicted else "is vetoed by a merge check"
            message = f"The pull request {reason} and cannot be merged."
            exception = "pull.PullRequestMergeVetoedException"
            raise refuse(409, message, exception, conflicted=pull.conflicted, vetoes=vetoes)
        history = pull.target.repository.history
        merge = history.commit(
            parents=(pull.target.commit, pull.source.commit),
            author=signature(user),
            date=self.world.tick(),
            message=text(data, "message") or f"Pull request #{pull.id}: {pull.title}",
            changes=history.merge(pull.source.commit, pull.target.commit),
        )
        self._close(pull, "MERGED", user)
        history.branches[pull.target.branch] = merge.id
        pull.merge_commit = pull.activities[-1].merge_commit = merge.id
        self.tell.on_pull("merged", pull, user)
        self.tell.on_ref(pull.target.repository, user, f"refs/heads/{pull.target.branch}", pull.target.commit, merge.id)
        return answer(self.payloads.pull_request(pull))

    def _close(self, pull: PullRequest, state: str, user: User) -> None:
        pull.refresh()
        pull.state = state
        self._changed(pull, state, user)
        pull.closed = pull.updated

    async def decline(self, request: web.Request) -> web.Response:
        """Decline the version that the query names."""
        pull = self.pull_request(request)
        user = self._require_author(request, pull)
        self._check_version(pull, request.query.get("version", value(await body(request), "version")))
        _require_open(pull)
        self._close(pull, "DECLINED", user)
        self.tell.on_pull("declined", pull, user)
        return answer(self.payloads.pull_request(pull))

    async def reopen(self, request: web.Request) -> web.Response:
        """Reopen a declined pull request of the version that the query names."""
        pull = self.pull_request(request)
        user = self._require_author(request, pull)
        self._check_version(pull, request.query.get("version", value(await body(request), "version")))
        if pull.state != "DECLINED":
            raise refuse(
                409, f"This pull request is {pull.state}, not declined.", "pull.IllegalPullRequestStateException"
            )
        self._check_new(pull.source, pull.target, pull)
        pull.state, pull.closed = "OPEN", None
        self._changed(pull, "REOPENED", user)
        return answer(self.payloads.pull_request(pull))

    # Participants

    async def list_participants(self, request: web.Request) -> web.Response:
        """List the author, the reviewers and all who took part."""
        pull = self.pull_request(request)
        everybody = [Participant(user=pull.author, role="AUTHOR"), *pull.participants]
        return self.payloads.page(request, everybody, self.payloads.participant)

    async def assign_role(self, request: web.Request) -> web.Response:
        """Make a user a reviewer."""
        pull, data = self.pull_request(request, "WRITE"), await body(request)
        name = required(data, "user.name")
        user = self.world.user_named(name)
        if user is None:
            raise refuse(404, f"{name} is not a user.", "user.NoSuchUserException")
        if text(data, "role") != "REVIEWER" or user is pull.author:
            raise refuse(
                400, "Only the role REVIEWER can be assigned, and not to the author", VALIDATION, context="role"
            )
        asked, item = _asked(pull), self._join(pull, user)
        item.role = "REVIEWER"
        self._tell_reviewers(pull, user_of(request), asked)
        return answer(self.payloads.participant(item))

    def _join(self, pull: PullRequest, user: User) -> Participant:
        item = pull.participant(user)
        if item is None:
            item = Participant(user=user, role="REVIEWER")
            pull.participants.append(item)
        return item

    async def set_status(self, request: web.Request) -> web.Response:
        """Set the caller's own status, and nobody else's."""
        pull, data = self.pull_request(request), await body(request)
        user, status = user_of(request), text(data, "status")
        if request.match_info["user"] != user.slug:
            raise refuse(403, "You may only update your own status", "AuthorisationException")
        if status not in STATUSES:
            raise refuse(400, f"status must be one of {', '.join(STATUSES)}", VALIDATION, context="status")
        if "version" in request.query:
            self._check_version(pull, request.query["version"])
        pull.refresh()
        if text(data, "lastReviewedCommit") not in (None, pull.source.commit):
            raise refuse(409, "The source branch has moved on", "pull.PullRequestOutOfDateException")
        return self._review(pull, user, status)

    def _review(self, pull: PullRequest, user: User, status: str) -> web.Response:
        _require_open(pull)
        if user is pull.author:
            message = "The author of a pull request cannot review it"
            raise refuse(409, message, "pull.InvalidPullRequestRoleException")
        item = self._join(pull, user)
        previous = item.status
        if previous != status:
            action = {"NEEDS_WORK": "REVIEWED"}.get(status, status)
            self.world.record(pull, action, user, self.world.tick())
        item.role, item.status = "REVIEWER", status
        item.last_reviewed = item.last_reviewed if status == "UNAPPROVED" else pull.source.commit
        if previous != status:
            self.tell.on_review(pull, item, previous)
        return answer(self.payloads.participant(item))

    async def approve(self, request: web.Request) -> web.Response:
        """Approve on behalf of the caller (deprecated in favour of the status)."""
        return self._review(self.pull_request(request), user_of(request), "APPROVED")

    async def unapprove(self, request: web.Request) -> web.Response:
        """Take the caller's approval back (deprecated in favour of the status)."""
        return self._review(self.pull_request(request), user_of(request), "UNAPPROVED")

    async def unassign(self, request: web.Request) -> web.Response:
        """Reduce a reviewer to a participant; whoever took part once remains one."""
        return self._unassign(request, self.world.users.get(request.match_info["user"]))

    async def unassign_named(self, request: web.Request) -> web.Response:
        """Reduce the reviewer of that `username` (deprecated in favour of the slug in the path)."""
        return self._unassign(request, self.world.user_named(request.query.get("username", "")))

    def _unassign(self, request: web.Request, user: User | None) -> web.Response:
        pull = self.pull_request(request, "WRITE")
        if user is None:
            raise refuse(404, "There is no such user.", "user.NoSuchUserException")
        asked, item = _asked(pull), pull.participant(user)
        if item is not None:
            item.role = "PARTICIPANT"
            self._tell_reviewers(pull, user_of(request), asked)
        return no_content()


def _asked(pull: PullRequest) -> list[User]:
    return [item.user for item in pull.participants if item.role == "REVIEWER"]


def _base(pull: PullRequest) -> str | None:
    """Return where the source left the target; a target that was merged into counts as it was before."""
    return pull.source.repository.history.merge_base(pull.target.commit, pull.source.commit)


def _require_open(pull: PullRequest) -> None:
    if pull.state != "OPEN":
        raise refuse(
            409,
            f"This pull request has been {pull.state.lower()} and cannot be changed.",
            "pull.IllegalPullRequestStateException",
        )


def _vetoes(pull: PullRequest) -> list[Json]:
    found = list(pull.vetoes)
    if pull.draft:
        found.append(("Draft", "A draft pull request cannot be merged."))
    return [{"summaryMessage": summary, "detailedMessage": detail} for summary, detail in found]

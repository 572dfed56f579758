"""How Bitbucket Data Center writes what it holds: JSON shapes, the page envelope and the error envelope."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias, TypeVar
from urllib.parse import quote

import orjson
from aiohttp import web
from attrs import define

from bbasync.testing.datacenter.hunks import hunks
from bbasync.testing.datacenter.world import (
    World,
    to_ms,
)
from bbasync.testing.history.files import blob_id
from bbasync.testing.server import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bbasync.testing.datacenter.world import (
        Activity,
        BuildStatus,
        Comment,
        Participant,
        Project,
        PullRequest,
        Ref,
        Repository,
        Rescope,
        Tag,
        User,
    )
    from bbasync.testing.history import Commit, History
    from bbasync.testing.history.files import Change

T = TypeVar("T")
Json: TypeAlias = dict[str, object]

quoted = lru_cache(maxsize=1024)(quote)  # the same few slugs are in every payload

JSON_TYPE = "application/json;charset=UTF-8"
PACKAGE = "com.atlassian.bitbucket."
VALIDATION = "validation.ArgumentValidationException"
DEFAULT_LIMIT = 25
VISIBLE_ROWS = 3
ABBREVIATED = 11
KINDS = {"added": "ADD", "removed": "DELETE", "modified": "MODIFY", "renamed": "MOVE"}


def answer(payload: object, status: int = 200) -> web.Response:
    """Build a JSON answer."""
    return web.Response(status=status, body=orjson.dumps(payload), headers={"Content-Type": JSON_TYPE})


def no_content() -> web.Response:
    """Build a response without body and without content type."""
    return web.Response(status=204)


def refuse(
    status: int, message: str, exception: str | None = None, *, context: str | None = None, **extra: object
) -> Refusal:
    """Build the refusal of a request in the error envelope; `exception` is named below com.atlassian.bitbucket."""
    return Refusal(answer({"errors": [error_entry(message, exception, context=context, **extra)]}, status))


def error_entry(message: str, exception: str | None, *, context: str | None = None, **extra: object) -> Json:
    """Build one entry of the error envelope."""
    name = None if exception is None else exception if exception.startswith("com.") else PACKAGE + exception
    return {"context": context, "message": message, "exceptionName": name, **extra}


@define
class Payloads:
    """Renders values under one base URL, and pages of them."""

    world: World
    base: Callable[[], str]
    max_limit: int
    """The largest page, in items, whatever `limit` asks for."""
    hidden_rows: int
    """Rows after every third item that a permission filter takes out."""
    endless_lists: bool
    """Whether the last page of a list does not say that it is the last."""

    def links(self, path: str) -> Json:
        """Return the `links` of a resource: on Data Center each is a list."""
        return {"self": [{"href": f"{self.base()}/{path}"}]}

    def envelope(self, request: web.Request, items: Sequence[T], render: Callable[[T], object]) -> Json:
        """Build the page envelope.

        `start` counts rows, of which the caller need not see all: after every third visible one stand `hidden_rows`
        that a permission filter takes out. The server reads at most twice `limit` rows for one page, hence pages that
        are short or empty and are not the last.
        """
        start, limit = _number(request, "start", 0), min(_number(request, "limit", DEFAULT_LIMIT), self.max_limit)
        if start < 0 or limit < 1:
            raise refuse(400, "start must not be negative and limit must be positive", VALIDATION)
        stride = VISIBLE_ROWS + self.hidden_rows
        rows = len(items) + (len(items) - 1) // VISIBLE_ROWS * self.hidden_rows if items else 0
        values: list[object] = []
        row = start
        if not self.hidden_rows:
            values = [render(item) for item in items[start : start + limit]]
            row += len(values)
        while row < min(rows, start + 2 * limit) and len(values) < limit:
            block, offset = divmod(row, stride)
            if offset < VISIBLE_ROWS:
                values.append(render(items[block * VISIBLE_ROWS + offset]))
            row += 1
        last = row >= rows
        envelope: Json = {"size": len(values), "limit": limit, "isLastPage": last and not self.endless_lists}
        envelope |= {"values": values, "start": start}
        if not last or self.endless_lists:
            envelope["nextPageStart"] = None if last else row
        return envelope

    def user(self, user: User) -> Json:
        """Render a user."""
        return {
            "name": user.name,
            "emailAddress": user.email,
            "id": user.id,
            "displayName": user.display_name,
            "active": user.active,
            "slug": user.slug,
            "type": user.kind,
            "links": self.links(f"users/{quoted(user.slug)}"),
        }

    def project(self, project: Project) -> Json:
        """Render a project; `description` is left out where there is none."""
        kind = "PERSONAL" if project.owner else "NORMAL"
        path = f"users/{quoted(project.owner.slug)}" if project.owner else f"projects/{project.key}"
        payload: Json = {
            "key": project.key,
            "id": project.id,
            "name": project.name,
            "public": project.public,
            "type": kind,
        }
        if project.description is not None:
            payload["description"] = project.description
        if project.owner:
            payload["owner"] = self.user(project.owner)
        return payload | {"links": self.links(path)}

    def repository(self, repository: Repository) -> Json:
        """Render a repository; a fork carries its `origin`."""
        project = repository.project
        scm = f"{project.key.lower()}/{quoted(repository.slug)}.git"
        payload: Json = {
            "slug": repository.slug,
            "id": repository.id,
            "name": repository.name,
            "hierarchyId": f"{(repository.origin or repository).id:020x}",
            "scmId": "git",
            "state": "AVAILABLE",
            "statusMessage": "Available",
            "forkable": repository.forkable,
            "project": self.project(project),
            "public": repository.public,
            "archived": repository.archived,
        }
        if repository.description is not None:
            payload["description"] = repository.description
        if repository.origin:
            payload["origin"] = self.repository(repository.origin)
        links = self.links(f"{_page_of(repository)}/browse")
        links["clone"] = [
            {"href": f"{self.base()}/scm/{scm}", "name": "http"},
            {"href": f"ssh://git@127.0.0.1:7999/{scm}", "name": "ssh"},
        ]
        return payload | {"links": links}

    def commit_page(self, repository: Repository, commit: str) -> str:
        """Return the path of the page of a commit."""
        return f"{_page_of(repository)}/commits/{commit}"

    def author(self, commit: Commit) -> Json:
        """Render the author of a commit: the user of that address, or only name and address."""
        if commit.user is not None:
            return self.user(self.world.people[commit.user])
        name, _, address = commit.raw_author.removesuffix(">").partition(" <")
        user = next((user for user in self.world.users.values() if user.email == address), None)
        return self.user(user) if user else {"name": name, "emailAddress": address}

    def commit(self, commit: Commit) -> Json:
        """Render a commit."""
        author, date = self.author(commit), to_ms(commit.date)
        return {
            "id": commit.hash,
            "displayId": commit.hash[:ABBREVIATED],
            "author": author,
            "authorTimestamp": date,
            "committer": author,
            "committerTimestamp": date,
            "message": commit.message,
            "parents": [{"id": parent, "displayId": parent[:ABBREVIATED]} for parent in commit.parents],
        }

    def branch(self, repository: Repository, name: str) -> Json:
        """Render a branch."""
        tip = repository.branches[name]
        return {
            "id": f"refs/heads/{name}",
            "displayId": name,
            "type": "BRANCH",
            "latestCommit": tip,
            "latestChangeset": tip,
            "isDefault": name == repository.default_branch,
        }

    def tag(self, name: str, tag: Tag) -> Json:
        """Render a tag; `hash` is null for a lightweight one."""
        return {
            "id": f"refs/tags/{name}",
            "displayId": name,
            "type": "TAG",
            "latestCommit": tag.commit,
            "latestChangeset": tag.commit,
            "hash": tag.hash,
        }

    def change(self, change: Change, page: str | None = None) -> Json:
        """Render one changed path, with a link into the `page` of its commit; in pull requests the link is null."""
        moved, kind = change.status == "renamed", KINDS[change.status]
        payload: Json = {
            "contentId": blob_id(change.after),
            "fromContentId": blob_id(change.before),
            "path": path_of(change.path),
            "percentUnchanged": change.unchanged if moved else -1,
            "type": kind,
            "nodeType": "FILE",
            "links": {"self": [None]} if page is None else self.links(f"{page}#{quoted(change.path)}"),
            "properties": {"gitChangeType": "RENAME" if moved else kind},
        }
        if change.after is not None:
            payload["executable"] = False
        if change.before is not None:
            payload["srcExecutable"] = False
        if moved:
            payload["srcPath"] = path_of(change.old or "")
        return payload

    def diff(self, changes: Sequence[Change], since: str | None, until: str) -> Json:
        """Render a diff; it is not paged."""
        diffs: list[Json] = []
        for change in changes:
            entry: Json = {
                "source": None if change.old is None else path_of(change.old),
                "destination": None if change.new is None else path_of(change.new),
                "truncated": False,
            }
            diffs.append(entry | ({"binary": True} if change.is_binary else {"hunks": hunks(change)}))
        return {
            "fromHash": since,
            "toHash": until,
            "contextLines": 10,
            "whitespace": "SHOW",
            "diffs": diffs,
            "truncated": False,
        }

    def participant(self, item: Participant) -> Json:
        """Render a participant."""
        payload: Json = {
            "user": self.user(item.user),
            "role": item.role,
            "approved": item.status == "APPROVED",
            "status": item.status,
        }
        return payload | ({"lastReviewedCommit": item.last_reviewed} if item.last_reviewed else {})

    def ref(self, ref: Ref) -> Json:
        """Render one side of a pull request."""
        return {
            "id": f"refs/heads/{ref.branch}",
            "displayId": ref.branch,
            "latestCommit": ref.commit,
            "type": "BRANCH",
            "repository": self.repository(ref.repository),
        }

    def previous_target(self, ref: Ref) -> Json:
        """Render the branch that a pull request was to be merged into."""
        return {
            "id": f"refs/heads/{ref.branch}",
            "displayId": ref.branch,
            "type": "BRANCH",
            "latestCommit": ref.commit,
            "latestChangeset": ref.commit,
        }

    def pull_request(self, pull: PullRequest) -> Json:
        """Render a pull request."""
        pull.refresh()
        author = {"user": self.user(pull.author), "role": "AUTHOR", "approved": False, "status": "UNAPPROVED"}
        roles: dict[str, list[Json]] = {"REVIEWER": [], "PARTICIPANT": []}
        for item in pull.participants:
            roles[item.role].append(self.participant(item))
        payload: Json = {
            "id": pull.id,
            "version": pull.version,
            "title": pull.title,
            "state": pull.state,
            "open": pull.state == "OPEN",
            "closed": pull.state != "OPEN",
            "draft": pull.draft,
            "createdDate": pull.created,
            "updatedDate": pull.updated,
            "fromRef": self.ref(pull.source),
            "toRef": self.ref(pull.target),
            "locked": False,
            "author": author,
            "reviewers": roles["REVIEWER"],
            "participants": roles["PARTICIPANT"],
        }
        if pull.description is not None:
            payload["description"] = pull.description
        if pull.closed is not None:
            payload["closedDate"] = pull.closed
        tasks = [comment.state for comment in pull.comments.values() if comment.severity == "BLOCKER"]
        properties: Json = {
            "commentCount": len(pull.comments),
            "openTaskCount": tasks.count("OPEN"),
            "resolvedTaskCount": tasks.count("RESOLVED"),
        }
        if pull.state == "OPEN":
            outcome = "CONFLICTED" if pull.in_conflict else "CLEAN"
            properties["mergeResult"] = {"outcome": outcome, "current": True}
        if pull.merge_commit:
            properties["mergeCommit"] = self.merge_commit(pull.merge_commit)
        payload["properties"] = properties
        target = pull.target.repository
        path = f"projects/{target.project.key}/repos/{quoted(target.slug)}/pull-requests/{pull.id}"
        return payload | {"links": self.links(path)}

    def merge_commit(self, commit: str) -> Json:
        """Render the merge commit of a pull request."""
        return {"id": commit, "displayId": commit[:ABBREVIATED]}

    def comment(self, comment: Comment) -> Json:
        """Render a comment with its replies; `tasks` is always empty, since a task is a comment that blocks."""
        payload: Json = {
            "properties": {"repositoryId": comment.repository.id},
            "id": comment.id,
            "version": comment.version,
            "text": comment.text,
            "author": self.user(comment.author),
            "createdDate": comment.created,
            "updatedDate": comment.updated,
            "comments": [self.comment(reply) for reply in comment.replies],
            "tasks": [],
            "severity": comment.severity,
            "state": comment.state,
            "threadResolved": False,
            "permittedOperations": {"editable": True, "transitionable": True, "deletable": not comment.replies},
        }
        return payload | ({"anchor": comment.anchor} if comment.anchor else {})

    def activity(self, entry: Activity, history: History) -> Json:
        """Render an entry of a pull request's activities."""
        payload: Json = {
            "id": entry.id,
            "createdDate": entry.created,
            "user": self.user(entry.user),
            "action": entry.action,
        }
        if entry.comment:
            payload |= {"commentAction": entry.comment_action, "comment": self.comment(entry.comment)}
            if entry.comment.anchor:
                payload["commentAnchor"] = entry.comment.anchor
        if entry.merge_commit:
            payload["commit"] = self.commit(history.commit(entry.merge_commit))
        if entry.added_reviewers or entry.removed_reviewers:
            added, removed = (map(self.user, users) for users in (entry.added_reviewers, entry.removed_reviewers))
            payload |= {"addedReviewers": list(added), "removedReviewers": list(removed)}
        return payload if entry.rescope is None else payload | self.rescope(entry.rescope, history)

    def rescope(self, rescope: Rescope, history: History) -> Json:
        """Render what a push did: the heads before and after it, and the commits that came and went."""
        new, old = rescope.from_hash, rescope.previous_from_hash
        added, removed = history.log(new, old), history.log(old, new)
        return {
            "fromHash": new,
            "previousFromHash": old,
            "previousToHash": rescope.previous_to_hash,
            "toHash": rescope.to_hash,
            "added": {"commits": [self.commit(one) for one in added], "total": len(added)},
            "removed": {"commits": [self.commit(one) for one in removed], "total": len(removed)},
        }


def _page_of(repository: Repository) -> str:
    project = repository.project
    owner = f"users/{quoted(project.owner.slug)}" if project.owner else f"projects/{project.key}"
    return f"{owner}/repos/{quoted(repository.slug)}"


def group(name: str) -> Json:
    """Render a group."""
    return {"name": name}


def build_status(status: BuildStatus) -> Json:
    """Render a build status; fields that were never set are left out."""
    payload: Json = {
        "key": status.key,
        "state": status.state,
        "url": status.url,
        "name": status.name,
        "description": status.description,
        "ref": status.ref,
        "buildNumber": status.build_number,
        "duration": status.duration,
        "createdDate": status.added,
        "updatedDate": status.updated,
    }
    return {key: value for key, value in payload.items() if value is not None}


def path_of(path: str) -> Json:
    """Render a path with its parts."""
    components = path.split("/") if path else []
    name = components[-1] if components else ""
    payload: Json = {"components": components, "parent": "/".join(components[:-1]), "name": name}
    if "." in name:
        payload["extension"] = name.rpartition(".")[2]
    return payload | {"toString": path}


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if re.fullmatch(r"[+-]?\d{1,9}", text) is None:
        raise refuse(400, f"{name} must be a number", VALIDATION, context=name)
    return int(text)

"""Operations of FakeDataCenter on branches, tags, commits and build statuses."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from aiohttp import web

from bbasync.testing.datacenter.http import (
    LOGIN,
    Operations,
    body,
    require,
    required,
    resolve,
    revision,
    strings,
    text,
    user_of,
    value,
)
from bbasync.testing.datacenter.payloads import VALIDATION, answer, build_status, no_content, refuse
from bbasync.testing.datacenter.world import BuildStatus, Repository
from bbasync.testing.datacenter.world.history import ABBREVIATED, Tag, changed, text_diff

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bbasync.testing.datacenter.payloads import Json
    from bbasync.testing.datacenter.world.history import Change, Commit
    from bbasync.testing.server import Route

STATES = ("CANCELLED", "FAILED", "INPROGRESS", "SUCCESSFUL", "UNKNOWN")
AHEAD_BEHIND = "com.atlassian.bitbucket.server.bitbucket-branch:ahead-behind-metadata-provider"
LATEST_COMMIT = "com.atlassian.bitbucket.server.bitbucket-branch:latest-commit-metadata"


class RefOperations(Operations):
    """Branches, tags, commits and build statuses."""

    def routes(self) -> Iterable[Route]:
        """Give the operations below /rest/api/latest."""
        repository = "/projects/{key}/repos/{slug}"
        commit = f"{repository}/commits/{{commit}}"
        return (
            ("GET", f"{repository}/commits", self.list_commits),
            ("GET", commit, self.get_commit),
            ("GET", f"{repository}/branches", self.list_branches),
            ("GET", f"{repository}/branches/default", self.get_default_branch),
            ("PUT", f"{repository}/branches/default", self.set_default_branch),
            ("GET", f"{repository}/default-branch", self.get_default_branch),
            ("PUT", f"{repository}/default-branch", self.set_default_branch),
            ("POST", f"{repository}/branches", self.create_branch),
            ("GET", f"{repository}/tags", self.list_tags),
            ("POST", f"{repository}/tags", self.create_tag),
            ("GET", f"{repository}/tags/{{name}}", self.get_tag),
            ("GET", f"{repository}/changes", self.list_changes),
            ("GET", f"{commit}/changes", self.list_commit_changes),
            ("GET", f"{commit}/diff", self.get_diff),
            ("GET", f"{commit}/diff/{{path}}", self.get_diff),
            ("GET", f"{commit}/pull-requests", self.list_pull_requests),
            ("GET", f"{commit}/builds", self.get_build),
            ("POST", f"{commit}/builds", self.set_repository_build),
            ("DELETE", f"{commit}/builds", self.delete_build),
            ("GET", f"{repository}/compare/commits", self.compare_commits),
            ("GET", f"{repository}/compare/changes", self.compare_changes),
        )

    def module_routes(self) -> Iterable[Route]:
        """Give the operations of other modules, below /rest."""
        repository = "/projects/{key}/repos/{slug}"
        for version in ("latest", "1.0"):
            branches = f"/branch-utils/{version}{repository}/branches"
            yield "POST", branches, self.create_branch_model
            yield "DELETE", branches, self.delete_branch
            yield "GET", f"{branches}/info/{{commit}}", self.list_branches_of_commit
            yield "POST", f"/git/{version}{repository}/tags", self.create_git_tag
            yield "DELETE", f"/git/{version}{repository}/tags/{{name}}", self.delete_tag
            builds = f"/build-status/{version}/commits"
            yield "POST", f"{builds}/stats", self.list_build_stats
            yield "GET", f"{builds}/stats/{{commit}}", self.get_build_stats
            yield "GET", f"{builds}/{{commit}}", self.list_builds
            yield "POST", f"{builds}/{{commit}}", self.set_build

    # Commits

    async def list_commits(self, request: web.Request) -> web.Response:
        """List commits, newest first: `until` but not `since`, of one path, merges in or out."""
        repository = self.repository(request)
        query, history = request.query, repository.history
        ignore_missing = query.get("ignoreMissing") == "true"
        names = [query.get("until"), query.get("since")]
        if ignore_missing and any(name and history.resolve(name) is None for name in names):
            return self.payloads.page(request, [], self.payloads.commit)
        since = resolve(repository, query["since"]) if query.get("since") else None
        log = _wanted(history.log(revision(request, repository, "until"), since), request)
        found = list(log)
        counts: Json = {}
        if query.get("withCounts") == "true":
            counts = {"totalCount": len(found), "authorCount": len({commit.author.email for commit in found})}
        return self.payloads.page(request, found, self.payloads.commit, counts)

    async def get_commit(self, request: web.Request) -> web.Response:
        """Return a commit; its parents carry their own fields too."""
        repository, commit = self.commit(request)
        parents = [self.payloads.commit(repository.history.commits[parent]) for parent in commit.parents]
        return answer(self.payloads.commit(commit) | {"parents": parents})

    async def compare_commits(self, request: web.Request) -> web.Response:
        """List the commits of `from` that `to` lacks."""
        repository = self.repository(request)
        start, end = (revision(request, repository, name) for name in ("from", "to"))
        return self.payloads.page(request, repository.history.log(start, end), self.payloads.commit)

    async def list_pull_requests(self, request: web.Request) -> web.Response:
        """List the pull requests whose source has the commit."""
        repository, commit = self.commit(request)
        found = [
            pull
            for pull in repository.pull_requests.values()
            if any(item.id == commit.id for item in repository.history.log(pull.source.commit, pull.target.commit))
        ]
        return self.payloads.page(request, found, self.payloads.pull_request)

    # Changes and diffs

    def _between(self, repository: Repository, since: str | None, until: str) -> list[Change]:
        history = repository.history
        return changed(history.tree(since), history.tree(until))

    def _changes(self, request: web.Request, repository: Repository, since: str | None, until: str) -> web.Response:
        hashes: Json = {"fromHash": since, "toHash": until}
        return self.payloads.page(request, self._between(repository, since, until), self.payloads.change, hashes)

    async def list_commit_changes(self, request: web.Request) -> web.Response:
        """List the paths that a commit changes against `since`, its first parent by default."""
        repository, commit = self.commit(request)
        return self._changes(request, repository, _base(request, repository, commit), commit.id)

    async def list_changes(self, request: web.Request) -> web.Response:
        """List the paths that differ between `since` and `until`, which is required."""
        repository = self.repository(request)
        if not request.query.get("until"):
            raise refuse(400, "The until parameter is required", VALIDATION, context="until")
        commit = repository.history.commits[revision(request, repository, "until")]
        return self._changes(request, repository, _base(request, repository, commit), commit.id)

    async def compare_changes(self, request: web.Request) -> web.Response:
        """List the paths that differ between two refs, seen from their merge base."""
        repository = self.repository(request)
        start, end = (revision(request, repository, name) for name in ("from", "to"))
        return self._changes(request, repository, repository.history.merge_base(start, end), start)

    async def get_diff(self, request: web.Request) -> web.Response:
        """Return the diff of a commit, as JSON unless text is asked for."""
        repository, commit = self.commit(request)
        since, path = _base(request, repository, commit), request.match_info.get("path", "")
        changes = [item for item in self._between(repository, since, commit.id) if _below(item.path, path)]
        if request.headers.get("Accept", "").startswith("text/plain"):
            return plain(text_diff(changes))
        return answer(self.payloads.diff(changes, since, commit.id))

    # Branches

    def _branch(self, request: web.Request, name: str, repository: Repository) -> Json:
        history = repository.history
        payload = self.payloads.branch(history, name)
        if request.query.get("details") == "true":
            tip = history.branches[name]
            base = request.query.get("base")
            other = resolve(repository, base) if base else history.branches.get(history.default_branch, tip)
            ahead, behind = (len(history.log(*pair)) for pair in ((tip, other), (other, tip)))
            latest = self.payloads.commit(history.commits[tip])
            payload["metadata"] = {AHEAD_BEHIND: {"ahead": ahead, "behind": behind}, LATEST_COMMIT: latest}
        return payload

    async def list_branches(self, request: web.Request) -> web.Response:
        """List branches, the last changed first unless ordered by the alphabet."""
        repository = self.repository(request)
        history, part = repository.history, request.query.get("filterText", "").lower()
        names = sorted(name for name in history.branches if part in name.lower())
        if request.query.get("orderBy", "MODIFICATION") == "MODIFICATION":
            names.sort(key=lambda name: -history.commits[history.branches[name]].date)
        if request.query.get("boostMatches") == "true":
            names.sort(key=lambda name: not name.lower().startswith(part))
        return self.payloads.page(request, names, lambda name: self._branch(request, name, repository))

    async def list_branches_of_commit(self, request: web.Request) -> web.Response:
        """List the branches that contain a commit."""
        repository, commit = self.commit(request)
        history = repository.history
        names = [name for name, tip in sorted(history.branches.items()) if commit.id in history.reachable(tip)]
        return self.payloads.page(
            request, names, lambda name: {"id": f"refs/heads/{name}", "displayId": name, "type": "BRANCH"}
        )

    async def get_default_branch(self, request: web.Request) -> web.Response:
        """Return the default branch; in an empty repository it does not exist yet."""
        repository = self.repository(request)
        history = repository.history
        if history.default_branch in history.branches:
            return answer(self.payloads.branch(history, history.default_branch))
        if request.path.endswith("/branches/default"):
            return no_content()
        raise refuse(
            404, f"The default branch of {repository.path} does not exist.", "repository.NoDefaultBranchException"
        )

    async def set_default_branch(self, request: web.Request) -> web.Response:
        """Make another branch the default."""
        repository = self.repository(request, "ADMIN")
        name = required(await body(request), "id").removeprefix("refs/heads/")
        if name not in repository.history.branches:
            raise refuse(404, f"Branch {name} does not exist in {repository.path}.", "repository.NoSuchBranchException")
        repository.history.default_branch = name
        return no_content()

    async def create_branch(self, request: web.Request) -> web.Response:
        """Create a branch, answered with 200."""
        return await self._create_branch(request, 200)

    async def create_branch_model(self, request: web.Request) -> web.Response:
        """Create a branch through branch-utils, answered with 201."""
        return await self._create_branch(request, 201)

    async def _create_branch(self, request: web.Request, status: int) -> web.Response:
        repository, data = self.writable(request), await body(request)
        name = required(data, "name").removeprefix("refs/heads/")
        _check_name(name, repository, repository.history.branches)
        tip = repository.history.branches[name] = resolve(repository, required(data, "startPoint"))
        self.tell.on_ref(repository, user_of(request), f"refs/heads/{name}", None, tip)
        return answer(self.payloads.branch(repository.history, name), status)

    async def delete_branch(self, request: web.Request) -> web.Response:
        """Delete the branch that the body names, if its tip is `endPoint` where that is given."""
        repository, data = self.writable(request), await body(request)
        history, name = repository.history, required(data, "name").removeprefix("refs/heads/")
        tip, expected = history.branches.get(name), text(data, "endPoint")
        if tip is None:
            raise refuse(400, f"Branch {name} does not exist in {repository.path}.", "repository.NoSuchBranchException")
        if name == history.default_branch:
            raise refuse(400, f"{name} is the default branch and cannot be deleted.", VALIDATION)
        if expected is not None and expected != tip:
            raise refuse(400, f"Branch {name} has moved on to {tip}.", VALIDATION, context="endPoint")
        if value(data, "dryRun") is not True:
            del history.branches[name]
            self.tell.on_ref(repository, user_of(request), f"refs/heads/{name}", tip, None)
        return no_content()

    # Tags

    async def list_tags(self, request: web.Request) -> web.Response:
        """List tags, the newest commit first unless ordered by the alphabet."""
        history, part = self.repository(request).history, request.query.get("filterText", "").lower()
        names = sorted(name for name in history.tags if part in name.lower())
        if request.query.get("orderBy", "MODIFICATION") == "MODIFICATION":
            names.sort(key=lambda name: -history.commits[history.tags[name].commit].date)
        return self.payloads.page(request, names, lambda name: self.payloads.tag(name, history.tags[name]))

    def _tag(self, request: web.Request, repository: Repository) -> str:
        name = request.match_info["name"].removeprefix("refs/tags/")
        if name not in repository.history.tags:
            raise refuse(404, f"Tag {name} does not exist in {repository.path}.", "repository.NoSuchTagException")
        return name

    async def get_tag(self, request: web.Request) -> web.Response:
        """Return a tag; slashes in its name stay slashes in the path."""
        repository = self.repository(request)
        name = self._tag(request, repository)
        return answer(self.payloads.tag(name, repository.history.tags[name]))

    async def create_tag(self, request: web.Request) -> web.Response:
        """Create a tag, annotated if there is a message, answered with 200."""
        data = await body(request)
        return self._create_tag(request, data, annotated=bool(text(data, "message")), status=200)

    async def create_git_tag(self, request: web.Request) -> web.Response:
        """Create a tag of the type that the body names, answered with 201."""
        data = await body(request)
        return self._create_tag(request, data, annotated=text(data, "type") == "ANNOTATED", status=201)

    def _create_tag(self, request: web.Request, data: Json, *, annotated: bool, status: int) -> web.Response:
        repository = self.writable(request)
        name = required(data, "name").removeprefix("refs/tags/")
        _check_name(name, repository, () if value(data, "force") is True else repository.history.tags)
        commit = resolve(repository, required(data, "startPoint"))
        old = repository.history.tags.get(name)
        tag = repository.history.tags[name] = Tag(commit=commit, hash=commit[::-1] if annotated else None)
        self.tell.on_ref(repository, user_of(request), f"refs/tags/{name}", old.commit if old else None, commit)
        return answer(self.payloads.tag(name, tag), status)

    async def delete_tag(self, request: web.Request) -> web.Response:
        """Delete a tag."""
        repository = self.writable(request)
        name = self._tag(request, repository)
        old = repository.history.tags.pop(name)
        self.tell.on_ref(repository, user_of(request), f"refs/tags/{name}", old.commit, None)
        return no_content()

    # Build statuses

    def _builds(self, request: web.Request) -> dict[str, BuildStatus]:
        return self.world.builds.setdefault(request.match_info["commit"], {})

    async def _set(self, request: web.Request, commit: str) -> web.Response:
        data, now = await body(request), self.world.tick()
        key, state, duration = required(data, "key"), required(data, "state"), value(data, "duration")
        if state not in STATES:
            raise refuse(400, f"state must be one of {', '.join(STATES)}", VALIDATION, context="state")
        builds = self.world.builds.setdefault(commit, {})
        builds[key] = BuildStatus(
            key=key,
            state=state,
            url=required(data, "url"),
            added=builds[key].added if key in builds else now,
            updated=now,
            name=text(data, "name"),
            description=text(data, "description"),
            ref=text(data, "ref"),
            build_number=text(data, "buildNumber"),
            duration=duration if isinstance(duration, int) else None,
        )
        return no_content()

    async def set_repository_build(self, request: web.Request) -> web.Response:
        """Set a build status of a commit of this repository."""
        self.writable(request)
        return await self._set(request, self.commit(request)[1].id)

    async def set_build(self, request: web.Request) -> web.Response:
        """Set a build status of a commit that no repository here need have."""
        require(request[LOGIN].user, "READ")
        return await self._set(request, request.match_info["commit"])

    async def get_build(self, request: web.Request) -> web.Response:
        """Return the build status that `key` names."""
        _, commit = self.commit(request)
        return answer(build_status(self._build(request, commit)))

    def _build(self, request: web.Request, commit: Commit) -> BuildStatus:
        key = request.query.get("key")
        if not key:
            raise refuse(400, "The key parameter is required", VALIDATION, context="key")
        found = self.world.builds.get(commit.id, {}).get(key)
        if found is None:
            raise refuse(404, f"There is no build status {key} of {commit.id[:ABBREVIATED]}.", "NoSuchEntityException")
        return found

    async def delete_build(self, request: web.Request) -> web.Response:
        """Delete the build status that `key` names."""
        self.repository(request, "WRITE")
        _, commit = self.commit(request)
        del self.world.builds[commit.id][self._build(request, commit).key]
        return no_content()

    async def list_builds(self, request: web.Request) -> web.Response:
        """List the build statuses of a commit, the newest first; here the date is `dateAdded`."""
        user_of(request)
        found = sorted(self._builds(request).values(), key=lambda item: -item.updated)
        return self.payloads.page(
            request,
            found,
            lambda item: {
                "state": item.state,
                "key": item.key,
                "name": item.name or item.key,
                "url": item.url,
                "description": item.description or "",
                "dateAdded": item.added,
            },
        )

    async def get_build_stats(self, request: web.Request) -> web.Response:
        """Count the build statuses of a commit by state."""
        user_of(request)
        return answer(_stats(self.world.builds.get(request.match_info["commit"], {})))

    async def list_build_stats(self, request: web.Request) -> web.Response:
        """Count the build statuses of the commits that the body lists."""
        user_of(request)
        commits = await strings(request)
        return answer({commit: _stats(self.world.builds.get(commit, {})) for commit in commits})


def plain(content: str) -> web.Response:
    """Build an answer of plain text."""
    return web.Response(text=content, content_type="text/plain")


def _stats(builds: dict[str, BuildStatus]) -> Json:
    count = Counter(item.state for item in builds.values())
    names = {"CANCELLED": "cancelled", "FAILED": "failed", "INPROGRESS": "inProgress", "SUCCESSFUL": "successful"}
    return {name: count[state] for state, name in {**names, "UNKNOWN": "unknown"}.items()}


def _base(request: web.Request, repository: Repository, commit: Commit) -> str | None:
    since = request.query.get("since")
    return resolve(repository, since) if since else next(iter(commit.parents), None)


def _below(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def _wanted(log: Iterable[Commit], request: web.Request) -> Iterator[Commit]:
    """Keep the commits that touch `path`, and the merges or not."""
    path, merges = request.query.get("path", ""), request.query.get("merges", "include")
    for commit in log:
        merge = len(commit.parents) > 1
        if merges == ("exclude" if merge else "only"):
            continue
        if not path or (not merge and any(_below(name, path) for name in commit.changes)):
            yield commit


def _check_name(name: str, repository: Repository, taken: Iterable[str]) -> None:
    """Refuse what git does not take as a ref name, and what exists: with 400, not 409."""
    if any(part in name for part in (" ", "~", "^", ":", "?", "*", "[", "\\", "..", "@{")) or name.startswith("-"):
        raise refuse(400, f"{name} is not a valid name of a ref", VALIDATION, context="name")
    if name in taken:
        raise refuse(400, f"{name} exists already in {repository.path}.", "repository.ref.DuplicateRefException")

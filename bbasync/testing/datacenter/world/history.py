"""The history behind a repository of FakeDataCenter: commits, refs, trees and what changed between them."""

import difflib
import hashlib
from collections.abc import Iterator, Mapping
from heapq import heappop, heappush

from attrs import define, field

from bbasync.testing.merging import Merge, merge_trees

ABBREVIATED = 11
SHORTEST_ID = 7
MOVED_UNCHANGED = 100
CONTEXT_LINES = 10
KEPT_LOGS = 100
KEPT_MERGES = 1000


@define(frozen=True, kw_only=True)
class Signature:
    """Who wrote a commit: a name and an address, which need not belong to a user of the server."""

    name: str
    email: str


@define(frozen=True, kw_only=True)
class Commit:
    """A commit; `changes` holds the new bytes of each path that differs from the first parent, None for a deletion."""

    id: str
    parents: tuple[str, ...]
    author: Signature
    date: int
    message: str
    changes: Mapping[str, bytes | None]

    def __deepcopy__(self, memo: dict[int, object]) -> "Commit":
        return self  # commits never change


@define(frozen=True, kw_only=True)
class Tag:
    """A tag; an annotated one has a `hash` of its own."""

    commit: str
    hash: str | None = None


@define(frozen=True, kw_only=True)
class Change:
    """One path that differs between two trees; `source` is the old path of a move."""

    path: str
    type: str
    before: bytes | None
    after: bytes | None
    source: str | None = None

    @property
    def percent_unchanged(self) -> int:
        """The share of a moved file that stayed, -1 where the server tells none."""
        return MOVED_UNCHANGED if self.source is not None else -1


def content_id(content: bytes | None) -> str:
    """Return the name git gives to these bytes, zeros for a file that does not exist."""
    if content is None:
        return "0" * 40
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


@define(eq=False)
class History:
    """The commits of one repository, with its branches and tags by short name."""

    commits: dict[str, Commit] = field(factory=dict[str, Commit])
    branches: dict[str, str] = field(factory=dict[str, str])
    tags: dict[str, Tag] = field(factory=dict[str, Tag])
    default_branch: str = "main"
    _logs: dict[tuple[str, str | None], list[Commit]] = field(
        init=False, factory=dict[tuple[str, str | None], list[Commit]]
    )
    """Commits never change, so a log is walked once for all its pages."""
    _merges: dict[tuple[str, str], Merge] = field(init=False, factory=dict[tuple[str, str], Merge])

    def commit(
        self,
        *,
        parents: tuple[str, ...],
        author: Signature,
        date: int,
        message: str,
        changes: Mapping[str, bytes | None],
    ) -> Commit:
        """Add a commit; its id depends on all that it holds."""
        digest = hashlib.sha1(usedforsecurity=False)
        for part in (*parents, author.name, author.email, str(date), message):
            digest.update(part.encode() + b"\0")
        for path, content in changes.items():
            digest.update(path.encode() + b"\0" + content_id(content).encode())
        commit = Commit(
            id=digest.hexdigest(), parents=parents, author=author, date=date, message=message, changes=changes
        )
        self.commits[commit.id] = commit
        return commit

    def copy(self) -> "History":
        """Return the history of a fork; a server keeps the commits of all forks together."""
        return History(self.commits, dict(self.branches), dict(self.tags), self.default_branch)

    def resolve(self, name: str) -> str | None:
        """Return the commit that a full ref, a commit id of seven digits or more, a branch or a tag names."""
        tags = {tag: self.tags[tag].commit for tag in self.tags}
        if name.startswith("refs/tags/"):
            return tags.get(name.removeprefix("refs/tags/"))
        if name.startswith("refs/heads/"):
            return self.branches.get(name.removeprefix("refs/heads/"))
        if name in self.commits:
            return name
        found = self.branches.get(name) or tags.get(name)
        if found is None and len(name) >= SHORTEST_ID:
            found = next((commit for commit in self.commits if commit.startswith(name)), None)
        return found

    def reachable(self, start: str) -> set[str]:
        """Return the ids of a commit and all its ancestors."""
        seen: set[str] = set()
        stack = [start]
        while stack:
            name = stack.pop()
            if name not in seen:
                seen.add(name)
                stack.extend(self.commits[name].parents)
        return seen

    def log(self, until: str, since: str | None = None) -> list[Commit]:
        """List the commits reachable from `until` and not from `since`, newest first."""
        if (until, since) not in self._logs:
            if len(self._logs) >= KEPT_LOGS:
                self._logs.clear()
            self._logs[until, since] = list(self._walk(until, since))
        return self._logs[until, since]

    def _walk(self, until: str, since: str | None) -> Iterator[Commit]:
        seen = self.reachable(since) if since else set[str]()
        queue: list[tuple[int, str]] = []

        def push(name: str) -> None:
            if name not in seen:
                seen.add(name)
                heappush(queue, (-self.commits[name].date, name))

        push(until)
        while queue:
            commit = self.commits[heappop(queue)[1]]
            yield commit
            for parent in commit.parents:
                push(parent)

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the newest common ancestor."""
        ancestors = self.reachable(one)
        return next((commit.id for commit in self.log(other) if commit.id in ancestors), None)

    def tree(self, name: str | None) -> dict[str, bytes]:
        """Return every file of a commit by path; None is the empty tree before the first commit."""
        line: list[Commit] = []
        while name is not None:
            commit = self.commits[name]
            line.append(commit)
            name = commit.parents[0] if commit.parents else None
        files: dict[str, bytes] = {}
        for commit in reversed(line):
            for path, content in commit.changes.items():
                if content is None:
                    files.pop(path, None)
                else:
                    files[path] = content
        return files

    def merge(self, source: str, target: str) -> Merge:
        """Return the changes that a merge of `source` makes to `target`, and the paths in conflict."""
        if (source, target) not in self._merges:
            if len(self._merges) >= KEPT_MERGES:
                self._merges.clear()
            base = self.tree(self.merge_base(target, source))
            self._merges[source, target] = merge_trees(base, self.tree(target), self.tree(source))
        return self._merges[source, target]


def changed(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[Change]:
    """List what differs between two trees by path; a file deleted here and added there unchanged is a move."""
    gone = {content: path for path, content in before.items() if path not in after}
    moved: set[str] = set()
    changes: list[Change] = []
    for path, content in after.items():
        old = before.get(path)
        if old is None and content in gone:
            source = gone.pop(content)
            moved.add(source)
            changes.append(Change(path=path, type="MOVE", before=content, after=content, source=source))
        elif old is None:
            changes.append(Change(path=path, type="ADD", before=None, after=content))
        elif old != content:
            changes.append(Change(path=path, type="MODIFY", before=old, after=content))
    changes += [
        Change(path=path, type="DELETE", before=content, after=None)
        for path, content in before.items()
        if path not in after and path not in moved
    ]
    return sorted(changes, key=lambda change: change.path)


def lines_of(content: bytes | None) -> list[str]:
    """Split a file into lines without their ends."""
    return (content or b"").decode("utf-8", "replace").splitlines()


def is_binary(change: Change) -> bool:
    """Tell whether either side has a NUL byte, as git does."""
    return b"\0" in (change.before or b"") or b"\0" in (change.after or b"")


def text_diff(changes: list[Change]) -> str:
    """Render changes as a git diff."""
    out: list[str] = []
    for change in changes:
        source = change.source or change.path
        out.append(f"diff --git a/{source} b/{change.path}")
        if change.source is not None:
            out += ["similarity index 100%", f"rename from {source}", f"rename to {change.path}"]
        elif is_binary(change):
            out.append(f"Binary files a/{source} and b/{change.path} differ")
        else:
            old = "/dev/null" if change.before is None else f"a/{source}"
            new = "/dev/null" if change.after is None else f"b/{change.path}"
            lines = difflib.unified_diff(lines_of(change.before), lines_of(change.after), old, new, lineterm="")
            out.extend(lines)
    return "".join(line + "\n" for line in out)


def hunks(change: Change, context: int = CONTEXT_LINES) -> list[dict[str, object]]:
    """Return the hunks of a change, each a list of segments of lines that were removed, added or kept."""
    old, new = lines_of(change.before), lines_of(change.after)
    found: list[dict[str, object]] = []
    for group in difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(context):
        segments: list[dict[str, object]] = []
        for kind, low, high, new_low, new_high in group:
            if kind == "equal":
                segments.append(_segment("CONTEXT", old[low:high], low, new_low))
                continue
            if high > low:
                segments.append(_segment("REMOVED", old[low:high], low, new_low))
            if new_high > new_low:
                segments.append(_segment("ADDED", new[new_low:new_high], high, new_low))
        first, last = group[0], group[-1]
        found.append(
            {
                "sourceLine": first[1] + 1 if old else 0,
                "sourceSpan": last[2] - first[1],
                "destinationLine": first[3] + 1 if new else 0,
                "destinationSpan": last[4] - first[3],
                "segments": segments,
                "truncated": False,
            }
        )
    return found


def _segment(kind: str, lines: list[str], source: int, destination: int) -> dict[str, object]:
    """Return lines that start after so many lines of either side; the side that lacks them stands still."""
    rows = [
        {
            "source": source + 1 + (0 if kind == "ADDED" else index),
            "destination": destination + 1 + (0 if kind == "REMOVED" else index),
            "line": line,
            "truncated": False,
        }
        for index, line in enumerate(lines)
    ]
    return {"type": kind, "lines": rows, "truncated": False}

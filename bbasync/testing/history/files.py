"""Files of the made-up worlds: a small tree in which every commit of the trunk changes one line of one file."""

from __future__ import annotations

import difflib
import hashlib
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from bbasync.testing.history.timeline import BLOCK, REPLACED, long_tail
from bbasync.testing.merging import Merge, merge_trees

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bbasync.testing.history import Commit, History

Attribute: TypeAlias = Literal["link", "executable", "binary", "subrepository"]
Status: TypeAlias = Literal["added", "removed", "modified", "renamed"]

OLD_NAME, RENAMED = "docs/history.md", "docs/changes.md"
"""This file has another name until it is first changed."""
LINES = 20
MODES = {"link": "120000", "executable": "100755"}
CONTEXT = 3
KEPT_MERGES, KEPT_TREES = 1000, 64
BINARY = (".png", ".bin")


@attrs.frozen
class Entry:
    """A file, or a directory, whose size is None."""

    path: str
    size: int | None = None
    attributes: tuple[Attribute, ...] = ()


@attrs.frozen(slots=False)
class Change:
    """What happened to one file; `before` and `after` are its bytes, None where there is no file."""

    status: Status
    old: str | None
    new: str | None
    before: bytes | None
    after: bytes | None
    context: int = CONTEXT
    """Lines of the patch around what has changed."""
    git_patch: bytes | None = attrs.field(default=None, repr=False)
    """The patch that git wrote, of files that are in git."""

    @property
    def path(self) -> str:
        """The path, the new one of a file that was renamed."""
        return self.new or self.old or ""

    @property
    def is_binary(self) -> bool:
        """Whether either side has a NUL byte, as git has it."""
        return b"\0" in (self.before or b"") + (self.after or b"")

    @property
    def unchanged(self) -> int:
        """The percentage of the lines of a renamed file that stayed."""
        before, after = set((self.before or b"").splitlines()), set((self.after or b"").splitlines())
        return 100 * len(before & after) // max(len(before), len(after), 1) if self.before != self.after else 100

    @cached_property
    def patch(self) -> bytes:
        """The diff of the file, as git writes it."""
        return write_patch(self) if self.git_patch is None else self.git_patch

    @property
    def added(self) -> int:
        """How many lines the patch adds."""
        return self._count(b"+")

    @property
    def removed(self) -> int:
        """How many lines the patch removes."""
        return self._count(b"-")

    def _count(self, sign: bytes) -> int:
        _, _, hunks = self.patch.partition(b"\n@@")
        return hunks.count(b"\n" + sign)


class Files:
    """The trees of a computed history."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._merges: dict[tuple[str, str], Merge] = {}
        self._kept = lru_cache(maxsize=KEPT_TREES)(self._compute)

    def tree(self, commit: str | None) -> dict[str, bytes]:
        """Compute the content of all files at a commit, by path in order; None is the empty tree before the first."""
        if commit is None:
            return {}
        stored: list[Commit] = []
        while commit in self._history.stored:
            stored.append(self._history.stored[commit])
            if not stored[-1].parents:
                break
            commit = stored[-1].parents[0]
        found = self._computed(commit)
        for one in reversed(stored):
            for path, content in one.changes.items():
                found.pop(path, None)
                if content is not None:
                    found[path] = content
        return dict(sorted(found.items()))

    def entry(self, commit: str, path: str) -> Entry | None:
        """Find a file or a directory; the empty path is the root."""
        tree, path = self.tree(commit), path.strip("/")
        if path in tree:
            return _entry(path, tree[path])
        return Entry(path) if not path or any(one.startswith(f"{path}/") for one in tree) else None

    def listing(self, commit: str, path: str, depth: int = 1) -> list[Entry]:
        """List a directory, `depth` levels down."""
        prefix = f"{path.strip('/')}/" if path.strip("/") else ""
        found: dict[str, Entry] = {}
        for name, content in self.tree(commit).items():
            if not name.startswith(prefix):
                continue
            steps = name.removeprefix(prefix).split("/")
            for level in range(1, min(depth, len(steps) - 1) + 1):
                folder = prefix + "/".join(steps[:level])
                found[folder] = Entry(folder)
            if len(steps) <= depth:
                found[name] = _entry(name, content)
        return sorted(found.values(), key=lambda one: (one.path.count("/"), one.size is not None, one.path))

    def content(self, commit: str, path: str) -> bytes:
        """Give the bytes of a file; KeyError if there is none."""
        return self.tree(commit)[path.strip("/")]

    def merge(self, ours: str, theirs: str) -> Merge:
        """Merge one commit into another, seen from where they parted; commits never change, so this is kept."""
        found = self._merges.get((ours, theirs))
        if found is None:
            base = self._history.merge_base(ours, theirs)
            found = merge_trees(self.tree(None if base is None else base.hash), self.tree(ours), self.tree(theirs))
            if base is not None:
                if len(self._merges) >= KEPT_MERGES:
                    self._merges.clear()
                self._merges[ours, theirs] = found
        return found

    def changes(self, old: str | None, new: str, context: int = CONTEXT) -> list[Change]:
        """Compare two commits; None is the empty tree."""
        before, after = self.tree(old), self.tree(new)
        gone = [path for path in before if path not in after]
        found: list[Change] = []
        for path, content in after.items():
            if before.get(path) == content:
                continue
            source = path if path in before else _similar(content, gone, before)
            if source is not None and source != path:
                gone.remove(source)
            status: Status = "added" if source is None else "modified" if source == path else "renamed"
            previous = before[source] if source is not None else None
            found.append(Change(status, source, path, previous, content, context))
        found += [Change("removed", path, None, before[path], None, context) for path in gone]
        return sorted(found, key=lambda one: one.path)

    def touches(self, path: str) -> Callable[[Commit], bool]:
        """Tell whether a commit changed a file, or anything below a directory."""
        path = path.strip("/")
        own = self._history.words.paths

        def changed(paths: Iterable[str]) -> bool:
            return any(one == path or one.startswith(f"{path}/") for one in paths)

        def test(commit: Commit) -> bool:
            match self._history.place(commit.hash):
                case ("stored", _, _):
                    return changed(self._history.stored[commit.hash].changes)
                case ("trunk", index, _):
                    return changed(own if index == 0 else (own[index % len(own)],))
                case ("own", pull, _):
                    return changed((_own_path(pull),))
                case _:
                    return False

        return test

    def _computed(self, commit: str) -> dict[str, bytes]:
        return dict(self._kept(commit))

    def _compute(self, commit: str) -> dict[str, bytes]:
        match self._history.place(commit):
            case ("trunk", index, _):
                return self._trunk(index)
            case ("own", pull, step):
                return self._trunk(self._history.base_of(pull)) | {_own_path(pull): self._notes(pull, step)}
            case _:
                return {}

    def _notes(self, pull: int, step: int) -> bytes:
        """Give what a pull request writes: some of its commits are small, some large."""
        last = 0 if step == REPLACED else min(step, self._history.timeline.course(pull).commits - 1)
        sizes = (length_of(self._history.own_hash(pull, one)) for one in range(last + 1))
        return "".join(f"Note {number} on {pull}\n" for number in range(sum(sizes))).encode()

    def _trunk(self, index: int) -> dict[str, bytes]:
        block, mask = self._history.mask(index)
        own = [block * BLOCK + place for place in range(BLOCK) if mask >> place & 1]
        found: dict[str, bytes] = {}
        paths = self._history.words.paths
        for number, path in enumerate(paths):
            # how many commits changed it: those in the blocks before, and those in this one that are ancestors
            version = max(block * BLOCK - 1 - number, -1) // len(paths) + 1
            version += sum(one % len(paths) == number for one in own)
            name = OLD_NAME if path == RENAMED and not version else path
            found[name] = _content(path, version)
        return found


def length_of(hash_: str) -> int:
    """Give how many lines a pull request's own commit adds; the distribution has a long tail."""
    return max(int(6 * long_tail(int(hash_[8:12], 16), 1.5)), 1)


def _own_path(pull: int) -> str:
    return f"notes/API-{pull}.md"


@lru_cache(maxsize=1024)
def _content(path: str, version: int) -> bytes:
    if path.endswith(BINARY):
        return b"\x89PNG\r\n\x1a\n\x00\x00" + version.to_bytes(8, "big")
    if path == "latest":
        return b"README.md"
    head = "#!/bin/sh\n" if path.endswith(".sh") else f"# {path}\n"
    last = (version - (version - line) % LINES for line in range(LINES))
    return (head + "".join(f"line {line}, changed {max(one, 0)}\n" for line, one in enumerate(last))).encode()


def attributes_of(path: str, content: bytes) -> tuple[Attribute, ...]:
    """Tell the attributes of a file of this world from its name and content."""
    if path == "latest":
        return ("link",)
    if path.endswith(".sh"):
        return ("executable",)
    return ("binary",) if b"\x00" in content else ()


def _entry(path: str, content: bytes) -> Entry:
    return Entry(path, len(content), attributes_of(path, content))


def _similar(content: bytes, gone: list[str], before: dict[str, bytes]) -> str | None:
    """Find the file that was renamed to this one: at least half of its lines are the same."""
    lines = set(content.splitlines())
    best = max(gone, key=lambda path: len(lines & set(before[path].splitlines())), default=None)
    return best if best is not None and 2 * len(lines & set(before[best].splitlines())) >= len(lines) else None


def write_patch(change: Change) -> bytes:
    """Write git's diff of one file."""
    left, right = change.old or change.path, change.path
    before, after = change.before or b"", change.after or b""
    head = [f"diff --git a/{left} b/{right}"]
    mode = MODES.get((*attributes_of(right, after or before), "")[0], "100644")
    if change.status == "added":
        head.append(f"new file mode {mode}")
    elif change.status == "removed":
        head.append(f"deleted file mode {mode}")
    elif change.status == "renamed":
        head += [f"similarity index {change.unchanged}%", f"rename from {left}", f"rename to {right}"]
    suffix = f" {mode}" if change.status == "modified" else ""
    head.append(f"index {blob_id(change.before)[:7]}..{blob_id(change.after)[:7]}{suffix}")
    names = ("/dev/null" if change.old is None else f"a/{left}", "/dev/null" if change.new is None else f"b/{right}")
    if change.is_binary:
        return "\n".join([*head, f"Binary files {names[0]} and {names[1]} differ", ""]).encode()
    old, new = (content.decode(errors="surrogateescape").splitlines() for content in (before, after))
    lines = difflib.unified_diff(old, new, *names, lineterm="", n=change.context)
    return "\n".join([*head, *lines, ""]).encode(errors="surrogateescape")


def blob_id(content: bytes | None) -> str:
    """Return the name that git gives to these bytes, zeros for a file that does not exist."""
    if content is None:
        return "0" * 40
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()

"""Files of the fake world: a small tree in which every commit of the trunk changes one line of one file."""

from __future__ import annotations

import difflib
import hashlib
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from bbasync.testing.cloud.world.history import REPLACED, Commit, History
from bbasync.testing.cloud.world.timeline import BLOCK, long_tail
from bbasync.testing.merging import Merge, merge_trees

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Attribute: TypeAlias = Literal["link", "executable", "binary", "subrepository"]
Status: TypeAlias = Literal["added", "removed", "modified", "renamed"]

PATHS = (
    "README.md",
    "setup.cfg",
    "src/größe.py",
    "src/client.py",
    "src/nested/deep/module.py",
    "src/space in name.py",
    "tests/test_client.py",
    "docs/索引.md",
    "docs/c#.md",
    "assets/logo.png",
    "bin/run.sh",
    "latest",
    "docs/changes.md",
)
OLD_NAME, RENAMED = "docs/history.md", "docs/changes.md"
"""The last file has another name until it is first changed."""
LINES = 20
MODES = {"link": "120000", "executable": "100755"}
CONTEXT = 3


@attrs.frozen
class Entry:
    """A file, or a directory, whose size is None."""

    path: str
    size: int | None = None
    attributes: tuple[Attribute, ...] = ()


@attrs.frozen
class Change:
    """What happened to one file, with its part of the diff."""

    status: Status
    old: str | None
    new: str | None
    added: int
    removed: int
    patch: bytes


class Files:
    """The trees of a computed history."""

    def __init__(self, history: History) -> None:
        self._history = history

    def tree(self, commit: str) -> dict[str, bytes]:
        """Compute the content of all files at a commit, by path in order."""
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

    def merge(self, base: str | None, ours: str, theirs: str) -> Merge:
        """Merge one commit into another, seen from where they parted."""
        return merge_trees(self.tree(base) if base else {}, self.tree(ours), self.tree(theirs))

    def changes(self, old: str | None, new: str, context: int = CONTEXT) -> list[Change]:
        """Compare two commits; None is the empty tree."""
        before, after = self.tree(old) if old else {}, self.tree(new)
        gone = [path for path in before if path not in after]
        found: list[Change] = []
        for path, content in after.items():
            if before.get(path) == content:
                continue
            source = path if path in before else _similar(content, gone, before)
            if source is not None and source != path:
                gone.remove(source)
            previous = before[source] if source is not None else None
            found.append(compare(source, previous, path, content, context))
        found += [compare(path, before[path], None, None, context) for path in gone]
        return sorted(found, key=lambda one: one.new or one.old or "")

    def touches(self, path: str) -> Callable[[Commit], bool]:
        """Tell whether a commit changed a file, or anything below a directory."""
        path = path.strip("/")

        def changed(paths: Iterable[str]) -> bool:
            return any(one == path or one.startswith(f"{path}/") for one in paths)

        def test(commit: Commit) -> bool:
            match self._history.place(commit.hash):
                case ("stored", _, _):
                    return changed(self._history.stored[commit.hash].changes)
                case ("trunk", index, _):
                    return changed(PATHS if index == 0 else (PATHS[index % len(PATHS)],))
                case ("own", pull, _):
                    return changed((_own_path(pull),))
                case _:
                    return False

        return test

    def _computed(self, commit: str) -> dict[str, bytes]:
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
        sizes = (lines_of(self._history.own_hash(pull, one)) for one in range(last + 1))
        return "".join(f"Note {number} on {pull}\n" for number in range(sum(sizes))).encode()

    def _trunk(self, index: int) -> dict[str, bytes]:
        block, mask = self._history.mask(index)
        own = [block * BLOCK + place for place in range(BLOCK) if mask >> place & 1]
        found: dict[str, bytes] = {}
        for number, path in enumerate(PATHS):
            # how many commits changed it: those in the blocks before, and those in this one that are ancestors
            version = max(block * BLOCK - 1 - number, -1) // len(PATHS) + 1
            version += sum(one % len(PATHS) == number for one in own)
            name = OLD_NAME if path == RENAMED and not version else path
            found[name] = _content(path, version)
        return found


def lines_of(hash_: str) -> int:
    """Give how many lines a pull request's own commit adds; the distribution has a long tail."""
    return max(int(6 * long_tail(int(hash_[8:12], 16), 1.5)), 1)


def _own_path(pull: int) -> str:
    return f"notes/API-{pull}.md"


def _content(path: str, version: int) -> bytes:
    if path.endswith(".png"):
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


def compare(old: str | None, before: bytes | None, new: str | None, after: bytes | None, context: int) -> Change:
    """Write git's diff of one file."""
    left, right = old or new or "", new or old or ""
    head = [f"diff --git a/{left} b/{right}"]
    mode = MODES.get((*attributes_of(right, after or before or b""), "")[0], "100644")
    status: Status = "modified"
    if old is None:
        status = "added"
        head.append(f"new file mode {mode}")
    elif new is None:
        status = "removed"
        head.append(f"deleted file mode {mode}")
    elif old != new:
        status = "renamed"
        head += ["similarity index 90%", f"rename from {old}", f"rename to {new}"]
    head.append(f"index {_blob(before)}..{_blob(after)}" + (f" {mode}" if status == "modified" else ""))
    names = ("/dev/null" if old is None else f"a/{left}", "/dev/null" if new is None else f"b/{right}")
    if b"\x00" in (before or b"") + (after or b""):
        text = "\n".join([*head, f"Binary files {names[0]} and {names[1]} differ", ""])
        return Change(status, old, new, 0, 0, text.encode())
    lines = list(
        difflib.unified_diff(
            (before or b"").decode(errors="surrogateescape").splitlines(),
            (after or b"").decode(errors="surrogateescape").splitlines(),
            *names,
            lineterm="",
            n=context,
        )
    )
    added = sum(line.startswith("+") for line in lines[2:])
    removed = sum(line.startswith("-") for line in lines[2:])
    text = "\n".join([*head, *lines, ""])
    return Change(status, old, new, added, removed, text.encode(errors="surrogateescape"))


def _blob(content: bytes | None) -> str:
    if content is None:
        return "0000000"
    header = b"blob %d\x00" % len(content)
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()[:7]

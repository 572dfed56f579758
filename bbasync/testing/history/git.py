"""Histories of local git repositories, for the worlds of both fakes: opened for reading only.

What is changed through the API is kept in memory, on top of what git has.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pygit2
from pygit2.enums import DeltaStatus, FileMode, ReferenceType, SortMode

from bbasync.testing.history import NO_WORDS, SHORTEST, WHOLE, Commit, History, Place, Reach, Walk
from bbasync.testing.history.files import CONTEXT, Attribute, Change, Entry, Files, Status
from bbasync.testing.history.timeline import lay_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

STATUSES: dict[DeltaStatus, Status] = {
    DeltaStatus.ADDED: "added",
    DeltaStatus.COPIED: "added",
    DeltaStatus.DELETED: "removed",
    DeltaStatus.RENAMED: "renamed",
}
KEPT_COMMITS = 10_000
ATTRIBUTES: dict[int, Attribute] = {FileMode.LINK: "link", FileMode.BLOB_EXECUTABLE: "executable"}


def signed_on(signature: pygit2.Signature) -> datetime:
    """Return the date of a signature in its own time zone."""
    return datetime.fromtimestamp(signature.time, timezone(timedelta(minutes=signature.offset)))


def open_repositories(paths: Sequence[str | Path]) -> dict[str, pygit2.Repository]:
    """Open the repository of each path, by a slug made from the name of its folder; ValueError if one cannot be."""
    found: dict[str, pygit2.Repository] = {}
    for path in paths:
        try:
            git = pygit2.Repository(str(path))  # pyright: ignore[reportCallIssue] - pygit2's stub wants its own flags
        except (pygit2.GitError, KeyError) as error:
            raise ValueError(f"{path} is not a git repository that can be opened: {error}") from error
        name = Path(path).resolve().name.removesuffix(".git").lower()
        found[name if name not in found else f"{name}-{len(found)}"] = git
    return found


def find_commit(git: pygit2.Repository, name: str) -> pygit2.Commit | None:
    """Return a commit by the beginning of its hash."""
    try:
        return _as_commit(git[name])
    except (KeyError, ValueError):  # unknown, ambiguous, or not a hash
        return None


def _as_commit(found: object) -> pygit2.Commit | None:
    return found if isinstance(found, pygit2.Commit) else None


def list_branches(git: pygit2.Repository) -> dict[str, str]:
    """Return the head of each local branch by name."""
    return {name: str(git.branches.local[name].target) for name in git.branches.local}


def current_branch(git: pygit2.Repository) -> str | None:
    """Return the branch that is checked out, else any; None if there are none."""
    head = "" if git.head_is_unborn or git.head_is_detached else git.head.shorthand
    return head or next(iter(git.branches.local), None)


def list_tags(git: pygit2.Repository) -> Iterator[tuple[str, str, pygit2.Tag | None]]:
    """Yield name and commit of each tag, and what an annotated one holds."""
    for name in git.references:
        if not name.startswith("refs/tags/"):
            continue
        reference = git.references[name]
        try:
            commit = str(reference.peel(pygit2.Commit).id)
        except pygit2.InvalidSpecError:  # a tag of something else than a commit
            continue
        found = git[reference.target] if reference.type == ReferenceType.DIRECT else None
        yield name.removeprefix("refs/tags/"), commit, found if isinstance(found, pygit2.Tag) else None


def list_blobs(tree: pygit2.Tree, prefix: str = "") -> Iterator[tuple[str, pygit2.Blob]]:
    """Yield every file below a tree with its path."""
    for item in tree:
        if isinstance(item, pygit2.Blob):
            yield f"{prefix}{item.name}", item
        elif isinstance(item, pygit2.Tree):
            yield from list_blobs(item, f"{prefix}{item.name}/")


class GitWalk(Walk):
    """The commits that git lists, below those that were made through the API."""

    def __init__(self, history: GitHistory, stored: list[str], names: list[str]) -> None:
        super().__init__(history, Reach(), Reach())
        self._source = history
        self._names = [*stored, *names]

    def __len__(self) -> int:
        return len(self._names)

    def _at(self, position: int) -> Commit:
        found = self._source.find(self._names[position])
        if found is None:
            raise IndexError(position)
        return found


class GitHistory(History):
    """The commits of a git repository, and those made through the API."""

    def __init__(self, git: pygit2.Repository) -> None:
        nothing = lay_out("", pulls=0, length=0, users=2)
        super().__init__(trunk_key="", own_key="", timeline=nothing, authors=1, words=NO_WORDS)
        self.git = git
        self._read: dict[str, Commit] = {}

    def __deepcopy__(self, memo: dict[int, object]) -> GitHistory:
        copied = GitHistory(self.git)
        copied.stored = dict(self.stored)
        return copied

    def find(self, prefix: str) -> Commit | None:
        """Give a commit by the first seven or more digits of its hash."""
        known = self.stored.get(prefix) or self._read.get(prefix)
        if known is None and len(prefix) < WHOLE:
            known = next((commit for name, commit in self.stored.items() if name.startswith(prefix)), None)
        if known is not None or len(prefix) < SHORTEST:
            return known
        found = self.git_commit(prefix)
        if found is None:
            return None
        if len(self._read) >= KEPT_COMMITS:
            self._read.clear()
        name, author = str(found.id), found.author
        commit = self._read[name] = Commit(
            hash=name,
            parents=tuple(str(parent) for parent in found.parent_ids),
            date=signed_on(author),
            message=found.message,
            user=None,
            raw_author=f"{author.name} <{author.email}>",
        )
        return commit

    def git_commit(self, name: str) -> pygit2.Commit | None:
        """Give a commit of git's own."""
        return find_commit(self.git, name)

    def place(self, prefix: str) -> Place | None:
        """Tell whether there is such a commit; there are no computed ones."""
        return ("stored", 0, 0) if self.find(prefix) is not None else None

    def walk(self, include: Iterable[str], exclude: Iterable[str] = ()) -> Walk:
        """List what `include` reaches and `exclude` does not."""
        stored, roots = self._split(include)
        hidden, hidden_roots = self._split(exclude)
        walker = self.git.walk(None, SortMode.TOPOLOGICAL | SortMode.TIME)
        for root in roots:
            walker.push(root)
        for root in hidden_roots:
            walker.hide(root)
        names = [str(commit.id) for commit in walker] if roots else []
        return GitWalk(self, [name for name in reversed(self.stored) if name in stored - hidden], names)

    def find_base(self, left: str, right: str) -> Commit | None:
        """Find the newest commit that both reach."""
        one, one_roots = self._split([left])
        other, other_roots = self._split([right])
        common = [name for name in self.stored if name in one & other]
        if common:
            return self.stored[common[-1]]
        bases = {str(self.git.merge_base(a, b)) for a in one_roots for b in other_roots}  # "None" where there is none
        found = [commit for base in bases if (commit := self.find(base)) is not None]
        return max(found, key=lambda commit: commit.date, default=None)

    def _split(self, heads: Iterable[str]) -> tuple[set[str], list[pygit2.Oid]]:
        """Part what the heads reach into commits made here, and the git commits below them."""
        stored, roots, waiting = set[str](), list[pygit2.Oid](), list(heads)
        while waiting:
            name = waiting.pop()
            if name in self.stored:
                if name not in stored:
                    stored.add(name)
                    waiting.extend(self.stored[name].parents)
                continue
            commit = self.git_commit(name)
            if commit is not None:
                roots.append(commit.id)
        return stored, roots


class GitFiles(Files):
    """The trees of a git repository; those of commits made through the API are laid over them."""

    def __init__(self, history: GitHistory) -> None:
        super().__init__(history)
        self._source = history

    def entry(self, commit: str, path: str) -> Entry | None:
        """Find a file or a directory; the empty path is the root."""
        found = self._source.git_commit(commit)
        if found is None:
            return super().entry(commit, path)
        path = path.strip("/")
        if not path:
            return Entry("")
        try:
            return _entry(path, found.tree[path])
        except KeyError:
            return None

    def listing(self, commit: str, path: str, depth: int = 1) -> list[Entry]:
        """List a directory, `depth` levels down."""
        found = self._source.git_commit(commit)
        if found is None:
            return super().listing(commit, path, depth)
        path = path.strip("/")
        tree = found.tree[path] if path else found.tree
        entries = list(_walk_tree(tree, f"{path}/" if path else "", depth)) if isinstance(tree, pygit2.Tree) else []
        return sorted(entries, key=lambda one: (one.path.count("/"), one.size is not None, one.path))

    def content(self, commit: str, path: str) -> bytes:
        """Give the bytes of a file; KeyError if there is none."""
        found = self._source.git_commit(commit)
        if found is None:
            return super().content(commit, path)
        blob = found.tree[path.strip("/")]
        return blob.data if isinstance(blob, pygit2.Blob) else b""

    def changes(self, old: str | None, new: str, context: int = CONTEXT) -> list[Change]:
        """Compare two commits; None is the empty tree."""
        after = self._source.git_commit(new)
        before = self._source.git_commit(old) if old is not None else None
        if after is None or (old is not None and before is None):
            return super().changes(old, new, context)
        if before is None:
            diff = after.tree.diff_to_tree(context_lines=context, swap=True)
        else:
            diff = before.tree.diff_to_tree(after.tree, context_lines=context)
        diff.find_similar()
        return [_change(self._source.git, patch) for patch in diff if patch is not None]

    def touches(self, path: str) -> Callable[[Commit], bool]:
        """Tell whether a commit differs at the path from all of its parents."""
        stored = super().touches(path)
        path = path.strip("/")

        def here(name: str) -> pygit2.Oid | None:
            commit = self._source.git_commit(name)
            try:
                return commit.tree[path].id if commit is not None else None
            except KeyError:
                return None

        def test(commit: Commit) -> bool:
            if commit.hash in self._source.stored:
                return stored(commit)
            own = here(commit.hash)
            return all(here(parent) != own for parent in commit.parents) and (own is not None or bool(commit.parents))

        return test

    def _computed(self, commit: str) -> dict[str, bytes]:
        found = self._source.git_commit(commit)
        if found is None:
            return {}
        return {path: blob.data for path, blob in list_blobs(found.tree)}


def _walk_tree(tree: pygit2.Tree, prefix: str, depth: int) -> Iterator[Entry]:
    for item in tree:
        path = f"{prefix}{item.name}"
        yield _entry(path, item)
        if isinstance(item, pygit2.Tree) and depth > 1:
            yield from _walk_tree(item, f"{path}/", depth - 1)


def _entry(path: str, item: pygit2.Object) -> Entry:
    if isinstance(item, pygit2.Tree):
        return Entry(path)
    if not isinstance(item, pygit2.Blob):
        return Entry(path, 0, ("subrepository",))
    attribute = ATTRIBUTES.get(item.filemode or 0)
    if attribute is None and item.is_binary:
        attribute = "binary"
    return Entry(path, item.size, (attribute,) if attribute else ())


def _change(git: pygit2.Repository, patch: pygit2.Patch) -> Change:
    delta = patch.delta
    status = STATUSES.get(delta.status, "modified")
    old = None if status == "added" else delta.old_file
    new = None if status == "removed" else delta.new_file
    before, after = _bytes(git, old), _bytes(git, new)
    return Change(status, old and old.path, new and new.path, before, after, git_patch=patch.data)


def _bytes(git: pygit2.Repository, file: pygit2.DiffFile | None) -> bytes | None:
    found = git.get(file.id) if file is not None else None
    return found.data if isinstance(found, pygit2.Blob) else None if file is None else b""

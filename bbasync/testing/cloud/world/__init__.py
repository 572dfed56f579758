"""The data behind FakeCloud: deterministic, realistic, and of any size, since most of it is computed on demand."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from bbasync.testing.clock import Clock
from bbasync.testing.cloud.world.repository import Counts, Download, Hook, Repository, by_uuid_or_slug, make_uuid
from bbasync.testing.cloud.world.snippets import Snippet
from bbasync.testing.history import History, Words
from bbasync.testing.history.timeline import BOTS, NOW, SPAN, Truth, check_now, lay_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bbasync.testing.cloud.world.pipelines import Run

WORKSPACES = ("acme", "globex", "initech", "umbrella", "hooli", "stark")
REPOSITORIES = ("api", "web", "docs", "infra", "mobile", "tools", "billing", "search")
NAMES = (
    "Ada Lovelace",
    "Jürgen Groß",
    "王小明",
    "Zoë Álvarez",
    "Grace Hopper",
    "Łukasz Nowak",
    "Ólafur Jónsson",
    "Noor O'Brien",
)
BOT_NAMES = ("Dependency Bot", "Release Bot")
LANGUAGES = ("python", "typescript", "", "go", "c++")
EMPTY_EVERY, FORK_EVERY, UNICODE_EVERY, PUBLIC_EVERY = 8, 6, 4, 4

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
TITLES = (
    "Retry on 555",
    "Größere Seiten",
    "Rate limit by workspace",
    "Typos",
    "支持中文路径",
    "Follow `next` verbatim",
)
STRANGERS = ("deploy bot <bot@ci.invalid>", "Former Colleague <gone@example.invalid>", "root")

ARCHIVE = bytes(range(256)) * 16
"""The content of the one download that repositories have."""


def _branch(number: int) -> str:
    if number % 10 == 4:  # these have a name that wants quoting in a path
        return f"fix/#{number}-größe"
    return f"feature/API-{number}"


def _merge_message(number: int, title: str, branch: str) -> str:
    return f"Merged in {branch} (pull request #{number})\n\n{title}\n"


WORDS = Words(PATHS, TITLES, STRANGERS, _branch, _merge_message)


@attrs.frozen
class User:
    """An account."""

    index: int
    uuid: str
    account_id: str
    nickname: str
    display_name: str
    created_on: datetime


@attrs.define(eq=False)
class Project:
    """A project of a workspace."""

    key: str
    name: str
    uuid: str
    created_on: datetime
    updated_on: datetime
    description: str = ""
    is_private: bool = True
    default_reviewers: list[int] = attrs.field(factory=list[int])


@attrs.define(eq=False)
class Workspace:
    """A workspace; repositories by slug, projects by key."""

    slug: str
    name: str
    uuid: str
    created_on: datetime
    members: list[int]
    is_private: bool = True
    is_personal: bool = False
    projects: dict[str, Project] = attrs.field(factory=dict[str, Project])
    repositories: dict[str, Repository] = attrs.field(factory=dict[str, Repository])
    hooks: dict[str, Hook] = attrs.field(factory=dict[str, Hook])

    def repository(self, name: str) -> Repository | None:
        """Find a repository by slug or uuid."""
        return by_uuid_or_slug(self.repositories, name)


class World:
    """Everything that a fake Bitbucket Cloud knows. The same arguments give the same world.

    Every repository has `commits` commits on its trunk, `pull_requests` pull requests, and what follows from them;
    every eighth one is empty, every sixth a fork of its neighbour. User 0 is the one whose credentials are taken.
    Pull request 1 and the newest of a repository are open, what becomes of the others differs from one to another.
    All that is made up lies in the five years before `now`, and the newest of it not long before.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        workspaces: int = 3,
        projects: int = 2,
        members: int = 6,
        repositories: int = 4,
        commits: int = 120,
        pull_requests: int = 20,
        now: datetime = NOW,
        clock: Clock | None = None,
    ) -> None:
        check_now(now)
        self.seed = seed
        self.clock = clock or Clock()
        self._end, self._begin = now, now - SPAN
        self._last = max(self.clock.now(), now)
        self._serial = 0
        self._people = max(2 * members, 2)
        self.users = [self._make_user(index) for index in range(self._people + BOTS)]
        self.workspaces: dict[str, Workspace] = {}
        self.stored: dict[tuple[str, ...], dict[str, dict[str, Any]]] = {}
        """What clients have stored in resources without behaviour."""
        self.snippets: dict[str, Snippet] = {}
        """What clients have created, by ID."""
        self.running: list[tuple[Repository, Run]] = []
        """Runs of pipelines that have not completed."""
        for index in range(workspaces):
            workspace = self._make_workspace(index, members, projects)
            self.workspaces[workspace.slug] = workspace
            for number in range(repositories):
                self._make_repository(index, workspace, number, commits, pull_requests)

    def now(self) -> datetime:
        """Tell the time, later at each call by a microsecond at least, so that changes have an order."""
        self._last = max(self.clock.now(), self._last + timedelta(microseconds=1))
        return self._last

    def serial(self) -> int:
        """Give a number that no computed thing has."""
        self._serial += 1
        return 1_000_000_000 + self._serial

    def new_uuid(self) -> str:
        """Give an identifier for something made through the API."""
        return make_uuid(f"{self.seed}/made/{self.serial()}")

    def new_hash(self) -> str:
        """Give the hash of a commit made through the API."""
        return hashlib.blake2b(b"%d/%d" % (self.seed, self.serial()), digest_size=20).hexdigest()

    @property
    def me(self) -> User:
        """The user whose credentials the server takes."""
        return self.users[0]

    def user(self, name: str) -> User | None:
        """Find a user by uuid or account id; user names no longer exist."""
        return next((one for one in self.users if name in (one.uuid, one.account_id)), None)

    def workspace(self, name: str) -> Workspace | None:
        """Find a workspace by slug or uuid."""
        if name.startswith("{"):
            return next((one for one in self.workspaces.values() if one.uuid == name), None)
        return self.workspaces.get(name.lower())

    def repository(self, workspace: str, name: str) -> Repository:
        """Give a repository by slug; KeyError if there is none."""
        return self.workspaces[workspace].repositories[name]

    def repository_by_uuid(self, uuid: str | None) -> Repository | None:
        """Find a repository by its uuid in braces."""
        return next((one for one in self.repositories() if one.uuid == uuid), None)

    def repositories(self) -> Iterator[Repository]:
        """Give all repositories."""
        for workspace in self.workspaces.values():
            yield from workspace.repositories.values()

    @property
    def has_source(self) -> bool:
        """Whether there are real repositories among the made-up ones."""
        return any(one.git_dir is not None for one in self.repositories())

    def truth(self, repository: Repository, pull_request_id: int) -> Truth:
        """Return what happened to a made-up pull request, to test reports against; KeyError if there is none.

        Changes made through the API are not part of it.
        """
        if not 0 < pull_request_id <= repository.pulls:
            raise KeyError(pull_request_id)
        return repository.history.timeline.truth(pull_request_id)

    def counts(self) -> Counts:
        """Count the rows that full listings give, by resource."""
        found = Counter(
            workspaces=len(self.workspaces),
            projects=sum(len(one.projects) for one in self.workspaces.values()),
            members=sum(len(one.members) for one in self.workspaces.values()),
            repositories=sum(len(one.repositories) for one in self.workspaces.values()),
        )
        for repository in self.repositories():
            found.update(repository.counts())
        return dict(found)

    def create_repository(self, workspace: Workspace, slug: str, parent: Repository | None = None) -> Repository:
        """Add an empty repository, or a fork that shares the trunk of its parent."""
        now, key = self.now(), f"{self.seed}/made/{self.serial()}"
        history = self._history(key, parent.history.length if parent else 0, 0, parent)
        repository = Repository(
            workspace=workspace.slug,
            slug=slug,
            name=slug,
            uuid=make_uuid(key),
            project=next(iter(workspace.projects), ""),
            history=history,
            users=self._people,
            created_on=now,
            updated_on=now,
            parent=parent,
            mainbranch=parent.mainbranch if parent else None,
        )
        if parent is not None:
            history.stored.update(parent.history.stored)
        workspace.repositories[slug] = repository
        return repository

    def create_snippet(self, workspace: Workspace, creator: int) -> Snippet:
        """Add a snippet without a commit."""
        now, key = self.now(), f"{self.seed}/snippet/{self.serial()}"
        digest = hashlib.blake2b(key.encode(), digest_size=5).digest()
        snippet = Snippet(
            id=base64.b32encode(digest).decode().lower()[:7],
            workspace=workspace.slug,
            creator=creator,
            created_on=now,
            updated_on=now,
            history=self._history(key, 0, 0, None),
        )
        self.snippets[snippet.id] = snippet
        return snippet

    def _make_user(self, index: int) -> User:
        key = f"{self.seed}/user/{index}"
        name = NAMES[index % len(NAMES)] + ("" if index < len(NAMES) else f" {index}")
        if index >= self._people:
            name = BOT_NAMES[index - self._people]
        account = f"557058:{make_uuid(key + '/account')[1:-1]}"
        return User(
            index, make_uuid(key), account, name.split()[0].lower(), name, self._begin + timedelta(days=index % 300)
        )

    def _make_workspace(self, index: int, members: int, projects: int) -> Workspace:
        slug = WORKSPACES[index] if index < len(WORKSPACES) else f"workspace-{index}"
        key = f"{self.seed}/workspace/{index}"
        others = [1 + (index * 5 + place) % (self._people - 1) for place in range(max(members - 1, 0))]
        workspace = Workspace(slug, slug.title(), make_uuid(key), self._begin + timedelta(days=index), [0, *others])
        for number in range(projects):
            date = self._begin + timedelta(days=number, microseconds=number + 1)
            name = f"Projekt Größe {number}" if number % UNICODE_EVERY == 1 else f"Project {number}"
            project = Project(f"PRJ{number}", name, make_uuid(f"{key}/project/{number}"), date, date)
            workspace.projects[project.key] = project
        return workspace

    def _make_repository(self, index: int, workspace: Workspace, number: int, commits: int, pull_requests: int) -> None:
        slug = REPOSITORIES[number] if number < len(REPOSITORIES) else f"repository-{number}"
        key = f"{self.seed}/{workspace.slug}/{slug}"
        empty = number % EMPTY_EVERY == 3 or not commits  # the fourth, so that small worlds have one
        neighbour = list(workspace.repositories.values())[-1] if number % FORK_EVERY == 2 else None
        parent = neighbour if neighbour is not None and neighbour.history.length else None
        parent = None if empty else parent
        history = self._history(key, 0 if empty else commits, 0 if empty else pull_requests, parent)
        created = self._begin + timedelta(days=number % 365, seconds=index, microseconds=number % 999_983 + 1)
        releases = {} if empty else {"release-1.0.zip": Download(ARCHIVE, 0, created)}
        workspace.repositories[slug] = Repository(
            workspace=workspace.slug,
            slug=slug,
            name=f"Größe · {slug}" if number % UNICODE_EVERY == 1 else slug,
            uuid=make_uuid(key),
            project=list(workspace.projects)[number % len(workspace.projects)] if workspace.projects else "",
            history=history,
            users=self._people,
            created_on=created,
            updated_on=created + (self._end - created) * (0.4 + number * 0.37 % 0.6),
            parent=parent,
            is_private=number % PUBLIC_EVERY != 1,
            description="" if number % 2 else f"The {slug} of {workspace.name}",
            language=LANGUAGES[number % len(LANGUAGES)],
            mainbranch=None if empty else "main",
            size=0 if empty else 4096 + 900 * commits,
            empty_status=404 if index % 2 == 0 else 200,
            default_reviewers=[0, 1],
            watchers=workspace.members[:2],
            downloads=releases,
        )

    def _history(self, key: str, commits: int, pull_requests: int, parent: Repository | None) -> History:
        return History(
            trunk_key=parent.history.trunk_key if parent is not None else key,
            own_key=key,
            timeline=lay_out(
                key,
                pulls=pull_requests,
                length=commits,
                users=self._people,
                now=self._end,
                trunk=parent.history.timeline if parent is not None else None,
            ),
            authors=self._people,
            words=WORDS,
        )

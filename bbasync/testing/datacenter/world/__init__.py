"""What FakeDataCenter holds: users, projects, repositories, pull requests; plain mutable values."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
from attrs import define, field

from bbasync.testing.clock import Clock
from bbasync.testing.datacenter.world.permissions import NONE, RANKS, Grants
from bbasync.testing.history import SHORTEST, Commit, History, empty_history
from bbasync.testing.history.files import Files
from bbasync.testing.history.timeline import Truth

if TYPE_CHECKING:
    from collections.abc import Mapping

UNIX = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def to_ms(date: datetime) -> int:
    """Convert a date to the milliseconds in which Data Center writes dates."""
    return (date - UNIX) // MILLISECOND


def from_ms(stamp: int) -> datetime:
    """Convert milliseconds to a date."""
    return UNIX + stamp * MILLISECOND


@define(kw_only=True, eq=False)
class User:
    """An account; `slug` is what URLs carry and differs from `name` where that has special characters."""

    id: int
    name: str
    slug: str
    display_name: str
    email: str
    kind: str = "NORMAL"
    """SERVICE is the technical user behind a project's or repository's token, or a bot."""
    active: bool = True
    """False once the account was deleted."""

    @property
    def signature(self) -> str:
        """The user as author of a commit."""
        return f"{self.name} <{self.email}>"


@define(kw_only=True, eq=False)
class Project:
    """A project; a personal one has an owner and the key `~slug`."""

    id: int
    key: str
    name: str
    description: str | None = None
    public: bool = False
    owner: User | None = None
    grants: Grants = field(factory=Grants)
    repositories: dict[str, Repository] = field(factory=dict[str, "Repository"])


@define(kw_only=True, eq=False)
class Participant:
    """One user's part in a pull request."""

    user: User
    role: str
    status: str = "UNAPPROVED"
    last_reviewed: str | None = None


@define(kw_only=True, eq=False)
class Comment:
    """A comment on a pull request; replies are nested."""

    id: int
    repository: Repository
    text: str
    author: User
    created: int
    updated: int
    version: int = 0
    severity: str = "NORMAL"
    state: str = "OPEN"
    parent: Comment | None = None
    anchor: dict[str, object] | None = None
    replies: list[Comment] = field(factory=list["Comment"])


@define(kw_only=True)
class Rescope:
    """A push to the source branch of a pull request: the heads of both branches before and after it."""

    from_hash: str
    previous_from_hash: str
    to_hash: str
    previous_to_hash: str


@define(kw_only=True, eq=False)
class Activity:
    """An entry in the history of a pull request."""

    id: int
    action: str
    user: User
    created: int
    comment: Comment | None = None
    comment_action: str = ""
    merge_commit: str | None = None
    rescope: Rescope | None = None
    added_reviewers: list[User] = field(factory=list[User])
    removed_reviewers: list[User] = field(factory=list[User])


@define(kw_only=True)
class Tag:
    """A tag; an annotated one has a `hash` of its own."""

    commit: str
    hash: str | None = None


@define(kw_only=True, eq=False)
class Ref:
    """One side of a pull request; `commit` is the tip when the pull request was last open."""

    repository: Repository
    branch: str
    commit: str


@define(kw_only=True, eq=False)
class PullRequest:
    """A pull request. Set `conflicted` or `vetoes` (summary, detail) to have a merge refused.

    Branches that cannot be merged are in conflict whatever `conflicted` says.
    """

    id: int
    title: str
    description: str | None
    author: User
    source: Ref
    target: Ref
    created: int
    updated: int
    version: int = 0
    state: str = "OPEN"
    draft: bool = False
    closed: int | None = None
    merge_commit: str | None = None
    participants: list[Participant] = field(factory=list[Participant])
    """Reviewers and others, without the author."""
    comments: dict[int, Comment] = field(factory=dict[int, Comment])
    activities: list[Activity] = field(factory=list[Activity])
    """Oldest first."""
    conflicted: bool = False
    vetoes: list[tuple[str, str]] = field(factory=list[tuple[str, str]])

    def participant(self, user: User) -> Participant | None:
        """Find a user among the participants."""
        return next((item for item in self.participants if item.user is user), None)

    @property
    def in_conflict(self) -> bool:
        """Whether a merge has conflicts."""
        files = self.source.repository.files
        return self.conflicted or bool(files.merge(self.target.commit, self.source.commit).conflicts)

    def refresh(self) -> None:
        """Take over the tips of both branches, as long as the pull request is open and they exist."""
        if self.state == "OPEN":
            for ref in (self.source, self.target):
                ref.commit = ref.repository.branches.get(ref.branch, ref.commit)


@define(kw_only=True, eq=False)
class BuildStatus:
    """The result of a build of a commit."""

    key: str
    state: str
    url: str
    added: int
    updated: int
    name: str | None = None
    description: str | None = None
    ref: str | None = None
    build_number: str | None = None
    duration: int | None = None


def _files_of(repository: Repository) -> Files:
    return Files(repository.history)


@define(kw_only=True, eq=False)
class Repository:
    """A repository; `forks` are the repositories whose `origin` it is, and all of them share their commits."""

    id: int
    slug: str
    name: str
    project: Project
    history: History
    description: str | None = None
    public: bool = False
    forkable: bool = True
    archived: bool = False
    origin: Repository | None = None
    grants: Grants = field(factory=Grants)
    """Besides what the project's permissions allow."""
    git_dir: Path | None = None
    """The git repository that its clone link serves, if there is one."""
    default_branch: str = "main"
    branches: dict[str, str] = field(factory=dict[str, str])
    """The newest commit of each branch."""
    tags: dict[str, Tag] = field(factory=dict[str, Tag])
    forks: list[Repository] = field(factory=list["Repository"])
    pulls: int = 0
    """How many pull requests are made up; those opened through the API follow."""
    pull_requests: dict[int, PullRequest] = field(factory=dict[int, PullRequest])
    files: Files = field(default=attrs.Factory(_files_of, takes_self=True))

    def fork(self, number: int, name: str, slug: str, project: Project) -> Repository:
        """Return a fork, which has the same branches and tags."""
        made = Repository(
            id=number,
            slug=slug,
            name=name,
            project=project,
            history=self.history,
            files=self.files,
            origin=self,
            default_branch=self.default_branch,
            branches=dict(self.branches),
            tags=dict(self.tags),
        )
        self.forks.append(made)
        return made

    def resolve(self, name: str) -> str | None:
        """Return the commit that a full ref, a commit id of seven digits or more, a branch or a tag names."""
        _, group, short = name.split("/", 2) if name.startswith(("refs/heads/", "refs/tags/")) else ("", "", name)
        if group != "tags" and short in self.branches:
            return self.branches[short]
        if group != "heads" and short in self.tags:
            return self.tags[short].commit
        found = self.history.find(name) if not group and len(name) >= SHORTEST else None
        return None if found is None else found.hash

    @property
    def path(self) -> str:
        """The address of the repository as messages quote it."""
        return f"{self.project.key}/{self.slug}"


@define(eq=False, slots=False)
class World:
    """All that one server holds."""

    now: int = 0
    """The time of the last change, in epoch milliseconds."""
    clock: Clock = field(factory=Clock)
    users: dict[str, User] = field(factory=dict[str, User])
    """By slug."""
    people: list[User] = field(factory=list[User])
    """The authors of what is made up, by the numbers that histories give them: bots too, which are not among users."""
    groups: dict[str, set[str]] = field(factory=dict[str, set[str]])
    """The names of the members by the name of the group."""
    grants: Grants = field(factory=Grants)
    """The global permissions; a user without one cannot log in."""
    projects: dict[str, Project] = field(factory=dict[str, Project])
    """By key, personal ones too."""
    builds: dict[str, dict[str, BuildStatus]] = field(factory=dict[str, dict[str, BuildStatus]])
    """By commit, then by the build's key: statuses belong to the commit alone."""
    moved: dict[tuple[str, str], Repository] = field(factory=dict[tuple[str, str], Repository])
    """Former addresses of renamed repositories."""
    stored: dict[tuple[str, ...], dict[str, dict[str, object]]] = field(
        factory=dict[tuple[str, ...], dict[str, dict[str, object]]]
    )
    """What clients have stored in resources without behaviour."""
    last_id: int = 0

    def tick(self) -> int:
        """Return the time, later at each call by a millisecond at least, so that changes have an order."""
        self.now = max(int(self.clock.now().timestamp() * 1000), self.now + 1)
        return self.now

    def create_repository(self, project: Project, name: str, slug: str, default_branch: str) -> Repository:
        """Add an empty repository."""
        number = self.next_id()
        history = empty_history(f"made/{number}")
        made = Repository(
            id=number, slug=slug, name=name, project=project, history=history, default_branch=default_branch
        )
        project.repositories[slug] = made
        return made

    def commit(
        self,
        repository: Repository,
        *,
        parents: tuple[str, ...],
        author: User,
        message: str,
        changes: Mapping[str, bytes | None],
    ) -> Commit:
        """Add a commit made through the API."""
        date, key = from_ms(self.tick()), f"{self.next_id()}/{author.name}".encode()
        name = hashlib.blake2b(key, digest_size=20).hexdigest()
        commit = Commit(name, parents, date, message, None, author.signature, changes)
        repository.history.store(commit)
        return commit

    def pulls_from(self, repository: Repository, branch: str) -> list[PullRequest]:
        """List the open pull requests from a branch, of all repositories."""
        return [
            pull
            for item in self.repositories()
            for pull in item.pull_requests.values()
            if pull.state == "OPEN" and (pull.source.repository, pull.source.branch) == (repository, branch)
        ]

    def move_branch(self, repository: Repository, branch: str, commit: str, user: User) -> str | None:
        """Move a branch, or make it, with the open pull requests from it; return its former head."""
        before = repository.branches.get(branch)
        for pull in self.pulls_from(repository, branch):
            pull.refresh()
            old, target = pull.source.commit, pull.target.commit
            pull.source.commit, pull.updated = commit, self.tick()
            self.record(pull, "RESCOPED", user, pull.updated).rescope = Rescope(
                from_hash=commit, previous_from_hash=old, to_hash=target, previous_to_hash=target
            )
        repository.branches[branch] = commit
        return before

    def truth(self, repository: Repository, pull_request_id: int) -> Truth:
        """Return what happened to a made-up pull request, to test reports against; KeyError if there is none.

        Dates are in whole milliseconds, as responses have them. Changes made through the API are not part of it.
        """
        if not 0 < pull_request_id <= repository.pulls:
            raise KeyError(pull_request_id)
        found = attrs.asdict(repository.history.timeline.truth(pull_request_id))
        return Truth(**{name: date and from_ms(to_ms(date)) for name, date in found.items()})

    def next_id(self) -> int:
        """Return a fresh id; ids grow over everything, so that neighbours in a list are rarely adjacent."""
        self.last_id += 1
        return self.last_id

    def user_named(self, name: str) -> User | None:
        """Find a user by the name used to log in, which is not always the slug."""
        return next((user for user in self.users.values() if user.name == name), None)

    def global_rank(self, user: User) -> int:
        """Return the rank of the highest global permission of a user."""
        return self.grants.rank(user.name, self.groups)

    def rank(self, user: User | None, place: Project | Repository) -> int:
        """Return what a user, or None for anybody, may do to a project or repository, as a rank among the `LEVELS`."""
        project = place.project if isinstance(place, Repository) else place
        rank = RANKS["READ"] if place.public or project.public else NONE
        if user is None:
            return rank
        if project.owner is user or self.global_rank(user) >= RANKS["ADMIN"]:
            return RANKS["ADMIN"]
        rank = max(rank, project.grants.rank(user.name, self.groups))
        return rank if place is project else max(rank, place.grants.rank(user.name, self.groups))

    def may(self, user: User | None, level: str, place: Project | Repository) -> bool:
        """Tell whether a user, or anybody, may READ, WRITE or ADMIN a project or repository."""
        return self.rank(user, place) >= RANKS[level]

    def sees(self, user: User | None, project: Project) -> bool:
        """Tell whether a project exists for a user: whoever may read one of its repositories sees the project too."""
        repositories = project.repositories.values()
        return self.may(user, "READ", project) or any(self.may(user, "READ", one) for one in repositories)

    def repository(self, key: str, slug: str) -> Repository:
        """Return a repository; KeyError if there is none. Keys of ordinary projects ignore case, as slugs do."""
        return self.project(key).repositories[slug.lower()]

    def project(self, key: str) -> Project:
        """Return a project; KeyError if there is none."""
        return self.projects[key.lower() if key.startswith("~") else key.upper()]

    def repositories(self) -> list[Repository]:
        """List the repositories of all projects."""
        return [item for project in self.projects.values() for item in project.repositories.values()]

    @property
    def has_source(self) -> bool:
        """Whether there are real repositories among the made-up ones."""
        return any(one.git_dir is not None for one in self.repositories())

    def record(
        self, pull: PullRequest, action: str, user: User, created: int, *, comment: Comment | None = None
    ) -> Activity:
        """Add an entry to the activities of a pull request."""
        entry = Activity(id=self.next_id(), action=action, user=user, created=created, comment=comment)
        if comment is not None:
            entry.comment_action = "REPLIED" if comment.parent else "ADDED"
        pull.activities.append(entry)
        return entry

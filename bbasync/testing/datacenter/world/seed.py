"""Seeded data for FakeDataCenter: the same seed gives the same server."""

from __future__ import annotations

import random
import re

from attrs import define, field

from bbasync.testing.datacenter.world import (
    SECOND,
    BuildStatus,
    Comment,
    Participant,
    Project,
    PullRequest,
    Ref,
    Repository,
    User,
    World,
)
from bbasync.testing.datacenter.world.history import Commit, History, Signature, Tag
from bbasync.testing.datacenter.world.permissions import team_grants

EPOCH = 1_650_000_000_000
HOUR = 3600 * SECOND

PEOPLE = (
    ("ada@example", "Ada Ødegård"),
    ("bjorn", "Bjørn Søndergaard"),
    ("chiyo", "千代 田中"),
    ("dara.o", "Dara Ó Briain"),
    ("élodie", "Élodie Lefèvre"),
    ("farid", "فريد حسن"),
)
PROJECTS = (("PRJ", "Payments"), ("OPS", "Operations"), ("WEB", "Web & Móvil"), ("DATA", "Données"))
REPOSITORIES = ("ledger", "gateway", "ünïcode-tools", "infra", "docs", "billing-ui")
TOPICS = ("retry", "naïve cache", "timeouts", "日本語", "audit log", "colour scheme", "pagination")
VERBS = ("Add", "Fix", "Rework", "Remove", "Document", "Speed up")
BRANCH_PREFIXES = ("feature", "bugfix", "release", "experiment")
FILES = (
    "README.md",
    "src/main.py",
    "src/util/text.py",
    "docs/naïve guide.md",
    "docs/100% coverage #1+2.md",
    "config/日本.yaml",
)
STATES = ("OPEN", "MERGED", "OPEN", "DECLINED", "MERGED", "OPEN", "OPEN")


def slugify(name: str) -> str:
    """Return the slug of a name: lower case, with what URLs do not like replaced."""
    return re.sub(r"[^\w.-]+", "-", name.strip().lower())


@define
class Seed:
    """Builds a `World` from sizes."""

    seed: int = 0
    projects: int = 2
    repositories: int = 3
    """Repositories a project."""
    commits: int = 30
    """Commits on the main line of a repository."""
    branches: int = 6
    tags: int = 4
    pull_requests: int = 8
    """Pull requests a repository."""
    users: int = 6
    _random: random.Random = field(init=False)
    _world: World = field(init=False, factory=World)

    def build(self) -> World:
        """Return the world; the first user is its administrator, the last may only read."""
        self._random = random.Random(self.seed)  # noqa: S311 - the same data every time is the point
        for number in range(max(self.users, 3)):
            self._user(number)
        for number in range(self.projects):
            key, name = PROJECTS[number] if number < len(PROJECTS) else (f"P{number}", f"Project {number}")
            project = Project(id=self._world.next_id(), key=key, name=name, public=number % 2 == 1)
            project.grants = team_grants()
            project.description = f"All about {name.lower()}" if number % 3 != 2 else None
            self._world.projects[key] = project
            for index in range(self.repositories):
                self._repository(project, index)
        self._personal_fork()
        return self._world

    def _user(self, number: int) -> None:
        count = max(self.users, 3)
        name, display = PEOPLE[number] if number < len(PEOPLE) else (f"user{number}", f"User {number}")
        slug = re.sub(r"[^\w.-]", "_", name.lower())
        email = f"{slug}@example.org"
        self._world.users[slug] = User(
            id=self._world.next_id(), name=name, slug=slug, display_name=display, email=email
        )
        group = "administrators" if number == 0 else "readers" if number == count - 1 else "developers"
        self._world.groups.setdefault(group, set()).add(name)
        self._world.grants.groups[group] = "SYS_ADMIN" if number == 0 else "LICENSED_USER"

    def _repository(self, project: Project, index: int) -> Repository:
        name = REPOSITORIES[index] if index < len(REPOSITORIES) else f"repository-{index}"
        repository = Repository(
            id=self._world.next_id(), slug=slugify(name), name=name, project=project, history=History()
        )
        repository.public = project.public
        repository.description = self._random.choice((None, f"The {name} of {project.name}"))
        project.repositories[repository.slug] = repository
        line = self._main_line(repository)
        if line:
            self._branches(repository, line)
            self._tags(repository, line)
            self._builds(line)
            for number in range(1, self.pull_requests + 1):
                self._pull_request(repository, number, line[-1].date + number * 4 * HOUR)
        return repository

    def _signature(self) -> Signature:
        if self._random.random() < 0.1:
            return Signature(name="Left Long-Ago", email="gone@example.net")
        user = self._random.choice(list(self._world.users.values()))
        return Signature(name=user.name, email=user.email)

    def _step(self, repository: Repository, parents: tuple[str, ...], date: int, label: str) -> Commit:
        path = self._random.choice(FILES)
        text = "".join(f"{self._random.choice(TOPICS)} {number}\n" for number in range(self._random.randint(2, 12)))
        message = f"{self._random.choice(VERBS)} {self._random.choice(TOPICS)}\n\n{label}"
        changes: dict[str, bytes | None] = {path: text.encode()}
        if not parents:
            changes |= {name: f"# {name}\n".encode() for name in FILES} | {"logo.bin": b"\x89BIN\0\xff"}
        return repository.history.commit(
            parents=parents, author=self._signature(), date=date, message=message, changes=changes
        )

    def _main_line(self, repository: Repository) -> list[Commit]:
        """Grow the main branch; every eighth commit is the merge of a side branch of two commits."""
        line: list[Commit] = []
        for number in range(self.commits):
            date = EPOCH + number * HOUR
            parents = tuple(commit.id for commit in line[-1:])
            if number % 8 == 7:
                first = self._step(repository, parents, date - HOUR // 2, f"{repository.path} side {number}")
                second = self._step(repository, (first.id,), date - HOUR // 4, f"{repository.path} side {number}b")
                merge = repository.history.commit(
                    parents=(parents[0], second.id),
                    author=self._signature(),
                    date=date,
                    message=f"Merge side {number}",
                    changes={**first.changes, **second.changes},
                )
                line.append(merge)
            else:
                line.append(self._step(repository, parents, date, f"{repository.path} {number}"))
        if line:
            repository.history.branches["main"] = line[-1].id
        return line

    def _branches(self, repository: Repository, line: list[Commit]) -> None:
        for number in range(1, self.branches):
            topic = self._random.choice(TOPICS).replace(" ", "-")
            name = f"{BRANCH_PREFIXES[number % 4]}/{topic}#{number}"
            repository.history.branches[name] = self._grow(repository, line, name).id

    def _grow(self, repository: Repository, line: list[Commit], name: str) -> Commit:
        tip = self._random.choice(line[-10:])
        for number in range(self._random.randint(1, 3)):
            tip = self._step(repository, (tip.id,), tip.date + 600 * SECOND + number, f"{name} {number}")
        return tip

    def _tags(self, repository: Repository, line: list[Commit]) -> None:
        for number in range(self.tags):
            commit = line[number * len(line) // self.tags]
            name = f"v0.{number}.0" if number % 2 == 0 else f"nightly/{number}#é"
            tag_hash = commit.id[::-1] if number % 2 == 0 else None
            repository.history.tags[name] = Tag(commit=commit.id, hash=tag_hash)

    def _builds(self, line: list[Commit]) -> None:
        for commit in line[-5:]:
            state = self._random.choice(("SUCCESSFUL", "SUCCESSFUL", "FAILED", "INPROGRESS"))
            self._world.builds[commit.id] = {
                "CI-1": BuildStatus(
                    key="CI-1",
                    state=state,
                    url="https://ci.example.org/1",
                    added=commit.date,
                    updated=commit.date + 90 * SECOND,
                    name="CI » build #1",
                    duration=90 * SECOND,
                )
            }

    def _pull_request(self, repository: Repository, number: int, date: int) -> None:
        history, world = repository.history, self._world
        main = history.branches["main"]
        name = f"pr/{number}-{self._random.choice(TOPICS).replace(' ', '-')}"
        tip = self._step(repository, (main,), date - HOUR // 2, f"work for {number}")
        state = STATES[(number - 1) % len(STATES)]
        people = self._random.sample(list(world.users.values())[1:-1], k=min(2, len(world.users) - 2))
        pull = PullRequest(
            id=number,
            title=f"{self._random.choice(VERBS)} {self._random.choice(TOPICS)} ({number})",
            description=None if number % 5 == 0 else f"* work for {number}",
            author=people[0],
            source=Ref(repository=repository, branch=name, commit=tip.id),
            target=Ref(repository=repository, branch="main", commit=main),
            created=date,
            updated=date,
            draft=number % 6 == 0,
        )
        repository.pull_requests[number] = pull
        pull.participants = [Participant(user=user, role="REVIEWER") for user in people[1:]]
        world.record(pull, "OPENED", pull.author, date)
        self._discuss(pull, date)
        self._close(pull, state, tip)
        if pull.state != "MERGED":  # the branch of a merged one is deleted, as most teams do
            history.branches[name] = tip.id

    def _discuss(self, pull: PullRequest, date: int) -> None:
        world = self._world
        for index in range(pull.id % 4):
            created = date + (index + 1) * 60 * SECOND
            author = self._random.choice(list(world.users.values()))
            comment = Comment(
                id=world.next_id(),
                repository=pull.target.repository,
                text=f"Looks 👍 but… {index}",
                author=author,
                created=created,
                updated=created,
            )
            if index == 1:
                comment.parent = next(iter(pull.comments.values()))
                comment.parent.replies.append(comment)
            elif index == 2:
                comment.anchor = {
                    "fromHash": pull.target.commit,
                    "toHash": pull.source.commit,
                    "line": 1,
                    "lineType": "CONTEXT",
                    "fileType": "TO",
                    "path": "README.md",
                    "diffType": "EFFECTIVE",
                    "orphaned": False,
                }
            pull.comments[comment.id] = comment
            world.record(pull, "COMMENTED", author, created, comment=comment)

    def _close(self, pull: PullRequest, state: str, tip: Commit) -> None:
        world, date = self._world, pull.created + 2 * HOUR
        reviewer = pull.participants[0] if pull.participants else None
        if reviewer is not None and pull.id % 2 == 0:
            reviewer.status, reviewer.last_reviewed = "APPROVED", tip.id
            world.record(pull, "APPROVED", reviewer.user, date - HOUR)
        if state == "OPEN":
            return
        pull.state, pull.closed, pull.updated, pull.version = state, date, date, 1
        entry = world.record(pull, state, pull.author, date)
        if state == "MERGED":
            history = pull.target.repository.history
            merge = history.commit(
                parents=(pull.target.commit, tip.id),
                author=tip.author,
                date=date,
                message=f"Pull request #{pull.id}: {pull.title}",
                changes=tip.changes,
            )
            history.branches["main"] = pull.merge_commit = entry.merge_commit = merge.id

    def _personal_fork(self) -> None:
        """Give the administrator a fork of the first repository, in a personal project."""
        owner = next(iter(self._world.users.values()))
        key = f"~{owner.slug}"
        project = Project(id=self._world.next_id(), key=key, name=owner.display_name, owner=owner)
        self._world.projects[key] = project
        origin = next(iter(self._world.repositories()), None)
        if origin is not None:
            fork = Repository(
                id=self._world.next_id(),
                slug=origin.slug,
                name=origin.name,
                project=project,
                history=origin.history.copy(),
                origin=origin,
            )
            origin.forks.append(fork)
            project.repositories[fork.slug] = fork

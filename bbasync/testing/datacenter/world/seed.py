"""Seeded data for FakeDataCenter: the same seed gives the same server."""

from __future__ import annotations

import hashlib
import random
import re
from datetime import datetime, timedelta

from attrs import define, field

from bbasync.testing.datacenter.world import BuildStatus, Project, Repository, Tag, User, World, to_ms
from bbasync.testing.datacenter.world.permissions import team_grants
from bbasync.testing.datacenter.world.pull_requests import open_pull_request
from bbasync.testing.history import Commit, History, Words
from bbasync.testing.history.timeline import BOTS, NOW, check_now, lay_out

PEOPLE = (
    ("ada@example", "Ada Ødegård"),
    ("bjorn", "Bjørn Søndergaard"),
    ("chiyo", "千代 田中"),
    ("dara.o", "Dara Ó Briain"),
    ("élodie", "Élodie Lefèvre"),
    ("farid", "فريد حسن"),
)
BOT_NAMES = (("dependency-bot", "Dependency Bot"), ("release-bot", "Release Bot"))
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
    "logo.bin",
)
STRANGERS = ("Left Long-Ago <gone@example.net>",)
BUILDS = ("SUCCESSFUL",) * 7 + ("FAILED", "SUCCESSFUL", "CANCELLED")
BUILT = 5
"""How many of the newest commits of the trunk have a build."""


def slugify(name: str) -> str:
    """Return the slug of a name: lower case, with what URLs do not like replaced."""
    return re.sub(r"[^\w.-]+", "-", name.strip().lower())


def _branch(number: int) -> str:
    return f"pr/{number}-{TOPICS[number % len(TOPICS)].replace(' ', '-')}"


def _merge_message(number: int, title: str, branch: str) -> str:
    return f"Pull request #{number}: {title}\n\nMerge in {branch} to main\n"


WORDS = Words(FILES, tuple(f"{verb} {topic}" for topic in TOPICS for verb in VERBS), STRANGERS, _branch, _merge_message)


@define
class Seed:
    """Builds a `World` from sizes. All that is made up lies in the five years before `now`."""

    seed: int = 0
    projects: int = 2
    repositories: int = 3
    """Repositories a project."""
    commits: int = 30
    """Commits on the trunk of a repository."""
    branches: int = 6
    tags: int = 4
    pull_requests: int = 8
    """Pull requests a repository."""
    users: int = 6
    now: datetime = NOW
    _world: World = field(init=False, factory=World)
    _team: int = field(init=False, default=0)
    """How many of the people of the world work on pull requests."""

    def build(self) -> World:
        """Return the world; the first user is its administrator, the last may only read."""
        check_now(self.now)
        self._world.now = to_ms(self.now)
        self._people()
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

    def _people(self) -> None:
        """Make the users, of whom the administrator and the reader leave pull requests to the others."""
        world = self._world
        users = [self._user(number) for number in range(max(self.users, 3))]
        world.users = {user.slug: user for user in users}
        team = users[1:-1] if len(users) > 3 else users[1::-1]  # a team has two people at least
        bots = [
            User(id=world.next_id(), name=name, slug=name, display_name=display, email="", kind="SERVICE")
            for name, display in BOT_NAMES[:BOTS]
        ]
        world.people = [*team, *bots, *(user for user in users if user not in team)]
        self._team = len(team)

    def _user(self, number: int) -> User:
        count = max(self.users, 3)
        name, display = PEOPLE[number] if number < len(PEOPLE) else (f"user{number}", f"User {number}")
        slug = re.sub(r"[^\w.-]", "_", name.lower())
        email = f"{slug}@example.org"
        group = "administrators" if number == 0 else "readers" if number == count - 1 else "developers"
        self._world.groups.setdefault(group, set()).add(name)
        self._world.grants.groups[group] = "SYS_ADMIN" if number == 0 else "LICENSED_USER"
        return User(id=self._world.next_id(), name=name, slug=slug, display_name=display, email=email)

    def _repository(self, project: Project, index: int) -> None:
        name = REPOSITORIES[index] if index < len(REPOSITORIES) else f"repository-{index}"
        slug = slugify(name)
        key = f"{self.seed}/{project.key}/{slug}"
        pulls = self.pull_requests if self.commits else 0
        repository = Repository(
            id=self._world.next_id(),
            slug=slug,
            name=name,
            project=project,
            history=History(
                trunk_key=key,
                own_key=key,
                timeline=lay_out(key, pulls=pulls, length=self.commits, users=self._team, now=self.now),
                authors=len(self._world.people),
                words=WORDS,
            ),
            public=project.public,
            description=None if index % 2 else f"The {name} of {project.name}",
            pulls=pulls,
        )
        project.repositories[slug] = repository
        if self.commits:
            repository.branches["main"] = repository.history.trunk_hash(self.commits - 1)
            self._branches(repository, random.Random(key))  # noqa: S311 - the same data every time is the point
            self._tags(repository)
            for place in range(max(self.commits - BUILT, 0), self.commits):
                self._build(repository.history.trunk_commit(place), "")
            for number in range(1, pulls + 1):
                self._pull_request(repository, number)

    def _branches(self, repository: Repository, chance: random.Random) -> None:
        """Make branches of one to three commits that no pull request is about."""
        history = repository.history
        for number in range(1, self.branches):
            topic = chance.choice(TOPICS).replace(" ", "-")
            name = f"{BRANCH_PREFIXES[number % 4]}/{topic}#{number}"
            tip = history.trunk_commit(chance.randrange(max(self.commits - 10, 0), self.commits))
            left = (self.now - tip.date) / 4
            for step in range(chance.randint(1, 3)):
                tip = self._commit(f"{repository.path} {name} {step}", tip, min(left, timedelta(hours=2)), chance)
                history.store(tip)
            repository.branches[name] = tip.hash

    def _commit(self, key: str, parent: Commit, later: timedelta, chance: random.Random) -> Commit:
        topic = chance.choice(TOPICS)
        text = "".join(f"{topic} {number}\n" for number in range(chance.randint(2, 12)))
        return Commit(
            hash=hashlib.blake2b(f"{self.seed}/{key}".encode(), digest_size=20).hexdigest(),
            parents=(parent.hash,),
            date=(parent.date + later).replace(microsecond=0),
            message=f"{chance.choice(VERBS)} {topic}\n\n{key}",
            user=chance.randrange(len(self._world.people)),
            changes={chance.choice(FILES[:-1]): text.encode()},
        )

    def _tags(self, repository: Repository) -> None:
        for number in range(self.tags):
            commit = repository.history.trunk_hash(number * self.commits // self.tags)
            name = f"v0.{number}.0" if number % 2 == 0 else f"nightly/{number}#é"
            repository.tags[name] = Tag(commit=commit, hash=commit[::-1] if number % 2 == 0 else None)

    def _build(self, commit: Commit, state: str) -> None:
        """Record a build; its state follows from the commit if it is not given, and later ones are running."""
        draw = int(commit.hash[8:16], 16)
        begun = commit.date + timedelta(seconds=5 + draw % 90)
        ended = begun + timedelta(seconds=100 + draw % 1500)
        if begun > self.now:
            return
        running = ended > self.now
        number = draw % 1000 + 1
        self._world.builds[commit.hash] = {
            "CI-1": BuildStatus(
                key="CI-1",
                state="INPROGRESS" if running else state or BUILDS[draw % len(BUILDS)],
                url=f"https://ci.example.org/{number}",
                added=to_ms(begun),
                updated=to_ms(begun if running else ended),
                name=f"CI » build #{number}",
                duration=None if running else (ended - begun) // timedelta(milliseconds=1),
            )
        }

    def _pull_request(self, repository: Repository, number: int) -> None:
        pull = open_pull_request(self._world, repository, number)
        repository.pull_requests[number] = pull
        if pull.state != "MERGED":  # the branch of a merged one is deleted, as most teams do
            repository.branches[pull.source.branch] = pull.source.commit
        history = repository.history
        for step in history.own_steps(number):
            state = history.timeline.course(number).build_of(step)
            if state is not None:
                self._build(history.own_commit(number, step), state)

    def _personal_fork(self) -> None:
        """Give the administrator a fork of the first repository, in a personal project."""
        owner = next(iter(self._world.users.values()))
        key = f"~{owner.slug}"
        project = Project(id=self._world.next_id(), key=key, name=owner.display_name, owner=owner)
        self._world.projects[key] = project
        origin = next(iter(self._world.repositories()), None)
        if origin is not None:
            fork = origin.fork(self._world.next_id(), origin.name, origin.slug, project)
            project.repositories[fork.slug] = fork

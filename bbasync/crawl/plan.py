"""What a crawl is about, and what a page means for it. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, cast

import orjson
from attrs import field, frozen

from bbasync.errors import BROKEN, DecodeError

from .schema import RESOURCES, Row

if TYPE_CHECKING:
    from attrs import Attribute

    from .tasks import Task

__all__ = [
    "EPOCH",
    "NEVER",
    "CrawlOptions",
    "Known",
    "before",
    "covers",
    "head_of",
    "instant",
    "keyset_next",
    "number_of",
    "pull_request_needs",
    "resources_of",
    "row_of",
    "slug_of",
    "without_missing",
]

EPOCH: Final = "1970-01-01T00:00:00.000000+00:00"
"""Before everything."""
NEVER: Final = "9999-12-31T23:59:59.999999+00:00"
"""After everything."""
OVERLAP: Final = timedelta(minutes=5)
"""How far a watermark stays behind the newest that was seen: servers do not make changes visible in their order."""

Payload = dict[str, Any]

_NEEDS: Final[Mapping[str, Sequence[str]]] = {
    "branches": ["repositories"],
    "tags": ["repositories"],
    "commits": ["branches", "tags", "repositories"],
    "pull_requests": ["repositories"],
    "comments": ["pull_requests", "repositories"],
    "activity": ["repositories"],
    "pull_request_commits": ["pull_requests", "repositories"],
    "statuses": ["pull_requests", "repositories"],
}
"""What must be read to know where to read: heads for commits, pull requests for what is below them."""

BELOW_PULL_REQUESTS: Final = ("comments", "pull_request_commits", "statuses")


def resources_of(names: Iterable[str]) -> frozenset[str]:
    """Return the names as a set; ValueError if one is unknown."""
    chosen = frozenset(names)
    if unknown := chosen.difference(RESOURCES):
        raise ValueError(f"no such resource: {', '.join(sorted(unknown))}; there are {', '.join(RESOURCES)}")
    return chosen


def _with_needs(names: Iterable[str]) -> frozenset[str]:
    chosen = resources_of(names)
    return frozenset({"workspaces", *chosen, *(need for name in chosen for need in _NEEDS.get(name, ()))})


def _names(names: Iterable[str]) -> tuple[str, ...]:
    slugs = dict.fromkeys(name.strip().lower() for name in names)
    for slug in slugs:
        if not slug or slug.startswith("{") or "/" in slug:
            raise ValueError(f"a workspace is named by its slug, as in bitbucket.org/SLUG, got {slug!r}")
    return tuple(slugs)


def _globs(globs: Iterable[str]) -> tuple[str, ...]:
    return tuple(globs)


def _aware(_options: object, _attribute: Attribute[datetime | None], value: datetime | None) -> None:
    if value is not None and value.tzinfo is None:
        raise ValueError(f"since needs a time zone, such as {value.isoformat()}Z")


def _positive(_options: object, _attribute: Attribute[int], value: int) -> None:
    if value < 1:
        raise ValueError(f"workers must be at least 1, got {value}")


@frozen(kw_only=True)
class CrawlOptions:
    """What to crawl."""

    workspaces: Sequence[str] = field(default=(), converter=_names)
    """Slugs; none for every workspace of the user."""
    resources: frozenset[str] = field(default=frozenset(RESOURCES), converter=_with_needs)
    """Which resources; those that are needed to find them are added."""
    include: Sequence[str] = field(default=(), converter=_globs)
    """Globs on a repository's slug or on `workspace/slug`; none for all."""
    exclude: Sequence[str] = field(default=(), converter=_globs)
    """Globs of repositories to leave out, stronger than `include`."""
    since: datetime | None = field(default=None, validator=_aware)
    """Leave out commits, pull requests and activity that are older."""
    workers: int = field(default=16, validator=_positive)
    """Pages in work at once for each credential; all credentials share the limiter's slots."""

    @property
    def cutoff(self) -> str:
        """`since` as the store writes instants, EPOCH without one."""
        return EPOCH if self.since is None else _written(self.since)

    def keeps(self, workspace: str, repository: str) -> bool:
        """Return whether a repository is one to crawl."""
        names = [repository.lower(), f"{workspace}/{repository}".lower()]

        def matches(globs: Sequence[str]) -> bool:
            return any(fnmatchcase(name, glob.lower()) for glob in globs for name in names)

        return (not self.include or matches(self.include)) and not matches(self.exclude)

    def includes(self, workspace: str, resource: str, repository: str) -> bool:
        """Return whether a resource of a repository is one to crawl."""
        return resource in self.resources and self.keeps(workspace, repository)

    def identity(self) -> dict[str, object]:
        """Return what must be equal for an unfinished crawl to be gone on with."""
        return {
            "resources": sorted(self.resources),
            "include": list(self.include),
            "exclude": list(self.exclude),
            "since": self.cutoff,
        }


# -- instants ---------------------------------------------------------------------------------------------------------


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def instant(text: object) -> str | None:
    """Return a date of the vendor's as UTC that sorts as text, None if it is not a date."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return _written(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):  # commits may claim any date, as one that lies before the year 1 in UTC
        return None


def before(newest: str) -> str:
    """Return the watermark for the newest instant that was seen."""
    return _written(max(datetime.fromisoformat(newest), datetime.fromisoformat(EPOCH) + OVERLAP) - OVERLAP)


def covers(cutoff: str, wanted: str) -> bool:
    """Return whether a listing cut off at `cutoff` holds all that one cut off at `wanted` would."""
    return cutoff <= wanted


# -- rows -------------------------------------------------------------------------------------------------------------


def row_of(task: Task, payload: Payload, run: int) -> Row:
    """Return the row that keeps a payload; DecodeError if it has no key."""
    columns: Row = {
        "workspace": task.workspace,
        "repository": task.repository,
        "pull_request": task.pull_request,
        "state": None,
        "author": None,
        "created_on": instant(payload.get("created_on")),
        "updated_on": instant(payload.get("updated_on")),
        "payload": orjson.dumps(payload).decode(),
        "seen": run,
        "gone_at": None,
    }
    try:
        row = columns | _COLUMNS[task.kind](payload)
        _text(row["id"])
    except BROKEN as error:
        raise DecodeError(f"this is none of {task.kind}: {error!r}", body=orjson.dumps(payload)) from error
    return row | {name: row[name] if isinstance(row[name], str) else None for name in ("state", "author")}


def _text(value: object) -> str:
    """Return a text; TypeError for what is none or empty, with which a database would fail for the whole crawl."""
    if not isinstance(value, str) or not value:
        raise TypeError(f"{value!r} is not a name")
    return value


def _object(value: object) -> Payload:
    """Return a nested object, an empty one where the vendor has null."""
    return cast("Payload", value) if isinstance(value, dict) else {}


def _part(payload: Payload, *names: str) -> Payload:
    for name in names:
        payload = _object(payload.get(name))
    return payload


def _uuid(user: object) -> str | None:
    return _object(user).get("uuid")


def _commit_author(commit: Payload) -> object:
    author = _part(commit, "author")
    return _uuid(author.get("user")) or author.get("raw")


def _by_uuid(payload: Payload) -> Row:
    return {"id": payload["uuid"], "author": _uuid(payload.get("owner"))}


def _repository(payload: Payload) -> Row:
    return _by_uuid(payload) | {"repository": slug_of(payload)}


def _member(payload: Payload) -> Row:
    return {"id": payload["user"]["uuid"], "author": None}


def _ref(payload: Payload) -> Row:
    target = _part(payload, "target")
    return {
        "id": payload["name"],
        "author": _commit_author(target),
        "created_on": instant(payload.get("date")),
        "updated_on": instant(target.get("date")),
    }


def _commit(payload: Payload) -> Row:
    return {"id": payload["hash"], "author": _commit_author(payload), "created_on": instant(payload.get("date"))}


def _pull_request(payload: Payload) -> Row:
    number = number_of(payload)
    author = _uuid(payload.get("author"))
    return {"id": str(number), "pull_request": number, "state": payload.get("state"), "author": author}


def _comment(payload: Payload) -> Row:
    state = "DELETED" if payload.get("deleted") else None
    return {"id": str(payload["id"]), "state": state, "author": _uuid(payload.get("user"))}


def _status(payload: Payload) -> Row:
    # a status has no id of its own: its key is unique on its commit
    commit = _part(payload, "commit").get("hash", "")
    return {"id": f"{commit}/{payload['key']}", "state": payload.get("state")}


def activity_of(payload: Payload) -> tuple[str, Payload, str | None]:
    """Return what happened, its object and its instant: `("comment", {...}, "2026-...")`."""
    for kind, thing in payload.items():
        if kind != "pull_request" and isinstance(thing, dict):
            event = cast("Payload", thing)
            return kind, event, instant(event.get("date") or event.get("created_on"))
    return "unknown", {}, None


def _activity(payload: Payload) -> Row:
    kind, thing, moment = activity_of(payload)
    author = _uuid(thing.get("user") or thing.get("author"))
    name = str(thing["id"]) if kind == "comment" else f"{moment}/{author}"  # only comments have an id
    return {
        "id": f"{kind}/{name}",
        "pull_request": number_of(payload["pull_request"]),
        "state": kind,
        "author": author,
        "created_on": moment,
    }


_COLUMNS: Final[Mapping[str, Callable[[Payload], Row]]] = {
    "workspaces": _by_uuid,
    "projects": _by_uuid,
    "members": _member,
    "repositories": _repository,
    "branches": _ref,
    "tags": _ref,
    "commits": _commit,
    "pull_requests": _pull_request,
    "comments": _comment,
    "activity": _activity,
    "pull_request_commits": _commit,
    "statuses": _status,
}


def slug_of(repository: Payload) -> str:
    """Return a repository's slug, which some payloads hold in their full name only; or a workspace's."""
    return _text(repository.get("slug") or repository["full_name"].rpartition("/")[2])


def number_of(pull_request: Payload) -> int:
    """Return a pull request's number; TypeError for what is none or greater than databases have room for."""
    number = pull_request["id"]
    if not isinstance(number, int) or not 0 < number < 2**31:
        raise TypeError(f"{number!r} is not the number of a pull request")
    return number


def head_of(ref: Payload) -> str | None:
    """Return the hash of the commit that a branch or tag points to."""
    head = _part(ref, "target").get("hash")
    return head if isinstance(head, str) else None


# -- decisions --------------------------------------------------------------------------------------------------------


def keyset_next(start: str, values: Sequence[Payload], following: str | None) -> tuple[str, str | None]:
    """Return where a listing sorted by `updated_on` resumes: the instant to ask from, and a page within it.

    A new query from the last instant seen loses nothing when rows change while they are listed, as pages by number do;
    only while a page holds a single instant is the next page followed.
    """
    last = instant(values[-1].get("updated_on")) if values else None
    if last is None or last <= start:
        return start, following
    return last, None


@frozen(kw_only=True)
class Known:
    """What the store knows of a pull request."""

    updated_on: str | None
    seen: int
    source: str | None
    """The hash of its source commit."""


def source_of(pull_request: Payload) -> str | None:
    """Return the hash of the source commit, None if the branch or its repository was deleted."""
    return _part(pull_request, "source", "commit").get("hash")


def pull_request_needs(
    payload: Payload, known: Known | None, *, run: int, settled: int, wanted: Iterable[str], forced: Iterable[str]
) -> list[str]:
    """Return which resources below a pull request have to be read.

    `settled` is the last run that listed the pull requests to the end: what a run that was given up has written is
    not to be relied on. `forced` are resources that no run has read so far.
    """
    same = known is not None and known.updated_on == instant(payload.get("updated_on"))
    if known is not None and same and known.seen == run:
        return []
    reliable = known is not None and (known.seen <= settled or known.seen == run)
    unchanged = same and reliable
    needs: list[str] = []
    for resource in BELOW_PULL_REQUESTS:
        if resource not in wanted:
            continue
        is_needed = not unchanged or resource in forced
        match resource:
            case "comments":
                is_needed = is_needed and payload.get("comment_count") != 0
            case "pull_request_commits" if known is not None and reliable and resource not in forced:
                source = source_of(payload)
                is_needed = is_needed and (source is None or source != known.source)
            case "statuses":
                is_needed = is_needed or payload.get("state") == "OPEN"
            case _:
                pass
        if is_needed:
            needs.append(resource)
    return needs


def without_missing(exclude: Sequence[str], heads: Sequence[str], complaint: str) -> list[str]:
    """Return the heads to exclude without those that a refusal names as unknown; always fewer than before.

    A refusal that names none means those that no branch and no tag has any more, or all of them.
    """
    named = [head for head in exclude if head in complaint or head[:12] in complaint]
    if named:
        return [head for head in exclude if head not in named]
    current = set(heads)
    kept = [head for head in exclude if head in current]
    return kept if len(kept) < len(exclude) else []

"""What decoding and structuring an object costs, in microseconds and retained bytes, from the bytes of a page of 50.

orjson.loads alone, which builds dicts and nothing else, is the limit. The others end with typed objects: bbasync;
cattrs' own generated code on bbasync's classes, with and without its detailed validation; msgspec, whose structs have
the same fields but keep neither links nor the raw payload; and the pydantic models of the package
`bitbucket-unofficial-sdk`, in an environment of its own.
"""

# ruff: noqa: D101 - the structs say what the models of the same names do

from __future__ import annotations

import gc
import statistics
import subprocess
import time
import tracemalloc
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import attrs
import msgspec
import orjson
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override
from msgspec import Struct

from bbasync.cloud import models
from bbasync.convert import SNAKE, parse_date

from . import payloads
from .report import bar_chart, report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Decode = Callable[[bytes], Sequence[object]]

SIZE = 50
PAGES = 10
ROUNDS = 21
RETAINED = 1000
GOAL = 2.2
LIMIT = "orjson.loads"
SDK = "bitbucket-unofficial-sdk"
HERE = Path(__file__).parent
SDK_PYTHON = HERE / ".peers" / SDK / "bin" / "python"

T = TypeVar("T")


# -- the fields of bbasync's models as msgspec's structs --------------------------------------------------------------


class Account(Struct, kw_only=True):
    type: models.AccountType
    uuid: str
    display_name: str
    account_id: str | None = None
    nickname: str | None = None
    username: str | None = None
    account_status: str | None = None
    created_on: datetime | None = None
    has_2fa_enabled: bool | None = None
    is_staff: bool | None = None
    kind: str | None = None


class Author(Struct, kw_only=True):
    raw_author: str = msgspec.field(name="raw")
    user: Account | None = None


class Rendered(Struct, kw_only=True):
    text: str | None = msgspec.field(default=None, name="raw")
    markup: str | None = None
    html: str | None = None


class BaseWorkspace(Struct, kw_only=True):
    uuid: str
    slug: str
    name: str | None = None


class BaseProject(Struct, kw_only=True):
    uuid: str
    key: str
    name: str


class MainBranch(Struct, kw_only=True):
    name: str


class BaseRepository(Struct, kw_only=True):
    uuid: str
    full_name: str
    name: str


class Repository(BaseRepository, kw_only=True):
    slug: str
    is_private: bool
    scm: str
    created_on: datetime
    updated_on: datetime
    owner: Account | None = None
    workspace: BaseWorkspace | None = None
    project: BaseProject | None = None
    parent: BaseRepository | None = None
    mainbranch: MainBranch | None = None
    description: str | None = None
    size: int | None = None
    language: str | None = None
    fork_policy: models.ForkPolicy | None = None
    has_issues: bool | None = None
    has_wiki: bool | None = None
    website: str | None = None
    override_settings: dict[str, bool] | None = None


class Participant(Struct, kw_only=True):
    user: Account | None
    role: models.ParticipantRole
    approved: bool
    state: models.ParticipantState | None = None
    participated_on: datetime | None = None


class BaseCommit(Struct, kw_only=True):
    hash: str


class Commit(BaseCommit, kw_only=True):
    date: datetime
    message: str
    author: Author
    committer: Author | None = None
    parents: list[BaseCommit] | None = None
    summary: Rendered | None = None
    repository: BaseRepository | None = None
    participants: list[Participant] | None = None


class BasePullRequest(Struct, kw_only=True):
    id: int
    title: str
    draft: bool | None = None


class PullRequestBranch(Struct, kw_only=True):
    name: str
    merge_strategies: list[models.MergeStrategy] | None = None
    default_merge_strategy: models.MergeStrategy | None = None


class PullRequestEndpoint(Struct, kw_only=True):
    branch: PullRequestBranch
    commit: BaseCommit | None = None
    repository: BaseRepository | None = None


class RenderedPullRequest(Struct, kw_only=True):
    title: Rendered | None = None
    description: Rendered | None = None
    reason: Rendered | None = None


class PullRequest(BasePullRequest, kw_only=True):
    state: models.PullRequestState
    author: Account | None
    source: PullRequestEndpoint
    destination: PullRequestEndpoint
    created_on: datetime
    updated_on: datetime
    comment_count: int
    task_count: int
    close_source_branch: bool
    description: str | None = None
    reason: str | None = None
    queued: bool | None = None
    merge_commit: BaseCommit | None = None
    closed_by: Account | None = None
    closed_on: datetime | None = None
    reviewers: list[Account] | None = None
    participants: list[Participant] | None = None
    summary: Rendered | None = None
    rendered: RenderedPullRequest | None = None


class Inline(Struct, kw_only=True):
    path: str
    from_: int | None = msgspec.field(default=None, name="from")
    to: int | None = None
    start_from: int | None = None
    start_to: int | None = None
    outdated: bool | None = None
    context_lines: str | None = None


class CommentResolution(Struct, kw_only=True):
    user: Account | None = None
    created_on: datetime | None = None


class BaseComment(Struct, kw_only=True):
    id: int


class Comment(BaseComment, kw_only=True):
    content: Rendered
    created_on: datetime
    updated_on: datetime
    deleted: bool
    user: Account | None = None
    parent: BaseComment | None = None
    inline: Inline | None = None
    commit: BaseCommit | None = None
    pullrequest: BasePullRequest | None = None
    resolution: CommentResolution | None = None
    pending: bool | None = None


class Page(Struct, Generic[T]):
    values: list[T]


# -- what is measured -------------------------------------------------------------------------------------------------


class Kind(NamedTuple):
    """An object by its payload, bbasync's model and msgspec's page of structs."""

    name: str
    make: Callable[[int], dict[str, object]]
    model: type[Any]
    page: Any


KINDS = (
    Kind("repository", payloads.repository, models.Repository, Page[Repository]),
    Kind("pull request", payloads.pull_request, models.PullRequest, Page[PullRequest]),
    Kind("commit", payloads.commit, models.Commit, Page[Commit]),
    Kind("comment", payloads.comment, models.Comment, Page[Comment]),
)


def _loads(body: bytes) -> Sequence[object]:
    values: list[object] = orjson.loads(body)["values"]
    return values


def _bbasync(model: type[Any]) -> Decode:
    structure = SNAKE.get_structure_hook(model)  # as a list method does it
    return lambda body: [structure(value, model) for value in orjson.loads(body)["values"]]


def _cattrs(model: type[Any], *, detailed_validation: bool) -> Decode:
    converter = Converter(detailed_validation=detailed_validation)
    converter.register_structure_hook(datetime, lambda value, _type: parse_date(value))
    for cls in (models.Author, models.Rendered, models.Inline):
        renamed = {field.name: field.metadata["wire"] for field in attrs.fields(cls) if "wire" in field.metadata}
        overrides = {name: override(rename=wire) for name, wire in renamed.items()}
        converter.register_structure_hook(cls, make_dict_structure_fn(cls, converter, **overrides))  # type: ignore[arg-type]  # of cattrs' own flags
    return lambda body: [converter.structure(value, model) for value in orjson.loads(body)["values"]]


def _msgspec(page: Any) -> Decode:
    decoder = msgspec.json.Decoder[Page[object]](page)
    return lambda body: decoder.decode(body).values


def _decoders(kind: Kind) -> dict[str, Decode]:
    return {
        LIMIT: _loads,
        "bbasync": _bbasync(kind.model),
        "cattrs, no raw": _cattrs(kind.model, detailed_validation=True),
        "cattrs undetailed, no raw": _cattrs(kind.model, detailed_validation=False),
        "msgspec, no raw": _msgspec(kind.page),
    }


def _plain(value: Any) -> Any:
    """Return models and structs as dicts, by which they can be compared."""
    cls: type[Any] = value.__class__
    if cls is list:
        return [_plain(item) for item in value]
    if attrs.has(cls):
        names = [field.name for field in attrs.fields(cls)]
    elif issubclass(cls, Struct):
        names = list(cls.__struct_fields__)
    else:
        return value
    return {name: _plain(getattr(value, name)) for name in names}


def _demand_the_same(decoders: dict[str, Decode], body: bytes) -> None:
    expected = _plain(decoders["bbasync"](body))
    for name, decode in decoders.items():
        if name != LIMIT and _plain(decode(body)) != expected:
            raise RuntimeError(f"{name} reads other values than bbasync")


def _microseconds(decode: Decode, body: bytes) -> float:
    started = time.perf_counter()
    for _ in range(PAGES):
        decode(body)
    return (time.perf_counter() - started) / (PAGES * SIZE) * 1e6


def _retained(decode: Decode, body: bytes) -> float:
    decode(body)
    gc.collect()
    tracemalloc.start()
    kept = [decode(body) for _ in range(RETAINED // SIZE)]
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return size / (len(kept) * SIZE)


class _Sdk:
    """The models of the SDK, in a process of the environment that has them."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None  # noqa: S101 - pipes were asked for
        assert process.stdout is not None  # noqa: S101 - we asked for it
        self._process, self._stdin, self._stdout = process, process.stdin, process.stdout
        self.version = str(orjson.loads(self._stdout.readline()))

    def ask(self, question: str, kind: str, body: bytes, pages: int) -> float:
        """Return the seconds that pages take (`time`), or the bytes that they hold (`bytes`)."""
        job = {"question": question, "kind": kind, "body": body.decode(), "pages": pages}
        self._stdin.write(orjson.dumps(job) + b"\n")
        self._stdin.flush()
        return float(orjson.loads(self._stdout.readline()))


def _open_sdk(stack: ExitStack) -> _Sdk | None:
    """Start the worker; None where the environment is missing or has no SDK in it."""
    if not SDK_PYTHON.exists():
        return None
    found = subprocess.run([SDK_PYTHON, "-I", "-c", "import bitbucket.models"], capture_output=True, check=False)  # noqa: S603 - our own
    if found.returncode:
        return None
    command = [str(SDK_PYTHON), "-I", str(HERE / "peers" / "sdk_decode_worker.py")]
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own
    process = stack.enter_context(worker)
    stack.callback(process.terminate)
    return _Sdk(process)


def _measure(kind: Kind, sdk: _Sdk | None) -> list[dict[str, str | float | None]]:
    body = payloads.page(kind.make, SIZE)
    decoders = _decoders(kind)
    _demand_the_same(decoders, body)
    rounds: list[dict[str, float]] = []
    for _ in range(ROUNDS + 1):
        times = {name: _microseconds(decode, body) for name, decode in decoders.items()}
        if sdk is not None:
            times[SDK] = sdk.ask("time", kind.name, body, PAGES) / (PAGES * SIZE) * 1e6
        rounds.append(times)
    del rounds[0]
    retained = {name: _retained(decode, body) for name, decode in decoders.items()}
    if sdk is not None:
        retained[SDK] = sdk.ask("bytes", kind.name, body, RETAINED // SIZE) / RETAINED
    rows: list[dict[str, str | float | None]] = [
        {
            "object": kind.name,
            "bytes of JSON": round(len(body) / SIZE),
            "decoder": f"pydantic SDK {sdk.version}" if sdk is not None and name == SDK else name,
            "us an object": statistics.median(times[name] for times in rounds),
            "ratio": statistics.median(times[name] / times[LIMIT] for times in rounds),
            "bytes retained": round(retained[name]),
        }
        for name in rounds[0]
    ]
    if sdk is None:
        missing: dict[str, str | float | None] = dict.fromkeys(rows[0])
        rows.append({**missing, "object": kind.name, "decoder": "pydantic SDK, not installed"})
    return rows


def main() -> None:
    """Print the table and draw the ratios of a pull request."""
    with ExitStack() as stack:
        sdk = _open_sdk(stack)
        rows = [row for kind in KINDS for row in _measure(kind, sdk)]
    report("decode", f"decode and structure pages of {SIZE}, medians of {ROUNDS} rounds, ratio to {LIMIT}", rows)
    bars = {
        str(row["decoder"]): float(row["ratio"])
        for row in rows
        if row["object"] == "pull request" and row["ratio"] is not None
    }
    bar_chart("decode", "Decode and structure a pull request", f"times {LIMIT} alone", bars, goal=GOAL)


if __name__ == "__main__":
    main()

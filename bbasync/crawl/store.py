"""The store of a crawl: one database, one thread that writes to it, one crawl at a time.

Whoever has something to write hands the thread a command and awaits its result. The thread runs all commands that are
waiting in one transaction: fifty pages that arrive together cost one commit.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Final, Generic, Self, TypeVar

from attrs import frozen
from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from bbasync.errors import BitbucketError, clip

from .schema import META, VERSION, metadata

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Store", "StoreError", "connect"]

T = TypeVar("T")

_BATCH: Final = 256
"""Commands in one transaction at most, so that the first of them does not wait indefinitely."""
_LOCK_NUMBER: Final = 0x6262_6173_796E_63
"""The advisory lock of PostgreSQL that a crawl holds: the letters of bbasync."""


class StoreError(BitbucketError):
    """The store cannot be opened, read or written; the message says why, without a secret."""


@frozen
class _Job(Generic[T]):
    command: Callable[[Connection], T]
    result: Future[T]


class Store:
    """The database of a crawl, given as an SQLAlchemy URL such as `sqlite:///bitbucket.db`.

    An async context manager. Raises StoreError if another crawl has it open.
    """

    def __init__(self, url: str) -> None:
        self.url = _parse(url)
        self._jobs: queue.SimpleQueue[_Job[object] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def __repr__(self) -> str:
        return f"<Store {self.url.render_as_string(hide_password=True)}>"

    async def __aenter__(self) -> Self:
        opened: Future[None] = Future()
        opened.set_running_or_notify_cancel()
        self._thread = threading.Thread(target=self._serve, args=(opened,), name="bbasync-store", daemon=True)
        self._thread.start()
        try:
            await asyncio.wrap_future(opened)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        """Let the thread write what it was given, then end it."""
        thread, self._thread = self._thread, None  # what comes after this would wait indefinitely
        if thread is not None:
            self._jobs.put(None)
            await asyncio.to_thread(thread.join)

    async def run(self, command: Callable[[Connection], T]) -> T:
        """Run a command in the next transaction and return its result once that is committed.

        The command runs in the store's thread, and again if another command of its transaction fails. It is carried
        out even if its caller is cancelled meanwhile.
        """
        if self._thread is None or not self._thread.is_alive():
            raise StoreError("the store is closed")
        result: Future[T] = Future()
        result.set_running_or_notify_cancel()
        self._jobs.put(_Job(command, result))  # type: ignore[arg-type]  # the queue mixes jobs of all result types
        return await asyncio.wrap_future(result)

    # -- in the thread --------------------------------------------------------------------------------------------

    def _serve(self, opened: Future[None]) -> None:
        with contextlib.ExitStack() as stack:
            try:
                connection = stack.enter_context(_open_to_write(self.url))
            except Exception as error:  # noqa: BLE001 - handed to the one who opens
                opened.set_exception(error)
                return
            opened.set_result(None)
            going = True
            while going:
                jobs, going = self._next_jobs()
                _run_together(connection, jobs)

    def _next_jobs(self) -> tuple[list[_Job[object]], bool]:
        jobs: list[_Job[object]] = []
        job = self._jobs.get()
        while job is not None:
            jobs.append(job)
            if len(jobs) == _BATCH:
                return jobs, True
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return jobs, True
        return jobs, False


def _run_together(connection: Connection, jobs: Sequence[_Job[object]]) -> None:
    if not jobs:
        return
    try:
        with _translated(connection.engine.url), connection.begin():
            results = [job.command(connection) for job in jobs]
    except Exception as error:  # noqa: BLE001 - handed to the one who waits
        if len(jobs) == 1:
            jobs[0].result.set_exception(error)
            return
        for job in jobs:  # only the one that failed shall fail
            _run_together(connection, [job])
        return
    for job, result in zip(jobs, results, strict=True):
        job.result.set_result(result)


# -- opening --------------------------------------------------------------------------------------------------------


def _parse(text_of_url: str) -> URL:
    try:
        url = make_url(text_of_url)
        if url.get_dialect().is_async:
            raise StoreError(
                f"{url.drivername} is an asynchronous driver; name a synchronous one, such as sqlite:///x.db"
            )
    except ArgumentError as error:  # its text may hold the password
        if isinstance(error, NoSuchModuleError):
            raise StoreError(f"no such database: {clip(str(error))}") from None
        raise StoreError("the store is not a database URL; one looks like sqlite:///bitbucket.db") from None
    is_uri = url.get_backend_name() == "sqlite" and "uri" in url.query
    if is_uri:  # we would lock and protect another file than it opens
        raise StoreError("the store is a URI of SQLite's; name its file, as in sqlite:///bitbucket.db")
    return url


@contextlib.contextmanager
def connect(url: URL) -> Generator[Connection]:
    """Connect to a store that is there, to read it."""
    path = _sqlite_path(url)
    if path is not None and not path.exists():
        raise StoreError(f"there is no store at {path}; a crawl makes one")
    engine = _engine(url)
    try:
        with _translated(url), engine.connect() as connection:
            if not _check_version(connection, url):
                raise StoreError(f"{_name(url)} holds no crawl")
            connection.rollback()
            yield connection
    finally:
        engine.dispose()


@contextlib.contextmanager
def _open_to_write(url: URL) -> Generator[Connection]:
    with contextlib.ExitStack() as stack:
        path = _sqlite_path(url)
        if path is not None:
            stack.enter_context(_file_lock(path))
            _create_private(path)
        engine = _engine(url)
        stack.callback(engine.dispose)
        with _translated(url):
            connection = stack.enter_context(engine.connect())
            _advisory_lock(connection, url)
            with connection.begin():
                if not _check_version(connection, url):
                    metadata.create_all(connection)
                    connection.execute(insert(META), [{"key": "schema", "value": str(VERSION)}])
        yield connection


def _engine(url: URL) -> Engine:
    try:
        engine = create_engine(url)
    except ModuleNotFoundError as error:
        raise StoreError(f"{url.drivername} needs the Python package {error.name!r}; install it") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _tune_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # with a write-ahead log NORMAL loses nothing when the process is killed, at most the last commits in a power cut
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")
    connection.isolation_level = None  # the driver begins no transaction before CREATE TABLE; we begin all ourselves


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _sqlite_path(url: URL) -> Path | None:
    """Return the file of an SQLite store, None for another database or one in memory."""
    if url.get_backend_name() != "sqlite" or url.database in {None, "", ":memory:"}:
        return None
    return Path(str(url.database))


@contextlib.contextmanager
def _file_lock(path: Path) -> Generator[None]:
    """Hold the lock beside the file; the system releases it however this process ends."""
    if not path.parent.is_dir():  # FileLock would make it
        raise StoreError(f"cannot write {path}: there is no folder {path.parent}")
    lock = FileLock(f"{path.resolve()}.lock", timeout=0, mode=0o600)  # one lock, by whatever link it is reached
    try:
        lock.acquire()
    except Timeout:
        raise StoreError(f"{path} is in use by another crawl") from None
    except OSError as error:
        raise StoreError(f"cannot write beside {path}: {error.strerror or error}") from None
    try:
        yield
    finally:
        lock.release()


def _create_private(path: Path) -> None:
    """Create the file so that its owner alone reads it: what was crawled may be secret."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from None


def _advisory_lock(connection: Connection, url: URL) -> None:
    """Hold the database's own lock as long as the connection lives; other databases than these have none."""
    match connection.dialect.name:
        case "postgresql":
            statement = text("SELECT pg_try_advisory_lock(:name)").bindparams(name=_LOCK_NUMBER)
        case "mysql" | "mariadb":
            statement = text("SELECT get_lock(:name, 0)").bindparams(name=f"bbasync {url.database}")
        case _:
            return
    with connection.begin():
        if not connection.execute(statement).scalar():
            raise StoreError(f"{_name(url)} is in use by another crawl")


def _check_version(connection: Connection, url: URL) -> bool:
    """Return whether the database holds a store; StoreError if it is one we cannot write."""
    tables = set(inspect(connection).get_table_names())
    if META.name not in tables:
        if foreign := tables & metadata.tables.keys():
            raise StoreError(f"{_name(url)} has a table {min(foreign)!r} that no crawl made; choose an empty database")
        return False
    version = connection.execute(select(META.c.value).where(META.c.key == "schema")).scalar()
    if version != str(VERSION):
        raise StoreError(
            f"{_name(url)} has schema version {version}, this bbasync knows {VERSION}: "
            "upgrade bbasync or use a new store"
        )
    return True


# -- errors ---------------------------------------------------------------------------------------------------------


def _name(url: URL) -> str:
    return str(_sqlite_path(url) or url.render_as_string(hide_password=True))


@contextlib.contextmanager
def _translated(url: URL) -> Generator[None]:
    """Turn an error of the database into one clear line."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(f"{_name(url)}: {clip(_reason(error))}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"{_name(url)}: {clip(str(error))}") from error


def _reason(error: DBAPIError) -> str:
    match error.orig:
        case sqlite3.Error(sqlite_errorcode=sqlite3.SQLITE_FULL):
            return "the disk is full; free some space and run the same command again"
        case sqlite3.Error(sqlite_errorcode=code) if code & 0xFF == sqlite3.SQLITE_IOERR:
            return "cannot be written or read: see to the disk and its quota, and run the same command again"
        case sqlite3.Error(sqlite_errorcode=sqlite3.SQLITE_NOTADB):
            return "is not a database; choose another file"
        case sqlite3.Error(sqlite_errorcode=code) if code & 0xFF == sqlite3.SQLITE_READONLY:
            return "cannot be written"
        case sqlite3.Error(sqlite_errorcode=code) if code & 0xFF == sqlite3.SQLITE_CANTOPEN:
            return "cannot be opened"
        case _:
            return str(error.orig)

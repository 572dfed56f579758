"""The sessions of a crawl: one a credential, all with the same slots and the same record of budgets."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final, Self

from bbasync.cloud.session import CloudSession
from bbasync.concurrency import ConcurrencyLimiter
from bbasync.errors import DecodeError
from bbasync.rate import RateTracker

from .plan import slug_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from bbasync.auth import CredentialLike
    from bbasync.session import ResponseEvent

    from .config import Credentials

__all__ = ["Sessions"]

_WORKSPACES: Final = "/user/workspaces"


class Sessions:
    """Opens the sessions that workspaces need, and closes them at the end."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        base_url: str,
        limiter: ConcurrencyLimiter | None = None,
        rates: RateTracker | None = None,
        on_response: Callable[[ResponseEvent], object] | None = None,
    ) -> None:
        self._credentials = credentials
        self._base_url = base_url
        self._limiter = limiter or ConcurrencyLimiter()
        self._rates = rates or RateTracker()
        self._on_response = on_response
        # compared one by one, since a credential need not be hashable
        self._sessions: list[tuple[CredentialLike, CloudSession]] = []
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def open(self, workspaces: Sequence[str]) -> None:
        """Open the sessions of these workspaces, or all, so that their budgets are known before anything is sent.

        Raises ConfigError if a workspace has no credential.
        """
        own = list(self._credentials.workspaces)
        has_default = self._credentials.default is not None or not own
        for name in workspaces or [*own, *[""] * has_default]:
            await self._session(self._credentials.of(name))

    async def groups(self, workspaces: Sequence[str]) -> list[tuple[CloudSession, list[str]]]:
        """Return the workspaces by the session that reads them; without names, all that there are credentials for.

        Raises ConfigError if a workspace has no credential.
        """
        groups: dict[CloudSession, list[str]] = {}
        for name in workspaces or await self._all():
            groups.setdefault(await self._session(self._credentials.of(name)), []).append(name)
        return list(groups.items())

    async def _all(self) -> list[str]:
        names = dict.fromkeys(self._credentials.workspaces)
        if self._credentials.default is not None or not names:
            bb = await self._session(self._credentials.of(""))
            try:
                names |= {slug_of(access["workspace"]): None async for access in bb.paginate(_WORKSPACES)}
            except (KeyError, TypeError, AttributeError) as error:
                raise DecodeError(f"this is not a workspace of the user: {error!r}", template=_WORKSPACES) from error
        return list(names)

    async def _session(self, credential: CredentialLike) -> CloudSession:
        """Return the session of a credential; those of one principal share its budget, not its credential."""
        for known, session in self._sessions:
            if known is credential or known == credential:
                return session
        session = CloudSession(
            credential,
            base_url=self._base_url,
            limiter=self._limiter,
            rates=self._rates,
            max_wait=None,
            background=True,
            on_response=self._on_response,
        )
        self._sessions.append((credential, await self._stack.enter_async_context(session)))
        session._pipeline.bucket("api")  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - shown before the first request
        return session

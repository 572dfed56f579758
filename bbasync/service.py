"""What services are made of: the few verbs that they call, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from .paging import Cursor, Paging
    from .request import Request
    from .session import Session, Stream

__all__ = ["Service"]

T = TypeVar("T")


class Service:
    """The operations of one resource; a session hands it out."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._build = session.build
        """Makes the request of an operation."""

    async def _fetch(self, model: type[T], request: Request) -> T:
        """Send a request and return its answer as a model."""
        response = await self._session.send(request)
        return self._session.structure(response.json(), model, request, response.body)

    async def _run(self, request: Request) -> None:
        """Send a request whose answer has no content."""
        await self._session.send(request)

    async def _read(self, request: Request) -> bytes:
        """Send a request and return the bytes of its answer."""
        return (await self._session.send(request)).body

    def _pages(self, model: type[T], request: Request, paging: Paging | None) -> Cursor[T]:
        """Return the walker of a listing; used as `async with self._pages(...) as pages`."""
        structure = self._session.converter.get_structure_hook(model)

        def decode(values: list[Any]) -> list[T]:
            return [structure(value, model) for value in values]

        return self._session.cursor(request, decode, paging)

    def _open(self, request: Request) -> AbstractAsyncContextManager[Stream]:
        """Send a request whose answer is read piece by piece."""
        return self._session.stream(request)

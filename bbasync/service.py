"""The few verbs that services call. Each sends one operation, named `"METHOD /path"`, the path as the vendor has it."""

# What a session keeps from its users is meant for its services.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from types import GenericAlias
from typing import TYPE_CHECKING, Any, TypeVar, cast

import orjson
from attrs import evolve

from .paging import lists
from .request import as_object

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from contextlib import AbstractAsyncContextManager
    from typing import Unpack

    from .paging import Cursor, Paging
    from .request import PathArgument, RawResponse, RequestOptions
    from .session import Session, Stream

__all__ = ["Service", "lists"]

T = TypeVar("T")


class Service:
    """The operations of one resource; a session hands it out."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def _call(
        self, model: type[T], operation: str, arguments: Sequence[PathArgument] = (), **options: Unpack[RequestOptions]
    ) -> T:
        """Return the response as a model."""
        options["needs_body"] = True
        request = self._session._build(operation, arguments, **options)
        return self._session._structure(model, operation, await self._session._send(request), request.path)

    async def _call_each(
        self, model: type[T], operation: str, arguments: Sequence[PathArgument] = (), **options: Unpack[RequestOptions]
    ) -> list[T]:
        """Return the items of a response of which it is not known whether it is an array, a page or one item."""
        options["needs_body"] = True
        response = await self._send(operation, arguments, **options)
        payload = response.json()
        if not isinstance(payload, list):
            values: list[object] = as_object(payload).get("values", [payload])
            response = evolve(response, body=orjson.dumps(values))
        return self._session._structure(cast("type[list[T]]", GenericAlias(list, (model,))), operation, response)

    def _list(
        self,
        model: type[T],
        operation: str,
        arguments: Sequence[PathArgument] = (),
        *,
        paging: Paging | None,
        **options: Unpack[RequestOptions],
    ) -> AsyncGenerator[T]:
        """Return the pages of a list, typed as what `lists` makes of them."""
        structure = self._session._converter.get_structure_hook(model)

        def decode(values: list[Any]) -> list[T]:
            return [structure(value, model) for value in values]

        cursor = self._cursor(decode, operation, arguments, paging=paging, **options)
        return cast("AsyncGenerator[T]", cursor)

    def _cursor(
        self,
        decode: Callable[[list[Any]], list[T]],
        operation: str,
        arguments: Sequence[PathArgument] = (),
        *,
        paging: Paging | None,
        **options: Unpack[RequestOptions],
    ) -> Cursor[T]:
        """Return the pages of a list, whose values `decode` turns into items."""
        if query := options.get("query"):
            options["query"] = self._session._page_query(query)
        return self._session._cursor(self._session._build(operation, arguments, **options), decode, paging)

    async def _run(
        self, operation: str, arguments: Sequence[PathArgument] = (), **options: Unpack[RequestOptions]
    ) -> None:
        """Send an operation whose response has no content."""
        await self._session._send(self._session._build(operation, arguments, **options))

    async def _read(
        self, operation: str, arguments: Sequence[PathArgument] = (), **options: Unpack[RequestOptions]
    ) -> bytes:
        """Return the bytes of the response, whatever their type."""
        options.setdefault("accept", "*/*")
        return (await self._session._send(self._session._build(operation, arguments, **options))).body

    def _open(
        self, operation: str, arguments: Sequence[PathArgument] = (), **options: Unpack[RequestOptions]
    ) -> AbstractAsyncContextManager[Stream]:
        """Return the bytes of the response as a stream."""
        options.setdefault("accept", "*/*")
        return self._session._stream(self._session._build(operation, arguments, **options))

    async def _send(
        self, operation: str, arguments: Sequence[PathArgument] = (), **options: Unpack[RequestOptions]
    ) -> RawResponse:
        """Return the response itself, for its status or its headers."""
        return await self._session._send(self._session._build(operation, arguments, **options))

    def _structure(self, model: type[T], operation: str, response: RawResponse) -> T:
        """Return a response that was looked at as a model."""
        return self._session._structure(model, operation, response)

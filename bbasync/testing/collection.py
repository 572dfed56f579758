"""Resources without behaviour: stored payloads that are listed, created, read, updated and deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

import attrs

from bbasync.testing.operations import Operations

if TYPE_CHECKING:
    from bbasync.testing.operations import Result

__all__ = ["Collection", "StoringCall"]

Payload: TypeAlias = dict[str, Any]


class StoringCall(Protocol):
    """What a collection needs of a call, of either product."""

    @property
    def stored(self) -> dict[tuple[str, ...], dict[str, Payload]]:
        """The payloads of all collections by owner and path, then by key."""
        ...

    def owner(self, excluding: str) -> tuple[str, ...]:
        """Return the identity of what the path names, all but one argument; 404 if it does not exist."""
        ...

    def arg(self, name: str) -> str:
        """Return an argument of the path."""
        ...

    def json(self) -> Payload:
        """Return the body."""
        ...

    def page(self, items: Sequence[Payload], render: Callable[[Payload], Payload]) -> Payload:
        """Return a page of the items."""
        ...

    def new_key(self, field: str) -> str | int:
        """Return the value of the key field of a new item, such as a UUID."""
        ...

    def missing(self, key: str) -> Exception:
        """Return the error for an item that does not exist."""
        ...

    def incomplete(self, fields: Sequence[str]) -> Exception:
        """Return the error for a body without required fields."""
        ...

    def taken(self, value: str) -> Exception:
        """Return the error for a second item with a value that only one may have."""
        ...


C = TypeVar("C", bound=StoringCall)


@attrs.frozen
class Collection(Generic[C]):
    """A resource whose items are what clients have stored; it registers its operations.

    `path` ends in the argument that names an item. `key` is the field that holds it: it is taken from the body if that
    has it, else generated. `render` completes the stored fields to the payload; what it embeds is looked up then.
    """

    operations: Operations[C]
    path: str
    key: str
    read: str = attrs.field(kw_only=True)
    """The access that reading requires."""
    write: str = attrs.field(kw_only=True)
    """The access that changing requires."""
    required: Sequence[str] = attrs.field(default=(), kw_only=True)
    """Fields without which an item is refused."""
    verbs: str = attrs.field(default="list create get update delete", kw_only=True)
    """The operations that there are; with `put`, a PUT creates what does not exist."""
    group: str = attrs.field(default="api", kw_only=True)
    unique: str = attrs.field(default="", kw_only=True)
    """The field in which no two items are equal, if there is one."""
    kept: Callable[[Payload], Payload] = attrs.field(default=lambda item: item, kw_only=True)
    """Returns what is stored of an item: not the value of a secured variable."""
    render: Callable[[C, Payload], Payload] = attrs.field(default=lambda _call, stored: stored, kw_only=True)
    key_of: Callable[[C, str], str] = attrs.field(default=lambda _call, argument: argument, kw_only=True)
    """Returns the key of the item that an argument names, which may have several names, such as a user."""

    added: Callable[[C], Payload] = attrs.field(default=lambda _call: {}, kw_only=True)
    """Returns what a new item has beside its key and the body, such as a date."""
    created: int = attrs.field(default=201, kw_only=True)
    """The status of a response to a creation."""

    @property
    def argument(self) -> str:
        """The name of the argument that names an item."""
        return self.path.rpartition("{")[2].rstrip("}")

    def __attrs_post_init__(self) -> None:
        collection = self.path.rpartition("/")[0]
        actions: Mapping[str, tuple[str, str, Callable[[C], Result], int]] = {
            "list": ("GET", collection, self._list, 200),
            "create": ("POST", collection, self._create, self.created),
            "get": ("GET", self.path, self._get, 200),
            "update": ("PUT", self.path, self._update, 200),
            "put": ("PUT", self.path, self._put, 200),
            "delete": ("DELETE", self.path, self._delete, 200),
        }
        for verb in self.verbs.split():
            method, path, action, status = actions[verb]
            access = self.read if method == "GET" else self.write
            self.operations(f"{method} {path}", access, group=self.group, status=status)(action)

    def items(self, call: C) -> dict[str, Payload]:
        """Return the stored items by key."""
        return call.stored.setdefault((self.path, *call.owner(self.argument)), {})

    def _list(self, call: C) -> Result:
        return call.page(list(self.items(call).values()), lambda item: self.render(call, item))

    def _get(self, call: C) -> Result:
        return self.render(call, self._item(call))

    def _create(self, call: C) -> Result:
        items, body = self.items(call), call.json()
        self._check(call, body)
        if self.unique and any(one.get(self.unique) == body.get(self.unique) for one in items.values()):
            raise call.taken(str(body.get(self.unique)))
        item = self.kept({self.key: body.get(self.key) or call.new_key(self.key), **self.added(call), **body})
        payload = self.render(call, item)
        items[str(item[self.key])] = item  # what cannot be rendered was refused and is not stored
        return payload

    def _update(self, call: C) -> Result:
        item = self._item(call)
        changed = self.kept(item | call.json() | {self.key: item[self.key]})
        payload = self.render(call, changed)
        item.clear()
        item.update(changed)
        return payload

    def _put(self, call: C) -> Result:
        items, key, body = self.items(call), self.key_of(call, call.arg(self.argument)), call.json()
        item = self.kept(items.get(key, {self.key: key}) | body | {self.key: key})
        self._check(call, item)
        payload = self.render(call, item)
        items[key] = item
        return payload

    def _delete(self, call: C) -> Result:
        self._item(call)
        del self.items(call)[self.key_of(call, call.arg(self.argument))]
        return None

    def _item(self, call: C) -> Payload:
        key = call.arg(self.argument)
        found = self.items(call).get(self.key_of(call, key))
        if found is None:
            raise call.missing(key)
        return found

    def _check(self, call: C, body: Payload) -> None:
        absent = [name for name in self.required if body.get(name) in (None, "")]
        if absent:
            raise call.incomplete(absent)

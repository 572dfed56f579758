"""The rows of a store as JSON Lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from sqlalchemy import select

from .plan import resources_of
from .schema import RESOURCES, TABLES
from .store import Store, connect

if TYPE_CHECKING:
    from collections.abc import Collection, Generator

__all__ = ["export"]


def export(url: str, *, resources: Collection[str] = RESOURCES, workspaces: Collection[str] = ()) -> Generator[bytes]:
    """Yield the rows of a store as lines of JSON, also while a crawl is writing to it.

    A line has the columns of its row, `resource`, and `payload` as the vendor sent it. Without workspaces it is all.
    Raises StoreError if there is no store, ValueError for an unknown resource.
    """
    chosen = resources_of(resources)
    with connect(Store(url).url) as connection:
        for name in RESOURCES:
            if name not in chosen:
                continue
            columns = [column for column in TABLES[name].columns if column.name not in {"seen", "payload"}]
            names = ["resource", *(str(column.name) for column in columns), "payload"]
            query = select(TABLES[name].c.payload, *columns)
            if workspaces:
                query = query.where(TABLES[name].c.workspace.in_(workspaces))
            for payload, *values in connection.execution_options(yield_per=1000).execute(query):
                line = dict(zip(names, [name, *values, orjson.Fragment(payload)], strict=True))
                yield orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)

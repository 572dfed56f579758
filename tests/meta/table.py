"""The table of what is built: every operation, whether it is paged, and the methods that send it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final, NamedTuple

TABLE: Final = Path(__file__).with_name("operations.csv")


class Operation(NamedTuple):
    """A row of the table."""

    product: str
    method: str
    template: str
    paginated: bool
    methods: tuple[str, ...]
    """`service.method`; several where the answer differs by kind."""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.product, self.method, self.template


def operations() -> list[Operation]:
    """Return the rows."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [
            Operation(
                row["product"], row["method"], row["template"], row["paginated"] == "yes", tuple(row["methods"].split())
            )
            for row in csv.DictReader(file)
        ]

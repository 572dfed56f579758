"""Reports on commits and their annotations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs


@attrs.define
class Annotation:
    """A finding; `body` is what its reporter sent."""

    external_id: str
    uuid: str
    created_on: datetime
    updated_on: datetime
    body: dict[str, Any]


@attrs.define
class Report(Annotation):
    """A report with its annotations by external ID."""

    annotations: dict[str, Annotation] = attrs.field(factory=dict[str, Annotation])

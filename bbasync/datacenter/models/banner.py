"""The announcement banner of a server."""

from __future__ import annotations

from bbasync.model import OpenEnum

__all__ = ["BannerAudience"]


class BannerAudience(OpenEnum):
    """Who sees the announcement."""

    ALL = "ALL"
    AUTHENTICATED = "AUTHENTICATED"

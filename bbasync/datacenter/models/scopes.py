"""Scopes: the server, project or repository that settings were made for."""

from __future__ import annotations

from attrs import define

from bbasync.model import Model, OpenEnum

__all__ = ["Scope", "ScopeType"]


class ScopeType(OpenEnum):
    """Type of a scope."""

    GLOBAL = "GLOBAL"
    PROJECT = "PROJECT"
    REPOSITORY = "REPOSITORY"


@define(kw_only=True)
class Scope(Model):
    """The server, project or repository that settings were made for; others inherit them."""

    type: ScopeType
    """Type of the scope."""
    resource_id: int | None = None
    """ID of the project or repository; None for the server."""

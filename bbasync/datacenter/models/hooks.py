"""Hooks: plugins that run on pushes and merges."""

from __future__ import annotations

from attrs import define

from bbasync.datacenter.models.scopes import Scope, ScopeType
from bbasync.model import Model, OpenEnum

__all__ = ["Hook", "HookDetails", "HookType"]


class HookType(OpenEnum):
    """When a hook runs."""

    PRE_RECEIVE = "PRE_RECEIVE"
    POST_RECEIVE = "POST_RECEIVE"
    PRE_PULL_REQUEST_MERGE = "PRE_PULL_REQUEST_MERGE"


@define(kw_only=True)
class HookDetails(Model):
    """The plugin module of a hook."""

    key: str
    """The key, `plugin:module`."""
    name: str
    """The name."""
    type: HookType
    """When it runs."""
    description: str | None = None
    """What it does; None if there is no description."""
    version: str | None = None
    """The version of the plugin; None if not sent."""
    config_form_key: str | None = None
    """Key of the form that edits its settings; None if it has none."""
    config_form_view: str | None = None
    """The view of that form; None if not sent."""
    supported_scopes: list[ScopeType] | None = None
    """Where it can be enabled; None if not sent."""


@define(kw_only=True)
class Hook(Model):
    """A hook, with its state in a project or repository."""

    details: HookDetails
    """The plugin module."""
    enabled: bool
    """Whether it is enabled."""
    configured: bool
    """Whether it has settings."""
    scope: Scope | None = None
    """Where the state was set, which may be the project of a repository; None if not sent."""

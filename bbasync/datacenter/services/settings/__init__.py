"""Settings of pull requests."""

from __future__ import annotations

from .auto_decline import AutoDecline
from .auto_merge import AutoMerge
from .change_author import ChangeAuthor
from .pull_requests import PullRequestConfigs
from .restrictions import SettingsRestrictions

__all__ = ["Settings"]


class Settings(AutoDecline, AutoMerge, ChangeAuthor, PullRequestConfigs, SettingsRestrictions):
    """Settings of pull requests on the server, in projects and in repositories: `bb.settings`.

    A repository has the settings of its project unless it has its own, and a project those of the server.
    """

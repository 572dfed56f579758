"""Branching models of repositories and projects, and their settings."""

from __future__ import annotations

from attrs import define

from bbasync.cloud.models.branch_restrictions import BranchType
from bbasync.cloud.models.refs import Branch
from bbasync.model import Model

__all__ = [
    "BranchPrefix",
    "BranchSetting",
    "BranchTypeSetting",
    "BranchingModel",
    "BranchingModelBranch",
    "BranchingModelSettings",
]


@define(kw_only=True)
class BranchPrefix(Model):
    """An enabled type of branches."""

    kind: BranchType
    """The type."""
    prefix: str
    """What the names of such branches begin with, such as `feature/`."""


@define(kw_only=True)
class BranchingModelBranch(Model):
    """The development or production branch of a branching model."""

    name: str | None
    """The name, even if the branch does not exist; None for the main branch of an empty repository or of a project."""
    use_mainbranch: bool
    """Whether it is the main branch, whichever that is."""
    branch: Branch | None = None
    """The branch; None if it does not exist, and in the model of a project."""


@define(kw_only=True)
class BranchingModel(Model):
    """A branching model: the enabled branches and types of branches."""

    development: BranchingModelBranch
    """The development branch."""
    branch_types: list[BranchPrefix]
    """The enabled types of branches."""
    production: BranchingModelBranch | None = None
    """The production branch; None if it is disabled."""


@define(kw_only=True)
class BranchSetting(Model):
    """The setting of the development or production branch; to change it, set what is to change."""

    name: str | None = None
    """The branch; None if it is the main branch."""
    use_mainbranch: bool | None = None
    """Whether it is the main branch, whichever that is."""
    enabled: bool | None = None
    """Whether it is enabled; None for the development branch, which always is."""
    is_valid: bool | None = None
    """Whether the branch exists; read-only, None in a project."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        return {"name": self.name, "use_mainbranch": self.use_mainbranch, "enabled": self.enabled}


@define(kw_only=True)
class BranchTypeSetting(Model):
    """The setting of a type of branches; to change it, set what is to change."""

    kind: BranchType | str
    """The type, which identifies the setting."""
    prefix: str | None = None
    """What the names of such branches begin with."""
    enabled: bool | None = None
    """Whether the type is enabled."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        content: dict[str, object] = {"kind": self.kind, "prefix": self.prefix, "enabled": self.enabled}
        return {name: value for name, value in content.items() if value is not None}


@define(kw_only=True)
class BranchingModelSettings(Model):
    """The settings of a branching model, disabled parts included."""

    development: BranchSetting
    """The development branch."""
    production: BranchSetting
    """The production branch."""
    branch_types: list[BranchTypeSetting]
    """All types of branches."""
    default_branch_deletion: str | None = None
    """`true` if branches are deleted on merge by default, else `false`: a string."""

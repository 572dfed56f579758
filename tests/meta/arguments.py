"""Arguments that no signature tells: texts of a certain kind, and values that exclude each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAMED: Final[Mapping[str, str]] = {
    "avatar": "https://example.org/avatar.png",
    "creator": "6f1f4cd0-22e1-4b2b-a1b8-1c5e9d8f7a60",
    "link": "https://example.org/report",
    "logo_url": "https://example.org/logo.png",
    "metadata": '"some-metadata"',
    "scm": "git",
    "url": "https://example.org/hook",
}
"""Texts that servers tell from others, by the name of the parameter or field."""

EXCLUDED: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("cloud", "addon.update"): ("descriptor_url",),  # in place of `descriptor`
    ("cloud", "branch_restrictions.create"): ("branch_type",),  # in place of `pattern`
    ("cloud", "branch_restrictions.update"): ("branch_type",),
    ("cloud", "commits.list_diffstat"): ("merge",),  # `topic` replaces it
    ("cloud", "commits.open_diff"): ("merge",),
    ("cloud", "commits.read_diff"): ("merge",),
}
"""Optional parameters that cannot be set beside the others, by (product, service.method)."""

OTHER_VERB: Final[Mapping[tuple[str, str], Sequence[Mapping[str, object]]]] = {
    ("cloud", "commits.list"): ({"include": ["a" * 3000]},),
    ("cloud", "commits.list_from"): ({"include": ["a" * 3000]},),
}
"""Arguments with which a method sends another operation than it does with dummies, by (product, service.method)."""

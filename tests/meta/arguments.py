"""Arguments that no signature tells: values that exclude each other, or that must fit together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ARGUMENTS: Final[Mapping[tuple[str, str], Mapping[str, Any]]] = {}
"""Values by (product, service.method) and parameter."""

EXCLUDED: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("cloud", "commits.list_diffstat"): ("merge",),  # `topic` replaces it
    ("cloud", "commits.open_diff"): ("merge",),
    ("cloud", "commits.read_diff"): ("merge",),
}
"""Optional parameters that cannot be set beside the others, by (product, service.method)."""

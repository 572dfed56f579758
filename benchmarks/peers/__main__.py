"""`python -m benchmarks.peers install` makes an environment for every peer, or for those named after it.

It says which could not be made.
"""

from __future__ import annotations

import sys

from .environments import PEERS, install


def main() -> None:
    """Install all, or those that are named."""
    names = sys.argv[2:] or [peer.name for peer in PEERS]
    if sys.argv[1:2] != ["install"] or not {*names} <= {peer.name for peer in PEERS}:
        sys.exit("usage: python -m benchmarks.peers install [NAME ...]")
    for peer in [one for one in PEERS if one.name in names]:
        reason = install(peer)
        outcome = "installed" if reason is None else f"not installed: {reason}"
        print(f"{peer.name} {peer.version}: {outcome}", flush=True)


if __name__ == "__main__":
    main()

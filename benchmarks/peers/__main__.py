"""`python -m benchmarks.peers install` makes an environment for every peer, and says which could not be made."""

from __future__ import annotations

import sys

from .environments import PEERS, install


def main() -> None:
    """Install them all."""
    if sys.argv[1:] != ["install"]:
        sys.exit("usage: python -m benchmarks.peers install")
    for peer in PEERS:
        reason = install(peer)
        outcome = "installed" if reason is None else f"not installed: {reason}"
        print(f"{peer.name} {peer.version}: {outcome}", flush=True)


if __name__ == "__main__":
    main()

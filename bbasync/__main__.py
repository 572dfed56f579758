"""Run the command: `python -m bbasync`."""

from bbasync.cli import main

main()

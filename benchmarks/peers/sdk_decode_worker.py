"""Decodes pages as `bitbucket-unofficial-sdk` does; run by that package's environment, asked by `benchmarks.decode`.

It reads one question a line, `time` or `bytes`, and answers with the seconds taken or the bytes held.
"""

from __future__ import annotations

import gc
import json
import platform
import sys
import time
import tracemalloc
from importlib import import_module
from importlib.metadata import version
from typing import Any

MODELS = {
    "repository": "Repository",
    "pull request": "PullRequest",
    "commit": "Commit",
    "comment": "PullRequestComment",
}


def decode(body: bytes, model: Any) -> list[object]:
    """Do what its list methods do with a page: the standard library's json, then one validation an item."""
    return [model.model_validate(item) for item in json.loads(body)["values"]]


def seconds(body: bytes, model: Any, pages: int) -> float:
    """Return the seconds that so many pages take."""
    started = time.perf_counter()
    for _ in range(pages):
        decode(body, model)
    return time.perf_counter() - started


def held(body: bytes, model: Any, pages: int) -> int:
    """Return the bytes that the objects of so many pages hold."""
    decode(body, model)
    gc.collect()
    tracemalloc.start()
    kept = [decode(body, model) for _ in range(pages)]
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del kept
    return size


def main() -> None:
    """Tell the version, then answer."""
    models = import_module("bitbucket.models")
    print(json.dumps(f"{version('bitbucket-unofficial-sdk')}, Python {platform.python_version()}"), flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        measure = seconds if job["question"] == "time" else held
        print(measure(job["body"].encode(), getattr(models, MODELS[job["kind"]]), job["pages"]), flush=True)


if __name__ == "__main__":
    main()

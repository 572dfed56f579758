"""Waits that are noted and hardly waited for, and a file to upload."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.resilience.trouble import hurried

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that calls were to wait between their tries."""
    waited: list[float] = []
    monkeypatch.setattr("bbasync.pipeline.retry_delay", hurried(waited))
    return waited


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.bin"
    path.write_bytes(b"\x00\xff" * 5000)
    return path

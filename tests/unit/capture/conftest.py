"""A file's bytes in, its capture out."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from agent.capture import read
from agent.model.capture import Capture
from tests.unit.capture.photobuilding import (
    NOW,
    Reads,
    app1,
    exif_block,
    jpeg,
)


@pytest.fixture
def reads(tmp_path: Path) -> Reads:
    """Write bytes to a file and read them as a capture, by default at noon on 1 June 2026."""

    def write_and_read(content: bytes, name: str = "photo.jpg", now: datetime = NOW) -> Capture:
        path = tmp_path / name
        path.write_bytes(content)
        return read(path, now=now)

    return write_and_read


@pytest.fixture
def photo(reads: Reads) -> Reads:
    """A JPEG with the given Exif, read as a capture."""

    def build(
        exif: dict[int, Any] | None = None,
        gps: dict[int, Any] | None = None,
        first: dict[int, Any] | None = None,
        name: str = "photo.jpg",
        now: datetime = NOW,
    ) -> Capture:
        return reads(jpeg(app1(exif_block(first=first, exif=exif, gps=gps))), name, now)

    return build

"""What tests of every room share: where the corpus lies, and that it may be absent."""

import json
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of photos that no one here made."""
    folder = SHARED / "corpus"
    if not (folder / "truth.jsonl").is_file():
        pytest.skip("the corpus of other people's photos (../shared/corpus) is not on this machine")
    return folder


@pytest.fixture(scope="session")
def truth(corpus: Path) -> list[dict[str, Any]]:
    """What ExifTool reads of each file of the corpus: dicts with `path`, `type`, `date_time_original`, …"""
    return [json.loads(line) for line in (corpus / "truth.jsonl").read_text("utf-8").splitlines()]

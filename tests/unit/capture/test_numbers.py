"""The number that a camera gave a picture, judged by ExifTool."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from agent.capture.numbering import Numbered, answer_number, understood_number
from agent.model.capture import Camera
from agent.worker import Garbled


def test_cameras_numbers_are_those_that_exiftool_finds(corpus: Path) -> None:
    if shutil.which("exiftool") is None:
        pytest.skip("ExifTool is not installed")
    tags = ("-EXIF:ImageNumber", "-Canon:FileNumber", "-Nikon:ShutterCount")
    done = subprocess.run(
        [
            "exiftool",
            "-r",
            "-q",
            "-n",
            "-j",
            "-if",
            "$Canon:FileNumber or $Nikon:ShutterCount",
            *tags,
            "-ext",
            "jpg",
            corpus,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    found = agreed = 0
    for row in json.loads(done.stdout):
        number = answer_number(Path(row["SourceFile"]), {})["number"]
        if number is None:
            continue  # another tag of Canon's, or a note that is broken
        found += 1
        agreed += number in {row.get("ImageNumber"), row.get("ShutterCount"), row.get("FileNumber", 0) % 10_000}
    assert found >= 12
    assert agreed == found


def test_an_answer_that_is_none_is_not_believed() -> None:
    assert understood_number({"number": None}) is None
    assert understood_number({"number": 7, "camera": ["A", "B", None]}) == Numbered(Camera("A", "B"), 7)
    for answer in ({"number": -1, "camera": []}, {"number": True, "camera": [1]}, {"number": 7, "camera": ["A"]}):
        with pytest.raises(Garbled):
            understood_number(answer)  # type: ignore[arg-type]  # what a taken-over process may say

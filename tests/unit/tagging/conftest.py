"""JPEGs made by hand, tags for them, and the outside judges ExifTool and exiv2."""

import hashlib
import io
import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from agent.model.delivery import Splice
from agent.model.files import Fingerprint
from agent.model.ids import Sha256, TransferId, VisitId
from agent.model.times import Interval, Level
from agent.tagging import NeedsSidecar, Tag, plan

XMP = b"http://ns.adobe.com/xap/1.0/\0"


@pytest.fixture(scope="session")
def tag_for() -> Callable[..., Tag]:
    """A tag for a content; any field may be given another value."""

    def make(content: bytes, **changes: Any) -> Tag:
        fields: dict[str, Any] = {
            "visit": VisitId("2026-science-museum"),
            "title": "Science Museum",
            "transfer": TransferId("0123456789abcdef" * 2),
            "original": Fingerprint(Sha256(hashlib.sha256(content).hexdigest()), len(content)),
            "taken": Interval(
                datetime(2026, 3, 14, 10, 11, 12, tzinfo=UTC), datetime(2026, 3, 14, 10, 11, 13, tzinfo=UTC)
            ),
            "level": Level.OWN_OFFSET,
            "owner": "Greenfield School",
        }
        return Tag(**{**fields, **changes})

    return make


@pytest.fixture(scope="session")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes, Tag], Splice | NeedsSidecar]:
    """`plan` for a content, which is put into a file for it."""
    folder = tmp_path_factory.mktemp("planned")

    def run(content: bytes, tag: Tag) -> Splice | NeedsSidecar:
        photo = folder / "photo.jpg"
        photo.write_bytes(content)
        return plan(photo, format="jpeg", tag=tag)

    return run


@pytest.fixture(scope="session")
def spliced() -> Callable[[bytes, Splice], bytes]:
    """A content with a splice made on it, as a sender does it."""

    def run(content: bytes, splice: Splice) -> bytes:
        return content[: splice.at] + splice.insert + content[splice.at + splice.drop :]

    return run


@pytest.fixture(scope="session")
def jpeg() -> Callable[..., bytes]:
    """A JPEG's bytes: SOI, the given (marker, content) segments, SOS, some picture data, EOI, and a trailer."""

    def build(segments: Iterable[tuple[int, bytes]] = (), trailer: bytes = b"") -> bytes:
        parts = [b"\xff\xd8"]
        for marker, content in segments:
            parts.append(bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content)
        return b"".join([*parts, b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00", b"picture" * 40, b"\xff\xd9", trailer])

    return build


@pytest.fixture(scope="session")
def real_jpeg() -> bytes:
    """A small picture as Pillow writes it."""
    stream = io.BytesIO()
    Image.new("RGB", (48, 32), (200, 30, 60)).save(stream, "JPEG")
    return stream.getvalue()


@pytest.fixture(scope="session")
def with_xmp(real_jpeg: bytes) -> Callable[[bytes], bytes]:
    """The small picture with an XMP packet after its JFIF segment."""

    def build(packet: bytes) -> bytes:
        segment = b"\xff\xe1" + (len(XMP) + len(packet) + 2).to_bytes(2, "big") + XMP + packet
        return real_jpeg[:20] + segment + real_jpeg[20:]

    return build


@pytest.fixture(scope="session")
def exiftool() -> Callable[..., dict[str, dict[str, Any]]]:
    """ExifTool over all files of a folder, in one process: what it reads of each, by file name."""
    program = shutil.which("exiftool")
    if program is None:
        pytest.skip("ExifTool (Debian: libimage-exiftool-perl) is not on this machine")

    def run(folder: Path, *options: str) -> dict[str, dict[str, Any]]:
        command = [program, "-j", "-G1", "-a", "-u", "-q", "-q", *options, str(folder)]
        found = json.loads(subprocess.run(command, capture_output=True, check=False).stdout or b"[]")
        return {Path(one["SourceFile"]).name: one for one in found}

    return run


@pytest.fixture(scope="session")
def exiv2_xmp() -> Callable[[Path], str]:
    """The XMP properties that exiv2 prints of a file."""
    program = shutil.which("exiv2")
    if program is None:
        pytest.skip("exiv2 is not on this machine")

    def run(file: Path) -> str:
        return subprocess.run([program, "-px", str(file)], capture_output=True, check=False).stdout.decode()

    return run

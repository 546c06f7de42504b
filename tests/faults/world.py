"""A laptop after a day out: photos of a visit in every shape, a card, and private photos among them.

What came from the cameras is remembered file by file, so that `invariants` can ask after each of them.
"""

import functools
import hashlib
import io
import os
import shutil
import struct
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import piexif
from PIL import Image

from agent.model.ids import Sha256
from tests.laptop import ON_VISIT, PRIVATE, VISITS, Laptop, Server

XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><!-- by another program --></x:xmpmeta>"
AN_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Untouched:
    """A file as its owner left it."""

    sha256: str
    mtime_ns: int
    inode: int


@dataclass(slots=True)
class World:
    """The laptop with all that is on it; `share` is the server's folder, as its disk has it.

    `visit` counts, by content, the files that a camera made on a visit; `untouched` are those that nobody may touch:
    private ones, and what waits for a person. `on_share` is what lay on the share at the last look, by its final name.
    """

    home: Path
    share: Path
    visit: Counter[str] = field(default_factory=Counter)
    untouched: dict[Path, Untouched] = field(default_factory=dict)
    on_share: dict[str, str] = field(default_factory=dict)
    devices: list[str] = field(default_factory=lambda: ["laptop-17"])

    @property
    def imports(self) -> Path:
        """The watched folder."""
        return self.home / "Camera Imports"

    @property
    def card(self) -> Path:
        """The camera's card, where it is mounted."""
        return self.home / "card"

    @property
    def away(self) -> Path:
        """Where the card is while it is not in the laptop."""
        return self.home / "drawer"

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.home / "state"

    @property
    def keys(self) -> Path:
        """Where the device's keys are."""
        return self.home / "config"

    def here(self) -> Counter[str]:
        """SHA-256 of every file that was imported or is on a card, moved aside for removal or not."""
        found: Counter[str] = Counter()
        for folder in (self.imports, self.card, self.away):
            for path in folder.rglob("*"):
                if path.is_file() and not path.is_symlink():
                    found[sha256(path)] += 1
        return found

    def of_a_visit(self, path: Path, content: bytes, *, mtime: float | None = None) -> Path:
        """A file that a camera made on a visit."""
        put(path, content, mtime)
        self.visit[hashlib.sha256(content).hexdigest()] += 1
        return path

    def leave_alone(self, path: Path, content: bytes, *, mtime: float | None = None) -> Path:
        """Make a file that nobody may touch."""
        put(path, content, mtime)
        self.untouched[path] = as_it_is(path)
        return path

    def copy_to(self, home: Path, share: Path) -> "World":
        """The same files in other folders, with everything that the agent already has there."""
        shutil.copytree(self.home, home, symlinks=True)
        shutil.copytree(self.share, share, symlinks=True, dirs_exist_ok=True)
        untouched = {}
        for path, kept in self.untouched.items():
            there = home / path.relative_to(self.home)
            untouched[there] = replace(kept, inode=there.lstat().st_ino)
        return World(home, share, Counter(self.visit), untouched, dict(self.on_share), list(self.devices))


def put(path: Path, content: bytes, mtime: float | None = None) -> None:
    """Write a file, as a camera would have at `mtime`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if mtime is not None:
        os.utime(path, (mtime, mtime))


def as_it_is(path: Path) -> Untouched:
    """The file now."""
    seen = path.lstat()
    return Untouched(sha256(path), seen.st_mtime_ns, seen.st_ino)


def sha256(path: Path) -> Sha256:
    """Hexadecimal, of a file."""
    with path.open("rb") as file:
        return Sha256(hashlib.file_digest(file, "sha256").hexdigest())


def laptop_for(home: Path, server: Server, **changes: dict[str, object]) -> Laptop:
    """A laptop whose keys are its own, in its home, as `init` leaves them."""
    keys = home / "config"
    keys.mkdir(parents=True, exist_ok=True)
    for file in (server.key_file, server.known_hosts_file):
        shutil.copy2(file, keys / file.name)
    laptop = Laptop(home, server)
    files: dict[str, object] = {
        "key_file": str(keys / server.key_file.name),
        "known_hosts_file": str(keys / server.known_hosts_file.name),
    }
    laptop.configure(**{**changes, "share": {**files, **changes.get("share", {})}})
    laptop.register(VISITS)
    return laptop


def mixed(home: Path, server: Server) -> World:
    """A mixed import: JPEGs, a sidecar, a Live Photo, an identical copy, RAW + JPEG, a card, private and undated."""
    laptop_for(home, server)
    world = World(home, server.disk)
    imports, when = world.imports, ON_VISIT.replace(tzinfo=UTC).timestamp()
    for n, size in enumerate((0, 300_000, 40_000)):
        world.of_a_visit(imports / f"IMG_{n}.jpg", photo(ON_VISIT + timedelta(minutes=n), size, n), mtime=when + 60 * n)
    world.of_a_visit(imports / "IMG_1.xmp", XMP, mtime=when + 60)
    world.of_a_visit(imports / "copies" / "IMG_2 (1).jpg", photo(ON_VISIT + timedelta(minutes=2), 40_000, 2))
    live = ON_VISIT + timedelta(minutes=3)
    world.of_a_visit(imports / "IMG_3.jpg", photo(live, 0, 3), mtime=when + 180)
    world.of_a_visit(imports / "IMG_3.mov", clip(live), mtime=when + 180)
    both = ON_VISIT + timedelta(minutes=5)
    world.of_a_visit(imports / "IMG_5.jpg", photo(both, 0, 5), mtime=when + 300)
    world.of_a_visit(imports / "IMG_5.dng", raw(both), mtime=when + 300)
    world.of_a_visit(world.card / "DCIM" / "100CANON" / "IMG_9.jpg", photo(ON_VISIT + timedelta(minutes=9), 0, 9))
    world.leave_alone(world.card / "DCIM" / "100CANON" / "IMG_8.jpg", photo(PRIVATE, 0, 8))
    for n in range(2):
        world.leave_alone(imports / f"home {n}.jpg", photo(PRIVATE + timedelta(minutes=n), 60_000 * n, 100 + n))
    world.leave_alone(imports / "home 0.xmp", XMP + b"\n")
    world.leave_alone(imports / "Ottilie" / "letter.txt", b"Dear Ottilie")
    world.leave_alone(imports / "scan.jpg", photo(None, 0, 77), mtime=when)
    put(world.share / "visits" / "museum" / "a photo of somebody else's.jpg", photo(ON_VISIT, 0, 200))
    return world


@functools.cache
def photo(taken: datetime | None, size: int = 0, seed: int = 0) -> bytes:
    """A JPEG that decodes, by a camera that knows its zone; larger by segments that decoders pass over."""
    details = {}
    if taken is not None:
        details = {
            piexif.ExifIFD.DateTimeOriginal: taken.strftime("%Y:%m:%d %H:%M:%S").encode(),
            piexif.ExifIFD.OffsetTimeOriginal: b"+00:00",
        }
    exif = piexif.dump({"0th": {piexif.ImageIFD.Make: b"Canon", piexif.ImageIFD.Model: b"EOS R6"}, "Exif": details})
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (seed % 256, seed // 256 % 256, 90)).save(out, "JPEG", exif=exif)
    content = out.getvalue()
    at = content.index(b"\xff\xdb")
    segment = b"\xff\xe9" + (32769).to_bytes(2, "big") + hashlib.shake_256(str(seed).encode()).digest(32767)
    return content[:at] + segment * -(-max(0, size - len(content)) // len(segment)) + content[at:]


def clip(taken: datetime, seed: int = 0) -> bytes:
    """The clip of a Live Photo: two seconds, with its own time, which has an offset."""
    since = int((taken.replace(tzinfo=UTC) - datetime(1904, 1, 1, tzinfo=UTC)).total_seconds())
    header = _box(b"mvhd", struct.pack(">IIIII", 0, since, since, 1000, 2000) + bytes(80))
    name, value = b"com.apple.quicktime.creationdate", taken.strftime("%Y-%m-%dT%H:%M:%S+0000").encode()
    handler = _box(b"hdlr", bytes(8) + b"mdta" + bytes(13))
    keys = _box(b"keys", bytes(4) + (1).to_bytes(4) + _box(b"mdta", name))
    data = _box(b"data", (1).to_bytes(4) + bytes(4) + value)
    items = _box(b"ilst", (8 + len(data)).to_bytes(4) + (1).to_bytes(4) + data)
    moov = _box(b"moov", header + _box(b"meta", handler + keys + items))
    return _box(b"ftyp", b"qt  \0\0\0\0qt  ") + moov + _box(b"mdat", bytes([seed % 256]) * 4096)


def raw(taken: datetime) -> bytes:
    """A RAW photo, complete up to its first directory."""
    exif = {
        piexif.ExifIFD.DateTimeOriginal: taken.strftime("%Y:%m:%d %H:%M:%S").encode(),
        piexif.ExifIFD.OffsetTimeOriginal: b"+00:00",
    }
    first = {piexif.ImageIFD.Make: b"Canon", piexif.ImageIFD.Model: b"EOS R6", 50706: (1, 4, 0, 0)}
    return bytes(piexif.dump({"0th": first, "Exif": exif})[6:]) + bytes(range(256)) * 20


def _box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4) + kind + content

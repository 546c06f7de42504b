"""A staff laptop for tests: an import folder, settings as `init` leaves them, a register on a real server's share."""

import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, Protocol

import piexif
from PIL import Image

from agent.cli.session import stages_of
from agent.errors import UsageError
from agent.journal import State, TrackedPhoto
from agent.pipeline.context import Context, open_context
from agent.pipeline.events import Event, Summary
from agent.pipeline.lock import only_writer
from agent.pipeline.run import Run
from agent.record import Entry, EntryKind
from agent.settings import Settings, load
from agent.share.tryout import OWN
from agent.tagging import untag
from tests import programs

VISITS = """id,title,starts,ends,timezone,staff,cameras,latitude,longitude,radius_km,status
museum,Science Museum,2026-03-14 09:00,2026-03-14 16:30,Europe/London,,,,,,
farm,City Farm,2026-04-20 09:00,2026-04-20 15:00,Europe/London,j.smith,,,,,
"""

ON_VISIT = datetime(2026, 3, 14, 10, 11, 12)  # noqa: DTZ001  # what a camera's clock shows
AT_THE_FARM = datetime(2026, 4, 20, 10, 0, 0)  # noqa: DTZ001
PRIVATE = datetime(2026, 3, 13, 20, 0, 0)  # noqa: DTZ001


class Server(Protocol):
    """What a laptop needs to know about a server."""

    host: str
    port: int
    user: str
    root: str
    disk: Path
    key_file: Path
    known_hosts_file: Path


@dataclass(slots=True)
class Heard:
    """An audience that keeps everything; `then` and `advanced` are called, to make trouble at a chosen moment."""

    events: list[Event] = field(default_factory=list)
    then: Callable[[Event], None] = lambda event: None
    advanced: Callable[[int], None] = lambda size: None

    def event(self, event: Event) -> None:
        self.events.append(event)
        self.then(event)

    def expect(self, files: int, size: int) -> None:
        pass

    def advance(self, size: int) -> None:
        self.advanced(size)


@dataclass(slots=True)
class Laptop:
    """The laptop; `imports` is its watched folder, `share` the share's folder on the server's disk."""

    home: Path
    server: Server
    python: tuple[str, ...] = (sys.executable,)

    def __post_init__(self) -> None:
        self.imports.mkdir(parents=True, exist_ok=True)
        self.configure()
        self.register(VISITS)

    @property
    def imports(self) -> Path:
        return self.home / "Camera Imports"

    @property
    def share(self) -> Path:
        return self.server.disk

    @property
    def config(self) -> Path:
        return self.home / "agent.toml"

    @property
    def settings(self) -> Settings:
        return load(self.config)

    def configure(self, **changes: dict[str, object]) -> None:
        """Write agent.toml; `changes` are tables with keys to set, e.g. `removal={"keep_hours": 1}`."""
        tables: dict[str, dict[str, object]] = {
            "device": {
                "name": "laptop-17",
                "staff": "j.smith",
                "timezone": "Europe/London",
                "state_dir": self.named(self.home / "state"),
            },
            "folders": {"watch": [self.named(self.imports)], "settle_seconds": 0},
            "share": {
                "host": self.server.host,
                "port": self.server.port,
                "user": self.server.user,
                "path": self.server.root,
                "key_file": self.named(self.server.key_file),
                "known_hosts_file": self.named(self.server.known_hosts_file),
            },
            "register": {},
            "removal": {},
            "cards": {},
            "forward": {},
        }
        lines = []
        for table, values in tables.items():
            lines.append(f"[{table}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in (values | changes.get(table, {})).items()]
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def named(self, path: Path) -> str:
        """The path as the program on this laptop names it."""
        return str(path)

    def register(self, text: str) -> None:
        """Put a visits register on the share."""
        folder = self.share / "register"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "visits.csv").write_text(text, encoding="utf-8")

    def photo(self, name: str, taken: datetime | None = ON_VISIT, *, size: int = 0, seed: int = 0) -> Path:
        """A JPEG in the import folder, of about `size` bytes if that is more than the picture needs."""
        path = self.imports / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(taken, size=size, seed=seed))
        return path

    def file(self, name: str, content: bytes, *, beside: Path | None = None, age: float = 0) -> Path:
        """A file in the import folder, `age` seconds old, or as old as the one `beside` it: so cameras write both."""
        path = self.imports / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if beside is not None:
            stat = beside.stat()
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        elif age:
            os.utime(path, (time.time() - age, time.time() - age))
        return path

    def run(
        self,
        audience: Heard | None = None,
        *,
        roots: Sequence[Path] = (),
        sleep: Callable[[float], object] = time.sleep,
        **options: Any,
    ) -> Summary:
        """One run in this process, as `sync [ROOTS]` does it; `sleep` is what it waits with for photos to settle."""
        settings = self.settings
        with only_writer(settings), open_context(settings, sleep=sleep) as context:
            return Run(context, roots or settings.watch, audience or Heard(), **options).through()

    def look(self, what: Callable[[Context], Any]) -> Any:
        """Ask the stages something between runs."""
        with stages_of(self.settings) as context:
            return what(context)

    def entries(self, *kinds: EntryKind) -> list[Entry]:
        """The record's entries of these kinds."""
        found: list[Entry] = self.look(lambda context: list(context.record.entries(kinds=set(kinds))))
        return found

    def tracked(self, *states: State) -> list[TrackedPhoto]:
        """The photos in these states."""
        found: list[TrackedPhoto] = self.look(lambda context: context.journal.tracked_photos(*states))
        return found

    def command(
        self,
        *words: str | Path,
        timeout: float = 60,
        before: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        input: str = "",  # noqa: A002  # as subprocess calls it
        afresh: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """`photo-agent WORDS` as a process; `before` is a command that starts it under other conditions.

        Without one it may be a fork (see `programs`); `afresh` starts Python for it.
        """
        environment = {**self.environment, **(env or {})}
        line = self.line(*words)
        if self.python == (sys.executable,) and not before:
            return programs.photo_agent(line[3:], environment, input=input, timeout=timeout, afresh=afresh)
        return subprocess.run(
            [*before, *line], input=input, capture_output=True, text=True, timeout=timeout, check=False, env=environment
        )

    def start(self, *words: str | Path, stderr: int | IO[str] = subprocess.PIPE) -> subprocess.Popen[str]:
        """Start `photo-agent WORDS` as a process and let it run."""
        return subprocess.Popen(
            self.line(*words), stdout=subprocess.PIPE, stderr=stderr, text=True, env=self.environment
        )

    def line(self, *words: str | Path) -> list[str]:
        named = (self.named(word) if isinstance(word, Path) else word for word in words)
        return [*self.python, "-m", "agent.cli", "--config", self.named(self.config), *named]

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "HOME": str(self.home),
            "USERPROFILE": str(self.home),
            "XDG_CACHE_HOME": str(self.home / ".cache"),
            "WIN_PD_OVERRIDE_LOCAL_APPDATA": str(self.home / "AppData" / "Local"),
        }

    def on_share(self) -> dict[str, bytes]:
        """Every file under `visits/`, temporary ones too, by its name there."""
        found = {}
        for path in sorted((self.share / "visits").rglob("*")):
            with contextlib.suppress(FileNotFoundError):  # it was given its final name meanwhile
                if path.is_file():
                    found[path.relative_to(self.share).as_posix()] = path.read_bytes()
        return found

    def arriving(self) -> list[str]:
        """The temporary names of photos that are being sent; the small file that tries out the server is none."""
        return [name for name in self.on_share() if name.endswith(".part") and OWN not in name]

    def originals_on_share(self) -> set[str]:
        """SHA-256 of every file that came to the share under its final name, as it was here: its tag taken out."""
        found = set()
        for name, content in self.on_share().items():
            if name.endswith(".part"):
                continue
            original = io.BytesIO()
            try:
                if untag(io.BytesIO(content), original).was_no_file:
                    continue  # the tag of a file that carries none inside
            except UsageError:  # it has no tag
                original = io.BytesIO(content)
            found.add(sha256(original.getvalue()))
        return found


def jpeg(taken: datetime | None, *, size: int = 0, seed: int = 0) -> bytes:
    """A photo that decodes, with a camera's EXIF; made larger by application segments that decoders pass over."""
    details = {} if taken is None else {piexif.ExifIFD.DateTimeOriginal: taken.strftime("%Y:%m:%d %H:%M:%S").encode()}
    exif = piexif.dump({"0th": {piexif.ImageIFD.Make: b"Canon", piexif.ImageIFD.Model: b"EOS R6"}, "Exif": details})
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (seed % 256, seed // 256 % 256, 90)).save(out, "JPEG", exif=exif)
    content = out.getvalue()
    missing = size - len(content)
    if missing <= 0:
        return content
    chance = hashlib.shake_256(str(seed).encode()).digest(65533)
    segment = b"\xff\xe9" + (65535).to_bytes(2, "big") + chance
    # APP9 segments before the end: after the EXIF block, in front of the picture's own tables.
    at = content.index(b"\xff\xdb")
    return content[:at] + segment * (missing // len(segment) + 1) + content[at:]


def mov(seed: int = 0, begun: datetime | None = None, *, length: int = 3) -> bytes:
    """A clip of `length` seconds, as far as its header tells, which was written at its end by the clock that showed
    `begun`; without that it carries no time. It has no identifier and names no camera.
    """
    content = b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + (8 + 4096).to_bytes(4) + b"mdat" + bytes([seed % 256]) * 4096
    if begun is None:
        return content
    ended = int((begun + timedelta(seconds=length) - datetime(1904, 1, 1)).total_seconds())  # noqa: DTZ001
    header = bytes(4) + ended.to_bytes(4) * 2 + (1000).to_bytes(4) + (1000 * length).to_bytes(4) + bytes(80)
    mvhd = (8 + len(header)).to_bytes(4) + b"mvhd" + header
    return content + (8 + len(mvhd)).to_bytes(4) + b"moov" + mvhd


def sha256(content: bytes) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(content).hexdigest()


def minutes(number: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=number)

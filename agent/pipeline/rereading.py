"""Repeats the decision on a photo: for IT, who checks the laptops' work.

A photo on the share is untagged, its time of capture is read again by the worker that reads photos, and judged by the
register that its entry names. Nothing on the share is changed.
"""

import contextlib
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from agent.errors import LocalFault, UsageError, contained
from agent.files.beneath import Beneath, NotPlain
from agent.files.durable import create_file
from agent.model.decision import Decision, Verdict
from agent.model.files import Fingerprint
from agent.model.register import Register
from agent.pipeline.renew import LARGEST
from agent.register import Kind, Rules, as_it_was, decide, recognise, version_of
from agent.tagging import read_tag, untag

if TYPE_CHECKING:
    from agent.capture import PhotoReader

MOST_REGISTERS = 1000
"""The most names read in a folder of registers."""

MOST_VISITS, MOST_CAMERAS = 300, 50
"""The most files of visits and of cameras that are combined: each pair is a version."""

_KEPT = re.compile(r"(?:visits|cameras)[a-z0-9_-]{0,60}\.(?:csv|txt|xlsx|ods|ics)")

NO_REGISTER = "the register used for the decision is not available"


@dataclass(frozen=True, slots=True)
class RegisterFiles:
    """Files of registers by their names: of visits (`.csv`, `.xlsx`, `.ods`, `.ics`) and of cameras.

    The first of the visits is the present register.
    """

    visits: Sequence[tuple[str, bytes]]
    cameras: Sequence[tuple[str, bytes]]


@dataclass(slots=True)
class RereadPhotos:
    """Reads photos again; no photo can be later than `clock`."""

    reader: "PhotoReader"
    registers: RegisterFiles
    rules: Rules
    now: datetime
    _versions: dict[str, tuple[str, bytes, bytes | None]] = field(default_factory=dict)
    _opened: dict[str, Register] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, visits in self.registers.visits[:MOST_VISITS]:
            for cameras in (None, *(content for _, content in self.registers.cameras[:MOST_CAMERAS])):
                self._versions.setdefault(version_of(visits, cameras), (name, visits, cameras))

    def rebuild(self, tagged: Path, target: Path) -> tuple[Fingerprint, str]:
        """Write the file without its tag to `target`; returns the original's fingerprint and the visit in the tag.

        LocalFault if the file was changed or has no tag.
        """
        try:
            with contained("a photo on the share"), tagged.open("rb") as source, target.open("xb") as out:
                done = untag(source, out)
        except UsageError as fault:
            raise LocalFault(str(fault)) from fault
        return done.original, str(done.visit)

    def transfer_in(self, file: Path) -> str | None:
        """The transfer in the file's tag, if it has one."""
        try:
            with contained("a photo on the share"), file.open("rb") as source:
                tag = read_tag(source)
        except LocalFault:  # the file cannot be read, perhaps on purpose
            return None
        return None if tag is None else str(tag.transfer)

    def judge(self, photo: Path, beside: Sequence[Path], staff: str, register_version: str) -> Decision | str:
        """The decision by the register of that time, or why there is none. LocalFault if the file cannot be read."""
        register = self._register(register_version)
        if register is None:
            return NO_REGISTER
        capture = self.reader.read(photo, now=self.now, beside=beside)
        if not capture.is_photo:
            return Decision(Verdict.NOT_A_PHOTO, ("neither a picture nor a video",), register.version)
        return decide(capture, register, staff=staff, zone=self.rules.zone)

    def numbered(self, photo: Path) -> tuple[str, int] | None:
        """The camera's make and model, and the number that it gave the picture. Raises LocalFault."""
        found = self.reader.number(photo)
        if found is None:
            return None
        words = [one for one in (found.camera.make, found.camera.model) if one]
        return " ".join(words) or "camera", found.number

    def visits_of(self, staff: str, since: datetime, until: datetime) -> Sequence[str] | None:
        """Visits in the present register that name this person, were not cancelled, and took place in that time."""
        if not self.registers.visits:
            return None
        register = self._register(self._of_now())
        if register is None:
            return None
        same = recognise(staff, {name for visit in register.visits for name in visit.staff}).same
        return [
            str(visit.id)
            for visit in register.visits
            if not visit.cancelled
            and not visit.staff.isdisjoint(same)
            and since <= visit.span.earliest
            and visit.span.latest <= until
        ]

    def _of_now(self) -> str:
        cameras = self.registers.cameras[0][1] if self.registers.cameras else None
        return str(version_of(self.registers.visits[0][1], cameras))

    def _register(self, version: str) -> Register | None:
        if version not in self._opened:
            files = self._versions.get(version)
            if files is None:
                return None
            name, visits, cameras = files
            kind: Kind = "ics" if name.lower().endswith(".ics") else "csv"
            self._opened[version] = as_it_was(visits, kind, cameras, rules=self.rules, read_at=self.now)
        return self._opened[version]


@contextlib.contextmanager
def reread_photos(registers: RegisterFiles, rules: Rules, now: datetime) -> "Iterator[RereadPhotos]":
    """Open it with a worker of its own, which stops at the end."""
    from agent.capture import PhotoReader
    from agent.pipeline.jobs import JOBS
    from agent.worker import Worker

    with Worker(JOBS) as worker:
        yield RereadPhotos(PhotoReader(worker), registers, rules, now)


def sorted_out(files: Mapping[str, bytes]) -> RegisterFiles:
    """Sort files into registers of visits and of cameras, by the beginning of their names."""
    visits = [(name, content) for name, content in files.items() if _base(name).startswith("visits")]
    cameras = [(name, content) for name, content in files.items() if _base(name).startswith("cameras")]
    return RegisterFiles(visits, cameras)


def registers_in(folder: Path) -> dict[str, bytes]:
    """The registers in a folder, by their names; empty if there is no such folder. No link is followed."""
    found: dict[str, bytes] = {}
    with contextlib.suppress(OSError, NotPlain), Beneath(folder) as inside:
        for one in inside.names((), MOST_REGISTERS):
            if one.name.lower().startswith(("visits", "cameras")):
                with contextlib.suppress(OSError, NotPlain), inside.open((one.name,), LARGEST) as file:
                    found[one.name] = file.read()
    return found


def keep_registers(folder: Path, files: Mapping[str, bytes]) -> None:
    """Save these registers, for later questions about this time; each content once, and under plain names only.

    LocalFault if that fails.
    """
    for name, content in files.items():
        base = PurePosixPath(_base(name))
        if not _KEPT.fullmatch(base.name):
            continue
        file = folder / f"{base.stem}-{hashlib.sha256(content).hexdigest()[:16]}{base.suffix}"
        try:
            if not file.exists():
                create_file(file, content)
        except FileExistsError:
            continue
        except OSError as fault:
            raise LocalFault(f"the register cannot be saved in {folder}: {fault.strerror}") from fault


def _base(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2].lower()

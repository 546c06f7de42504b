"""A school's share for spot checks: laptops with real photos, tagged as they are sent, and records."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.cli import cli
from agent.model.delivery import Splice
from agent.model.files import Fingerprint
from agent.model.ids import Sha256, TransferId, VisitId
from agent.model.times import Interval, Level
from agent.record import Draft, EntryKind, Record
from agent.record.keys import LogKey
from agent.register import version_of
from agent.tagging import Tag, plan
from tests.laptop import ON_VISIT, jpeg
from tests.unit.record.copies import publish
from tests.unit.record.logkeys import key_of

REGISTER = b"""id,title,starts,ends,timezone,staff
museum,Science Museum,2026-03-14 09:00,2026-03-14 16:30,Europe/London,j.smith; a.jones
farm,City Farm,2026-03-20 09:00,2026-03-20 15:00,Europe/London,j.smith; a.jones
"""

SENT = datetime(2026, 3, 20, 18, 0, tzinfo=UTC)


@dataclass(slots=True)
class Device:
    """A laptop's record, the entries still to be appended, and how much of it is published."""

    record: Record
    signer: LogKey
    staff: str
    drafts: list[Draft] = field(default_factory=list)
    published: int = 0


@dataclass(slots=True)
class School:
    """The share in `folder / "share"`, and IT's state next to it."""

    folder: Path
    devices: dict[str, Device] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.share / "register").mkdir(parents=True)
        (self.share / "visits").mkdir()
        (self.share / "register" / "visits.csv").write_bytes(REGISTER)

    @property
    def share(self) -> Path:
        return self.folder / "share"

    @property
    def state(self) -> Path:
        return self.folder / "it"

    @property
    def keys(self) -> Path:
        return self.folder / "log-keys.txt"

    @property
    def draw_file(self) -> Path:
        return self.folder / "draw.json"

    def device(self, name: str, staff: str = "j.smith") -> Device:
        """Enrol a laptop."""
        made = Device(Record.open(self.folder / "records" / name, name), key_of(name), staff)
        self.devices[name] = made
        body = {"log_key": str(made.signer.key), "staff": staff, "version": "1"}
        made.drafts.append(Draft(EntryKind.ENROLLED, body, "enrolled", SENT - timedelta(days=60)))
        self.keys.write_text("".join(f"{one.signer.key}\n" for one in self.devices.values()))
        return made

    def send(
        self,
        device: str,
        number: int,
        *,
        taken: datetime = ON_VISIT,
        visit: str = "museum",
        removed: bool = True,
        sent: datetime = SENT,
        picture: bytes = b"",
        **more: object,
    ) -> Path:
        """A photo on the share, with its entries; where it lies."""
        one = self.devices[device]
        photo = self.folder / "photo.jpg"
        photo.write_bytes(picture or _unlike_others(jpeg(taken), f"{device} {number}"))
        original = _fingerprint(photo.read_bytes())
        transfer = hashlib.sha256(f"{device} {number}".encode()).hexdigest()[:32]
        span = Interval(taken.replace(tzinfo=UTC), taken.replace(tzinfo=UTC) + timedelta(seconds=1))
        tag = Tag(VisitId(visit), visit, TransferId(transfer), original, span, Level.ASSUMED_ZONE, one.staff)
        splice = plan(photo, format="jpeg", tag=tag)
        assert isinstance(splice, Splice)
        content = photo.read_bytes()
        content = content[: splice.at] + splice.insert + content[splice.at + splice.drop :]
        held = _fingerprint(content)
        name = f"visits/{visit}/{taken:%Y%m%d-%H%M%S}_eos-r6_{original.sha256[:12]}.jpg"
        target = self.share / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(content)
        body = {
            "photo": f"{number:08x}",
            "transfer": transfer,
            "visit": visit,
            "register_version": str(version_of(REGISTER, None)),
            "decided_by": "rules",
            "staff": one.staff,
            "level": "D",
            "proven_at": sent.isoformat(),
            "files": [
                {
                    "name": name,
                    "original_sha256": original.sha256,
                    "original_size": original.size,
                    "held_sha256": held.sha256,
                    "held_size": held.size,
                    "method": "read-back",
                    "synced": True,
                }
            ],
        } | more
        one.drafts.append(Draft(EntryKind.TRANSFERRED, body, f"{transfer}-transferred", sent))  # type: ignore[arg-type]
        if removed:
            gone = {key: body[key] for key in ("photo", "transfer", "visit")} | {"removed_at": sent.isoformat()}
            one.drafts.append(Draft(EntryKind.REMOVED, gone, f"{transfer}-removed", sent))  # type: ignore[arg-type]
        return target

    def publish(self) -> None:
        """Sign and publish the record."""
        for one in self.devices.values():
            one.record.append_all(one.drafts)
            one.drafts.clear()
            one.record.seal(one.signer)
            one.published = publish(one.record, self.share, one.published)

    def lines(self, device: str) -> list[bytes]:
        """A record's entries as they were published, each with its line end."""
        return self.devices[device].record.files.entries.read_bytes().splitlines(keepends=True)

    def put_in(self, device: str, old: bytes, new: bytes) -> None:
        """Somebody changes a record on the share, in whichever of its files that is."""
        files = [path for path in (self.share / "record" / device).iterdir() if old in path.read_bytes()]
        assert files
        for path in files:
            path.write_bytes(path.read_bytes().replace(old, new))

    def run(self, *words: str | Path) -> int:
        """`photo-agent spot-check WORDS` in this process; its exit code. Raises as it does."""
        code = cli.main(["spot-check", *map(str, words)], standalone_mode=False)
        assert isinstance(code, int)
        return code

    def draw(self, *words: str | Path) -> int:
        """Draw into `draw_file`: everything, unless `words` say otherwise."""
        size = words or ("--seed", "dice", "--sample", "1000")
        return self.run("draw", self.share, "--keys", self.keys, "--state", self.state, "--out", self.draw_file, *size)

    def examine(self, *words: str | Path) -> tuple[int, dict[str, object]]:
        """Examine what was drawn; returns the exit code and the stored result."""
        before = set((self.state / "spot-checks").glob("*.json"))
        code = self.run(
            "examine", self.draw_file, self.share, "--keys", self.keys, "--state", self.state, *words,
            "--timezone", "Europe/London",
        )  # fmt: skip
        (kept,) = set((self.state / "spot-checks").glob("*.json")) - before
        return code, json.loads(kept.read_bytes())

    def drawn(self) -> list[Mapping[str, object]]:
        """The transfers in the draw."""
        found: list[Mapping[str, object]] = json.loads(self.draw_file.read_bytes())["drawn"]
        return found


def _fingerprint(content: bytes) -> Fingerprint:
    return Fingerprint(Sha256(hashlib.sha256(content).hexdigest()), len(content))


def _unlike_others(picture: bytes, text: str) -> bytes:
    """With a comment (COM) before the picture's tables, so that no two photos are the same."""
    at = picture.index(b"\xff\xdb")
    return picture[:at] + b"\xff\xfe" + (len(text) + 2).to_bytes(2) + text.encode() + picture[at:]

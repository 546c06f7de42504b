"""Records of a school's laptops on a share, each with its own story, for tests of what IT is shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from agent.audit.spotcheck.signing import ReviewerKey, signed
from agent.record import Draft, EntryKind, Record
from tests.unit.record.bodies import sha
from tests.unit.record.copies import publish
from tests.unit.record.logkeys import key_of

VERSION = "0.4.1"

VISITS = """id,title,starts,ends,staff,timezone
{day1:%Y}-museum,Science Museum,{day1:%Y-%m-%d} 09:00,{day1:%Y-%m-%d} 16:30,j.smith;r.hale,Europe/London
{day2:%Y}-river,River walk,{day2:%Y-%m-%d} 09:00,{day2:%Y-%m-%d} 12:00,m.jones,Europe/London
{day3:%Y}-ski,Ski week,{day3:%Y-%m-%d} 06:00,{day3b:%Y-%m-%d} 22:00,j.smith;a.okafor;p.lindqvist,Europe/Zurich
"""


@dataclass
class School:
    """A share with records, and the keys that IT enrolled. `now` is when it is looked at."""

    home: Path
    now: datetime

    @property
    def share(self) -> Path:
        return self.home / "share"

    @property
    def keys(self) -> Path:
        return self.home / "log-keys.txt"

    def laptop(self, device: str, drafts: Iterable[Draft], staff: str = "j.smith") -> Record:
        """Its record, enrolled and published."""
        signer = key_of(device)
        record = Record.open(self.home / "state", device)
        ordered = sorted(drafts, key=lambda one: one.at)
        first = min((one.at for one in ordered), default=self.now) - timedelta(hours=1)
        enrolled = {"log_key": str(signer.key), "staff": staff, "version": VERSION}
        record.append(Draft(EntryKind.ENROLLED, enrolled, event="enrolled", at=first))
        record.append_all(ordered)
        record.seal(signer)
        publish(record, self.share)
        with self.keys.open("a", encoding="utf-8") as keys:
            keys.write(f"{signer.key}\n")
        return record

    def day(self, back: int, hour: int = 18) -> datetime:
        """So many days ago, at this hour."""
        return (self.now - timedelta(days=back)).replace(hour=hour, minute=0, second=0, microsecond=0)

    def photo(
        self, photo: str, visit: str, at: datetime, *, removed: bool = True, delay: int = 40, **more: Any
    ) -> list[Draft]:
        """A transfer, and its removal."""
        name = f"visits/{visit}/{at:%Y%m%d-%H%M%S}_eos-r6_{sha(photo)[:12]}.jpg"
        content = photo.encode() * 100
        held = self.share / name
        held.parent.mkdir(parents=True, exist_ok=True)
        held.write_bytes(content)
        body: dict[str, Any] = {
            "photo": photo,
            "transfer": sha(photo + visit)[:32],
            "visit": visit,
            "register_version": sha("register"),
            "decided_by": "rules",
            "staff": "j.smith",
            "level": "B",
            "found_at": (at - timedelta(hours=2)).isoformat(),
            "reachable_at": (at - timedelta(seconds=delay)).isoformat(),
            "proven_at": at.isoformat(),
            "files": [
                {
                    "name": name,
                    "original_sha256": sha(photo),
                    "original_size": 4_000_000,
                    "held_sha256": sha(photo * 100),
                    "held_size": len(content),
                    "method": "read-back",
                    "synced": True,
                }
            ],
        } | more
        drafts = [Draft(EntryKind.TRANSFERRED, body, f"{photo}-transferred", at)]
        if removed:
            gone = {
                "photo": photo,
                "transfer": body["transfer"],
                "visit": visit,
                "removed_at": (at + timedelta(seconds=2)).isoformat(),
                "leftovers": [
                    {"kind": "trash", "found": "no"},
                    {"kind": "snapshots", "found": "not known"},
                    {"kind": "camera card", "found": "not known"},
                ],
            }
            drafts.append(Draft(EntryKind.REMOVED, gone, f"{photo}-removed", at + timedelta(seconds=2)))
        return drafts

    def heartbeats(self, since: int, until: int = 0, **counts: int) -> list[Draft]:
        """One heartbeat each morning."""
        return [
            Draft(
                EntryKind.HEARTBEAT,
                {"version": VERSION, "waiting": 0, "review": 0, "refused": 0, "overdue": 0, **counts},
                f"heartbeat-{back}",
                self.day(back, 7),
            )
            for back in range(since, until - 1, -1)
            if self.day(back, 7) <= self.now
        ]

    def spot_check(self, audit: Path, name: str = "2026-03-18", **more: Any) -> Path:
        """A result as `spot-check examine` leaves it."""
        file = audit / "spot-checks" / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        said = {
            "kind": "spot-check",
            "id": name,
            "drawn_at": self.day(2, 9).isoformat(),
            "examined_at": self.day(2, 10).isoformat(),
            "reviewer": "K. Brandt",
            "population": 5289,
            "sample": 59,
            "strata": {},
            "confidence": 95,
            "max_error": "5 %",
            "statement": "At most 4.9 % of the 5,289 transfers on record can be wrong, with 95 % confidence.",
            "examined": 59,
            "right": 59,
            "wrong": 0,
            "not_known": 0,
            "findings": [],
            "missing_entries": [],
            "gaps": [],
        } | more
        file.write_bytes(signed(said, ReviewerKey.load_or_make(audit)))
        return file


def whole_school(home: Path, now: datetime) -> School:
    """Six laptops: one well, one with a failing card, one overdue, one silent, one refused, one whose record is cut."""
    school = School(home, now)
    ski, museum, river = f"{school.day(10):%Y}-ski", f"{school.day(3):%Y}-museum", f"{school.day(60):%Y}-river"
    well = [*school.heartbeats(40)]
    for number in range(36):
        well += school.photo(f"a{number:07x}", museum, school.day(3) + timedelta(seconds=number * 5), delay=20 + number)
    for number in range(58):
        well += school.photo(
            f"b{number:07x}", ski, school.day(9 - number // 20) + timedelta(seconds=number * 7), delay=30
        )
    places = dict.fromkeys(("phone", "bin", "cloud", "messages"), "none left") | {"card": "not looked"}
    well.append(
        Draft(EntryKind.ATTESTED, {"visit": museum, "staff": "j.smith", **places}, "attested", school.day(2, 8))
    )
    school.laptop("laptop-17", well)
    card = [*school.heartbeats(27)]
    for number in range(20):
        damage = {"damage": "end missing"} if number % 5 == 0 else {}
        at = school.day(3, 17) + timedelta(seconds=number * 5)
        card += school.photo(f"c{number:07x}", museum, at, staff="r.hale", delay=300, **damage)
    school.laptop("laptop-04", card, "r.hale")
    late = [*school.heartbeats(20, review=2, waiting=6)]
    for number in range(12):
        late += school.photo(f"d{number:07x}", river, school.day(59), staff="m.jones", delay=4000)
    for number in range(6):
        body = {"photo": f"e{number:07x}", "visit": museum, "hours": 26, "reason": "the share refused the folder"}
        late.append(Draft(EntryKind.OVERDUE, body, f"e{number:07x}-overdue", school.day(1, 10)))
    school.laptop("laptop-22", late, "m.jones")
    school.laptop("laptop-31", school.heartbeats(27, 5), "p.lindqvist")
    refused = [*school.heartbeats(27)]
    for number in range(9):
        refused += school.photo(f"f{number:07x}", ski, school.day(8), staff="a.okafor", removed=number < 7)
    refused.append(Draft(EntryKind.SHARE_REFUSED, {"reason": "host key"}, "share-refused", school.day(1, 9)))
    school.laptop("laptop-09", refused, "a.okafor")
    school.laptop("laptop-11", school.heartbeats(27), "c.mbeki")
    for published in (school.share / "record" / "laptop-11").iterdir():
        published.write_bytes(published.read_bytes()[:-50])
    register = school.share / "register" / "visits.csv"
    register.parent.mkdir(exist_ok=True)
    days = {"day1": school.day(3), "day2": school.day(60), "day3": school.day(10), "day3b": school.day(6)}
    register.write_text(VISITS.format(**days), encoding="utf-8")
    return school

"""Every state of a photo × everything that may happen to it: each pair has its outcome written down here, and a test.

The share is the one in memory, which the contract suite holds to what a real one promises; everything else is real.
After each pair the same is asked: no byte of a visit photo is lost, nothing private is on the share, no `removed` on
record for a file that this program did not remove, and one more run changes nothing.
"""

import io
import itertools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.journal import State, TrackedPhoto
from agent.model.files import Volume
from agent.model.ids import VisitId
from agent.pipeline.context import Context, open_context
from agent.pipeline.events import Event, Happened, Summary
from agent.pipeline.lock import only_writer
from agent.pipeline.review import assign, dismiss, keep_private
from agent.pipeline.run import Run
from agent.record import EntryKind
from agent.share import Disk, MemoryShare
from agent.tagging import untag
from tests.faults import profile
from tests.laptop import ON_VISIT, PRIVATE, VISITS, Heard, Laptop, jpeg, sha256

NOW = datetime(2026, 3, 14, 18, 0, tzinfo=UTC)
EDGE = ON_VISIT.replace(hour=16, minute=30, second=0)  # a photo taken as the visit ends: a person decides
MOVED = VISITS.replace("2026-03-14 09:00,2026-03-14 16:30", "2026-03-16 09:00,2026-03-16 16:30")
TO_EDGE = VISITS.replace("2026-03-14 16:30", "2026-03-14 17:30")


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Nowhere:
    """A server as a laptop's settings describe it; nothing connects to it."""

    home: Path
    host: str = "nowhere"
    port: int = 22
    user: str = "laptop-17"
    root: str = "/"

    @property
    def disk(self) -> Path:
        return self.home / "unused"

    @property
    def key_file(self) -> Path:
        return self.home / "key"

    @property
    def known_hosts_file(self) -> Path:
        return self.home / "known_hosts"


@dataclass
class Mounts:
    """The volumes that the test says are mounted."""

    card: str = "CARD-A"
    present: bool = True

    def removable(self, folder: Path) -> bool:
        return False

    def read_only(self, folder: Path) -> bool:
        return False

    def of(self, folder: Path) -> Volume:
        inside = "Camera Imports" in folder.parts
        return Volume(self.card if inside and self.present else "DISK", folder, steady=True)


@dataclass
class Bench:
    """A laptop whose share, clock and mounts the test moves."""

    laptop: Laptop
    disk: Disk = field(default_factory=lambda: Disk(free=10**12))
    mounts: Mounts = field(default_factory=Mounts)
    now: datetime = NOW
    share_away: bool = False

    def connect(self, *, delivering: bool = False) -> MemoryShare:
        share = MemoryShare(self.disk, device=self.laptop.settings.device.name, clock=lambda: self.now)
        if self.share_away:
            self.disk.reachable = False
        return share

    def register(self, text: str) -> None:
        self.disk.files["register/visits.csv"] = text.encode()

    def run(self, then: Callable[[Event], None] = lambda _: None, **options: Any) -> Summary:
        self.disk.reachable = not self.share_away
        settings = self.laptop.settings
        self.now += timedelta(minutes=1)
        with only_writer(settings), self.context() as context:
            return Run(context, settings.watch, Heard(then=then), **options).through()

    def context(self) -> Any:
        return open_context(
            self.laptop.settings,
            clock=lambda: self.now,
            sleep=self.wait,
            connect=self.connect,
            mounted=lambda: self.mounts,
        )

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def ask(self, what: Callable[[Context], Any]) -> Any:
        with self.context() as context:
            return what(context)

    @property
    def photo(self) -> Path:
        return self.laptop.imports / "day" / "IMG_1.jpg"

    def tracked(self) -> TrackedPhoto | None:
        found: list[TrackedPhoto] = self.ask(lambda context: context.journal.tracked_photos())
        return found[-1] if found else None

    def state(self) -> str:
        one = self.tracked()
        if one is not None:
            return one.state.value + ("" if one.is_here else ", away")
        private = self.ask(lambda context: context.journal.counts()[State.PRIVATE])
        return "private" if private else "unknown"

    def sent(self) -> list[str]:
        return [name for name in self.disk.files if name.startswith("visits/") and not name.endswith(".part")]

    def entries(self, *kinds: EntryKind) -> int:
        wanted = set(kinds) or set(EntryKind) - {EntryKind.HEARTBEAT}
        return len(self.ask(lambda context: list(context.record.entries(kinds=wanted))))

    def here(self) -> set[str]:
        """SHA-256 of every file on the laptop, and in the drawer where the card is."""
        places = (self.laptop.imports, self.laptop.home / "drawer")
        return {sha256(path.read_bytes()) for place in places for path in place.rglob("*") if path.is_file()}

    def arrived(self) -> set[str]:
        """SHA-256 of every photo on the share, as it was here."""
        found = set()
        for name in self.sent():
            original = io.BytesIO()
            untag(io.BytesIO(self.disk.files[name]), original)
            found.add(sha256(original.getvalue()))
        return found


# --- how a photo comes to a state ------------------------------------------------------------------------------------


def until(state: State) -> Callable[[Bench], None]:
    """Run, and end the process as soon as the journal says so."""

    def there(bench: Bench) -> None:
        happened = {State.PROVEN: Happened.PROVEN}[state]

        def kill(event: Event) -> None:
            if event.what is happened:
                raise Killed

        with pytest.raises(Killed):
            bench.run(kill)

    return there


def found(bench: Bench) -> None:
    bench.run(patient=True)


def settled(bench: Bench) -> None:
    del bench.disk.files["register/visits.csv"]
    bench.run()
    bench.register(VISITS)


def decided(bench: Bench) -> None:
    bench.run(stopping=Once())


class Once:
    """Asked to stop after photos were decided: `stopping` is asked before the wait, each chunk and sending."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> bool:
        self.asked += 1
        return self.asked > 3


def sent(bench: Bench) -> None:
    def lose(event: Event) -> None:
        if event.what is Happened.SENT:
            bench.disk.reachable = False

    bench.run(lose)


def recorded(bench: Bench) -> None:
    with bench.photo.open("r+b"):  # another program has it open for writing
        bench.run()


def through(bench: Bench) -> None:
    bench.run()


def refused(bench: Bench) -> None:
    bench.photo.write_bytes(b"")
    bench.run()


def gone(bench: Bench) -> None:
    recorded(bench)
    bench.photo.unlink()
    bench.run()


def away(bench: Bench) -> None:
    decided(bench)
    pull(bench)
    bench.run()


STATES: dict[str, tuple[datetime, Callable[[Bench], None]]] = {
    "found": (ON_VISIT, found),
    "settled": (ON_VISIT, settled),
    "decided": (ON_VISIT, decided),
    "sent": (ON_VISIT, sent),
    "proven": (ON_VISIT, until(State.PROVEN)),
    "recorded": (ON_VISIT, recorded),
    "removed": (ON_VISIT, through),
    "gone": (ON_VISIT, gone),
    "review": (EDGE, through),
    "private": (PRIVATE, through),
    "refused": (ON_VISIT, refused),
    "decided, away": (ON_VISIT, away),
}


# --- what may happen -------------------------------------------------------------------------------------------------


def write(bench: Bench, taken: datetime, *, as_it_was: bool) -> None:
    """Change the file's date, with its size and time left unchanged or not. A file that is gone is made anew."""
    path = bench.photo
    before = path.stat() if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(jpeg(taken))
    if as_it_was and before is not None:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif before is not None:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 10**9))


def other(taken: datetime) -> datetime:
    """The other date: what was of the visit becomes private, and the other way round."""
    return ON_VISIT if taken == PRIVATE else PRIVATE


def changed(bench: Bench, taken: datetime) -> None:
    write(bench, other(taken), as_it_was=False)


def changed_in_secret(bench: Bench, taken: datetime) -> None:
    write(bench, other(taken), as_it_was=True)


def vanished(bench: Bench, _: datetime) -> None:
    bench.photo.unlink(missing_ok=True)


def folder_vanished(bench: Bench, _: datetime) -> None:
    bench.photo.unlink(missing_ok=True)
    if bench.photo.parent.exists():
        bench.photo.parent.rmdir()


def pull(bench: Bench) -> None:
    bench.mounts.present = False
    if bench.photo.parent.exists():
        bench.photo.parent.rename(bench.laptop.home / "drawer")


def pulled(bench: Bench, _: datetime) -> None:
    pull(bench)


def register_changed(bench: Bench, taken: datetime) -> None:
    """The other way round again: what was of the visit lies outside, what was at its edge lies within."""
    bench.register({EDGE: TO_EDGE, PRIVATE: VISITS.replace("2026-03-14 09:00", "2026-03-13 09:00")}.get(taken, MOVED))


def leapt(by: timedelta) -> Callable[[Bench, datetime], None]:
    def leap(bench: Bench, _: datetime) -> None:
        bench.now += by

    return leap


def renamed(bench: Bench, _: datetime) -> None:
    bench.laptop.configure(device={"name": "laptop-18"}, folders={"settle_seconds": 5})


def share_lost(bench: Bench, _: datetime) -> None:
    for name in bench.sent():
        del bench.disk.files[name]


def settled_by_a_person(bench: Bench, _: datetime) -> None:
    one = bench.tracked()
    if one is None:
        return
    if one.state is State.REVIEW:
        bench.ask(lambda context: assign(context, one.id, VisitId("museum")))
    elif one.state is State.REFUSED:
        bench.ask(lambda context: keep_private(context, one.id))
    elif not one.is_here:
        bench.ask(dismiss)


EVENTS: dict[str, Callable[[Bench, datetime], None]] = {
    "changed": changed,
    "changed in secret": changed_in_secret,
    "gone": vanished,
    "folder gone": folder_vanished,
    "card pulled": pulled,
    "register changed": register_changed,
    "clock a day on": leapt(timedelta(days=1)),
    "clock an hour back": leapt(timedelta(hours=-1)),
    "device renamed": renamed,
    "share's copy gone": share_lost,
    "settled by a person": settled_by_a_person,
}

# --- the table -------------------------------------------------------------------------------------------------------

OUTCOMES: dict[str, dict[str, str]] = {
    # A photo that is private now never moves; one that is of the visit now goes.
    "changed": {
        "found": "private 0", "settled": "private 0", "decided": "private 0", "sent": "private 0",
        "proven": "private 1", "recorded": "private 1",  # it had arrived, and the file that is here now stays
        "removed": "removed 1", "gone": "gone 1",  # the file there now is another photo, private and without a row
        "review": "private 0", "private": "removed 1", "refused": "private 0",
        "decided, away": "decided, away 0",  # it is on the card; what was put in its place is private
    },
    "changed in secret": {
        "found": "private 0", "settled": "private 0", "decided": "private 0", "sent": "private 0",
        "proven": "private 1", "recorded": "private 1",
        "removed": "removed 1", "gone": "gone 1",
        "review": "private 0", "private": "removed 1", "refused": "private 0",
        "decided, away": "decided, away 0",
    },
    # Before it is sent, its owner may delete it; after that, the record says that this program did not remove it.
    "gone": {
        "found": "unknown 0", "settled": "unknown 0", "decided": "unknown 0", "sent": "unknown 0",
        "proven": "gone 1", "recorded": "gone 1", "removed": "removed 1", "gone": "gone 1",
        "review": "unknown 0", "private": "private 0", "refused": "unknown 0",
        "decided, away": "decided, away 0",
    },
    "folder gone": {
        "found": "unknown 0", "settled": "unknown 0", "decided": "unknown 0", "sent": "unknown 0",
        "proven": "gone 1", "recorded": "gone 1", "removed": "removed 1", "gone": "gone 1",
        "review": "unknown 0", "private": "private 0", "refused": "unknown 0",
        "decided, away": "decided, away 0",
    },
    # It waits for its card, in the state it has reached.
    "card pulled": {
        "found": "found, away 0", "settled": "settled, away 0", "decided": "decided, away 0", "sent": "sent, away 0",
        "proven": "recorded, away 1", "recorded": "recorded, away 1", "removed": "removed 1", "gone": "gone 1",
        "review": "review, away 0", "private": "private 0", "refused": "refused, away 0",
        "decided, away": "decided, away 0",
    },
    # Until a photo is proven, the current register decides; a proven photo stays sent.
    "register changed": {
        "found": "private 0", "settled": "private 0", "decided": "private 0", "sent": "private 0",
        "proven": "removed 1", "recorded": "removed 1", "removed": "removed 1", "gone": "gone 1",
        "review": "removed 1", "private": "removed 1", "refused": "refused 0",
        "decided, away": "decided, away 0",
    },
    "clock a day on": {
        "found": "removed 1", "settled": "removed 1", "decided": "removed 1", "sent": "removed 1",
        "proven": "removed 1", "recorded": "removed 1", "removed": "removed 1", "gone": "gone 1",
        "review": "review 0", "private": "private 0", "refused": "refused 0", "decided, away": "decided, away 0",
    },
    "clock an hour back": {
        "found": "removed 1", "settled": "removed 1", "decided": "removed 1", "sent": "removed 1",
        "proven": "removed 1", "recorded": "removed 1", "removed": "removed 1", "gone": "gone 1",
        "review": "review 0", "private": "private 0", "refused": "refused 0", "decided, away": "decided, away 0",
    },
    "device renamed": {
        "found": "removed 1", "settled": "removed 1", "decided": "removed 1", "sent": "removed 1",
        "proven": "removed 1", "recorded": "removed 1", "removed": "removed 1", "gone": "gone 1",
        "review": "review 0", "private": "private 0", "refused": "refused 0", "decided, away": "decided, away 0",
    },
    # Files that are still here are sent again first; a file that is gone in both places cannot be recovered.
    "share's copy gone": {
        "found": "removed 1", "settled": "removed 1", "decided": "removed 1", "sent": "removed 1",
        "proven": "removed 1", "recorded": "removed 1", "removed": "removed 0", "gone": "gone 0",
        "review": "review 0", "private": "private 0", "refused": "refused 0", "decided, away": "decided, away 0",
    },
    # A person can only settle photos that are held or waited for.
    "settled by a person": {
        "found": "removed 1", "settled": "removed 1", "decided": "removed 1", "sent": "removed 1",
        "proven": "removed 1", "recorded": "removed 1", "removed": "removed 1", "gone": "gone 1",
        "review": "removed 1", "private": "private 0", "refused": "private 0", "decided, away": "unknown 0",
    },
}  # fmt: skip
"""By event and state: the state after the next runs, and how many visit files the share has then."""


def test_the_table_has_every_pair() -> None:
    assert {event: set(states) for event, states in OUTCOMES.items()} == {event: set(STATES) for event in EVENTS}
    assert set(STATES) >= set(State)


@pytest.mark.parametrize(
    ("state", "event"), profile.sample(list(itertools.product(STATES, EVENTS)), 44, salt="states and events")
)
def test_each_state_has_its_outcome_of_each_event(tmp_path: Path, state: str, event: str) -> None:
    if sys.platform == "win32" and event == "changed in secret" and state in {"review", "private"}:
        pytest.skip("Windows shows no change after which a file has its old size and time again")
    bench, taken = bring(tmp_path, state)
    of_visit = {sha256(bench.photo.read_bytes())} if taken != PRIVATE and bench.photo.exists() else set()
    EVENTS[event](bench, taken)
    private = {sha256(jpeg(PRIVATE))} if "register" not in event and "changed" in event else set()

    for _ in range(2):
        bench.run()

    assert f"{bench.state()} {len(bench.sent())}" == OUTCOMES[event][state]
    if event not in {"changed", "changed in secret", "gone", "folder gone"}:
        assert of_visit <= bench.here() | bench.arrived()
    assert not private & bench.arrived()
    gone = bench.tracked()
    assert event == "device renamed" or bench.entries(EntryKind.REMOVED) == (
        state == "removed" or (gone is not None and gone.state is State.REMOVED)
    )
    before = bench.entries(), bench.sent(), bench.here()
    bench.run()
    assert (bench.entries(), bench.sent(), bench.here()) == before


def bring(tmp_path: Path, state: str) -> tuple[Bench, datetime]:
    """A photo that has come to this state, and when it was taken."""
    bench = Bench(Laptop(tmp_path / "laptop", Nowhere(tmp_path)))
    bench.laptop.configure(folders={"settle_seconds": 5})
    bench.register(VISITS)
    taken, come = STATES[state]
    bench.photo.parent.mkdir()
    bench.photo.write_bytes(jpeg(taken))
    os.utime(bench.photo, (NOW.timestamp() - 3600, NOW.timestamp() - 3600))
    come(bench)
    assert bench.state() == state
    return bench, taken

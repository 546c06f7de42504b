"""`sync` killed (SIGKILL: no handler, no clean-up) at any moment: the next one comes out as if nothing had happened.

PHOTO_AGENT_KILLS says how often; each moment follows from a seed, so that one that went wrong can be had again.
"""

import json
import os
import random
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.record import EntryKind, Record
from tests.laptop import ON_VISIT, PRIVATE, Laptop, minutes, mov, sha256

KILLS = int(os.environ.get("PHOTO_AGENT_KILLS", "6"))
PHOTOS = 12


@dataclass
class Trip:
    """The import folder when `sync` starts: visit photos of every kind, and private ones among them."""

    laptop: Laptop
    visit: dict[str, str]
    private: dict[Path, tuple[bytes, int, int]]
    photos: int
    final_files: int

    def here(self) -> set[str]:
        """SHA-256 of every file on the laptop, moved aside for removal or not."""
        return {sha256(path.read_bytes()) for path in self.laptop.imports.rglob("*") if path.is_file()}

    def nothing_is_lost(self) -> bool:
        return set(self.visit.values()) <= self.here() | self.laptop.originals_on_share()


@pytest.fixture
def trip(laptop: Laptop) -> Trip:
    visit = [laptop.photo(f"IMG_{n}.jpg", ON_VISIT + minutes(n), seed=n, size=n * 60_000) for n in range(PHOTOS)]
    visit.append(laptop.file("IMG_3.mov", mov(begun=ON_VISIT + minutes(3))))
    visit.append(laptop.file("IMG_4.xmp", b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>", beside=visit[4]))
    visit.append(laptop.photo("copies/IMG_5 (1).jpg", ON_VISIT + minutes(5), seed=5, size=5 * 60_000))
    private = [laptop.photo(f"home {n}.jpg", PRIVATE + minutes(n), seed=100 + n, size=100_000) for n in range(4)]
    return Trip(
        laptop,
        {str(path): sha256(path.read_bytes()) for path in visit},
        {path: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in private},
        photos=PHOTOS + 1,  # a copy counts as a photo,
        final_files=PHOTOS + 1 + 1 + 1,  # but one file serves both; a clip, its tag and a sidecar
    )


@pytest.mark.parametrize("seed", range(KILLS))
def test_killed_at_any_moment_the_next_sync_comes_out_the_same(trip: Trip, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(1 + seed % 2):  # the one that clears up is killed, too
        kill_sync(trip.laptop, chance)
        assert trip.nothing_is_lost()

    code, runs = None, 0
    while code != 0 and runs < 3:
        done = trip.laptop.command("sync", "--json")
        code, runs = done.returncode, runs + 1
        assert code in {0, 3}, done.stderr

    assert code == 0
    nothing_is_double(trip)
    nothing_private_was_touched(trip)
    everything_is_on_record_once(trip)
    with sqlite3.connect(trip.laptop.home / "state" / "journal.sqlite3") as journal:
        assert journal.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    journal.close()


def kill_sync(laptop: Laptop, chance: random.Random) -> None:
    """Kill it a moment after one of its events, or before the first: so every step is hit, however slow it is."""
    sync = laptop.start("sync", "--json")
    assert sync.stdout is not None
    events = chance.choice([0, chance.randrange(5 * PHOTOS)])
    for _ in range(events):
        line = sync.stdout.readline()
        if not line or json.loads(line)["event"] == "summary":
            break
    time.sleep(chance.uniform(0, 0.05 if events else 1.5))
    sync.kill()
    sync.communicate()


def nothing_is_double(trip: Trip) -> None:
    assert set(trip.visit.values()) == trip.laptop.originals_on_share()
    names = list(trip.laptop.on_share())
    assert len(names) == trip.final_files
    assert not [name for name in names if name.endswith(".part") or "/." in name]


def nothing_private_was_touched(trip: Trip) -> None:
    left = {path for path in trip.laptop.imports.rglob("*") if not path.is_dir() or path.name.startswith(".")}
    assert left == set(trip.private)
    for path, before in trip.private.items():
        assert (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) == before


def everything_is_on_record_once(trip: Trip) -> None:
    record = Record.open(trip.laptop.home / "state" / "record", "laptop-17")
    assert record.verify() is not None
    for kind in (EntryKind.TRANSFERRED, EntryKind.REMOVED):
        entries = Counter(entry.body["photo"] for entry in record.entries(kinds={kind}))
        assert len(entries) == trip.photos
        assert set(entries.values()) == {1}

"""Several processes read the records of a large share, and nothing about the results shows it."""

import multiprocessing
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.audit import atonce
from agent.audit.atonce import Part, Place, Say, opened
from agent.audit.index import build, open_store
from agent.audit.renaming import Records
from agent.audit.report.tally import Tally
from agent.audit.verified import read_verified
from agent.audit.verify import verify_copy
from agent.errors import RecordError
from agent.record import Draft, EntryKind, Record
from agent.record.note import VerifierKey
from agent.record.words import Place as Spots
from tests.unit.record.bodies import AT, removed, transferred
from tests.unit.record.copies import publish, spoil_signature
from tests.unit.record.logkeys import key_of

NOW = datetime(2026, 6, 3, 7, 0, tzinfo=UTC)
DEVICES = ("altered", "erring", "missing", "short", "sound-1", "sound-2", "sound-3")
KEYS = [key_of(device).key for device in DEVICES]


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six records: one was altered, one has lost its end, one has a wrong signature."""
    home = tmp_path_factory.mktemp("school")
    for device in DEVICES:
        if device != "missing":
            fill(home, device)
    files = {device: sorted((home / "share/record" / device).iterdir()) for device in DEVICES if device != "missing"}
    content = files["altered"][0].read_bytes()
    files["altered"][0].write_bytes(content.replace(b"science-museum", b"science-mvseum", 1))
    files["short"][0].unlink()
    spoil_signature(files["erring"][1])
    return home / "share"


def fill(home: Path, device: str) -> None:
    """Two publications with a transfer, its removal and a statement each."""
    record, done = Record.open(home / "state", device), 0
    for number in (1, 2):
        photo = f"{number:08x}"
        said = {"visit": "2026-science-museum", "staff": "j.smith"} | dict.fromkeys(map(str, Spots), "none left")
        record.append_all(
            [
                Draft(EntryKind.TRANSFERRED, transferred(photo), f"{photo}-transferred", AT),
                Draft(EntryKind.REMOVED, removed(photo), f"{photo}-removed", AT),
                Draft(EntryKind.ATTESTED, said, f"attested-{number}", AT),
            ]
        )
        record.seal(key_of(device))
        done = publish(record, home / "share", done)


@pytest.fixture
def several(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine with two processors, with a large share."""
    monkeypatch.setattr(atonce, "LARGE", 0)
    monkeypatch.setattr(atonce, "processors", lambda: 2)


def everything(share: Path, to: Path) -> tuple[object, ...]:
    """Whatever is read from the share: reports, an index's bytes, and the report's sums."""
    built = build(share, KEYS, open_store(str(to), "north"), now=NOW)
    tally = Tally(NOW, UTC)
    reports = read_verified(share, KEYS, tally, now=NOW, join=tally.join)
    tally.settle()
    sums = repr((tally.laptops, tally.breaches, tally.statements, tally.inspections, tally.left_out))
    cells = {key: (one.photos, one.removed, one.open, one.proven_removed.spread()) for key, one in tally.cells.items()}
    months = {month: (one.photos, one.bytes) for month, one in tally.months.items()}
    files = {path.relative_to(to).as_posix(): path.read_bytes() for path in to.rglob("*") if path.is_file()}
    return built, reports, verify_copy(share, KEYS, now=NOW), sums, list(cells.items()), months, files


def test_results_are_the_same_however_many_processes(
    share: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("duckdb", reason="the extra audit is not installed")
    alone = everything(share, tmp_path / "alone")
    monkeypatch.setattr(atonce, "LARGE", 0)
    monkeypatch.setattr(atonce, "processors", lambda: 3)
    for mine, theirs in zip(alone, everything(share, tmp_path / "three"), strict=True):
        assert mine == theirs
    assert len(alone[4]) == 4  # type: ignore[arg-type]
    codes = {one.device: one.exit_code for one in alone[1]}  # type: ignore[attr-defined]
    assert codes == dict.fromkeys(DEVICES, 0) | {"altered": 10, "erring": 12, "missing": 12, "short": 11}


def whoever(_records: Records, part: Part, _say: Say) -> tuple[int, int]:
    """Work that says which process does it."""
    return part.number, os.getpid()


def test_a_small_share_starts_no_process(share: Path) -> None:
    found: list[tuple[int, int]] = []
    with opened(Place(share, KEYS)) as here:
        here.each(whoever, found.append)
    assert found == [(number, os.getpid()) for number in range(6)]


@pytest.mark.usefixtures("several")
def test_a_large_share_is_read_by_other_processes(share: Path) -> None:
    found: list[tuple[int, int]] = []
    with opened(Place(share, KEYS)) as here:
        here.each(whoever, found.append)
    assert [number for number, _ in found] == list(range(6))
    assert os.getpid() not in {process for _, process in found}
    assert not multiprocessing.active_children()


def failing(_records: Records, part: Part, say: Say) -> int:
    """Work that cannot be done on the third part."""
    say(part.devices[0], 7)
    if part.number == 2:
        raise RecordError("this folder is full")
    return part.number


@pytest.mark.usefixtures("several")
def test_a_fault_in_a_process_is_raised_here(share: Path) -> None:
    found: list[int] = []
    said: list[tuple[str, int]] = []
    with opened(Place(share, KEYS)) as here, pytest.raises(RecordError, match="this folder is full"):
        here.each(failing, found.append, lambda device, count: said.append((device, count)))
    assert found == [0, 1][: len(found)]
    assert ("short", 7) in said  # the third folder: the one of "missing" is not there
    assert not multiprocessing.active_children()


def dying(_records: Records, part: Part, _say: Say) -> int:
    """Work in which the system ends the process."""
    if part.number == 1:
        os.kill(os.getpid(), signal.SIGTERM)
    return part.number


@pytest.mark.usefixtures("several")
def test_a_process_that_dies_ends_the_reading_with_a_clear_error(share: Path) -> None:
    with opened(Place(share, KEYS)) as here, pytest.raises(RecordError, match="ended before it was done"):
        here.each(dying, lambda _: None)
    assert not multiprocessing.active_children()


@pytest.mark.usefixtures("several")
def test_ctrl_c_leaves_no_process(share: Path) -> None:
    def interrupted(_found: object) -> None:
        raise KeyboardInterrupt

    with opened(Place(share, KEYS)) as here, pytest.raises(KeyboardInterrupt):
        here.each(whoever, interrupted)
    assert not multiprocessing.active_children()


class Counting:
    """Work that remembers what it did."""

    def __init__(self, seen: list[str]) -> None:
        self.seen = seen

    def __call__(self, _records: Records, part: Part, _say: Say) -> list[str]:
        self.seen += part.devices
        return self.seen


@pytest.mark.usefixtures("several")
def test_each_part_begins_with_the_work_as_it_was(share: Path) -> None:
    found: list[list[str]] = []
    with opened(Place(share, KEYS)) as here:
        here.each(Counting([]), found.append)
    assert found == [[device] for device in DEVICES if device != "missing"]


def test_devices_are_split_into_few_parts_that_keep_their_order() -> None:
    names = [f"laptop-{number:05}" for number in range(1000)]
    parts = atonce._parts(names)
    assert [name for part in parts for name in part.devices] == names
    assert [part.number for part in parts] == list(range(len(parts)))
    assert len(parts) <= atonce.MOST_PARTS
    assert atonce._parts([]) == []


def test_a_record_that_disappears_before_it_is_read_is_not_signed(share: Path) -> None:
    key = VerifierKey("visit-photo-agent/gone", b"\1" * 32)
    with opened(Place(share, [*KEYS, key])) as here:
        evidence, _ = here.records.of("gone")
    assert (evidence.device, list(evidence.pieces), list(evidence.checkpoints)) == ("gone", [], [])

"""What a renamed laptop's folder holds of the record that it had before becomes bundles in that folder, too."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.audit.findings import Report
from agent.audit.gathering import Gathered, gather_records
from agent.audit.verify import verify_copy
from agent.record import Record
from agent.record.keys import LogKey
from agent.record.publish import to_publish
from agent.record.published import read_name
from tests.unit.record.copies import append_short, publish
from tests.unit.record.logkeys import key_of

NOW = datetime(2026, 6, 3, 7, 0, tzinfo=UTC)
DAYS = [datetime(2026, 3, 1, 9, 0, tzinfo=UTC) + timedelta(days=8 * n) for n in range(12)]
"""From March to May 2026."""


@pytest.fixture
def long(record: Record, signer: LogKey) -> Record:
    """A record with a publication every eight days, two entries each."""
    for day in DAYS:
        append_short(record, 2, at=day)
        record.seal(signer)
    return record


def publish_in_the_folder_of(holder: str, record: Record, share: Path, done: int) -> Path:
    """Send what is sealed from entry `done` on to the folder of the laptop's new name; that folder."""
    for publication in to_publish(record, done, holder):
        for outgoing in publication.delivery.files:
            path = share / outgoing.name
            path.parent.mkdir(parents=True, exist_ok=True)
            assert isinstance(outgoing.source, bytes)
            path.write_bytes(outgoing.source)
    return share / "record" / holder


def gather(share: Path, keys: Sequence[LogKey], device: str) -> Gathered:
    return next(one for one in gather_records(share, [key.key for key in keys], now=NOW) if one.device == device)


def report_on(share: Path, keys: Sequence[LogKey], device: str) -> Report:
    reports = {one.device: one for one in verify_copy(share, [key.key for key in keys], now=NOW)}
    assert reports[device].findings == ()
    return reports[device]


def of_laptop_17(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("was-laptop-17-"))


def test_the_rest_of_a_former_record_is_gathered_where_it_lies(long: Record, share: Path, signer: LogKey) -> None:
    keys = [signer, key_of("laptop-18")]
    publish(long, share)
    own = share / "record" / "laptop-17"
    for path in own.iterdir():
        if (name := read_name(path.name)) is not None and (name.first or 0) >= 8:
            path.unlink()
    new = publish_in_the_folder_of("laptop-18", long, share, 8)
    before = report_on(share, keys, "laptop-17")
    done = gather(share, keys, "laptop-17")
    assert (done.trouble, done.files) == (None, len(DAYS))
    assert [name.split("-")[0] for name in sorted(path.name for path in own.iterdir())] == ["bundle"]
    assert [name.removeprefix("was-laptop-17-").split("-")[0] for name in of_laptop_17(new)] == ["bundle"] * 2
    assert report_on(share, keys, "laptop-17") == before
    assert gather(share, keys, "laptop-17") == Gathered("laptop-17"), "there is nothing left to do"


def test_a_former_record_without_a_folder_of_its_own_is_gathered(long: Record, share: Path, signer: LogKey) -> None:
    """No key was enrolled under the former name: the laptop had it before IT let it in."""
    keys = [LogKey.of("laptop-18", signer._private)]
    new = publish_in_the_folder_of("laptop-18", long, share, 0)
    before = report_on(share, keys, "laptop-17")
    done = gather(share, keys, "laptop-17")
    assert (done.trouble, done.files, done.bundles) == (None, len(DAYS), 3)
    assert len(of_laptop_17(new)) == 3
    assert report_on(share, keys, "laptop-17") == before


def test_what_another_laptop_wrote_as_a_former_record_is_not_gathered(
    long: Record, share: Path, signer: LogKey, tmp_path: Path
) -> None:
    publish(long, share)
    forged = Record.open(tmp_path / "forged", "laptop-17")
    for day in DAYS:
        append_short(forged, 1, at=day)
        forged.seal(LogKey.of("laptop-17", key_of("laptop-66", "hostile")._private))
    theirs = publish_in_the_folder_of("laptop-66", forged, share, 0)
    there = {path.name: path.read_bytes() for path in theirs.iterdir()}
    done = gather(share, [signer, key_of("laptop-66", "hostile")], "laptop-17")
    assert (done.trouble, done.files) == (None, len(DAYS))
    assert {path.name: path.read_bytes() for path in theirs.iterdir()} == there


@pytest.mark.parametrize("cut", range(1, 12, 2))
def test_a_kill_while_a_former_record_is_gathered_loses_nothing(
    long: Record, share: Path, signer: LogKey, cut: int
) -> None:
    keys = [LogKey.of("laptop-18", signer._private)]
    new = publish_in_the_folder_of("laptop-18", long, share, 0)
    before = report_on(share, keys, "laptop-17")
    steps = 0

    def step(_what: str) -> None:
        nonlocal steps
        steps += 1
        if steps == cut:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(gather_records(share, [key.key for key in keys], now=NOW, step=step))
    assert replace(report_on(share, keys, "laptop-17"), notes=()) == replace(before, notes=())
    assert gather(share, keys, "laptop-17").trouble is None
    assert len(of_laptop_17(new)) == 3
    assert report_on(share, keys, "laptop-17") == before

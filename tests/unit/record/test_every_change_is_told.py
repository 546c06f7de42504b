"""Any change to a published record is found, and is called by its right name."""

import itertools
import os
import shutil
from pathlib import Path

import pytest

from agent.audit.evidence import Note
from agent.audit.verify import verify_copy
from agent.record import Record
from agent.record.keys import LogKey
from tests.platforms import WINDOWS
from tests.unit.record.before import publish, published
from tests.unit.record.changes import RECORDS, Made, each_change
from tests.unit.record.copies import NOW, append_short, judged, only
from tests.unit.record.logkeys import key_of

WHOLE = bool(os.environ.get("PHOTO_AGENT_LONG_TESTS"))
"""Set it to try every change; without it a sample of the flips and cuts is tried, and all changes of other kinds."""

ONE_IN = 49 if WINDOWS else 7
"""How large that sample is. Each change is some files opened and read, for which Windows takes several times longer."""


@pytest.mark.parametrize("made", RECORDS)
def test_every_change_to_a_published_record_is_reported_by_its_right_code(tmp_path: Path, made: Made) -> None:
    copy, other, keys = made(tmp_path)
    assert judged(copy, *keys).exit_code == 0
    for number, change in enumerate(each_change(copy, other)):
        if WHOLE or number % ONE_IN == 0 or change.what not in {"bit flipped", "cut at a byte"}:
            with change.made():
                assert judged(copy, *keys).exit_code == change.code, change


# --- More than one file ---


def test_a_missing_last_publication_is_detected_by_a_seen_checkpoint(copy: Path, signer: LogKey) -> None:
    seen = [Note("seen", only(copy, "checkpoint", 1).read_bytes())]
    for part in ("segment", "leaves", "checkpoint"):
        only(copy, part, 1).unlink()
    assert judged(copy, signer.key).exit_code == 0  # nothing in it says that there was more
    report = judged(copy, signer.key, seen=seen)
    assert (report.exit_code, report.entries) == (11, 2)


def test_a_record_that_lacks_its_first_publication_is_reported(copy: Path, signer: LogKey) -> None:
    for part in ("segment", "leaves", "checkpoint"):
        only(copy, part).unlink()
    report = judged(copy, signer.key)
    assert report.exit_code == 11
    assert "entries 0 to 1 are missing" in report.findings[0].text


def test_an_empty_folder_is_not_signed(tmp_path: Path, signer: LogKey) -> None:
    (tmp_path / "laptop-17").mkdir()
    assert [one.exit_code for one in verify_copy(tmp_path, [signer.key], now=NOW)] == [12]


def test_an_entry_and_its_leaf_swapped_together_with_others_are_reported(copy: Path, signer: LogKey) -> None:
    for part in ("segment", "leaves"):
        path = only(copy, part)
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[::-1]))
    assert judged(copy, signer.key).exit_code == 10


def test_an_entry_taken_out_without_a_word_is_reported(copy: Path, signer: LogKey, record: Record) -> None:
    """As an erasure would leave it, but no entry says that there was one."""
    leaves, segment = only(copy, "leaves"), only(copy, "segment")
    first, rest = segment.read_bytes().split(b"\n", 1)
    segment.write_bytes(b'{"erased":true,"index":0}'.ljust(len(first)) + b"\n" + rest)
    leaves.write_bytes(leaves.read_bytes()[:65] + b"0" * 64 + leaves.read_bytes()[129:])
    report = judged(copy, signer.key)
    assert report.exit_code == 10
    assert "no entry says why" in report.findings[0].text


def test_entries_behind_what_was_signed_are_not_signed(copy: Path, record: Record, signer: LogKey, share: Path) -> None:
    append_short(record, 2)
    record.seal(signer)
    publish(record, share, 3)
    only(copy, "checkpoint", 2).unlink()
    report = judged(copy, signer.key)
    assert (report.exit_code, report.entries, report.signed) == (12, 5, 3)


def test_no_part_of_another_devices_record_is_taken_for_this_ones(
    copy: Path, share: Path, signer: LogKey, folder: Path
) -> None:
    """Each file, each two, … of the one replaced by the other's, under its own names and under this one's."""
    other = key_of("laptop-18")
    theirs = published(Record.open(folder, "laptop-18"), share, other, [2, 1])
    ours, names = [
        {path.name.split("-")[0] + str(number): path for number, path in files}
        for files in (parts(copy), parts(theirs))
    ]
    for some in itertools.chain.from_iterable(itertools.combinations(ours, count) for count in range(1, 7)):
        for under_their_name in (False, True):
            mixed = shutil.copytree(copy, copy.parent.parent / "mixed" / "laptop-17")
            for one in some:
                (mixed / ours[one].name).unlink()
                name = names[one].name if under_their_name else ours[one].name
                (mixed / name).write_bytes(names[one].read_bytes())
            code = judged(mixed, signer.key, other.key).exit_code
            assert code in {10, 11, 12}, some
            if all(one.startswith("checkpoint") for one in some) and not under_their_name:
                assert code == 12
            elif not under_their_name and not any(one.startswith("checkpoint") for one in some):
                assert code == 10
            shutil.rmtree(mixed.parent)


def parts(folder: Path) -> list[tuple[int, Path]]:
    return [(number, only(folder, part, number)) for part in ("segment", "leaves", "checkpoint") for number in (0, 1)]


def test_a_whole_record_under_another_devices_name_is_not_signed(
    share: Path, copy: Path, folder: Path, signer: LogKey
) -> None:
    other = key_of("laptop-18")
    theirs = published(Record.open(folder, "laptop-18"), share, other, [2, 1])
    shutil.rmtree(copy)
    theirs.rename(copy)
    assert 12 in {finding.damage for finding in judged(copy, signer.key, other.key).findings}

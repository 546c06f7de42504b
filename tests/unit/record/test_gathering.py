"""A device's months become bundles, which prove the same, and only files that are in a bundle are deleted."""

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.audit.copied import copied_entries
from agent.audit.erasing import erase_copy
from agent.audit.findings import Report
from agent.audit.gathering import Gathered, gather_records
from agent.record import Record
from agent.record.keys import LogKey
from agent.record.published import read_name
from tests.unit.record import before
from tests.unit.record.copies import append_short, judged, publish
from tests.unit.record.logkeys import key_of

NOW = datetime(2026, 6, 3, 7, 0, tzinfo=UTC)
DAYS = [datetime(2025, 11, 6, 9, 0, tzinfo=UTC) + timedelta(days=9 * n) for n in range(24)]
"""From November 2025 to May 2026, and the first of June."""


@pytest.fixture
def long(record: Record, signer: LogKey) -> Record:
    """A record with a publication every nine days."""
    for day in DAYS:
        append_short(record, 2, at=day)
        record.seal(signer)
    return record


@pytest.fixture
def copy(long: Record, share: Path) -> Path:
    publish(long, share)
    return share / "record" / "laptop-17"


def gather(share: Path, *keys: LogKey, **more: object) -> list[Gathered]:
    return list(gather_records(share, [key.key for key in keys], now=NOW, **more))  # type: ignore[arg-type]


def names(copy: Path) -> list[str]:
    return sorted(path.name for path in copy.iterdir())


def whole(copy: Path, signer: LogKey) -> Report:
    report = judged(copy, signer.key, now=NOW)
    assert report.findings == ()
    return report


def test_a_publication_is_one_file(copy: Path) -> None:
    assert len(names(copy)) == len(DAYS)
    assert all(name.startswith("publication-") for name in names(copy))


def test_the_months_that_are_over_become_bundles_and_prove_the_same(copy: Path, share: Path, signer: LogKey) -> None:
    report, shown = whole(copy, signer), list(copied_entries(copy))
    (done,) = gather(share, signer)
    assert (done.trouble, done.files) == (None, len(DAYS) - 1)
    bundles = [name for name in names(copy) if name.startswith("bundle-")]
    assert len(bundles) == done.bundles == 6  # 2025, and five months of 2026
    assert len(names(copy)) == len(bundles) + 1
    assert whole(copy, signer) == report
    assert list(copied_entries(copy)) == shown
    assert gather(share, signer) == [Gathered("laptop-17")], "there is nothing left to do"


def test_the_device_goes_on_publishing_beside_its_bundles(
    copy: Path, long: Record, share: Path, signer: LogKey
) -> None:
    gather(share, signer)
    append_short(long, 3)
    long.seal(signer)
    publish(long, share, 2 * len(DAYS))
    assert whole(copy, signer).entries == 2 * len(DAYS) + 3


def is_of_the_first(path: Path, entries: int) -> bool:
    name = read_name(path.name)
    assert name is not None
    return name.size <= entries


@pytest.mark.parametrize("form", ["before", "mixed"])
def test_records_of_before_are_gathered_too(long: Record, share: Path, signer: LogKey, form: str) -> None:
    before.publish(long, share)
    copy = share / "record" / "laptop-17"
    if form == "mixed":
        for path in copy.iterdir():
            if not is_of_the_first(path, 20):
                path.unlink()
        publish(long, share, 20)
    report = whole(copy, signer)
    (done,) = gather(share, signer)
    assert done.trouble is None
    assert done.bundles == 6
    assert whole(copy, signer) == report
    assert {name.split("-")[0] for name in names(copy)} == (
        {"bundle", "publication"} if form == "mixed" else {"bundle", "segment", "leaves", "checkpoint"}
    )


def test_years_that_are_over_become_one_bundle(copy: Path, share: Path, signer: LogKey) -> None:
    report = whole(copy, signer)
    gather(share, signer)
    later = [*gather_records(share, [signer.key], now=NOW.replace(year=2027))]
    assert (later[0].trouble, later[0].bundles) == (None, 1)
    assert len(names(copy)) == 2
    assert whole(copy, signer) == report


def test_entries_published_again_next_to_a_bundle_are_removed(
    copy: Path, long: Record, share: Path, signer: LogKey
) -> None:
    gather(share, signer)
    left = names(copy)
    report = whole(copy, signer)
    publish(long, share)
    assert len(names(copy)) > len(left)
    assert whole(copy, signer) == report
    assert [one.index for one in copied_entries(copy)] == list(range(2 * len(DAYS)))
    assert gather(share, signer)[0].trouble is None
    assert names(copy) == left


def test_a_part_beside_a_bundle_that_says_something_else_is_damage(
    copy: Path, long: Record, share: Path, signer: LogKey
) -> None:
    some = sorted(copy.iterdir())[5]
    content = some.read_bytes()
    gather(share, signer)
    some.write_bytes(content.replace(b"refused", b"refuseD", 1))
    assert judged(copy, signer.key, now=NOW).exit_code == 10
    assert gather(share, signer) == [Gathered("laptop-17")]
    assert some.exists()


# --- Cut anywhere ---


def steps_of(share: Path, signer: LogKey) -> int:
    told: list[str] = []
    gather(share, signer, step=told.append)
    return len(told)


@pytest.mark.skipif(sys.platform == "win32", reason="a process is split in two")
@pytest.mark.parametrize("way", [publish, before.publish])
def test_a_kill_at_any_step_leaves_a_whole_record_and_the_next_try_ends_it(
    long: Record, share: Path, signer: LogKey, tmp_path: Path, way: Callable[[Record, Path], int]
) -> None:
    way(long, share)
    copy = share / "record" / "laptop-17"
    report = whole(copy, signer)
    untouched = shutil.copytree(share, tmp_path / "untouched")
    steps = steps_of(share, signer)
    assert steps > 20
    expected = {path.name: path.read_bytes() for path in copy.iterdir()}
    for killed_at in range(0, steps, 1 if steps < 40 else 3):
        shutil.rmtree(share)
        shutil.copytree(untouched, share)
        child = os.fork()
        if child == 0:
            left = [killed_at]

            def die(_: str, left: list[int] = left) -> None:
                if left[0] == 0:
                    os._exit(9)
                left[0] -= 1

            gather(share, signer, step=die)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        assert whole(copy, signer) == report, killed_at
        assert gather(share, signer)[0].trouble is None
        drafts = [path for path in copy.iterdir() if path.name.startswith(".gathering-")]
        assert {path.name: path.read_bytes() for path in copy.iterdir() if path not in drafts} == expected, killed_at


def test_a_draft_that_nobody_finished_goes_after_a_day(copy: Path, share: Path, signer: LogKey) -> None:
    draft = copy / ".gathering-0011223344556677"
    draft.write_bytes(b"half")
    assert whole(copy, signer).notes == ()
    gather(share, signer)
    assert draft.exists(), "another witness may be at work"


# --- Hostile devices ---


def bundle_of(copy: Path) -> Path:
    return next(path for path in sorted(copy.iterdir()) if path.name.startswith("bundle-"))


def code(copy: Path, signer: LogKey) -> int:
    return judged(copy, signer.key, now=NOW).exit_code


def test_a_bundle_that_was_forged_is_reported(copy: Path, share: Path, signer: LogKey) -> None:
    gather(share, signer)
    path = bundle_of(copy)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"00000001-refused", b"00000001-rafused", 1))
    assert code(copy, signer) == 10
    head, _, rest = content.partition(b"\n")
    path.write_bytes(head.replace(b"c2", b"c3", 1) + b"\n" + rest)
    assert code(copy, signer) == 10


def test_a_bundle_that_leaves_out_a_part_is_reported(copy: Path, share: Path, signer: LogKey, long: Record) -> None:
    from agent.record.packed import pack
    from agent.record.published import Part

    gather(share, signer)
    path = bundle_of(copy)
    seals = long.seals()[:7]
    kept = [seal for number, seal in enumerate(seals) if number != 3]
    entries, leaves = long.files.entries.read_bytes(), long.files.leaves.read_bytes()
    assert path.read_bytes() == pack(
        [(Part.CHECKPOINT, seal.checkpoint.encode()) for seal in seals],
        leaves[: seals[-1].size * 130],
        entries[: seals[-1].end],
    )
    path.write_bytes(
        pack(
            [(Part.CHECKPOINT, seal.checkpoint.encode()) for seal in kept],
            b"".join(leaves[seal.first * 130 : seal.size * 130] for seal in kept),
            b"".join(entries[seal.start : seal.end] for seal in kept),
        )
    )
    assert code(copy, signer) in {10, 11}
    path.unlink()
    assert code(copy, signer) == 11


def test_a_bundle_that_was_cut_is_reported_at_every_place(copy: Path, share: Path, signer: LogKey) -> None:
    gather(share, signer)
    path = bundle_of(copy)
    content = path.read_bytes()
    for length in range(0, len(content), 151):
        path.write_bytes(content[:length])
        assert code(copy, signer) == 11, length
    path.write_bytes(content + b"x")
    assert code(copy, signer) == 10


def test_every_bit_of_a_publication_counts(copy: Path, signer: LogKey) -> None:
    path = max(copy.iterdir())
    content = path.read_bytes()
    head = content.index(b"\n") + 1
    notes = head + int(content.split(b" ")[3][1:])
    for place in range(0, len(content), 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :])
        assert code(copy, signer) == (12 if head <= place < notes else 10), place


def test_a_bundle_of_another_device_is_reported(copy: Path, share: Path, signer: LogKey, tmp_path: Path) -> None:
    other, key = Record.open(tmp_path / "other", "laptop-18"), key_of("laptop-18")
    for day in DAYS:
        append_short(other, 2, at=day)
        other.seal(key)
    publish(other, share)
    gather(share, signer, key)
    theirs = bundle_of(share / "record" / "laptop-18")
    mine = bundle_of(copy)
    mine.unlink()
    shutil.copy(theirs, copy / theirs.name)
    report = judged(copy, signer.key, key.key, now=NOW)
    assert report.exit_code in {10, 12}
    assert any("belongs to another log" in finding.text for finding in report.findings)


@pytest.mark.parametrize(
    "name",
    [
        "bundle-000000000-999999999999999999999999999999-0011223344556677.txt",
        "publication-999999999999999999999999-999999999999999999999999-0011223344556677.txt",
    ],
)
@pytest.mark.parametrize(
    "content",
    [
        b"visit-photo-agent record 1 c9999999 0a0b0c0d\n",
        b"visit-photo-agent record 1 " + b"c9999999," * 50_000,
        b"x" * 2_000_000,
        b"",
    ],
)
def test_huge_numbers_and_endless_lines_are_reported_at_once(
    copy: Path, share: Path, signer: LogKey, name: str, content: bytes
) -> None:
    (copy / name).write_bytes(content)
    assert code(copy, signer) in {10, 11, 12}
    assert list(copied_entries(copy))
    assert gather(share, signer) == [Gathered("laptop-17")]


def test_a_head_that_promises_more_than_there_is_takes_no_memory(copy: Path, signer: LogKey) -> None:
    from agent.record.packed import _check

    told = b"visit-photo-agent record 1 " + b",".join([b"c9999999"] * 1000)
    max(copy.iterdir()).write_bytes(told + b" " + _check(told) + b"\n")
    assert code(copy, signer) in {10, 11, 12}


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_part_swapped_for_a_link_or_another_file_is_not_gathered(
    copy: Path, share: Path, signer: LogKey, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"root\n")
    first = min(copy.iterdir())
    count = len(names(copy))

    def swap(step: str) -> None:
        if step == "verify" and not first.is_symlink():
            first.unlink()
            first.symlink_to(outside)

    (done,) = gather(share, signer, step=swap)
    assert done.trouble is not None
    assert outside.read_bytes() == b"root\n"
    assert len([name for name in names(copy) if name.startswith("publication-")]) == count


def test_a_part_that_was_changed_while_it_was_gathered_stays(copy: Path, share: Path, signer: LogKey) -> None:
    first = min(copy.iterdir())

    def change(step: str) -> None:
        if step == "name":
            first.write_bytes(b"another history\n")

    (done,) = gather(share, signer, step=change)
    assert "changed while it was being gathered" in (done.trouble or "")
    assert first.read_bytes() == b"another history\n"
    assert code(copy, signer) == 10


def test_a_full_disk_leaves_no_half_bundle_behind(
    copy: Path, share: Path, signer: LogKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, report, written = names(copy), whole(copy, signer), [0]
    write = os.write

    def full(descriptor: int, content: bytes) -> int:
        written[0] += 1
        if written[0] > 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, content)

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        (done,) = gather(share, signer)
    assert "No space left" in (done.trouble or "")
    assert names(copy) == left
    assert whole(copy, signer) == report


def test_a_record_that_does_not_verify_is_left_alone(copy: Path, share: Path, signer: LogKey) -> None:
    max(copy.iterdir()).unlink()
    sorted(copy.iterdir())[3].write_bytes(b"rubbish")
    left = names(copy)
    assert gather(share, signer) == [Gathered("laptop-17")]
    assert gather(share, key_of("laptop-17", "other")) == [Gathered("laptop-17")]
    assert names(copy) == left


# --- The command ---


def test_the_witness_gathers_what_it_cosigned(copy: Path, share: Path, signer: LogKey, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"{signer.key}\n{key_of('laptop-18').key}\n")
    line = [sys.executable, "-m", "agent.cli", "witness", "--keys", str(keys), "--state", str(tmp_path / "state")]
    line += ["--silence-days", "0", "--json"]

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([*line, *words], capture_output=True, text=True, timeout=90, check=False)

    done = run(str(copy), "--gather")  # this device's folder alone, so that no other is looked for
    told = [json.loads(one) for one in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert told[0]["cosigned"] == 2 * len(DAYS)
    assert told[1]["gathered_files"] > 0
    assert "There was nothing to gather" in run(str(copy), "--gather").stderr
    done = run("--share", "--gather")
    assert (done.returncode, "cannot be used with --share" in done.stderr) == (2, True)
    assert whole(copy, signer).entries == 2 * len(DAYS)


# --- What else works on bundles ---


def test_an_entry_in_a_bundle_is_erased_where_it_lies(copy: Path, share: Path, signer: LogKey, long: Record) -> None:
    gather(share, signer)
    long.erase(3, at=NOW)
    long.seal(signer)
    publish(long, share, 2 * len(DAYS))
    assert whole(copy, signer).to_erase == (3,)
    (done,) = erase_copy(share, [signer.key], now=NOW)
    assert done.entries == 1
    report = whole(copy, signer)
    assert (report.erased, report.to_erase) == (1, ())
    assert 3 not in [one.index for one in copied_entries(copy)]
    assert b"00000003-refused" not in b"".join(path.read_bytes() for path in copy.iterdir())


def test_a_publication_cut_before_the_agent_was_renewed_is_completed_by_one_file(
    long: Record, share: Path, signer: LogKey
) -> None:
    """The old agent sent the entries, and the new one sends all of it."""
    before.publish(long, share)
    copy = share / "record" / "laptop-17"
    for path in copy.iterdir():
        if not is_of_the_first(path, 40) and not path.name.startswith("segment-"):
            path.unlink()
    publish(long, share, 40)
    report = whole(copy, signer)
    (done,) = gather(share, signer)
    assert done.trouble is None
    assert whole(copy, signer) == report


@pytest.mark.parametrize(
    "line",
    [
        b"[]",
        b"[" * 200_000,
        b"\xff",
        b'{"at": 5}',
        b'{"at": "0001-01-01T00:00:00+14:00"}',
        b'{"share_at": ["x"], "at": "2026-01-01T00:00:00+00:00"}',
    ],
)
def test_a_laptop_that_publishes_rubbish_stops_the_gathering_of_no_other(
    long: Record, copy: Path, share: Path, signer: LogKey, folder: Path, line: bytes
) -> None:
    """It may do so at any moment, also when its record was found whole just now."""
    from tests.unit.index.forged import publish_lines

    publish_lines(long, share, signer, [line])
    other = Record.open(folder, "laptop-18")
    for day in DAYS:
        append_short(other, 2, at=day)
        other.seal(key_of("laptop-18"))
    publish(other, share)
    first, second = gather(share, signer, key_of("laptop-18"))
    assert (first.files, second.trouble) == (0, None)
    assert second.bundles > 1

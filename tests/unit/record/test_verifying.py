"""Any change to a published record is found, and is called by its right name."""

import itertools
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agent.record import Kind, Record
from agent.record.checkpoint import Checkpoint, checkpoint_of
from agent.record.evidence import Note, of_laptop
from agent.record.keys import LogKey
from agent.record.note import sign_note
from agent.record.report import Damage, Report
from agent.record.verify import verify, verify_copy
from tests.unit.record.bodies import AT
from tests.unit.record.copies import NOW, judged, publish, published, put_down
from tests.unit.record.logkeys import key_of


@pytest.fixture
def share(tmp_path: Path) -> Path:
    return tmp_path / "share"


@pytest.fixture
def copy(record: Record, share: Path, signer: LogKey) -> Path:
    """Two publications, of two entries and of one."""
    return published(record, share, signer, [2, 1])


def damages(report: Report) -> set[Damage]:
    return {finding.damage for finding in report.findings}


def only(folder: Path, part: str, number: int = 0) -> Path:
    return sorted(folder.glob(f"{part}-*"))[number]


# --- Whole ---


def test_a_published_record_is_whole(copy: Path, signer: LogKey) -> None:
    report = judged(copy, signer.key)
    assert (report.findings, report.exit_code, report.entries, report.signed) == ((), 0, 3, 3)
    assert (report.device, report.last_at, report.keys) == ("laptop-17", AT, (str(signer.key),))
    assert next(report.lines()).startswith("laptop-17: whole and signed: 3 entries")


def test_a_copy_may_have_any_name(copy: Path, signer: LogKey, tmp_path: Path) -> None:
    moved = shutil.copytree(copy, tmp_path / "from an usb stick")
    assert judged(moved, signer.key, key_of("laptop-18").key).exit_code == 0


def test_what_is_sent_again_has_the_same_names_and_content(copy: Path, record: Record, share: Path) -> None:
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    put_down(record, 4)  # not sealed: not to be published
    assert publish(record, share) == 3
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before
    assert sorted(before) == sorted(path.name for path in copy.iterdir())
    assert len(before) == 6


def test_the_whole_share_is_verified_device_by_device(
    record: Record, share: Path, signer: LogKey, folder: Path
) -> None:
    published(record, share, signer, [2])
    other = key_of("laptop-18")
    published(Record.open(folder, "laptop-18"), share, other, [1, 1])
    for place in (share, share / "record"):
        reports = list(verify_copy(place, [signer.key, other.key], now=NOW))
        assert [(one.device, one.exit_code, one.signed) for one in reports] == [
            ("laptop-17", 0, 2),
            ("laptop-18", 0, 2),
        ]


def test_an_enrolled_device_that_the_share_has_nothing_of_is_told(copy: Path, share: Path, signer: LogKey) -> None:
    (share / "record" / "laptop-19").mkdir()
    reports = verify_copy(share, [signer.key, key_of("laptop-18").key], now=NOW)
    assert {one.device: one.exit_code for one in reports} == {"laptop-17": 0, "laptop-18": 12, "laptop-19": 12}


def test_the_laptops_own_record_is_verified_too(record: Record, signer: LogKey) -> None:
    assert local(record, signer).exit_code == 12  # there is none
    put_down(record, 3)
    assert damages(local(record, signer)) == {Damage.UNSIGNED}
    record.seal(signer)
    report = local(record, signer)
    assert (report.exit_code, report.entries, report.signed) == (0, 3, 3)
    put_down(record, 2)
    report = local(record, signer)
    assert (report.exit_code, report.entries, report.signed) == (12, 5, 3)
    assert "entries 3 to 4 are not signed" in report.findings[0].text


def local(record: Record, signer: LogKey) -> Report:
    return verify(of_laptop(record.files, record.device, record.seals()), [signer.key], NOW)


@pytest.mark.parametrize("torn", [b"", b'{"at":"20', b"\0\0\0"])
def test_what_a_crash_tore_on_the_laptop_is_no_damage(record: Record, signer: LogKey, torn: bytes) -> None:
    put_down(record, 3)
    record.seal(signer)
    with record.files.leaves.open("ab") as leaves, record.files.entries.open("ab") as entries:
        leaves.write(leaves_line := bytes(record.files.leaves.read_bytes()[:130]))
        entries.write(torn)
    assert len(leaves_line) == 130
    assert local(record, signer).exit_code == 0


@pytest.mark.parametrize("cut", [1, 5, 130, 200, 600])
def test_a_cut_of_what_was_signed_on_the_laptop_is_told(record: Record, signer: LogKey, cut: int) -> None:
    put_down(record, 3)
    record.seal(signer)
    with record.files.entries.open("r+b") as file:
        file.truncate(max(0, file.seek(0, 2) - cut))
    assert local(record, signer).exit_code == (0 if cut == 1 else 11)  # a line end that is missing is mended


# --- Bits ---


def each_flip(content: bytes) -> Iterator[bytes]:
    for place in range(len(content)):
        for bit in range(8):
            yield content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(("part", "damage"), [("segment", 10), ("leaves", 10), ("checkpoint", 12)])
def test_every_bit_of_a_published_record_counts(
    copy: Path, signer: LogKey, part: str, damage: int, number: int
) -> None:
    path = only(copy, part, number)
    for changed in each_flip(path.read_bytes()):
        path.write_bytes(changed)
        assert judged(copy, signer.key).exit_code == damage, changed


def test_every_bit_of_what_an_erased_entry_leaves_counts(
    copy: Path, record: Record, signer: LogKey, share: Path
) -> None:
    shutil.rmtree(share)
    record.erase(0, at=AT)
    record.seal(signer)
    publish(record, share)
    assert judged(copy, signer.key).exit_code == 0
    for part in ("segment", "leaves"):
        path = only(copy, part)
        content = path.read_bytes()
        for changed in itertools.islice(each_flip(content), (content.index(b"\n") + 1) * 8):
            path.write_bytes(changed)
            assert judged(copy, signer.key).exit_code == 10, changed
        path.write_bytes(content)


# --- Cut ---


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(("part", "damage"), [("segment", 11), ("leaves", 11), ("checkpoint", 12)])
def test_a_file_cut_at_any_byte_is_told(copy: Path, signer: LogKey, part: str, damage: int, number: int) -> None:
    path = only(copy, part, number)
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        assert judged(copy, signer.key).exit_code == damage, length


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(("part", "damage"), [("segment", 11), ("leaves", 11), ("checkpoint", 12)])
def test_a_file_that_is_gone_is_told(copy: Path, signer: LogKey, part: str, damage: int, number: int) -> None:
    only(copy, part, number).unlink()
    assert judged(copy, signer.key).exit_code == damage


def test_a_record_that_lacks_its_last_publication_is_known_by_a_checkpoint_seen_before(
    copy: Path, signer: LogKey
) -> None:
    seen = [Note("seen", only(copy, "checkpoint", 1).read_bytes())]
    for part in ("segment", "leaves", "checkpoint"):
        only(copy, part, 1).unlink()
    assert judged(copy, signer.key).exit_code == 0  # nothing in it says that there was more
    report = judged(copy, signer.key, seen=seen)
    assert (report.exit_code, report.entries) == (11, 2)


def test_a_record_that_lacks_its_first_publication_is_told(copy: Path, signer: LogKey) -> None:
    for part in ("segment", "leaves", "checkpoint"):
        only(copy, part).unlink()
    report = judged(copy, signer.key)
    assert report.exit_code == 11
    assert "entries 0 to 1 are missing" in report.findings[0].text


def test_an_empty_folder_is_not_signed(tmp_path: Path, signer: LogKey) -> None:
    (tmp_path / "laptop-17").mkdir()
    assert [one.exit_code for one in verify_copy(tmp_path, [signer.key], now=NOW)] == [12]


# --- Lines ---


def changes(lines: list[bytes]) -> Iterator[tuple[str, list[bytes], int]]:
    """Every line dropped, doubled, put elsewhere, swapped with every other; with the exit code that it must have."""
    for n in range(len(lines)):
        yield f"dropped {n}", lines[:n] + lines[n + 1 :], 11 if n == len(lines) - 1 else 10
        yield f"doubled {n}", lines[: n + 1] + lines[n:], 10
        yield f"emptied {n}", [*lines[:n], b"\n", *lines[n + 1 :]], 10
    for a, b in itertools.combinations(range(len(lines)), 2):
        yield (
            f"swapped {a} {b}",
            [lines[b] if n == a else lines[a] if n == b else one for n, one in enumerate(lines)],
            10,
        )
    yield "reversed", lines[::-1], 10
    yield "put in", [*lines[:1], b"rubbish\n", *lines[1:]], 10
    yield "put behind", [*lines, b"rubbish\n"], 10


@pytest.mark.parametrize("part", ["segment", "leaves"])
def test_every_line_dropped_doubled_swapped_or_put_in_is_told(
    record: Record, share: Path, signer: LogKey, part: str
) -> None:
    copy = published(record, share, signer, [4, 1])
    path = only(copy, part)
    for what, lines, damage in changes(path.read_bytes().splitlines(keepends=True)):
        path.write_bytes(b"".join(lines))
        assert judged(copy, signer.key).exit_code == damage, what


def test_an_entry_and_its_leaf_swapped_together_with_others_are_told(copy: Path, signer: LogKey) -> None:
    for part in ("segment", "leaves"):
        path = only(copy, part)
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[::-1]))
    assert judged(copy, signer.key).exit_code == 10


def test_an_entry_taken_out_without_a_word_is_told(copy: Path, signer: LogKey, record: Record) -> None:
    """As an erasure would leave it, but no entry says that there was one."""
    leaves, segment = only(copy, "leaves"), only(copy, "segment")
    first, rest = segment.read_bytes().split(b"\n", 1)
    segment.write_bytes(b'{"erased":true,"index":0}'.ljust(len(first)) + b"\n" + rest)
    leaves.write_bytes(leaves.read_bytes()[:65] + b"0" * 64 + leaves.read_bytes()[129:])
    report = judged(copy, signer.key)
    assert report.exit_code == 10
    assert "no entry says why" in report.findings[0].text


def test_entries_behind_what_was_signed_are_not_signed(copy: Path, record: Record, signer: LogKey, share: Path) -> None:
    put_down(record, 2)
    record.seal(signer)
    publish(record, share, 3)
    only(copy, "checkpoint", 2).unlink()
    report = judged(copy, signer.key)
    assert (report.exit_code, report.entries, report.signed) == (12, 5, 3)


# --- Another's ---


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


# --- Signatures ---


def test_without_an_enrolled_key_nothing_is_fine(copy: Path) -> None:
    report = judged(copy)
    assert (report.exit_code, report.signed) == (12, 0)
    assert "no key is enrolled" in report.findings[0].text


def test_another_key_of_the_same_name_is_not_the_enrolled_one(copy: Path) -> None:
    report = judged(copy, key_of("laptop-17", "of a thief").key)
    assert (report.exit_code, report.signed) == (12, 0)


def test_a_record_made_anew_and_signed_by_another_key_is_not_signed(
    tmp_path: Path, signer: LogKey, share: Path
) -> None:
    forged = published(Record.open(tmp_path / "forger", "laptop-17"), share, key_of("laptop-17", "forger"), [3])
    assert judged(forged, signer.key).exit_code == 12


def test_a_signature_that_somebody_added_is_told(copy: Path, signer: LogKey) -> None:
    path = only(copy, "checkpoint", 1)
    path.write_text(sign_note(checkpoint_of(path.read_bytes()).text, signer, key_of("stranger")))
    report = judged(copy, signer.key)
    assert report.exit_code == 12
    assert "cannot be checked" in report.findings[0].text
    assert judged(copy, signer.key, key_of("stranger").key).exit_code == 12


def test_a_checkpoint_of_another_log_under_this_ones_key_is_told(copy: Path, signer: LogKey) -> None:
    path = only(copy, "checkpoint", 1)
    said = checkpoint_of(path.read_bytes())
    path.write_text(sign_note(Checkpoint("visit-photo-agent/laptop-18", said.size, said.root).text, signer))
    report = judged(copy, signer.key)
    assert report.exit_code == 12
    assert "of another log" in report.findings[0].text


def test_an_entry_of_another_device_is_told_though_it_is_signed(
    folder: Path, share: Path, signer: LogKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Record.open(folder, "laptop-17")
    put_down(record, 1)
    monkeypatch.setattr(record, "_device", "laptop-18")  # no code of ours does this
    put_down(record, 1)
    monkeypatch.undo()
    record.seal(signer)
    publish(record, share)
    report = judged(share / "record" / "laptop-17", signer.key)
    assert (report.exit_code, report.findings[0].index) == (10, 1)
    assert "of another device" in report.findings[0].text


# --- Forks ---


def test_a_laptop_put_back_from_a_backup_that_went_on_is_a_fork(
    record: Record, share: Path, signer: LogKey, folder: Path, tmp_path: Path
) -> None:
    copy = published(record, share, signer, [2])
    backup = shutil.copytree(folder, tmp_path / "backup")
    put_down(record, 2)
    record.seal(signer)
    publish(record, share, 2)
    put_back = Record.open(backup, "laptop-17")
    put_down(put_back, 3)
    put_back.seal(signer)
    publish(put_back, share, 2)
    report = judged(copy, signer.key)
    assert report.exit_code == 13
    assert "at 4 entries" in report.findings[0].text


def test_two_records_of_the_same_size_are_a_fork(
    record: Record, share: Path, signer: LogKey, folder: Path, tmp_path: Path
) -> None:
    copy = published(record, share, signer, [2])
    other = published(Record.open(tmp_path / "other", "laptop-17"), tmp_path / "elsewhere", signer, [2])
    seen = [Note("seen", only(other, "checkpoint").read_bytes())]
    assert judged(copy, signer.key, seen=seen).exit_code == 13


def test_a_record_written_anew_under_the_right_key_is_known_by_a_checkpoint_seen_before(
    copy: Path, signer: LogKey, tmp_path: Path
) -> None:
    seen = [Note("seen", only(copy, "checkpoint", 1).read_bytes())]
    anew = published(Record.open(tmp_path / "anew", "laptop-17"), tmp_path / "elsewhere", signer, [2, 3])
    assert judged(anew, signer.key).exit_code == 0
    assert judged(anew, signer.key, seen=seen).exit_code == 13


def test_two_publications_of_the_same_entries_are_no_fork(record: Record, share: Path, signer: LogKey) -> None:
    """As when the list of seals was lost."""
    copy = published(record, share, signer, [2, 2])
    record.files.seals.unlink()
    record.seal(signer)
    publish(record, share)
    assert (copy / "checkpoint-000000004-").parent == copy
    assert judged(copy, signer.key).exit_code == 0


# --- Silence ---


@pytest.mark.parametrize(("days", "code"), [(2.9, 0), (3.1, 14)])
def test_a_heartbeat_that_is_missing_is_told(copy: Path, signer: LogKey, days: float, code: int) -> None:
    report = judged(copy, signer.key, now=AT + timedelta(days=days), max_silence=timedelta(days=3))
    assert report.exit_code == code
    assert judged(copy, signer.key, now=AT + timedelta(days=days)).exit_code == 0


def test_what_is_not_signed_is_no_sign_of_life(copy: Path, record: Record, signer: LogKey, share: Path) -> None:
    record.append(Kind.HEARTBEAT, {}, event="heartbeat", at=AT + timedelta(days=9))
    record.seal(signer)
    publish(record, share, 3)
    only(copy, "checkpoint", 2).unlink()
    report = judged(copy, signer.key, now=AT + timedelta(days=9), max_silence=timedelta(days=3))
    assert damages(report) == {Damage.UNSIGNED, Damage.SILENT}


# --- Telling ---


def test_the_gravest_damage_gives_the_code_and_all_of_it_is_told(
    copy: Path, signer: LogKey, share: Path, folder: Path
) -> None:
    path = only(copy, "segment")
    path.write_bytes(path.read_bytes().replace(b"00000001-refused", b"00000001-rafused"))
    only(copy, "checkpoint", 1).unlink()
    report = judged(copy, signer.key, now=AT + timedelta(days=9), max_silence=timedelta(days=3))
    assert report.exit_code == 10
    told = report.as_json()
    assert told["whole"] is False
    findings = told["findings"]
    assert isinstance(findings, list)
    assert (findings[0]["damage"], findings[0]["code"], findings[0]["index"]) == ("altered", 10, 1)
    assert damages(report) == {Damage.ALTERED, Damage.UNSIGNED, Damage.SILENT}
    lines = list(report.lines())
    assert lines[0].startswith("laptop-17: ALTERED")
    assert len(lines) == 1 + len(report.findings)


def test_a_file_that_is_none_of_the_records_is_noted_and_one_on_its_way_is_not(copy: Path, signer: LogKey) -> None:
    (copy / ".uploading-laptop_2d17-00000000000000000000000000000000-0.part").touch()
    assert judged(copy, signer.key).notes == ()
    (copy / "segment-000000000-000000001 (copy).jsonl").touch()
    report = judged(copy, signer.key)
    assert (report.exit_code, len(report.notes)) == (0, 1)


def test_a_report_of_a_record_that_was_written_over_stays_short(record: Record, share: Path, signer: LogKey) -> None:
    copy = published(record, share, signer, [120])
    path = only(copy, "segment")
    path.write_bytes(b"x\n" * 120)
    report = judged(copy, signer.key)
    assert report.exit_code == 10
    assert len(report.findings) == 51
    assert report.findings[-1].text == "and 70 more like these"

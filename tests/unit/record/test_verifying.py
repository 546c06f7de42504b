"""What verifying reports about a record: whole and signed, not signed, and all the damage that there is."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from agent.audit.evidence import of_laptop
from agent.audit.findings import RecordFault, Report
from agent.audit.verify import verify, verify_copy
from agent.record import Record
from agent.record.checkpoint import Checkpoint, checkpoint_of
from agent.record.keys import LogKey
from agent.record.note import sign_note
from tests.unit.record.before import publish, published
from tests.unit.record.bodies import AT
from tests.unit.record.copies import NOW, append_short, damages, judged, only
from tests.unit.record.logkeys import key_of

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
    append_short(record, 4)  # not sealed: not to be published
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


def test_an_enrolled_device_that_the_share_has_nothing_of_is_reported(copy: Path, share: Path, signer: LogKey) -> None:
    (share / "record" / "laptop-19").mkdir()
    reports = verify_copy(share, [signer.key, key_of("laptop-18").key], now=NOW)
    assert {one.device: one.exit_code for one in reports} == {"laptop-17": 0, "laptop-18": 12, "laptop-19": 12}


def test_the_laptops_own_record_is_verified_too(record: Record, signer: LogKey) -> None:
    assert local(record, signer).exit_code == 12  # there is none
    append_short(record, 3)
    assert damages(local(record, signer)) == {RecordFault.UNSIGNED}
    record.seal(signer)
    report = local(record, signer)
    assert (report.exit_code, report.entries, report.signed) == (0, 3, 3)
    append_short(record, 2)
    report = local(record, signer)
    assert (report.exit_code, report.entries, report.signed) == (12, 5, 3)
    assert "entries 3 to 4 are not signed" in report.findings[0].text


def local(record: Record, signer: LogKey) -> Report:
    return verify(of_laptop(record.files, record.device, record.seals()), [signer.key], NOW)


@pytest.mark.parametrize("torn", [b"", b'{"at":"20', b"\0\0\0"])
def test_what_a_crash_tore_on_the_laptop_is_no_damage(record: Record, signer: LogKey, torn: bytes) -> None:
    append_short(record, 3)
    record.seal(signer)
    with record.files.leaves.open("ab") as leaves, record.files.entries.open("ab") as entries:
        leaves.write(leaves_line := bytes(record.files.leaves.read_bytes()[:130]))
        entries.write(torn)
    assert len(leaves_line) == 130
    assert local(record, signer).exit_code == 0


@pytest.mark.parametrize("cut", [1, 5, 130, 200, 600])
def test_a_cut_of_what_was_signed_on_the_laptop_is_reported(record: Record, signer: LogKey, cut: int) -> None:
    append_short(record, 3)
    record.seal(signer)
    with record.files.entries.open("r+b") as file:
        file.truncate(max(0, file.seek(0, 2) - cut))
    assert local(record, signer).exit_code == (0 if cut == 1 else 11)  # a line end that is missing is mended


# --- Signatures ---


def test_without_an_enrolled_key_nothing_is_fine(copy: Path) -> None:
    report = judged(copy)
    assert (report.exit_code, report.signed) == (12, 0)
    assert "no log key was given" in report.findings[0].text


def test_another_key_of_the_same_name_is_not_the_enrolled_one(copy: Path) -> None:
    report = judged(copy, key_of("laptop-17", "of a thief").key)
    assert (report.exit_code, report.signed) == (12, 0)


def test_a_record_made_anew_and_signed_by_another_key_is_not_signed(
    tmp_path: Path, signer: LogKey, share: Path
) -> None:
    forged = published(Record.open(tmp_path / "forger", "laptop-17"), share, key_of("laptop-17", "forger"), [3])
    assert judged(forged, signer.key).exit_code == 12


def test_a_signature_that_somebody_added_is_reported(copy: Path, signer: LogKey) -> None:
    path = only(copy, "checkpoint", 1)
    path.write_bytes(sign_note(checkpoint_of(path.read_bytes()).text, signer, key_of("stranger")).encode())
    report = judged(copy, signer.key)
    assert report.exit_code == 12
    assert "the device did not make" in report.findings[0].text
    assert judged(copy, signer.key, key_of("stranger").key).exit_code == 12


def test_a_checkpoint_of_another_log_under_this_ones_key_is_reported(copy: Path, signer: LogKey) -> None:
    path = only(copy, "checkpoint", 1)
    said = checkpoint_of(path.read_bytes())
    path.write_bytes(sign_note(Checkpoint("visit-photo-agent/laptop-18", said.size, said.root).text, signer).encode())
    report = judged(copy, signer.key)
    assert report.exit_code == 12
    assert "belongs to another log" in report.findings[0].text


def test_an_entry_of_another_device_is_reported_though_it_is_signed(
    folder: Path, share: Path, signer: LogKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Record.open(folder, "laptop-17")
    append_short(record, 1)
    monkeypatch.setattr(record, "_device", "laptop-18")  # no code of ours does this
    append_short(record, 1)
    monkeypatch.undo()
    record.seal(signer)
    publish(record, share)
    report = judged(share / "record" / "laptop-17", signer.key)
    assert (report.exit_code, report.findings[0].index) == (10, 1)
    assert "belongs to another device" in report.findings[0].text


# --- Telling ---


def test_the_gravest_damage_gives_the_code_and_all_of_it_is_reported(
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
    assert damages(report) == {RecordFault.ALTERED, RecordFault.UNSIGNED, RecordFault.SILENT}
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

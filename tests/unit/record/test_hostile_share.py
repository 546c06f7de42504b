"""What devices may put on the share to mislead or stop the person who reviews it, most likely as root."""

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agent import audit
from agent.audit import evidence, holdings
from agent.audit.erasing import erase_published
from agent.audit.evidence import of_folder
from agent.audit.verify import verify_copy
from agent.audit.witness import Witness
from agent.errors import UsageError
from agent.files.beneath import Beneath, NotPlain
from agent.record import Draft, EntryKind, Record
from agent.record.keys import LogKey
from tests.unit.record.before import publish
from tests.unit.record.bodies import AT, transferred
from tests.unit.record.copies import NOW, append_short, judged, only

LATER = AT + timedelta(minutes=5)
SWAPS = 1000

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes need rights on Windows")


@pytest.fixture
def share(tmp_path: Path, record: Record, signer: LogKey) -> Path:
    """Three entries published, the second erased since then on the laptop."""
    folder = tmp_path / "share"
    for number in range(3):
        record.append(
            Draft(EntryKind.TRANSFERRED, transferred(f"{number}", staff="a.leaver"), event=f"{number}", at=AT)
        )
    record.seal(signer)
    done = publish(record, folder)
    record.erase(1, at=LATER)
    record.seal(signer)
    publish(record, folder, done)
    return folder


@pytest.fixture
def copy(share: Path) -> Path:
    return share / "record" / "laptop-17"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file of somebody else's, larger than a segment."""
    path = tmp_path / "outside" / "passwd"
    path.parent.mkdir()
    path.write_bytes(b"root:x:0:0\n" * 1000)
    return path


def quickly(what: Callable[[], object]) -> object:
    """Finished within a few seconds, whatever is there."""
    begun = time.monotonic()
    result = what()
    assert time.monotonic() - begun < 20
    return result


@pytest.fixture
def swapping() -> Iterator[Callable[[Callable[[], None]], Callable[[], int]]]:
    """Runs something in a thread again and again until the test is over; the function given back says how often."""
    stop, threads = threading.Event(), []

    def begin(swap: Callable[[], None]) -> Callable[[], int]:
        count = [0]

        def work() -> None:
            while not stop.is_set():
                swap()
                count[0] += 1

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        threads.append(thread)
        return lambda: count[0]

    yield begin
    stop.set()
    for thread in threads:
        thread.join(10)


def test_a_link_swapped_in_for_a_file_never_leads_an_erasure_outside(
    copy: Path, outside: Path, signer: LogKey, share: Path, swapping: Callable[..., Callable[[], int]]
) -> None:
    before, segment = outside.read_bytes(), only(copy, "segment")
    content, spare, link = segment.read_bytes(), copy.parent.parent / "spare", copy.parent.parent / "link"

    def swap() -> None:
        link.symlink_to(outside)
        link.replace(segment)
        spare.write_bytes(content)
        spare.replace(segment)

    swaps = swapping(swap)
    done = refused = 0
    while swaps() < SWAPS or not done:
        with Beneath(share) as there:
            try:
                done += erase_published(of_folder(there, ("record", "laptop-17"), "laptop-17"), [1])
            except (NotPlain, OSError):
                refused += 1
    assert outside.read_bytes() == before
    assert done > 0
    assert [path.name for path in outside.parent.iterdir()] == ["passwd"]


def test_a_link_swapped_in_for_a_folder_never_leads_an_erasure_outside(
    copy: Path, outside: Path, signer: LogKey, share: Path, swapping: Callable[..., Callable[[], int]]
) -> None:
    twin = outside.parent / "twin"
    shutil.copytree(copy, twin)
    before = {path.name: path.read_bytes() for path in twin.iterdir()}
    away, link = share / "away", share / "link"

    def swap() -> None:
        copy.rename(away)
        copy.symlink_to(twin)
        copy.unlink()
        away.rename(copy)

    swaps = swapping(swap)
    while swaps() < SWAPS:
        with Beneath(share) as there:
            try:
                erase_published(of_folder(there, ("record", "laptop-17"), "laptop-17"), [1])
            except (NotPlain, OSError):
                continue
        assert {path.name: path.read_bytes() for path in twin.iterdir()} == before
    assert not link.exists()
    assert {path.name: path.read_bytes() for path in twin.iterdir()} == before


def test_an_erasure_writes_to_no_file_that_has_another_name(copy: Path, signer: LogKey, share: Path) -> None:
    segment, elsewhere = only(copy, "segment"), share / "elsewhere"
    os.link(segment, elsewhere)
    before = elsewhere.read_bytes()
    (done,) = audit.erase_copy(share, [signer.key], now=NOW)
    assert (done.entries, done.report.exit_code, elsewhere.read_bytes()) == (None, 10, before)
    assert any("has another name" in finding.text for finding in done.report.findings)


def test_an_undisturbed_erasure_erases(copy: Path, signer: LogKey, share: Path) -> None:
    (done,) = audit.erase_copy(share, [signer.key], now=NOW)
    assert (done.entries, done.report.exit_code, done.report.to_erase) == (1, 0, ())
    assert only(copy, "segment").read_bytes().count(b"a.leaver") == 2


@pytest.mark.parametrize("part", ["segment", "leaves", "checkpoint"])
@pytest.mark.parametrize("how", ["link", "pipe", "folder", "sparse", "dangling"])
def test_what_is_no_plain_file_is_reported_and_never_read(
    copy: Path, outside: Path, signer: LogKey, share: Path, part: str, how: str
) -> None:
    path = only(copy, part)
    kept = path.read_bytes()
    path.unlink()
    if how == "link":  # to the very content that belongs there
        (outside.parent / "same").write_bytes(kept)
        path.symlink_to(outside.parent / "same")
    elif how == "pipe":
        os.mkfifo(path)
    elif how == "folder":
        path.mkdir()
    elif how == "sparse":
        with path.open("wb") as file:
            file.truncate(1 << 40)
    else:
        path.symlink_to(share / "nowhere")
    report = quickly(lambda: judged(share, signer.key))
    assert isinstance(report, audit.Report)
    assert report.exit_code == 10
    assert any(finding.file == path.name for finding in report.findings)
    quickly(lambda: list(audit.copied_entries(share)))
    quickly(lambda: Witness(share.parent / "state", "w/1").look(share, [signer.key], now=NOW))
    (done,) = audit.erase_copy(share, [signer.key], now=NOW)
    assert done.entries is None


def test_a_devices_folder_that_is_a_link_is_not_looked_into(share: Path, copy: Path, signer: LogKey) -> None:
    moved = share.parent / "moved"
    copy.rename(moved)
    copy.symlink_to(moved)
    report = judged(share, signer.key)
    assert (report.exit_code, report.entries) == (12, 0)
    assert "its folder is a link" in report.findings[0].text
    assert list(audit.copied_entries(share)) == []


def test_a_record_folder_that_is_a_link_is_refused(share: Path, signer: LogKey) -> None:
    (share / "record").rename(share.parent / "moved")
    (share / "record").symlink_to(share.parent / "moved")
    with pytest.raises(UsageError, match="is a link"):
        judged(share, signer.key)


def test_names_without_end_stop_that_device_and_no_other(
    share: Path, copy: Path, signer: LogKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, key = Record.open(share.parent / "other", "laptop-18"), LogKey.of("laptop-18", signer._private)
    append_short(other, 2)
    other.seal(key)
    publish(other, share)
    monkeypatch.setattr(evidence, "MOST_FILES", 50)
    for number in range(60):
        (copy / f"checkpoint-{number:09}-{number:016x}.txt").touch()
    reports = {report.device: report for report in verify_copy(share, [signer.key, key.key], now=NOW)}
    assert (reports["laptop-17"].exit_code, reports["laptop-18"].exit_code) == (12, 0)
    assert "holds more than 50 names" in reports["laptop-17"].findings[0].text


@pytest.mark.slow
@pytest.mark.timeout(900)  # making them takes minutes on a busy disk
def test_a_million_names_are_not_read(share: Path, copy: Path, signer: LogKey) -> None:
    for number in range(1_000_000):
        os.symlink("nowhere", copy / f"x{number}")  # noqa: PTH211  # a million Paths less
    report = quickly(lambda: judged(share, signer.key))
    assert isinstance(report, audit.Report)
    assert report.exit_code == 12


def test_photos_are_compared_without_following_links(share: Path, signer: LogKey, outside: Path) -> None:
    visit = share / "visits" / "2026-science-museum"
    visit.mkdir(parents=True)
    (visit / "link.jpg").symlink_to(outside)
    (visit / "away").symlink_to("/etc")
    os.mkfifo(visit / "pipe.jpg")
    found = holdings.on_disk(share / "visits")
    assert sorted(found) == [f"visits/2026-science-museum/{name}" for name in ("away", "link.jpg", "pipe.jpg")]
    assert {held.size for held in found.values()} == {None}


def test_a_visit_nested_without_end_is_reported_and_the_records_are_judged(share: Path, signer: LogKey) -> None:
    deep = share / "visits" / "v"
    for _ in range(40):
        deep /= "d"
    deep.mkdir(parents=True)
    watch = Witness(share.parent / "state", "w/1").look(share, [signer.key], now=NOW)
    assert [one.report.exit_code for one in watch.devices] == [0]
    assert watch.holdings is not None
    assert "folders more than 8 deep" in (watch.holdings.not_compared or "")
    assert watch.exit_code == 15
    assert "NOT COMPARED" in "\n".join(watch.lines())


def test_more_photos_than_are_looked_at_are_reported(
    share: Path, signer: LogKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holdings, "MOST_PHOTOS", 20)
    visit = share / "visits" / "v"
    visit.mkdir(parents=True)
    for number in range(30):
        (visit / f"{number}.jpg").touch()
    watch = Witness(share.parent / "state", "w/1").look(share, [signer.key], now=NOW)
    assert watch.holdings is not None
    assert "more than 20 names" in (watch.holdings.not_compared or "")


def test_a_segment_that_grows_while_it_is_read_ends_where_it_ended(copy: Path, share: Path) -> None:
    name = only(copy, "segment").name
    with Beneath(share) as there, there.open(("record", "laptop-17", name), 1 << 20) as file:
        size = (copy / name).stat().st_size
        with (copy / name).open("ab") as more:
            more.write(b"x" * 100_000)
        assert len(file.read()) == size


def test_an_entry_nested_without_end_is_reported(share: Path, copy: Path, signer: LogKey) -> None:
    segment = only(copy, "segment")
    segment.write_bytes(b"[" * 100_000 + b"\n" + segment.read_bytes())
    assert judged(share, signer.key).exit_code == 10
    with Beneath(share) as there:
        files = holdings.recorded([of_folder(there, ("record", "laptop-17"), "laptop-17")])
    assert len(files) == 3


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0b"])
def test_no_name_leads_up_or_further_down(share: Path, name: str) -> None:
    with Beneath(share) as there:
        with pytest.raises(NotPlain):
            there.names((name,), 10)
        with pytest.raises(NotPlain):
            there.open(("record", name), 10)


def test_another_devices_files_in_a_folder_count_only_if_that_device_signed_them(
    share: Path, copy: Path, signer: LogKey
) -> None:
    """A hostile device, with its own key and folder, claims to hold the record of another."""
    forged = Record.open(share.parent / "forged", "laptop-17")
    append_short(forged, 5)
    forged.seal(LogKey.of("laptop-17", hostile_key()._private))
    publish(forged, share.parent / "forged-share")
    theirs = share / "record" / "laptop-66"
    theirs.mkdir()
    for path in (share.parent / "forged-share" / "record" / "laptop-17").iterdir():
        shutil.copy(path, theirs / f"was-laptop-17-{path.name}")
    reports = {report.device: report for report in verify_copy(share, [signer.key, hostile_key().key], now=NOW)}
    assert reports["laptop-17"].exit_code == 0
    assert reports["laptop-66"].exit_code in {10, 12}
    assert any("was-laptop-17" in finding.text for finding in reports["laptop-66"].findings)


def hostile_key() -> LogKey:
    from tests.unit.record.logkeys import key_of

    return key_of("laptop-66", "hostile")


def test_a_wrong_folder_is_said_to_be_the_wrong_one(tmp_path: Path, signer: LogKey) -> None:
    (tmp_path / "somewhere" / "else").mkdir(parents=True)
    for look in (
        lambda: verify_copy(tmp_path / "somewhere", [signer.key], now=NOW),
        lambda: list(audit.copied_entries(tmp_path / "somewhere")),
        lambda: Witness(tmp_path / "state", "w/1").look(tmp_path / "somewhere", [signer.key], now=NOW),
        lambda: list(audit.erase_copy(tmp_path / "somewhere", [signer.key], now=NOW)),
    ):
        with pytest.raises(UsageError, match="There is no record in"):
            look()


def test_a_folder_that_is_none_is_a_sentence(tmp_path: Path, signer: LogKey) -> None:
    for look in (
        lambda: verify_copy(tmp_path / "none", [signer.key], now=NOW),
        lambda: list(audit.copied_entries(tmp_path / "none")),
        lambda: Witness(tmp_path / "state", "w/1").look(tmp_path / "none", [signer.key], now=NOW),
        lambda: list(audit.erase_copy(tmp_path / "none", [signer.key], now=NOW)),
    ):
        with pytest.raises(UsageError, match="cannot be read"):
            look()


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names there are text")
def test_a_folder_whose_name_is_not_text_is_reported(copy: Path, share: Path, signer: LogKey) -> None:
    (share / "record" / os.fsdecode(b"\xff")).mkdir()
    seen = [evidence.Note("seen", only(copy, "checkpoint").read_bytes())]
    reports = verify_copy(share, [signer.key], now=NOW, seen=seen)
    assert {report.device: report.exit_code for report in reports} == {"laptop-17": 0, "\udcff": 12}

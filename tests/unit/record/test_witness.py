"""What a witness remembers, cosigns and reports, each kind of trouble by its name."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agent.audit.witness import Watch, Witness, WitnessFinding
from agent.errors import RecordError, UsageError
from agent.record import Draft, EntryKind, Record
from agent.record.checkpoint import checkpoint_of
from agent.record.keys import LogKey
from agent.record.note import open_note, split_note
from tests.platforms import links
from tests.unit.record.before import publish, published
from tests.unit.record.bodies import AT, transferred
from tests.unit.record.copies import NOW, append_short
from tests.unit.record.logkeys import key_of


class Bench:
    """A share with the record of laptop-17, and a witness with an empty memory."""

    def __init__(self, folder: Path, record: Record, signer: LogKey) -> None:
        self.share = folder / "share"
        self.state = folder / "witness"
        self.record = record
        self.signer = signer
        self.copy = published(record, self.share, signer, [3])

    def grow(self, count: int = 2) -> None:
        append_short(self.record, count)
        self.record.seal(self.signer)
        publish(self.record, self.share)

    def look(self, **more: object) -> Watch:
        more = {"now": NOW} | more
        return Witness(self.state, "witness/it").look(self.share, [self.signer.key], **more)  # type: ignore[arg-type]

    def troubles(self, **more: object) -> set[WitnessFinding]:
        watch = self.look(**more)
        return {trouble for one in watch.devices for trouble, _ in one.troubles}

    @property
    def seen(self) -> bytes:
        return (self.state / "seen" / "laptop-17.txt").read_bytes()

    def another(self, folder: Path, count: int) -> None:
        """Replace the device's record on the share by another one, signed by the same key."""
        shutil.rmtree(self.copy)
        other = Record.open(folder, "laptop-17")
        append_short(other, count, at=AT + timedelta(minutes=1))
        other.seal(self.signer)
        publish(other, self.share)


@pytest.fixture
def bench(tmp_path: Path, record: Record, signer: LogKey) -> Bench:
    return Bench(tmp_path, record, signer)


def cosignature(note: bytes, name: str) -> tuple[bytes, int, bytes]:
    """Key id, time and signature, by the words of c2sp.org/tlog-cosignature."""
    (line,) = [line for line in note.decode().splitlines() if line.startswith(f"— {name} ")]
    raw = base64.b64decode(line.rpartition(" ")[2])
    assert len(raw) == 4 + 8 + 64
    return raw[:4], int.from_bytes(raw[4:12], "big"), raw[12:]


def test_a_whole_record_is_cosigned_and_remembered(bench: Bench) -> None:
    watch = bench.look()
    (one,) = watch.devices
    assert (watch.exit_code, one.troubles, one.seen, one.cosigned) == (0, (), None, 3)
    assert checkpoint_of(bench.seen).size == 3
    bench.grow()
    (one,) = bench.look().devices
    assert (one.troubles, one.seen, one.cosigned) == ((), 3, 5)
    assert checkpoint_of(bench.seen).size == 5


def test_the_cosignature_is_as_c2sp_has_it(bench: Bench) -> None:
    bench.look()
    name, identity, encoded = (bench.state / "witness.key.pub").read_text("utf-8").strip().split("+", 2)
    key = base64.b64decode(encoded)
    assert key[0] == 4
    assert hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() == identity
    found, at, signature = cosignature(bench.seen, name)
    assert (found.hex(), at) == (identity, int(NOW.timestamp()))
    text = split_note(bench.seen)[0]
    public = Ed25519PublicKey.from_public_bytes(key[1:])
    public.verify(signature, f"cosignature/v1\ntime {at}\n{text}".encode())
    with pytest.raises(InvalidSignature):
        public.verify(signature, f"cosignature/v1\ntime {at + 1}\n{text}".encode())
    # The device's own signature stands above it, for readers that know no cosignatures.
    assert open_note(bench.seen, [bench.signer.key]).signed_by == (bench.signer.key,)


def test_its_key_is_its_own_and_closed_to_others(bench: Bench) -> None:
    bench.look()
    first = str(Witness(bench.state, "witness/it").key)
    assert str(Witness(bench.state, "witness/it").key) == first
    if sys.platform != "win32":
        assert (bench.state / "witness.key").stat().st_mode & 0o777 == 0o600


def test_a_witness_does_not_change_its_name_unseen(bench: Bench) -> None:
    bench.look()
    with pytest.raises(UsageError, match="another name"):
        Witness(bench.state, "witness/other")


def test_a_rollback_is_reported_each_time_and_what_was_seen_is_kept(bench: Bench, tmp_path: Path) -> None:
    shutil.copytree(bench.copy, tmp_path / "older")
    bench.grow()
    bench.look()
    shutil.rmtree(bench.copy)
    shutil.copytree(tmp_path / "older", bench.copy)
    for _ in range(2):
        watch = bench.look()
        assert {trouble for trouble, _ in watch.devices[0].troubles} == {WitnessFinding.ROLLBACK}
        assert watch.exit_code == 11
        assert watch.devices[0].cosigned is None
    assert checkpoint_of(bench.seen).size == 5


def test_a_record_that_is_gone_altogether_is_a_rollback(bench: Bench) -> None:
    bench.look()
    shutil.rmtree(bench.copy)
    (bench.share / "record").mkdir(exist_ok=True)
    watch = bench.look()
    assert WitnessFinding.ROLLBACK in {trouble for trouble, _ in watch.devices[0].troubles}
    assert watch.exit_code == 11


def test_another_history_of_the_same_length_is_a_fork(bench: Bench, tmp_path: Path) -> None:
    bench.look()
    bench.another(tmp_path / "other", 3)
    assert WitnessFinding.FORK in bench.troubles()
    assert bench.look().exit_code == 13
    assert checkpoint_of(bench.seen).size == 3


def test_another_longer_history_is_a_fork(bench: Bench, tmp_path: Path) -> None:
    bench.look()
    bench.another(tmp_path / "other", 9)
    assert (bench.troubles(), bench.look().exit_code) == ({WitnessFinding.FORK}, 13)


def test_without_its_memory_it_would_not_know(bench: Bench, tmp_path: Path) -> None:
    bench.look()
    bench.another(tmp_path / "other", 9)
    shutil.rmtree(bench.state)
    assert bench.troubles() == set()


def test_silence_is_reported_and_what_there_is_cosigned_all_the_same(bench: Bench) -> None:
    watch = bench.look(now=NOW + timedelta(days=5), max_silence=timedelta(days=3))
    assert {trouble for trouble, _ in watch.devices[0].troubles} == {WitnessFinding.SILENCE}
    assert (watch.exit_code, watch.devices[0].cosigned) == (14, 3)
    assert bench.troubles(now=NOW + timedelta(days=2), max_silence=timedelta(days=3)) == set()


def test_an_altered_record_is_not_cosigned(bench: Bench) -> None:
    bench.look()
    bench.grow()
    segment = max(bench.copy.glob("segment-*"))
    segment.write_bytes(segment.read_bytes().replace(b"refused", b"refuseD", 1))
    watch = bench.look()
    assert (watch.exit_code, watch.devices[0].cosigned) == (10, None)
    assert checkpoint_of(bench.seen).size == 3


def test_a_key_that_is_not_enrolled_proves_nothing(bench: Bench) -> None:
    watch = Witness(bench.state, "witness/it").look(bench.share, [key_of("laptop-17", "other").key], now=NOW)
    assert (watch.exit_code, watch.devices[0].cosigned) == (12, None)


def test_an_enrolled_device_with_no_record_is_reported(bench: Bench) -> None:
    keys = [bench.signer.key, key_of("laptop-18").key]
    watch = Witness(bench.state, "witness/it").look(bench.share, keys, now=NOW)
    assert {one.report.device: bool(one.troubles) for one in watch.devices} == {"laptop-17": False, "laptop-18": True}


def test_a_publication_that_is_under_way_is_given_time(bench: Bench) -> None:
    bench.look()
    append_short(bench.record, 2)
    bench.record.seal(bench.signer)
    publish(bench.record, bench.share)
    checkpoint = max(bench.copy.glob("checkpoint-*"))
    hidden = checkpoint.rename(bench.share / "not yet")
    watch = bench.look(pause=lambda: hidden.rename(checkpoint))
    assert (watch.exit_code, watch.devices[0].cosigned) == (0, 5)


def test_a_memory_that_was_damaged_is_reported(bench: Bench) -> None:
    bench.look()
    (bench.state / "seen" / "laptop-17.txt").write_bytes(b"nothing\n")
    with pytest.raises(RecordError, match="backup"):
        bench.look()


def test_a_memory_that_was_altered_is_reported(bench: Bench) -> None:
    bench.look()
    file = bench.state / "seen" / "laptop-17.txt"
    file.write_bytes(file.read_bytes().replace(b"\n3\n", b"\n2\n"))
    assert bench.troubles() == {WitnessFinding.UNSIGNED}


def test_a_folder_that_no_device_made_leads_nowhere_else(bench: Bench) -> None:
    (bench.share / "record" / "a b").mkdir()
    watch = bench.look()
    assert [one.report.device for one in watch.devices if one.troubles] == ["a b"]
    assert sorted(path.name for path in (bench.state / "seen").iterdir()) == ["laptop-17.txt"]


# --- Files and entries ---


@pytest.fixture
def photos(bench: Bench) -> list[Path]:
    """Two photos on the share, with their entries."""
    paths = []
    for photo in ("0a1b2c3d", "1b2c3d4e"):
        body = transferred(photo)
        bench.record.append(Draft(EntryKind.TRANSFERRED, body, event=f"{photo}-transferred", at=AT))
        path = bench.share / body["files"][0]["name"]
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(body["files"][0]["held_size"])
        paths.append(path)
    bench.record.seal(bench.signer)
    publish(bench.record, bench.share)
    return paths


def stray(bench: Bench, age: timedelta, name: str = "20260101-000000_stray_000000000000.jpg") -> Path:
    path = bench.share / "visits" / "2026-science-museum" / name
    path.write_bytes(b"photo")
    moment = (NOW - age).timestamp()
    os.utime(path, (moment, moment))
    return path


def test_a_share_that_holds_what_the_record_says_is_fine(bench: Bench, photos: list[Path]) -> None:
    watch = bench.look()
    assert watch.holdings is not None
    assert (watch.exit_code, watch.holdings.right, watch.holdings.agree) == (0, 2, True)


def test_a_file_with_no_entry_is_reported(bench: Bench, photos: list[Path]) -> None:
    path = stray(bench, timedelta(days=2))
    watch = bench.look()
    assert watch.holdings is not None
    assert watch.holdings.without_entry == (path.relative_to(bench.share).as_posix(),)
    assert watch.exit_code == 15
    assert any("on the share with no entry" in line for line in watch.lines())


def test_a_file_that_just_came_or_is_on_its_way_is_not_told(bench: Bench, photos: list[Path]) -> None:
    stray(bench, timedelta(hours=1))
    stray(bench, timedelta(days=2), ".uploading-laptop-17-0-0.part")
    assert bench.look().exit_code == 0


def test_a_file_dated_in_the_future_is_reported_a_day_after_first_seen(bench: Bench, photos: list[Path]) -> None:
    path = stray(bench, timedelta(days=-400))
    assert bench.look().exit_code == 0
    assert bench.look(now=NOW + timedelta(hours=23)).exit_code == 0
    watch = bench.look(now=NOW + timedelta(hours=25))
    assert watch.holdings is not None
    assert watch.holdings.without_entry == (path.relative_to(bench.share).as_posix(),)
    path.unlink()
    bench.look(now=NOW + timedelta(hours=26))
    stray(bench, timedelta(days=-400))
    assert bench.look(now=NOW + timedelta(hours=26)).exit_code == 0, "another one, seen for the first time"


@pytest.mark.parametrize("content", ["nothing", '["list"]', '{"visits/2026-science-museum/b.jpg": 7}'])
def test_a_memory_of_strange_files_that_cannot_be_read_is_reported(
    bench: Bench, photos: list[Path], content: str
) -> None:
    stray(bench, timedelta(0), "b.jpg")
    bench.look()
    (bench.state / "strangers.json").write_text(content)
    with pytest.raises(RecordError, match="without an entry"):
        bench.look()


def test_an_entry_with_no_file_is_reported(bench: Bench, photos: list[Path]) -> None:
    photos[0].unlink()
    watch = bench.look()
    assert watch.holdings is not None
    assert watch.holdings.without_file == (photos[0].relative_to(bench.share).as_posix(),)
    assert watch.exit_code == 15


def test_a_visit_that_it_cleared_away_is_not_told_again(bench: Bench, photos: list[Path]) -> None:
    shutil.rmtree(bench.share / "visits" / "2026-science-museum")
    assert bench.look().exit_code == 15
    assert bench.look(retired=["2026-science-museum"]).exit_code == 0


def test_a_file_of_another_size_is_reported(bench: Bench, photos: list[Path]) -> None:
    photos[0].write_bytes(b"short")
    watch = bench.look()
    assert watch.holdings is not None
    assert len(watch.holdings.of_other_size) == 1


@links
def test_a_link_in_a_files_place_is_reported(bench: Bench, photos: list[Path]) -> None:
    photos[1].rename(bench.share / "elsewhere")
    photos[1].symlink_to(bench.share / "elsewhere")
    watch = bench.look()
    assert watch.holdings is not None
    assert len(watch.holdings.of_other_size) == 1


def test_damage_to_a_record_is_graver_than_what_the_share_lacks(bench: Bench, photos: list[Path]) -> None:
    photos[0].unlink()
    max(bench.copy.glob("checkpoint-*")).unlink()
    assert bench.look().exit_code == 12


def test_a_copy_of_the_record_alone_says_nothing_of_files(bench: Bench, photos: list[Path]) -> None:
    watch = Witness(bench.state, "witness/it").look(bench.share / "record", [bench.signer.key], now=NOW)
    assert (watch.exit_code, watch.holdings) == (0, None)


# --- The command ---


def command(bench: Bench, *more: str) -> subprocess.CompletedProcess[str]:
    keys = bench.share.parent / "log-keys"
    keys.write_text(f"# enrolled\n{bench.signer.key}\n", encoding="utf-8")
    line = [sys.executable, "-m", "agent.cli", "witness", str(bench.share), "--keys", str(keys)]
    line += ["--state", str(bench.state), "--silence-days", "0", *more]
    return subprocess.run(line, capture_output=True, text=True, check=False, env={**os.environ})


def test_the_command_tells_people_and_scripts(bench: Bench, photos: list[Path]) -> None:
    done = command(bench)
    assert (done.returncode, done.stdout.splitlines()[0][:31]) == (0, "laptop-17: whole and signed: 5 ")
    assert "share: 2 files, each as recorded" in done.stdout
    photos[0].unlink()
    done = command(bench, "--json")
    device, share = (json.loads(line) for line in done.stdout.splitlines())
    assert (done.returncode, device["cosigned"], device["seen_before"], share["agrees"]) == (15, 5, 5, False)


def test_the_command_with_keys_that_cannot_be_read_is_a_fault_of_usage(bench: Bench) -> None:
    garbage = bench.share.parent / "garbage"
    garbage.write_text("no key\n")
    done = command(bench, "--keys", str(garbage))
    assert done.returncode == 2
    assert "line 1" in done.stderr

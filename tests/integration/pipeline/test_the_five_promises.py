"""The five promises of agent/README.md, each by name, with the whole pipeline and a real server."""

import os
from pathlib import Path

import pytest
from PIL import Image

from agent.errors import RecordError
from agent.journal import State
from agent.model.ids import VisitId
from agent.pipeline.events import Event, Happened
from agent.pipeline.review import assign
from agent.record import EntryKind, Record
from tests.laptop import ON_VISIT, PRIVATE, VISITS, Heard, Laptop, jpeg, minutes, sha256
from tests.servers.openssh import OpenSSH

# --- 1. Nothing private moves ----------------------------------------------------------------------------------------


def test_a_private_photo_is_neither_sent_nor_changed_nor_named_anywhere(laptop: Laptop) -> None:
    private = laptop.photo("Anna at home.jpg", PRIVATE)
    before, stat = private.read_bytes(), private.stat()
    laptop.photo("IMG_1.jpg", seed=1)

    summary = laptop.run()

    after = private.stat()
    assert (summary.private, summary.removed) == (1, 1)
    assert private.read_bytes() == before
    assert (after.st_mtime_ns, after.st_ino) == (stat.st_mtime_ns, stat.st_ino)
    assert sha256(before) not in laptop.originals_on_share()
    laptop.look(lambda context: context.journal.tidy())
    everything = b"".join(path.read_bytes() for path in (laptop.home / "state").rglob("*") if path.is_file())
    assert b"Anna" not in everything


def test_doubt_is_held_for_the_staff_member_and_nothing_is_done(laptop: Laptop) -> None:
    edge = laptop.photo("edge.jpg", ON_VISIT.replace(hour=16, minute=30, second=0))
    undated = laptop.photo("undated.jpg", None, seed=1)

    summary = laptop.run()

    assert (summary.review, summary.sent, summary.exit_code) == (2, 0, 4)
    assert edge.exists()
    assert undated.exists()
    assert laptop.on_share() == {}


def test_a_photo_that_became_private_by_a_new_register_is_not_sent(laptop: Laptop) -> None:
    laptop.server.stop()  # type: ignore[attr-defined]  # it was decided while the share was away
    photo = laptop.photo("IMG_1.jpg")
    laptop.run()
    laptop.server.restart()  # type: ignore[attr-defined]
    laptop.register(VISITS.replace("Europe/London,,,,,,\nfarm", "Europe/London,,,,,,cancelled\nfarm"))

    laptop.run()

    assert photo.exists()
    assert laptop.on_share() == {}


# --- 2. Nothing is lost ----------------------------------------------------------------------------------------------


def test_every_visit_photo_is_on_the_share_byte_for_byte_before_it_leaves(laptop: Laptop) -> None:
    originals = {sha256(laptop.photo(f"IMG_{n}.jpg", ON_VISIT + minutes(n), seed=n).read_bytes()) for n in range(25)}

    summary = laptop.run()

    assert summary.removed == 25
    assert laptop.originals_on_share() == originals
    assert list(laptop.imports.iterdir()) == []


def test_a_file_swapped_for_another_after_its_proof_is_kept(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg")
    other = jpeg(ON_VISIT, seed=7)

    def swap(event: Event) -> None:
        if event.what is Happened.PROVEN:
            stat = photo.stat()
            photo.write_bytes(other.ljust(stat.st_size, b"\0")[: stat.st_size])
            os.utime(photo, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    laptop.run(Heard(then=swap))

    assert photo.exists()
    assert photo.read_bytes()[:200] == other[:200]


def test_photos_stay_if_the_server_cannot_sync_unless_settings_allow_it(forgetful: OpenSSH, tmp_path: Path) -> None:
    laptop = Laptop(tmp_path / "laptop", forgetful)
    photo = laptop.photo("IMG_1.jpg")
    original = sha256(photo.read_bytes())

    summary = laptop.run()
    assert (summary.proven, summary.removed, summary.exit_code) == (1, 0, 3)
    (tracked,) = laptop.look(lambda context: context.journal.tracked_photos())
    assert tracked.state is State.RECORDED
    assert "on its disk" in tracked.reason
    assert photo.exists()

    laptop.configure(share={"allow_unsynced": True})
    assert laptop.run().removed == 1
    assert not photo.exists()
    assert laptop.originals_on_share() == {original}


# --- 3. Nothing on the share is overwritten --------------------------------------------------------------------------


def test_a_name_that_is_taken_on_the_share_is_left_alone(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg")
    original = photo.read_bytes()
    laptop.run()
    (name,) = laptop.on_share()
    taken = laptop.share / name
    taken.write_bytes(b"somebody else's")
    photo.write_bytes(original)

    laptop.run()

    assert taken.read_bytes() == b"somebody else's"
    names = set(laptop.on_share())
    assert names == {name, name.replace(".jpg", "-2.jpg")}
    assert not photo.exists()


def test_what_is_on_the_share_already_is_recognised_and_not_sent_twice(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg")
    original = photo.read_bytes()
    laptop.run()
    before = laptop.on_share()
    photo.write_bytes(original)

    summary = laptop.run()

    assert laptop.on_share() == before
    assert (summary.removed, summary.bytes) == (1, 0)


# --- 4. Nothing goes unrecorded --------------------------------------------------------------------------------------


def test_a_photo_is_on_record_before_it_is_removed(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg")
    at_removal: list[tuple[bool, list[EntryKind]]] = []

    def look(event: Event) -> None:
        if event.what is Happened.PROVEN:
            at_removal.append((photo.exists(), kinds(laptop)))

    laptop.run(Heard(then=look))

    assert at_removal[0][0]
    assert [kind for kind in kinds(laptop) if kind in {EntryKind.TRANSFERRED, EntryKind.REMOVED}] == [
        EntryKind.TRANSFERRED,
        EntryKind.REMOVED,
    ]


def test_without_a_record_nothing_is_removed(laptop: Laptop) -> None:
    laptop.photo("IMG_0.jpg", seed=9)
    laptop.run()
    photo = laptop.photo("IMG_1.jpg")
    record = laptop.home / "state" / "record"
    file = record / "laptop-17" / "entries.jsonl"
    content = bytearray(file.read_bytes())
    content[200] ^= 1
    file.write_bytes(content)

    with pytest.raises(RecordError):
        # An append reads only the end of the record; the whole is what verifying reads.
        Record.open(record, "laptop-17").verify()
    file.rename(file.with_suffix(".aside"))
    file.mkdir()
    summary = laptop.run()

    assert isinstance(summary.fault, RecordError)
    assert summary.exit_code == RecordError.exit_code
    assert photo.exists()


# --- 5. Nothing waits ------------------------------------------------------------------------------------------------


def test_a_photo_taken_while_the_share_was_away_leaves_at_the_first_run_after(laptop: Laptop) -> None:
    laptop.run()
    laptop.server.stop()  # type: ignore[attr-defined]
    photo = laptop.photo("IMG_1.jpg")
    away = laptop.run()
    laptop.server.restart()  # type: ignore[attr-defined]

    back = laptop.run()

    assert (away.exit_code, back.exit_code) == (5, 0)
    assert not photo.exists()
    (entry,) = laptop.look(lambda context: list(context.record.entries(kinds={EntryKind.TRANSFERRED})))
    assert entry.body["found_at"] < entry.body["reachable_at"] <= entry.body["proven_at"]


@pytest.mark.parametrize("visit", ["2026.0314", "IMG_1.jpg", "51.4978", "a.b-c_d"])
def test_a_visits_id_may_look_like_anything_that_a_folder_may_be_called(laptop: Laptop, visit: str) -> None:
    """The register takes such an id, so the record must, or the visit's photos would wait for ever."""
    laptop.register(VISITS.replace("museum,", f"{visit},"))
    laptop.photo("IMG_1.jpg")

    summary = laptop.run()

    assert (summary.removed, summary.exit_code) == (1, 0)
    assert {entry.body["visit"] for entry in laptop.entries(EntryKind.TRANSFERRED, EntryKind.REMOVED)} == {visit}


def test_keep_hours_keep_a_proven_photo_that_long_and_no_longer(laptop: Laptop) -> None:
    laptop.configure(removal={"keep_hours": 2})
    photo = laptop.photo("IMG_1.jpg")

    kept = laptop.run()
    assert photo.exists()
    assert (kept.proven, kept.removed, kept.exit_code) == (1, 0, 0)

    laptop.configure(removal={"keep_hours": 0})
    laptop.run()
    assert not photo.exists()


def kinds(laptop: Laptop) -> list[EntryKind]:
    """The kinds of the record's entries, oldest first."""
    folder: Path = laptop.home / "state" / "record"
    return [entry.kind for entry in Record.open(folder, "laptop-17").entries()]


def test_a_raw_goes_with_a_sidecar_that_says_what_its_own_said_too(laptop: Laptop) -> None:
    rating = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>'
    )
    picture = laptop.photo("IMG_1.tif")
    Image.new("RGB", (8, 8)).save(picture, "TIFF", tiffinfo={306: "2026:03:14 10:11:12"})
    (laptop.imports / "IMG_1.tif.xmp").write_bytes(rating)
    laptop.run()
    (held,) = laptop.look(lambda context: context.journal.tracked_photos(State.REVIEW))
    laptop.look(lambda context: assign(context, held.id, VisitId("museum")))

    laptop.run()

    sent = laptop.on_share()
    (ours,) = [content for name, content in sent.items() if name.endswith(".tif.xmp") and b"museum" in content]
    assert b'xmp:Rating="4"' in ours
    assert rating in sent.values()
    assert list(laptop.imports.iterdir()) == []

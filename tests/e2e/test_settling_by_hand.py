"""What a person settles: `review assign` and `review private`, and `untag` to get the original back."""

import json
from pathlib import Path

import pytest

from agent.record import EntryKind
from tests.laptop import ON_VISIT, Laptop, jpeg, sha256


@pytest.fixture
def held(laptop: Laptop) -> Path:
    """A photo without a time, which a run has held."""
    photo = laptop.photo("undated.jpg", None)
    assert laptop.run().review == 1
    return photo


def id_of(laptop: Laptop, photo: Path) -> str:
    lines = laptop.command("review", "list", "--json").stdout.splitlines()
    return next(str(json.loads(line)["id"]) for line in lines if json.loads(line)["file"] == str(photo))


# --- review ----------------------------------------------------------------------------------------------------------


def test_a_photo_that_a_person_assigned_goes_to_the_share_with_its_tag(laptop: Laptop, held: Path) -> None:
    original = held.read_bytes()

    assigned = laptop.command("review", "assign", id_of(laptop, held), "museum", "--json")
    assert json.loads(assigned.stdout)["state"] == "decided"
    assert held.exists(), "the next run sends it"
    assert laptop.command("sync").returncode == 0

    assert not held.exists()
    (name,) = laptop.on_share()
    assert name.startswith("visits/museum/undated_")
    assert laptop.originals_on_share() == {sha256(original)}
    (entry,) = laptop.look(lambda context: list(context.record.entries(kinds={EntryKind.TRANSFERRED})))
    assert (entry.body["decided_by"], entry.body["visit"]) == ("person", "museum")


def test_a_photo_known_only_to_be_no_later_than_a_day_is_called_undated(laptop: Laptop) -> None:
    """A messenger's file name gives the latest time it can be from; nothing gives the earliest."""
    content = jpeg(None).replace(b"Canon", b"     ").replace(b"EOS R6", b"      ")
    received = laptop.file("IMG-20260314-WA0003.jpg", content)
    assert laptop.run().review == 1
    assert laptop.command("review", "assign", id_of(laptop, received), "museum").returncode == 0
    assert laptop.run().sent == 1
    (name,) = laptop.on_share()
    assert name.startswith("visits/museum/undated_")


def test_explain_and_the_preview_know_what_a_person_answered(laptop: Laptop, held: Path) -> None:
    other = laptop.photo("undated too.jpg", None, seed=9)
    laptop.run()
    laptop.command("review", "private", id_of(laptop, held))
    laptop.command("review", "assign", id_of(laptop, other), "museum")
    found = {}
    for command in (("explain", held, other), ("sync", "--dry-run")):
        lines = map(json.loads, laptop.command(*command, "--json").stdout.splitlines())
        found[command[0]] = {Path(one["file"]).name: (one["decision"], one["visit"]) for one in lines}
    answered = {held.name: ("private", None), other.name: ("visit", "museum")}
    assert found == {"explain": answered, "sync": answered}


def test_a_photo_that_a_person_said_is_private_is_never_asked_about_again(laptop: Laptop, held: Path) -> None:
    before = held.read_bytes(), held.stat().st_mtime_ns

    assert laptop.command("review", "private", id_of(laptop, held)).returncode == 0
    assert laptop.command("sync").returncode == 0
    laptop.register(
        (laptop.share / "register" / "visits.csv").read_text() + "x,New,2026-06-01 09:00,2026-06-01 10:00\n"
    )
    again = laptop.run()

    assert (again.review, again.sent, again.exit_code) == (0, 0, 0)
    assert (held.read_bytes(), held.stat().st_mtime_ns) == before
    assert laptop.on_share() == {}
    assert "No photos are waiting for you" in laptop.command("review", "list").stdout


def test_what_cannot_be_settled_so_is_reported_and_left_as_it_was(laptop: Laptop, held: Path) -> None:
    photo = id_of(laptop, held)
    for words, why in (
        (("assign", photo, "mars"), "no visit mars"),
        (("assign", "00000000", "museum"), "Photo 00000000 is not waiting"),
        (("private", "00000000"), "Photo 00000000 is not waiting"),
    ):
        done = laptop.command("review", *words)
        assert done.returncode == 2
        assert why in done.stderr
        assert "Traceback" not in done.stderr
    assert id_of(laptop, held) == photo
    assert laptop.command("review", "assign", photo, "museum").returncode == 0
    assert laptop.command("review", "private", photo).returncode == 2, "it is settled already"


def test_an_assigned_photo_that_changes_before_it_is_sent_is_asked_about_again(laptop: Laptop, held: Path) -> None:
    """The person's word was about what they saw."""
    laptop.command("review", "assign", id_of(laptop, held), "museum")
    held.write_bytes(jpeg(None, seed=77))

    summary = laptop.run()

    assert (summary.review, summary.sent) == (1, 0)
    assert held.exists()


# --- untag -----------------------------------------------------------------------------------------------------------


def on_share(laptop: Laptop, taken: bool = True) -> tuple[bytes, Path]:
    """A photo's original bytes, and its file on the share after a run."""
    original = laptop.photo("IMG_1.jpg", ON_VISIT if taken else None).read_bytes()
    laptop.run()
    (name,) = laptop.on_share()
    return original, laptop.share / name


def test_untag_gives_the_original_back_byte_for_byte(laptop: Laptop, tmp_path: Path) -> None:
    original, tagged = on_share(laptop)
    beside = laptop.command("untag", tagged, "--json")
    elsewhere = laptop.command("untag", tagged, "-o", tmp_path / "again.jpg")

    assert (beside.returncode, elsewhere.returncode) == (0, 0)
    told = json.loads(beside.stdout)
    assert told["visit"] == "museum"
    assert Path(told["file"]).read_bytes() == original
    assert (tmp_path / "again.jpg").read_bytes() == original


def test_untag_never_overwrites(laptop: Laptop, tmp_path: Path) -> None:
    _, tagged = on_share(laptop)
    there = tmp_path / "there.jpg"
    there.write_bytes(b"somebody's")
    before = tagged.read_bytes()

    for target in (there, tagged):
        done = laptop.command("untag", tagged, "-o", target)
        assert done.returncode == 2
        assert "not overwritten" in done.stderr
    assert (there.read_bytes(), tagged.read_bytes()) == (b"somebody's", before)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["there.jpg"]


def test_untag_says_where_there_is_no_tag_or_one_that_was_changed(laptop: Laptop, tmp_path: Path) -> None:
    _, tagged = on_share(laptop)
    plain, changed = tmp_path / "plain.jpg", tmp_path / "changed.jpg"
    plain.write_bytes(jpeg(ON_VISIT))
    changed.write_bytes(tagged.read_bytes()[:-2] + b"\0\0")

    assert laptop.command("untag", plain).returncode == 2
    assert laptop.command("untag", changed).returncode == 3
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["changed.jpg", "plain.jpg"]


def test_an_answer_is_taken_back_of_a_file_and_no_folder_is_looked_through(laptop: Laptop, held: Path) -> None:
    done = laptop.command("review", "undo", "/")
    assert (done.returncode, "is a folder" in done.stderr) == (2, True)
    assert held.exists()

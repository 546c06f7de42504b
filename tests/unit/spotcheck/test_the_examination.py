"""An examination names each kind of planted damage as what it is, keeps its result, and names no private file."""

import json
import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.audit.spotcheck import read_results
from agent.errors import UsageError
from agent.record import Draft, EntryKind
from tests.laptop import jpeg
from tests.platforms import WINDOWS, posix_paths
from tests.unit.spotcheck.school import REGISTER, SENT, School

PRIVATE = datetime(2026, 3, 13, 20, 0)  # noqa: DTZ001  # what a camera's clock shows


def kinds(result: dict[str, Any]) -> set[str]:
    return {str(one["kind"]) for one in result["findings"]}


def photos(school: School, visit: str = "museum") -> list[Path]:
    return sorted((school.share / "visits" / visit).glob("*.jpg"))


def test_a_school_where_all_is_right(school: School, capsys: pytest.CaptureFixture[str]) -> None:
    school.draw()
    code, result = school.examine("--reviewer", "K. Brandt")
    assert (code, result["examined"], result["right"], result["wrong"], result["not_known"]) == (0, 8, 8, 0, 0)
    assert (result["findings"], result["missing_entries"], result["unknowns"]) == ([], [], [])
    assert result["checks"]["time"] == {"right": 8, "wrong": 0, "not_known": 0, "by_a_persons_word": 0}
    assert (result["files_drawn"], result["files_right"]) == (8, 8)
    assert "nothing wrong was found" in capsys.readouterr().out


def test_wrong_bytes_are_named(school: School) -> None:
    school.draw()
    photo = photos(school)[0]
    photo.write_bytes(photo.read_bytes()[:-1] + b"\0")
    photos(school)[1].write_bytes(b"short")
    code, result = school.examine()
    assert (code, kinds(result), result["wrong"], len(result["findings"])) == (16, {"wrong bytes"}, 2, 2)
    assert result["findings"][0].keys() >= {"origin", "index", "transfer", "kind", "detail"}


def test_a_file_that_was_not_drawn_by_its_entry_is_compared_all_the_same(school: School) -> None:
    school.draw("--seed", "dice", "--sample", "4")
    drawn = {str(one["transfer"]) for one in school.drawn()}
    for entry in (json.loads(line) for device in school.devices for line in school.lines(device)):
        if entry["kind"] == "transferred" and entry["body"]["transfer"] not in drawn:
            (school.share / entry["body"]["files"][0]["name"]).write_bytes(b"other bytes")
    code, result = school.examine()
    assert (code, result["wrong"], kinds(result)) == (16, 0, {"wrong bytes"})
    assert "a file drawn from the share" in result["findings"][0]["detail"]


def test_a_file_in_another_visits_folder_is_named(school: School) -> None:
    school.draw()
    photo = photos(school)[0]
    shutil.move(photo, school.share / "visits" / "farm" / photo.name)
    code, result = school.examine()
    assert (code, kinds(result), result["wrong"]) == (16, {"wrong folder"}, 1)
    assert result["findings"][0]["detail"] == "its file is in the folder of farm"
    (school.share / "visits" / "Emma").mkdir()
    shutil.move(school.share / "visits" / "farm" / photo.name, school.share / "visits" / "Emma" / photo.name)
    code, result = school.examine()
    assert (code, kinds(result)) == (16, {"wrong folder"})
    assert result["findings"][0]["detail"] == "its file is in a folder that belongs to no visit on record"


def test_an_entry_that_names_another_visits_folder_is_named(school: School) -> None:
    target = school.send("laptop-1", 50)
    body = {"files": [_file(target, "visits/farm/" + target.name)]}
    (school.share / "visits" / "farm" / target.name).write_bytes(target.read_bytes())
    school.send("laptop-1", 51, **body)  # type: ignore[arg-type]
    school.publish()
    school.draw()
    _, result = school.examine()
    assert "wrong folder" in kinds(result)


def _file(held: Path, name: str) -> dict[str, object]:
    import hashlib

    content = held.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return {
        "name": name,
        "original_sha256": digest,
        "original_size": len(content),
        "held_sha256": digest,
        "held_size": len(content),
        "method": "read-back",
        "synced": True,
    }


def test_an_entry_without_its_file_is_named(school: School) -> None:
    school.draw()
    photos(school)[0].unlink()
    code, result = school.examine()
    assert (code, kinds(result), result["wrong"]) == (16, {"entry without file"}, 1)


@posix_paths
def test_a_link_in_the_place_of_a_file_is_not_followed(school: School, tmp_path: Path) -> None:
    school.draw()
    photo = photos(school)[0]
    shutil.move(photo, tmp_path / "elsewhere.jpg")
    photo.symlink_to(tmp_path / "elsewhere.jpg")
    code, result = school.examine()
    assert (code, kinds(result)) == (16, {"entry without file"})
    assert "is a link" in result["findings"][0]["detail"]


def test_a_file_without_an_entry_is_named_but_not_its_private_name(school: School) -> None:
    school.draw()
    (school.share / "visits" / "museum" / "Emmas birthday.jpg").write_bytes(jpeg(PRIVATE, seed=77))
    (school.share / "visits" / "Emma at home").mkdir()
    (school.share / "visits" / "Emma at home" / "x.jpg").write_bytes(b"x")
    code, result = school.examine()
    assert (code, result["findings"], result["without_entry"]) == (16, [], 2)
    assert {one["visit"] for one in result["missing_entries"]} == {"museum", None}
    assert {one["kind"] for one in result["missing_entries"]} == {"no entry"}
    assert "Emma" not in json.dumps(result)


def test_a_copy_of_a_photo_under_another_name_has_no_entry(school: School) -> None:
    school.draw()
    photo = photos(school)[0]
    shutil.copy(photo, photo.with_name(photo.name.replace(".jpg", "-2.jpg")))
    code, result = school.examine()
    assert (code, result["without_entry"]) == (16, 1)
    assert result["missing_entries"][0]["name"].endswith("-2.jpg")
    assert "under another name" in result["missing_entries"][0]["detail"]


def test_a_new_photo_is_not_called_wrong_before_its_entry_can_exist(school: School) -> None:
    school.draw()
    photo = school.send("laptop-1", 60)  # sent, and not published yet
    code, result = school.examine()
    assert (code, result["without_entry"]) == (0, 0)
    assert "examine again tomorrow" in result["unknowns"][-1]["detail"]
    long_ago = time.time() - 2 * 86400
    os.utime(photo, (long_ago, long_ago))
    assert school.examine()[0] == 16


def test_a_forged_entry_is_named(school: School) -> None:
    school.draw()
    line = school.lines("laptop-1")[1]
    school.put_in("laptop-1", line, line.replace(b'"museum"', b'"mus3um"'))
    code, result = school.examine()
    assert (code, result["wrong"]) == (16, 1)
    (mine,) = [one for one in result["findings"] if one["transfer"]]
    assert (mine["kind"], mine["index"], mine["origin"]) == ("forged entry", 1, "visit-photo-agent/laptop-1")


def test_an_entry_with_its_leaf_put_in_anew_is_forged(school: School) -> None:
    """Entry and leaf fit each other, but not the tree that was signed."""
    from agent.record.leaf import commit, leaf_line

    school.draw()
    line = school.lines("laptop-1")[1]
    forged = line.replace(b'"museum"', b'"mus3um"')
    leaf = school.devices["laptop-1"].record.files.leaves.read_bytes().splitlines(keepends=True)[1]
    school.put_in("laptop-1", line, forged)
    school.put_in("laptop-1", leaf, leaf_line(commit(b"\1" * 32, forged[:-1]), b"\1" * 32))
    code, result = school.examine()
    assert (code, result["wrong"], kinds(result)) == (16, 1, {"forged entry"})


def test_a_record_that_was_cut_is_named(school: School) -> None:
    school.draw()
    for path in (school.share / "record" / "laptop-2").iterdir():
        path.unlink()
    code, result = school.examine()
    assert code == 16
    assert "record damaged" in kinds(result)
    assert result["wrong"] == 4


def test_a_photo_of_another_time_is_named(school: School) -> None:
    school.send("laptop-1", 70, taken=PRIVATE)
    school.publish()
    school.draw()
    code, result = school.examine()
    assert (code, kinds(result), result["wrong"]) == (16, {"wrong time"}, 1)
    assert "by the register" in result["findings"][0]["detail"]


def test_what_a_person_decided_is_not_judged_by_its_time(school: School) -> None:
    school.send("laptop-1", 70, taken=PRIVATE, decided_by="person")
    school.publish()
    school.draw()
    code, result = school.examine()
    assert (code, result["checks"]["time"]["by_a_persons_word"]) == (0, 1)


def test_the_register_of_then_is_kept_from_the_draw_on(school: School) -> None:
    school.draw()
    (school.share / "register" / "visits.csv").write_bytes(REGISTER.replace(b"2026-03-14", b"2026-05-14"))
    code, result = school.examine()
    assert (code, result["right"]) == (0, 8)
    assert len(list((school.state / "registers").iterdir())) == 2


def test_a_time_is_judged_by_the_register_of_then(school: School, tmp_path: Path) -> None:
    school.draw()
    shutil.rmtree(school.state / "registers")
    (school.share / "register" / "visits.csv").write_bytes(REGISTER.replace(b"2026-03-14", b"2026-05-14"))
    code, result = school.examine()
    assert (code, result["right"], result["not_known"]) == (0, 0, 8)
    assert "the register used for the decision is not available" in result["unknowns"][0]["detail"]
    assert "of the other 8" in result["statement"] or "8 not known" in result["statement"]
    old = tmp_path / "older registers"
    old.mkdir()
    (old / "visits-2026-03.csv").write_bytes(REGISTER)
    code, result = school.examine("--registers", old)
    assert (code, result["right"], result["not_known"]) == (0, 8, 0)


def test_an_original_that_cannot_be_rebuilt_is_named(school: School) -> None:
    target = photos(school)[0]
    body = {"files": [_file(target, f"visits/museum/{target.name}") | {"original_sha256": "0" * 64}]}
    school.send("laptop-1", 80, **body)  # type: ignore[arg-type]
    school.publish()
    school.draw()
    code, result = school.examine()
    assert (code, kinds(result)) == (16, {"wrong original"})


def test_a_removal_that_is_not_on_record_is_named(school: School) -> None:
    school.send("laptop-1", 90, removed=False)
    school.send("laptop-1", 91, removed=False, sent=datetime.now(UTC))
    school.publish()
    school.draw()
    code, result = school.examine()
    assert (code, kinds(result), result["wrong"], result["not_known"]) == (16, {"not removed"}, 1, 1)


def test_visits_with_staff_and_without_entries_are_asked_about(school: School) -> None:
    school.draw()
    code, result = school.examine()
    assert code == 0
    assert [(one["device"], one["visit"], one["kind"]) for one in result["gaps"]] == [
        ("laptop-1", "farm", "no entries")
    ]


def test_gaps_in_a_cameras_numbering_are_asked_about(school: School) -> None:
    import io

    import piexif
    from PIL import Image

    for place, number in enumerate((100, 101, 105, 9000)):
        tags = {piexif.ImageIFD.Make: b"NIKON", piexif.ImageIFD.Model: b"D70", piexif.ImageIFD.ImageNumber: number}
        when = {piexif.ExifIFD.DateTimeOriginal: f"2026:03:14 10:00:{place:02}".encode()}
        out = io.BytesIO()
        Image.new("RGB", (64, 48), (50 * place, 0, 0)).save(out, "JPEG", exif=piexif.dump({"0th": tags, "Exif": when}))
        school.send("laptop-1", 200 + place, picture=out.getvalue())
    school.publish()
    school.draw()
    code, result = school.examine()
    assert (code, result["right"]) == (0, 12)
    (gap,) = [one for one in result["gaps"] if one["kind"] == "numbering"]
    assert (gap["device"], gap["visit"]) == ("laptop-1", "museum")
    assert gap["detail"] == "3 numbers of a NIKON D70 between its first and last photo never reached this agent"
    assert "8 photos have no readable camera number" in result["notes"][-1]


def test_files_that_it_cleared_away_are_not_missed(school: School) -> None:
    school.draw()
    shutil.rmtree(school.share / "visits" / "farm")
    assert school.examine()[0] == 16
    code, result = school.examine("--retired", "farm")
    assert (code, result["not_known"]) == (0, 1)


def test_without_the_photos_nothing_is_called_right(school: School) -> None:
    school.draw()
    shutil.rmtree(school.share / "visits")
    code, result = school.examine()
    assert (code, result["right"], result["not_known"]) == (0, 0, 8)


def test_results_are_kept_signed_and_read_back(school: School) -> None:
    school.draw()
    school.examine()
    school.examine()
    folder = school.state / "spot-checks"
    read = read_results(folder)
    assert (len(read.results), read.problems) == (2, ())
    assert [one.id for one in read.results] == [read.results[0].id, f"{read.results[0].id}-2"]
    assert all(one.trusted and one.body["right"] == 8 for one in read.results)
    first, second = sorted(folder.glob("*.json"))
    first.write_bytes(first.read_bytes().replace(b'"right": 8', b'"right": 9', 1))
    second.write_bytes(b"x" * (17 * 1024 * 1024))
    if not WINDOWS:
        (folder / "link.json").symlink_to(first)
    read = read_results(folder)
    assert read.results == ()
    assert {name for name, _ in read.problems} >= {first.name, second.name}
    assert WINDOWS or len(read.problems) == 3


def test_a_result_of_another_reviewer_is_not_trusted(school: School) -> None:
    school.draw()
    school.examine()
    (school.state / "reviewer.key.pub").unlink()
    (one,) = read_results(school.state / "spot-checks").results
    assert not one.trusted
    assert read_results(school.state / "nowhere").results == ()


def test_a_draw_of_a_reviewer_who_is_not_known_is_refused(school: School, tmp_path: Path) -> None:
    school.draw()
    public = tmp_path / "their.pub"
    public.write_bytes((school.state / "reviewer.key.pub").read_bytes())
    shutil.rmtree(school.state)
    with pytest.raises(UsageError, match="not this machine's reviewer"):
        school.examine()
    assert school.examine("--trust", public)[0] == 0


def test_a_draw_that_was_not_made_by_lot_is_named(school: School) -> None:
    """A reviewer who leaves something out and signs anew."""
    from dataclasses import replace

    from agent.audit.spotcheck.drawfile import _with_id, read, write
    from agent.audit.spotcheck.signing import ReviewerKey

    school.draw("--seed", "dice", "--sample", "4")
    made, _ = read(school.draw_file)
    school.draw_file.unlink()
    write(school.draw_file, _with_id(replace(made, drawn=made.drawn[1:])), ReviewerKey.load_or_make(school.state))
    code, result = school.examine()
    assert (code, kinds(result)) == (16, {"not drawn by lot"})


def test_a_fault_that_nobody_foresaw_is_one_transfers(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    from agent.pipeline.rereading import RereadPhotos

    school.draw()
    judge, asked = RereadPhotos.judge, []

    def once(self: RereadPhotos, *words: Any) -> Any:
        asked.append(words)
        if len(asked) == 1:
            raise ZeroDivisionError("Emma")
        return judge(self, *words)

    monkeypatch.setattr(RereadPhotos, "judge", once)
    code, result = school.examine()
    assert (code, result["right"], result["not_known"]) == (0, 7, 1)
    assert "Emma" not in json.dumps(result)


def test_an_entry_dated_in_the_future_is_not_young_for_ever(school: School) -> None:
    school.send("laptop-1", 95, removed=False, sent=datetime(2099, 1, 1, tzinfo=UTC))
    school.publish()
    school.draw()
    assert kinds(school.examine()[1]) == {"not removed"}


def test_names_that_lead_elsewhere_are_not_followed(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.record.record.check", lambda kind, body: None)  # a hostile laptop's program
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"secret")
    for number, name in enumerate(
        ("visits/museum/../../../secret.jpg", "/etc/passwd", "visits//x", "visits/museum\\x")
    ):
        school.send("laptop-1", 300 + number, files=[_file(secret, name)])
    school.publish()
    school.draw()
    code, result = school.examine()
    assert (code, result["wrong"]) == (16, 4)
    assert {one["detail"] for one in result["findings"]} == {"it is signed, but it was not written by this program"}


@posix_paths
def test_a_share_with_hostile_names_and_texts_is_examined_to_its_end(school: School) -> None:
    folder = school.share / "visits" / "museum"
    (folder / "\x1b[31mred.jpg").write_bytes(b"x")
    (folder / os.fsdecode(b"\xff\xfe.jpg")).write_bytes(b"x")
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "deep" / "deeper" / "x.jpg").write_bytes(b"x")
    os.mkfifo(folder / "pipe.jpg")
    (school.share / "record" / os.fsdecode(b"\xff")).mkdir()
    school.draw()
    code, result = school.examine()
    assert (code, result["right"], result["without_entry"]) == (16, 8, 4)
    assert "\x1b" not in json.dumps(result)


def test_a_removal_counts_under_a_new_name_but_not_by_another_laptop(school: School) -> None:
    school.device("old-name")
    school.send("old-name", 400, removed=False)
    entry = next(one for one in school.devices["old-name"].drafts if one.kind is EntryKind.TRANSFERRED)
    gone = {key: entry.body[key] for key in ("photo", "transfer", "visit")} | {"removed_at": SENT.isoformat()}
    names: dict[str, Any] = {"old_name": "old-name", "new_name": "new-name"}
    school.devices["laptop-1"].drafts.append(Draft(EntryKind.REMOVED, gone, "x-removed", SENT))
    school.publish()
    school.draw()
    assert kinds(school.examine()[1]) == {"not removed"}

    old, new = school.devices["old-name"], school.device("new-name")
    old.drafts.append(Draft(EntryKind.RENAMED, names, "renamed", SENT))
    school.publish()
    head = old.record.seals()[-1].head
    more = names | {"entries": head.size, "root": head.root.hex()}
    new.drafts += [Draft(EntryKind.RENAMED, more, "renamed", SENT), Draft(EntryKind.REMOVED, gone, "y-removed", SENT)]
    school.publish()
    code, result = school.examine()
    assert (code, result["right"], result["findings"]) == (0, 9, [])

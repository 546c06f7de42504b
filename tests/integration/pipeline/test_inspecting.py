"""`photo-agent inspect`: what should be gone from a laptop, counted by visit and place, and on record."""

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.cli.inspect import command
from agent.pipeline.context import open_context
from agent.pipeline.inspect import Inspecting, Inspection
from agent.pipeline.inspect_places import PlaceToLook
from agent.pipeline.inspect_record import last_inspection, note
from agent.pipeline.lock import only_inspection, only_writer
from agent.record import Draft, Entry, EntryKind
from agent.record.words import Spot
from tests.integration.pipeline.test_nothing_private_gets_out import DOUBTFUL_WORD, PRIVATE_WORD, files_with, telling
from tests.laptop import AT_THE_FARM, ON_VISIT, PRIVATE, VISITS, Laptop, jpeg, mov, sha256
from tests.platforms import posix_paths

Looked = tuple[int, list[dict[str, Any]], dict[str, Any]]
Inspect = Callable[..., Looked]


@pytest.fixture
def inspect(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Inspect:
    """`photo-agent inspect --json` in this process: its exit code, what it found and its summary."""

    def inspected(laptop: Laptop, *words: str) -> Looked:
        for name, value in laptop.environment.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = command.main(["--json", *words], standalone_mode=False, obj=str(laptop.config))
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return code, [line for line in lines if line["event"] == "found"], lines[-1]

    return inspected


def inspections(laptop: Laptop) -> list[Entry]:
    found: list[Entry] = laptop.look(lambda context: list(context.record.entries(kinds={EntryKind.INSPECTED})))
    return found


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.fixture
def after_a_visit(laptop: Laptop) -> Laptop:
    """Two photos of the museum were sent and removed, and the register is known."""
    laptop.photo("IMG_1.jpg", seed=1)
    laptop.photo("IMG_2.jpg", seed=2)
    assert laptop.run().removed == 2
    return laptop


def test_a_clean_laptop_gives_0_and_goes_on_record(after_a_visit: Laptop, inspect: Inspect) -> None:
    put(after_a_visit.home / "Pictures" / "home.jpg", jpeg(PRIVATE))
    put(after_a_visit.home / "Documents" / "notes.txt", b"nothing but words")
    code, found, summary = inspect(after_a_visit)
    assert (code, found) == (0, [])
    assert (summary["findings"], summary["unsure"], summary["cut_short"]) == (0, 0, False)
    (entry,) = inspections(after_a_visit)
    assert entry.body["by"] == "j.smith"
    assert entry.body["files"] == 2
    assert {"place": "pictures", "files": 1} in entry.body["places"]  # type: ignore[operator]


def test_copies_are_found_by_content_under_any_name(after_a_visit: Laptop, inspect: Inspect) -> None:
    home = after_a_visit.home
    put(home / "Downloads" / "renamed.dat", jpeg(ON_VISIT, seed=1))
    put(home / ".local" / "share" / "Trash" / "files" / "IMG_2.jpg", jpeg(ON_VISIT, seed=2))
    tagged = next(content for name, content in after_a_visit.on_share().items() if name.endswith(".jpg"))
    put(home / "Desktop" / "from the share.jpg", tagged)
    code, found, summary = inspect(after_a_visit)
    assert code == 4
    assert sorted((one["what"], one["visit"], one["place"]) for one in found) == [
        ("copy", "museum", "desktop"),
        ("copy", "museum", "downloads"),
        ("copy", "museum", "trash"),
    ]
    assert found[0]["title"] == "Science Museum"
    assert summary["findings"] == 3
    (entry,) = inspections(after_a_visit)
    assert {"visit": "museum", "place": "trash", "copies": 1, "photos": 0} in entry.body["found"]  # type: ignore[operator]


def test_a_sidecar_alone_makes_no_copy_of_a_photo(after_a_visit: Laptop, inspect: Inspect) -> None:
    """Programs write the very same sidecar for many photos: a private one must not count as a visit's."""
    sidecar = b"<?xml version='1.0'?><plist>the same crop</plist>"
    main = after_a_visit.photo("IMG_8.jpg", seed=8)
    after_a_visit.file("IMG_8.aae", sidecar, beside=main)
    assert after_a_visit.run().removed == 1
    pictures = after_a_visit.home / "Pictures"
    put(pictures / "home.jpg", jpeg(PRIVATE))
    put(pictures / "home.aae", sidecar)
    put(pictures / "a note.txt", sidecar)
    assert inspect(after_a_visit)[:2] == (0, [])


def test_a_live_photo_is_one_copy_and_a_changed_half_is_looked_at(after_a_visit: Laptop, inspect: Inspect) -> None:
    still, clip = jpeg(ON_VISIT, seed=8), mov(8, ON_VISIT)
    after_a_visit.file("IMG_8.jpg", still)
    after_a_visit.file("IMG_8.mov", clip)
    assert after_a_visit.run().removed >= 1
    put(after_a_visit.home / "Downloads" / "IMG_8.jpg", still)
    put(after_a_visit.home / "Downloads" / "IMG_8.mov", clip)
    assert [one["what"] for one in inspect(after_a_visit)[1]] == ["copy"]
    put(after_a_visit.home / "Downloads" / "IMG_8.jpg", jpeg(ON_VISIT, seed=9))
    assert sorted(one["what"] for one in inspect(after_a_visit)[1]) == ["copy", "photo"]


def test_photos_of_a_visit_are_found_by_their_own_evidence(after_a_visit: Laptop, inspect: Inspect) -> None:
    home = after_a_visit.home
    put(home / "Pictures" / "2026" / "farm.jpg", jpeg(AT_THE_FARM))
    put(home / "Pictures" / "Photos Library.photoslibrary" / "originals" / "A" / "B.jpeg", jpeg(ON_VISIT, seed=9))
    put(home / "Documents" / "no ending", jpeg(ON_VISIT, seed=7))
    put(home / "Downloads" / "IMG_5.jpg", jpeg(None))
    code, found, summary = inspect(after_a_visit)
    assert code == 4
    assert sorted((one["what"], one["visit"] or "", one["place"]) for one in found) == [
        ("photo", "farm", "pictures"),
        ("photo", "museum", "documents"),
        ("photo", "museum", "photo libraries"),
        ("unsure", "", "downloads"),
    ]
    assert (summary["findings"], summary["unsure"]) == (3, 1)


def test_photos_that_a_run_takes_up_are_on_their_way(after_a_visit: Laptop, inspect: Inspect) -> None:
    after_a_visit.photo("IMG_3.jpg", seed=3)
    code, found, summary = inspect(after_a_visit)
    assert (code, [one["what"] for one in found], summary["on_their_way"]) == (0, ["on its way"], 1)
    after_a_visit.photo(".hidden/IMG_4.jpg", seed=4)  # no run looks there
    code, found, _ = inspect(after_a_visit)
    assert (code, sorted(one["what"] for one in found)) == (4, ["on its way", "photo"])


def test_a_photo_that_a_person_said_is_private_is_left_out(after_a_visit: Laptop, inspect: Inspect) -> None:
    path = after_a_visit.photo("IMG_5.jpg", None)
    after_a_visit.run()
    identity = json.loads(after_a_visit.command("review", "list", "--json").stdout.splitlines()[0])["id"]
    assert inspect(after_a_visit)[0] == 4
    assert after_a_visit.command("review", "private", identity).returncode == 0
    after_a_visit.run()
    assert path.exists()
    assert inspect(after_a_visit)[:2] == (0, [])


def test_small_pictures_of_removed_photos_are_found(after_a_visit: Laptop, inspect: Inspect) -> None:
    import hashlib

    if sys.platform in {"win32", "darwin"}:
        pytest.skip("this system's small pictures are in a database")
    uri = "file://" + str(after_a_visit.imports / "IMG_1.jpg").replace(" ", "%20")
    name = hashlib.md5(uri.encode(), usedforsecurity=False).hexdigest() + ".png"
    put(after_a_visit.home / ".cache" / "thumbnails" / "large" / name, b"\x89PNG\r\n\x1a\n")
    code, found, summary = inspect(after_a_visit)
    assert (code, [(one["what"], one["visit"], one["place"]) for one in found]) == (
        4,
        [("copy", "museum", "thumbnails")],
    )
    assert {"place": "thumbnails", "why": "kept in a form of its own", "count": 1} in summary["not_known"]


def test_without_a_register_it_says_what_to_do(laptop: Laptop) -> None:
    done = laptop.command("inspect")
    assert done.returncode == 2
    assert "visits register" in done.stderr
    assert inspections(laptop) == []


def test_nothing_is_written_moved_or_touched(after_a_visit: Laptop, inspect: Inspect) -> None:
    home = after_a_visit.home
    paths = [
        put(home / "Downloads" / "copy.jpg", jpeg(ON_VISIT, seed=1)),
        put(home / "Pictures" / "farm.jpg", jpeg(AT_THE_FARM)),
        put(home / "Documents" / "plain", b"x" * 10),
    ]
    long_ago = time.time() - 100 * 86400
    for path in paths:
        os.utime(path, (long_ago, long_ago + 5))
    before = {path: path.stat() for path in (*paths, *(path.parent for path in paths))}
    assert inspect(after_a_visit)[0] == 4
    for path, seen in before.items():
        now = path.stat()
        assert (now.st_mtime_ns, now.st_ctime_ns, now.st_ino) == (seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino)
        if sys.platform == "linux":
            assert now.st_atime_ns == seen.st_atime_ns, path


@posix_paths
def test_what_cannot_be_looked_at_is_not_known(after_a_visit: Laptop, inspect: Inspect) -> None:
    home = after_a_visit.home
    put(home / "Downloads" / "IMG_1.HEIC.nextcloud", b" ")
    (home / "Pictures").mkdir(exist_ok=True)
    (home / "Pictures" / "elsewhere").symlink_to("/srv/nowhere")
    (home / "Pictures" / "me").symlink_to(home / "Pictures")
    os.mkfifo(home / "Pictures" / "pipe.jpg")
    put(home / "Documents" / "broken.jpg", b"\xff\xd8\xff\xe1" + bytes(range(256)) * 20)
    put(home / "Documents" / "zeros.jpg", bytes(5000))
    share = home / "Documents" / "mirror"
    for name in ("register", "record", "visits"):
        put(share / name / "IMG_1.jpg", jpeg(ON_VISIT, seed=1))
    code, found, summary = inspect(after_a_visit)
    not_known = {(one["place"], one["why"]): one["count"] for one in summary["not_known"]}
    assert not_known["downloads", "in the cloud only"] == 1
    assert not_known["pictures", "behind a link"] == 1
    assert not_known["documents", "the school share"] == 1
    assert not_known["documents", "unreadable"] >= 1
    assert [one["what"] for one in found if one["what"] != "unsure"] == []
    assert code in {0, 4}  # a broken photo may be from a visit


@posix_paths
def test_a_folder_that_may_not_be_read_is_not_known(after_a_visit: Laptop, inspect: Inspect) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    put(after_a_visit.home / "Pictures" / "locked" / "IMG_1.jpg", jpeg(ON_VISIT, seed=1))
    (after_a_visit.home / "Pictures" / "locked").chmod(0)
    _, _, summary = inspect(after_a_visit)
    assert {"place": "pictures", "why": "no permission", "count": 1} in summary["not_known"]


def test_names_are_shown_only_where_asked_for(after_a_visit: Laptop, inspect: Inspect) -> None:
    path = put(after_a_visit.home / "Downloads" / f"{PRIVATE_WORD}.jpg", jpeg(ON_VISIT, seed=1))
    plain, named = after_a_visit.command("inspect"), after_a_visit.command("inspect", "--names")
    assert PRIVATE_WORD not in plain.stdout + plain.stderr
    assert "Science Museum" in plain.stdout
    assert str(path) in named.stdout
    _, found, _ = inspect(after_a_visit, "--names")
    assert found[0]["file"] == str(path)


@pytest.mark.parametrize("words", [(), pytest.param(("--json",), marks=pytest.mark.slow), ("--names", "--json")])
def test_a_canary_is_on_no_record_log_or_share(after_a_visit: Laptop, words: tuple[str, ...]) -> None:
    home = after_a_visit.home
    for n in range(5):
        put(home / "Pictures" / PRIVATE_WORD / f"{PRIVATE_WORD} {n}.jpg", telling(PRIVATE_WORD, PRIVATE))
    put(home / "Downloads" / f"{DOUBTFUL_WORD}.jpg", telling(DOUBTFUL_WORD, None))
    put(home / "Downloads" / PRIVATE_WORD / f"{DOUBTFUL_WORD}.jpg", telling(DOUBTFUL_WORD, ON_VISIT))
    put(home / "Desktop" / PRIVATE_WORD / "copy.jpg", jpeg(ON_VISIT, seed=1))
    done = after_a_visit.command("inspect", *words)
    assert done.returncode == 4
    if "--names" not in words:
        assert PRIVATE_WORD not in done.stdout + done.stderr
        assert DOUBTFUL_WORD not in done.stdout + done.stderr
    after_a_visit.run()  # publishes it
    status = after_a_visit.command("status", "--json").stdout + after_a_visit.command("log", "show", "--json").stdout
    for word in (PRIVATE_WORD, DOUBTFUL_WORD):
        assert word not in status
        assert files_with(word, home / "state") == []
        assert files_with(word, after_a_visit.share) == []
    assert len(inspections(after_a_visit)) == 1


@pytest.mark.slow  # the canary also checks what is published
def test_it_is_published_with_the_next_run(after_a_visit: Laptop, inspect: Inspect) -> None:
    inspect(after_a_visit)
    after_a_visit.run()
    published = b"".join(path.read_bytes() for path in (after_a_visit.share / "record").rglob("*") if path.is_file())
    assert b'"kind":"inspected"' in published


def test_where_a_run_is_at_work_the_next_one_records_it(after_a_visit: Laptop, inspect: Inspect) -> None:
    with only_writer(after_a_visit.settings):
        _, _, summary = inspect(after_a_visit)
        assert summary["on_record"] is False
        assert inspections(after_a_visit) == []
    after_a_visit.run()
    assert len(inspections(after_a_visit)) == 1
    after_a_visit.run()
    assert len(inspections(after_a_visit)) == 1


def places(laptop: Laptop) -> list[PlaceToLook]:
    return [
        PlaceToLook(Spot.PICTURES, laptop.home / "Pictures"),
        PlaceToLook(Spot.DOWNLOADS, laptop.home / "Downloads"),
    ]


def test_one_that_is_stopped_goes_on_record_as_cut_short(after_a_visit: Laptop) -> None:
    for n in range(3):
        put(after_a_visit.home / "Pictures" / f"{n}" / "IMG_1.jpg", jpeg(ON_VISIT, seed=1))
    found: list[object] = []
    with open_context(after_a_visit.settings) as context:
        done = Inspecting(
            context,
            places(after_a_visit),
            tell=found.append,
            save=lambda one: note(context, one),
            stopping=lambda: len(found) >= 2,
        ).through()
        assert (done.cut_short, done.needs_a_person) == (True, True)
    after_a_visit.run()
    (entry,) = inspections(after_a_visit)
    assert (entry.body["cut_short"], entry.body["findings"]) == (True, 2)


@posix_paths
@pytest.mark.parametrize("how", ["SIGINT", pytest.param("SIGTERM", marks=pytest.mark.slow), "SIGKILL"])
def test_one_that_is_ended_goes_on_record_all_the_same(after_a_visit: Laptop, how: str) -> None:
    for n in range(400):
        put(after_a_visit.home / "Pictures" / f"{n}" / "IMG.jpg", jpeg(AT_THE_FARM, seed=n))
    running = after_a_visit.start("inspect", "--json")
    assert running.stdout is not None
    assert json.loads(running.stdout.readline())["event"] == "found"
    running.send_signal(signal.Signals[how])
    out, _ = running.communicate(timeout=30)
    if how != "SIGKILL":
        assert running.returncode == 4
        assert json.loads(out.splitlines()[-1])["cut_short"] is True
    after_a_visit.run()
    (entry,) = inspections(after_a_visit)
    assert entry.body["cut_short"] is True
    assert after_a_visit.look(last_inspection).on_record


def test_a_run_does_not_record_one_that_is_going_on(after_a_visit: Laptop) -> None:
    with only_inspection(after_a_visit.settings):
        after_a_visit.look(lambda context: note(context, _begun(context)))
        after_a_visit.run()
        assert inspections(after_a_visit) == []
        again = after_a_visit.command("inspect")
        assert again.returncode == 2
        assert "Another inspection" in again.stderr
    after_a_visit.run()
    assert len(inspections(after_a_visit)) == 1


def _begun(context: Any) -> Inspection:
    return Inspecting(context, []).inspection


def test_a_fault_in_one_folder_is_not_known_and_others_go_on(
    after_a_visit: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(after_a_visit.home / "Pictures" / "a" / "IMG_1.jpg", jpeg(ON_VISIT, seed=1))
    put(after_a_visit.home / "Pictures" / "b" / "IMG_2.jpg", jpeg(ON_VISIT, seed=2))
    whole = Inspecting._look_into

    def failing(self: Inspecting, folder: Any) -> None:
        if folder.path.name == "a":
            raise ZeroDivisionError(str(folder.path))
        whole(self, folder)

    monkeypatch.setattr(Inspecting, "_look_into", failing)
    with open_context(after_a_visit.settings) as context:
        done = Inspecting(context, places(after_a_visit)).through()
    assert (done.found.total(), done.not_known.total(), done.cut_short) == (1, 1, False)


def test_status_shows_the_last_inspection(after_a_visit: Laptop, inspect: Inspect) -> None:
    assert "inspected" not in after_a_visit.command("status").stdout
    put(after_a_visit.home / "Downloads" / "IMG_1.jpg", jpeg(ON_VISIT, seed=1))
    inspect(after_a_visit)
    assert "inspected" in after_a_visit.command("status").stdout
    told = json.loads(after_a_visit.command("status", "--json").stdout)["inspection"]
    assert (told["findings"], told["cut_short"]) == (1, False)


def test_a_damaged_record_ends_it_with_10(after_a_visit: Laptop) -> None:
    entries = after_a_visit.home / "state" / "record" / "laptop-17" / "entries.jsonl"
    entries.write_bytes(entries.read_bytes().replace(b'"museum"', b'"muscum"', 1))
    done = after_a_visit.command("inspect")
    assert done.returncode == 10
    assert "Traceback" not in done.stderr


def test_what_was_found_is_shown_although_nothing_can_be_signed(after_a_visit: Laptop) -> None:
    put(after_a_visit.home / "Downloads" / "IMG_1.jpg", jpeg(ON_VISIT, seed=1))
    key = after_a_visit.settings.key_file.with_name("log_ed25519")
    aside = key.rename(key.with_suffix(".aside"))
    try:
        done = after_a_visit.command("inspect")
    finally:
        aside.rename(key)
    assert done.returncode == 1
    assert "Science Museum" in done.stdout
    assert inspections(after_a_visit) == []
    after_a_visit.run()
    assert len(inspections(after_a_visit)) == 1


def test_what_the_share_has_lost_does_not_count_as_sent(after_a_visit: Laptop, inspect: Inspect) -> None:
    put(after_a_visit.home / "Downloads" / "IMG_1.jpg", jpeg(ON_VISIT, seed=1))
    settings = after_a_visit.settings
    with only_writer(settings), open_context(settings) as context:
        sent = next(context.record.entries(kinds={EntryKind.TRANSFERRED}))
        assert sent.body["files"][0]["original_sha256"] == sha256(jpeg(ON_VISIT, seed=1))  # type: ignore[index,call-overload]
        body = {name: sent.body[name] for name in ("photo", "transfer", "visit")} | {"found": "gone"}
        context.record.append(Draft(EntryKind.SHARE_LOST, body, event="lost", at=context.clock()))
    assert [one["what"] for one in inspect(after_a_visit)[1]] == ["photo"]


def test_a_visit_whose_id_looks_like_a_file_is_named(after_a_visit: Laptop, inspect: Inspect) -> None:
    after_a_visit.register(VISITS.replace("farm,", "IMG_1.jpg,"))
    after_a_visit.run()
    put(after_a_visit.home / "Pictures" / "a.jpg", jpeg(AT_THE_FARM))
    code, found, summary = inspect(after_a_visit)
    assert (code, found[0]["visit"], summary["on_record"]) == (4, "IMG_1.jpg", True)
    (entry,) = inspections(after_a_visit)
    assert entry.body["findings"] == 1
    assert [line["visit"] for line in entry.body["found"]] == ["IMG_1.jpg"]


@pytest.mark.slow
def test_its_own_state_folder_is_left_out(after_a_visit: Laptop, inspect: Inspect) -> None:
    shutil.copytree(after_a_visit.home / "state", after_a_visit.home / "Documents" / "state")
    after_a_visit.configure(
        device={
            "name": "laptop-17",
            "staff": "j.smith",
            "timezone": "Europe/London",
            "state_dir": str(after_a_visit.home / "Documents" / "state"),
        }
    )
    put(after_a_visit.home / "Documents" / "state" / "IMG_1.jpg", jpeg(ON_VISIT, seed=1))
    assert inspect(after_a_visit)[:2] == (0, [])

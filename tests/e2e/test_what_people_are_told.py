"""Messages that a person can act on: named, counted, once each, and the right exit code with them."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from agent.cli.progress import Bar, Lines, in_words
from agent.counting import counted
from agent.pipeline.events import Summary
from tests.e2e.test_progress_bar import Terminal
from tests.integration.pipeline.test_service import running, until
from tests.laptop import ON_VISIT, PRIVATE, VISITS, Laptop, jpeg, minutes

# --- Following runs --------------------------------------------------------------------------------------------------


def a_run(*photos: str) -> list[dict[str, object]]:
    events: list[dict[str, object]] = [{"event": "expect", "files": len(photos), "bytes": 10 * len(photos)}]
    for photo in photos:
        events += [
            {"event": "sent", "id": photo, "bytes": 10},
            {"event": "advance", "bytes": 10},
            {"event": "proven", "id": photo, "names": [], "method": "read-back"},
        ]
    return events


def test_several_runs_in_one_are_followed_by_one_bar_after_another() -> None:
    out = io.StringIO()
    columns = (TextColumn("{task.fields[proven]}/{task.fields[files]}"),)
    with Progress(*columns, console=Console(file=out, width=80)) as progress:
        bar = Bar(progress)
        shown = []
        for run in (a_run("a", "b"), a_run("c"), a_run(), a_run("d", "e", "f")):
            for event in run:
                bar.log_event(event)
            (task,) = progress.tasks
            shown.append((task.fields["proven"], task.fields["files"]))
    assert shown == [(2, 2), (1, 1), (0, 0), (3, 3)]


def test_sync_beside_a_service_at_work_shows_its_bar_and_no_traceback(laptop: Laptop) -> None:
    laptop.configure(folders={"settle_seconds": 0.2}, share={"bandwidth_kib_per_s": 2 * 1024})
    for n in range(8):
        laptop.photo(f"IMG_{n}.jpg", ON_VISIT + minutes(n), seed=n, size=500_000)
    with running(laptop):
        until(laptop.arriving, laptop)
        laptop.photo("late.jpg", ON_VISIT + minutes(20), seed=99)
        terminal = Terminal(laptop, "sync")
        last = terminal.finish()
    assert "Traceback" not in last
    assert terminal.process.returncode == 0, last
    assert not list(laptop.imports.iterdir())


def test_the_same_message_for_200_photos_is_one_line_with_a_count(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    for run in range(2):
        for n in range(200):
            lines.log_event({"event": "failed", "id": f"{n:08x}", "reason": "the share has no room"})
        lines.log_event({"event": "failed", "id": "ffffffff", "reason": "it vanished"})
        lines.log_event({"event": "damaged", "id": f"{run:08x}", "reason": "its end is missing"})
        lines.log_event({"event": "notice", "text": "the register was not renewed"})
    lines.end(Summary().as_json())
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "the register was not renewed",
        "200 photos: the share has no room",
        "Photo ffffffff: it vanished",
        "2 photos are damaged (its end is missing) and were sent anyway.",
    ]


def test_one_is_one_and_two_are_two() -> None:
    assert [counted(n, "photo") for n in (0, 1, 2)] == ["0 photos", "1 photo", "2 photos"]
    assert [counted(n, "entry", "entries") for n in (1, 2)] == ["1 entry", "2 entries"]


def test_sync_names_each_visit_and_counts_what_it_left_alone(laptop: Laptop) -> None:
    for n in range(2):
        laptop.photo(f"IMG_{n}.jpg", ON_VISIT + minutes(n), seed=n)
    laptop.photo("farm.jpg", ON_VISIT.replace(month=4, day=20), seed=7)
    laptop.photo("home.jpg", PRIVATE, seed=8)
    done = laptop.command("sync")
    assert "Sending 3 photos" in done.stderr
    assert "  Science Museum: 2 photos\n" in done.stdout
    assert "  City Farm: 1 photo\n" in done.stdout
    assert "1 file not from a visit: left alone." in done.stdout
    again = laptop.command("sync", "--json")
    summary = json.loads(again.stdout.splitlines()[-1])
    assert (summary["private"], summary["left_alone"], summary["visits"]) == (0, 1, [])


def test_a_title_cannot_write_on_the_terminal() -> None:
    summary = Summary(proven=1, visits=[{"id": "x", "title": "Zoo\x1b[2J\nAll is well", "proven": 1}]).as_json()
    assert "\x1b" not in in_words(summary)
    assert "\nAll is well" not in in_words(summary)


# --- sync of what is too wide ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/", "whole disk"),
        ("/etc", "operating system"),
        ("/usr/share", "operating system"),
        ("HOME", "whole home folder"),
        ("ABOVE", "whole home folders"),
        ("STATE", "its own files"),
        ("LINK", "operating system"),
    ],
)
def test_sync_refuses_what_is_too_wide_and_says_why(laptop: Laptop, path: str, why: str) -> None:
    link = laptop.home / "link"
    link.symlink_to("/etc")
    places = {"HOME": laptop.home, "ABOVE": laptop.home.parent, "STATE": laptop.home / "state" / "record", "LINK": link}
    (laptop.home / "state" / "record").mkdir(parents=True)
    for words in (("sync",), ("sync", "--dry-run")):
        done = laptop.command(*words, places.get(path, Path(path)))
        assert done.returncode == 2, done.stdout + done.stderr
        assert why in done.stderr
        assert "Name the card" in done.stderr


def test_sync_takes_a_card_and_a_folder_in_the_home(laptop: Laptop) -> None:
    card = laptop.home / "Card"
    card.mkdir()
    laptop.photo("IMG_1.jpg").rename(card / "IMG_1.jpg")
    assert laptop.command("sync", card).returncode == 0
    assert not list(card.glob("*.jpg"))


# --- status ----------------------------------------------------------------------------------------------------------


def test_status_ends_as_sync_does(laptop: Laptop) -> None:
    assert laptop.command("status").returncode == 0
    laptop.photo("undated.jpg", None)
    laptop.run()
    done = laptop.command("status")
    assert (done.returncode, done.stdout.splitlines()[0]) == (4, "1 photo needs you: photo-agent open")
    for n in range(3):
        laptop.photo(f"IMG_{n}.jpg", ON_VISIT + minutes(n), seed=n)
    (laptop.share / "visits").mkdir(exist_ok=True)
    (laptop.share / "visits" / "museum").write_bytes(b"in the way")
    assert laptop.run().exit_code == 3
    done = laptop.command("status")
    assert done.returncode == 3
    assert done.stdout.startswith("3 photos from Science Museum are on their way. 1 needs you: photo-agent open\n")
    (row,) = [line for line in done.stdout.splitlines() if "museum" in line and "to be sent" in line]
    assert row.startswith("3 photos")
    server = laptop.server
    server.stop()  # type: ignore[attr-defined]
    laptop.run()
    done = laptop.command("status")
    assert done.returncode == 5
    assert "away since" in done.stdout
    assert "Nothing will try again by itself" in done.stdout
    (told,) = [json.loads(line) for line in laptop.command("status", "--json").stdout.splitlines()]
    assert (told["exit_code"], told["need_a_person"]) == (5, 1)
    assert told["share"]["trouble"]
    assert told["share"]["trouble_since"]
    assert len(told["waiting"]) == 3
    server.restart()  # type: ignore[attr-defined]
    (laptop.share / "visits" / "museum").unlink()
    laptop.run()
    assert laptop.command("status").returncode == 4


# --- explain, log, untag ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_explain_shows_the_other_files_where_one_does_not_exist(
    laptop: Laptop, tmp_path: Path, form: tuple[str, ...]
) -> None:
    names = ("IMG_1.jpg", "no such.jpg", "IMG_2.jpg", "nor this.jpg")
    files = [laptop.photo(name) if name.startswith("IMG") else tmp_path / name for name in names]
    done = laptop.command("explain", *files, *form)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"There is no file {path}, and no file of that name has been sent." for path in (files[1], files[3])
    ]
    shown = [line for line in done.stdout.splitlines() if "IMG_" in line]
    assert [name in line for name, line in zip(("IMG_1.jpg", "IMG_2.jpg"), shown, strict=True)] == [True, True]


def test_explain_of_a_folder_without_files_says_so(laptop: Laptop, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = laptop.command("explain", tmp_path / "empty")
    assert (done.returncode, done.stdout) == (0, "")
    assert "There are no files in" in done.stderr


def test_explain_of_a_photo_that_was_sent_says_when_and_where_it_is(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg")
    laptop.run()
    assert not photo.exists()
    (name,) = (one for one in laptop.on_share() if one.endswith(".jpg"))
    done = laptop.command("explain", photo)
    assert done.returncode == 0
    assert "sent on" in done.stdout
    assert f"it is at {name}\n" in done.stdout
    (told,) = [json.loads(line) for line in laptop.command("explain", photo, "--json").stdout.splitlines()]
    assert (told["decision"], told["visit"], told["name"]) == ("visit", "museum", name)
    # A new file of that name is looked at as what it is.
    laptop.photo("IMG_1.jpg", None, seed=5)
    assert "it waits for you to decide" in laptop.command("explain", photo).stdout


def test_status_shows_what_is_asked_by_reason_and_what_happens_next(laptop: Laptop) -> None:
    for number in range(4):
        laptop.photo(f"undated {number}.jpg", None, seed=number)
    laptop.run()
    done = laptop.command("status")
    assert (done.returncode, done.stdout.splitlines()[0]) == (4, "4 photos need you: photo-agent open")
    (row,) = [line for line in done.stdout.splitlines() if "waiting for you  " in line]
    assert row.startswith("4 photos")
    laptop.server.stop()  # type: ignore[attr-defined]
    laptop.run()
    done = laptop.command("status")
    assert "away since" in done.stdout
    assert "Nothing will try again by itself" in done.stdout


def test_the_services_json_is_that_of_sync(laptop: Laptop) -> None:
    laptop.photo("IMG_1.jpg")
    laptop.configure(folders={"watch": [str(laptop.imports)], "settle_seconds": 0.2})
    told = []
    with laptop.start("run", "--json") as service:
        assert service.stdout is not None
        assert service.stderr is not None
        try:
            for line in service.stdout:
                told.append(json.loads(line))
                if told[-1]["event"] == "summary" and told[-1]["removed"]:
                    service.terminate()
            assert service.wait(20) == 0
            log = service.stderr.read()
        finally:
            service.kill()
    assert {"found", "decided", "sent", "proven", "removed"} <= {event["event"] for event in told}
    first = log.splitlines()[0]
    assert f"Watching {laptop.imports}." in first
    assert "This log goes here" in log
    assert "was removed from its folder." in log
    assert "{" not in log


def test_explain_works_before_there_are_settings(laptop: Laptop, tmp_path: Path) -> None:
    photo = laptop.photo("IMG_1.jpg")
    env = {**laptop.environment, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    env.pop("PHOTO_AGENT_CONFIG", None)
    line = [*laptop.line()[:3], "explain", str(photo), "--json"]
    done = subprocess.run(line, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    assert "no settings yet" in done.stderr
    told = json.loads(done.stdout)
    assert (told["recorded"], told["decision"]) == ("2026-03-14T10:11:12", "review")
    assert [path.name for path in tmp_path.iterdir()] == ["laptop"], "nothing was made"


def test_explain_says_not_after_where_nothing_more_is_known(laptop: Laptop) -> None:
    laptop.photo("first.jpg")
    laptop.run()
    photo = laptop.file("IMG-20261126-WA0001.jpg", jpeg(None))
    done = laptop.command("explain", photo)
    assert "not after" in done.stdout
    assert " 1990" not in done.stdout


@pytest.mark.parametrize(
    "since", ["26/11/2026", "26.11.2026", "2026-11-26", "26/11/2026 09:00", "2026-11-26T09:00:00Z"]
)
def test_log_show_takes_dates_as_the_register_does(laptop: Laptop, since: str) -> None:
    done = laptop.command("log", "show", "--since", since, "--until", "31/12/2026")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("since", ["31/02/2026", "yesterday", "9999-12-31", "0001-01-01"])
def test_log_show_says_what_is_wrong_with_a_date(laptop: Laptop, since: str) -> None:
    done = laptop.command("log", "show", "--until", since)
    assert "Traceback" not in done.stderr
    assert done.returncode in {0, 2}


def test_untag_says_which_path_cannot_be_written(laptop: Laptop, tmp_path: Path) -> None:
    laptop.photo("IMG_1.jpg")
    laptop.run()
    (name,) = laptop.on_share()
    for target in (tmp_path / "no such folder" / "a.jpg", Path("/proc/a.jpg")):
        done = laptop.command("untag", laptop.share / name, "-o", target)
        assert done.returncode == 2
        assert str(target) in done.stderr
        assert "Traceback" not in done.stderr


def test_faults_of_a_register_are_counted_in_good_english(laptop: Laptop, tmp_path: Path) -> None:
    file = tmp_path / "visits.csv"
    file.write_text(VISITS.splitlines()[0] + "\nzoo,Zoo,never,2026-05-02 15:00,Europe/London,,,,,,\n")
    assert "0 good lines, 1 error, 0 warnings" in laptop.command("visits", "check", file).stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes with names of files")
def test_a_register_to_check_is_a_file_of_a_believable_size(laptop: Laptop) -> None:
    pipe, huge = laptop.home / "pipe.csv", laptop.home / "huge.csv"
    os.mkfifo(pipe)
    huge.touch()
    os.truncate(huge, 10**12)
    for file, why in ((pipe, "is not a regular file"), (huge, "is larger than")):
        done = laptop.command("visits", "check", file)
        assert (done.returncode, why in done.stderr) == (2, True), done.stderr

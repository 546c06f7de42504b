"""Each command of the contract after one trip: its exit code, and the shape of what it prints with --json."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.trip import FORMULA, Trip
from tests.laptop import Laptop

# --- sync, status, explain -------------------------------------------------------------------------------------------


def test_sync_tells_each_step_and_ends_with_a_summary(trip: Trip) -> None:
    *steps, summary = [json.loads(line) for line in trip.sync.stdout.splitlines()]
    assert trip.sync.returncode == 4
    sent = {step["id"] for step in steps if step["event"] == "sent"}
    for one in sent:
        assert [step["event"] for step in steps if step["id"] == one] == [
            "found",
            "decided",
            "sent",
            "proven",
            "removed",
        ]
    assert sum(step["event"] == "held" for step in steps) == 3
    wanted = {"found": 7, "visit": 3, "sent": 3, "proven": 3, "removed": 3, "review": 2, "private": 1, "failed": 0}
    assert {name: summary[name] for name in wanted} == wanted
    assert summary["event"] == "summary"
    assert summary["bytes"] > 0
    assert isinstance(summary["seconds"], float)


def test_status_says_what_waits_and_why(trip: Trip) -> None:
    (status,) = trip.lines("status", code=4)
    assert status["counts"]["removed"] == 3
    assert status["counts"]["review"] == 2
    (empty,) = status["waiting"]
    assert empty.keys() >= {"id", "file", "state", "since", "reason"}
    assert "empty" in empty["reason"]
    assert status["register"]["visits"] == 2
    assert status["share"]["last_reached"]
    assert status["service"] == {"running": False}
    words = trip.laptop.command("status")
    assert (words.returncode, status["exit_code"], status["need_a_person"]) == (4, 4, 3)
    assert words.stdout.splitlines()[0].endswith("need you: photo-agent open")
    assert "3 sent and removed in the last 30 days, 2 waiting for you, 1 private" in words.stdout


def test_explain_has_the_shape_of_the_contract(trip: Trip) -> None:
    imports = trip.laptop.imports
    broken = imports.parent / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe1\0\x10Exif\0\0garbage")
    text = imports.parent / "notes.txt"
    text.write_text("what we saw")
    visit = imports.parent / "on visit.jpg"
    trip.laptop.photo("x.jpg").rename(visit)
    files = [visit, imports / "home.jpg", imports / "undated.jpg", broken, text]

    told = trip.lines("explain", *files)

    assert [one["decision"] for one in told] == ["visit", "private", "review", "review", "not-a-photo"]
    for one in told:
        assert one.keys() >= {
            *("file", "format", "recorded", "offset", "taken", "camera", "place", "decision", "visit", "reasons")
        }
        assert one["reasons"]
    first = told[0]
    assert (first["format"], first["recorded"], first["visit"]) == ("jpeg", "2026-03-14T10:11:12", FORMULA)
    assert first["taken"].keys() == {"earliest", "latest", "level", "basis"}
    assert first["camera"] == {"make": "Canon", "model": "EOS R6", "serial": None}
    assert visit.exists()
    words = trip.laptop.command("explain", *files)
    assert words.returncode == 0
    assert f"from {FORMULA}: it would be sent" in words.stdout


def test_a_dry_run_says_what_would_be_done_and_does_nothing(trip: Trip) -> None:
    photo = trip.laptop.photo("IMG_9.jpg", seed=9)
    done = trip.laptop.command("sync", "--dry-run")
    lines = trip.lines("sync", "--dry-run")
    assert photo.exists()
    photo.unlink()
    assert done.returncode == 0
    assert "1 to send" in done.stderr
    assert {line["decision"] for line in lines} == {"visit", "private", "review"}


# --- review, visits --------------------------------------------------------------------------------------------------


def test_review_list_names_each_photo_its_reasons_and_likely_visits(trip: Trip) -> None:
    held = trip.lines("review", "list")
    assert {Path(one["file"]).name for one in held} == {"undated.jpg", "edge.jpg", "empty.jpg"}
    for one in held:
        assert one.keys() == {"id", "file", "state", "taken", "not_after", "reasons", "candidates", "visits"}
        assert one["reasons"]
    edge = next(one for one in held if one["file"].endswith("edge.jpg"))
    assert edge["candidates"][0] == FORMULA


def test_visits_list_shows_the_register_as_it_is_understood(trip: Trip) -> None:
    farm, museum = trip.lines("visits", "list")
    assert (farm["id"], museum["id"]) == ("farm", FORMULA)
    assert museum["starts"] == "2026-03-14T09:00:00+00:00"
    assert farm["staff"] == ["j.smith"]
    assert farm.keys() >= {"id", "title", "starts", "ends", "timezone", "staff", "cameras", "status"}
    assert "Science Museum" in trip.laptop.command("visits", "list").stdout


def test_visits_check_names_every_fault_with_its_line(trip: Trip, tmp_path: Path) -> None:
    faulty = tmp_path / "visits.csv"
    faulty.write_text(
        "id,title,starts,ends,timezone,radius_km\n"
        "a,Fine,2026-03-14 09:00,2026-03-14 10:00,,\n"
        "b,Backwards,2026-03-14 10:00,2026-03-14 09:00,,\n"
        "../c,No folder,2026-03-14 09:00,2026-03-14 10:00,,\n"
        "d,No zone,2026-03-14 09:00,2026-03-14 10:00,Europe/Lodnon,\n"
        "e,No day,2026-02-30 09:00,2026-03-14 10:00,,\n"
        "f,No place,2026-03-14 09:00,2026-03-14 10:00,,2\n"
        "g,Twice,2026-03-14 09:00,2026-03-14 10:00,,\n"
        "g,Twice,2026-03-15 09:00,2026-03-15 10:00,,\n"
    )
    faults = trip.lines("visits", "check", faulty, code=2)
    assert {fault["register"] for fault in faults} == {"visits"}
    assert {fault["line"] for fault in faults if fault["severity"] == "error"} == {3, 4, 5, 6, 7, 8, 9}
    assert all(fault.keys() == {"line", "column", "message", "severity", "register"} for fault in faults)
    assert trip.laptop.command("visits", "check", faulty).stdout.count("line ") >= 7
    good = trip.laptop.share / "register" / "visits.csv"
    assert trip.lines("visits", "check", good) == []


# --- config, doctor, service -----------------------------------------------------------------------------------------


def test_config_show_says_what_is_in_force_defaults_included(trip: Trip) -> None:
    (shown,) = trip.lines("config", "show")
    assert shown["device"]["name"] == "laptop-17"
    assert shown["share"]["connections"] == 2
    toml = trip.laptop.command("config", "show").stdout
    assert re.search(r"^\[removal\]$", toml, re.MULTILINE)


def test_config_validate_names_the_nearest_right_key(trip: Trip, tmp_path: Path) -> None:
    assert trip.lines("config", "validate")[0]["valid"] is True
    wrong = tmp_path / "agent.toml"
    wrong.write_text(trip.laptop.config.read_text().replace("settle_seconds", "setle_seconds"))
    done = trip.laptop.command("config", "validate", wrong)
    assert done.returncode == 2
    assert "setle_seconds" in done.stderr
    assert "settle_seconds" in done.stderr.replace("setle_seconds", "")
    assert "Traceback" not in done.stderr


def test_config_schema_is_json(trip: Trip) -> None:
    assert json.loads(trip.laptop.command("config", "schema").stdout)["properties"]["share"]


def test_doctor_has_a_line_for_each_check_and_says_what_to_do(trip: Trip) -> None:
    found = {one["check"]: one for one in trip.lines("doctor")}
    assert found.keys() >= {
        *("settings", "folder 1", "watching", "disk", "share", "share fsync", "share space", "clock"),
        *("register", "service", "disk encryption"),
    }
    assert {one["result"] for one in found.values()} <= {"ok", "warn"}
    assert found["share"]["result"] == found["share fsync"]["result"] == found["register"]["result"] == "ok"
    assert all(one["do"] for one in found.values() if one["result"] != "ok")


def test_doctor_fails_where_something_fails(trip: Trip, tmp_path: Path) -> None:
    laptop = Laptop(tmp_path / "other", trip.laptop.server)
    laptop.configure(share={"port": 1})
    done = laptop.command("doctor")
    assert done.returncode == 5
    assert "fail  share:" in done.stdout
    assert "Traceback" not in done.stderr


def test_service_status_tells_whether_it_is_installed_and_runs(trip: Trip) -> None:
    (status,) = trip.lines("service", "status")
    assert status.keys() == {"installed", "running", "detail"}
    assert status["installed"] is False
    assert status["running"] in {"yes", "no", "not known"}


# --- the command itself ----------------------------------------------------------------------------------------------


def test_a_wrong_command_is_told_the_nearest_right_one(trip: Trip) -> None:
    done = trip.laptop.command("staus")
    assert done.returncode == 2
    assert "'status'" in done.stderr


def test_without_settings_it_is_said_where_they_were_looked_for(trip: Trip, tmp_path: Path) -> None:
    env = {**trip.laptop.environment, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    line = [*trip.laptop.line()[:3], "status"]
    done = subprocess.run(line, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 2
    assert "photo-agent init" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_and_version(trip: Trip) -> None:
    helped = trip.laptop.command("--help")
    assert helped.returncode == 0
    for command in (
        "demo",
        "init",
        "doctor",
        "run",
        "sync",
        "explain",
        "status",
        "review",
        "visits",
        "cameras",
        "log",
        "untag",
    ):
        assert f"  {command} " in helped.stdout
    assert re.match(r"photo-agent \d+\.\d+", trip.laptop.command("--version").stdout)


def test_a_reader_that_has_seen_enough_is_no_fault(trip: Trip) -> None:
    shell = f"'{trip.laptop.line()[0]}' -m agent.cli --config '{trip.laptop.config}' config schema | true"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {shell}"], capture_output=True, text=True, check=False, timeout=20
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("line", ["--help", "status --json", "log show", "log show --csv"])
def test_output_that_cannot_be_written_is_a_sentence(laptop: Laptop, line: str) -> None:
    done = laptop.command(*line.split(), before=("sh", "-c", 'exec "$@" >/dev/full', "sh"))
    assert done.returncode == 1
    assert done.stderr.strip().endswith("The output cannot be written: No space left on device.")
    assert "Traceback" not in done.stderr

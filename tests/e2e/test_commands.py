"""Each command of the contract after one trip: its exit code, and the shape of what it prints with --json."""

import csv
import io
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.laptop import ON_VISIT, PRIVATE, VISITS, Laptop, minutes
from tests.servers.openssh import OpenSSH, why_not

FORMULA = "-2026-museum"
"""A visit's id that a spreadsheet would take for a formula."""


@dataclass
class Trip:
    """The laptop after `sync`, which answered `sync`: three sent, one private, two held, one empty file."""

    laptop: Laptop
    sync: subprocess.CompletedProcess[str]

    def lines(self, *words: str | Path, code: int = 0) -> list[dict[str, Any]]:
        """What the command prints with --json: an object a line, and nothing else."""
        done = self.laptop.command(*words, "--json")
        assert done.returncode == code, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trip]:
    if reason := why_not():
        pytest.skip(reason)
    with OpenSSH() as server:
        laptop = Laptop(tmp_path_factory.mktemp("trip") / "laptop", server)
        laptop.register(VISITS.replace("museum,", f"{FORMULA},"))
        for n in range(3):
            laptop.photo(f"IMG_{n}.jpg", ON_VISIT + minutes(n), seed=n)
        laptop.photo("home.jpg", PRIVATE)
        laptop.photo("undated.jpg", None, seed=5)
        laptop.photo("edge.jpg", ON_VISIT.replace(hour=16, minute=30, second=0), seed=6)
        laptop.file("empty.jpg", b"")
        yield Trip(laptop, laptop.command("sync", "--json"))


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
    (status,) = trip.lines("status")
    assert status["counts"]["removed"] == 3
    assert status["counts"]["review"] == 2
    (empty,) = status["waiting"]
    assert empty.keys() >= {"id", "file", "state", "since", "reason"}
    assert "empty" in empty["reason"]
    assert status["register"]["visits"] == 2
    assert status["share"]["last_reached"]
    assert status["service"] == {"running": False}
    words = trip.laptop.command("status")
    assert words.returncode == 0
    assert "3 sent and removed here, 2 for review, 1 private" in words.stdout


def test_explain_has_the_shape_of_the_contract(trip: Trip) -> None:
    imports = trip.laptop.imports
    broken = imports.parent / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe1\0\x10Exif\0\0garbage")
    text = imports.parent / "notes.txt"
    text.write_text("what we saw")
    visit = imports.parent / "on visit.jpg"
    trip.laptop.photo("x.jpg").rename(visit)
    files = [visit, imports / "home.jpg", imports / "undated.jpg", broken, text, imports / "gone.jpg"]

    told = trip.lines("explain", *files)

    assert [one["decision"] for one in told] == ["visit", "private", "review", "review", "not-a-photo", "review"]
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
    assert f"of the visit {FORMULA}" in words.stdout


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
        assert one.keys() == {"id", "file", "state", "taken", "reasons", "candidates"}
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


# --- log -------------------------------------------------------------------------------------------------------------


def test_log_show_has_a_line_for_each_transfer_and_can_be_narrowed_down(trip: Trip) -> None:
    rows = trip.lines("log", "show")
    assert len(rows) == 3
    for row in rows:
        assert (row["visit"], row["device"], row["synced"], row["removed"]) == (FORMULA, "laptop-17", True, True)
        assert row["name"].startswith(f"visits/{FORMULA}/20260314-")
    assert len(trip.lines("log", "show", f"--visit={FORMULA}")) == 3
    assert trip.lines("log", "show", "--visit", "farm") == []
    assert trip.lines("log", "show", "--device", "laptop-18") == []
    assert trip.lines("log", "show", "--until", "2026-03-14") == []
    assert len(trip.lines("log", "show", "--since", "2026-03-14", "--until", "2999-01-01T10:00")) == 3
    assert "3 transfers" in trip.laptop.command("log", "show").stdout


def test_log_show_csv_opens_in_a_spreadsheet_and_runs_no_formula(trip: Trip) -> None:
    done = subprocess.run(
        trip.laptop.line("log", "show", "--csv"),
        capture_output=True,
        check=True,
        env={**trip.laptop.environment, "PYTHONIOENCODING": "cp1252"},  # as Windows has it
    )
    assert done.stdout.startswith(b"\xef\xbb\xbfwhen,")
    assert b"\r\r\n" not in done.stdout
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode("utf-8-sig"), newline="")))
    assert [row["visit"] for row in rows] == [f"'{FORMULA}"] * 3
    assert not [cell for row in rows for cell in row.values() if cell[:1] in set("=+-@")]


def test_log_show_ecs_is_the_elastic_common_schema(trip: Trip) -> None:
    done = trip.laptop.command("log", "show", "--ecs")
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    assert [document["event"]["action"] for document in documents] == ["transferred"] * 3
    assert all(document["ecs"]["version"] and document["file"]["hash"]["sha256"] for document in documents)


@pytest.mark.parametrize("words", [("--since", "yesterday"), ("--json", "--csv")])
def test_log_show_says_what_it_cannot_do(trip: Trip, words: tuple[str, ...]) -> None:
    done = trip.laptop.command("log", "show", *words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_seen_enough_is_no_fault(trip: Trip) -> None:
    shell = f"'{trip.laptop.line()[0]}' -m agent.cli --config '{trip.laptop.config}' config schema | true"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {shell}"], capture_output=True, text=True, check=False, timeout=20
    )
    assert (done.returncode, done.stderr) == (0, "")


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
    assert done.returncode == 3
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

"""`log show` after one trip: narrowed down, for a spreadsheet, and for a log collector."""

import csv
import io
import json
import subprocess

import pytest

from tests.e2e.trip import FORMULA, Trip


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

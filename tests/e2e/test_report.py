"""`photo-agent report` as IT runs it: by its own help, on a machine without settings."""

import json
import os
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import programs
from tests.schoolrecords import School


@pytest.fixture
def school(tmp_path: Path) -> School:
    """One laptop that is well."""
    made = School(tmp_path, datetime.now(UTC))
    (made.share / "visits").mkdir(parents=True)
    made.laptop("laptop-17", [*made.photo("a1", "2026-museum", made.day(3)), *made.heartbeats(5)])
    return made


def run(school: School, *words: object) -> "subprocess.CompletedProcess[str]":
    """The command, in a home without anything in it."""
    line = ["report", school.share, "--keys", school.keys, "--out", school.home / "out", *words]
    environment = {**os.environ, "HOME": str(school.home / "nobody"), "XDG_CONFIG_HOME": str(school.home / "nobody")}
    environment.pop("PHOTO_AGENT_CONFIG", None)
    return programs.photo_agent([str(one) for one in line], environment)


def test_a_machine_without_settings_makes_a_report(school: School) -> None:
    done = run(school, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["report"] == str(school.home / "out" / "index.html")
    assert said["sentence"] == "Nothing needs a person today. The laptop is well."
    assert (said["visits"], said["devices"], said["not_whole"]) == (1, 1, [])
    again = run(school)
    assert again.stdout.splitlines()[-1] == f"Open {school.home / 'out' / 'index.html'}"


def test_a_record_that_is_not_whole_decides_the_exit_code(school: School) -> None:
    (published, *_) = (school.share / "record" / "laptop-17").glob("publication-*")
    whole = published.read_bytes()
    published.write_bytes(whole.replace(b"a1", b"a2"))
    assert published.read_bytes() != whole
    done = run(school)
    assert done.returncode == 10
    assert "needs a person today" in done.stdout
    assert (school.home / "out" / "index.html").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--timezone", "Europe/Pariss"], "no time zone"),
        (["--sign", "keys"], "The key"),
        (["--retention", "keys"], "[retention]"),
        (["--visits", "nowhere.csv"], "does not exist"),
        (["--silence-days", "0"], "--silence-days"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(school: School, words: list[str], says: str) -> None:
    given = [str(school.keys) if word == "keys" else word for word in words]
    done = run(school, *given)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (school.home / "out").exists()


def test_a_visits_list_gives_titles_and_a_broken_one_stops_nothing(school: School) -> None:
    register = school.share / "register" / "visits.csv"
    register.parent.mkdir()
    day = school.day(3)
    register.write_text(
        f"id,title,starts,ends\n2026-museum,Science Museum,{day:%Y-%m-%d} 09:00,{day:%Y-%m-%d} 16:30\n", "utf-8"
    )
    assert run(school).returncode == 0
    page = (school.home / "out" / "visits" / "2026-museum.html").read_text("utf-8")
    assert "Completion certificate: Science Museum" in page
    register.write_bytes(b"\xff\xfe\x00PK\x03\x04 nonsense")
    done = run(school)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


def test_the_demo_ends_with_its_own_report(tmp_path: Path) -> None:
    keep = tmp_path / "the demo"
    line = [sys.executable, "-m", "agent.cli", "demo", "--keep", str(keep)]
    done = subprocess.run(line, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    page = keep / "report" / "index.html"
    assert done.stdout.splitlines()[-1] == f"IT's report, for a browser: {page}"
    assert "The laptop is well." in page.read_text("utf-8")
    certificate = json.loads((keep / "report" / "visits" / "science-museum.json").read_bytes())
    assert certificate["sent"] == certificate["removed"] > 0
    assert certificate["files"] - certificate["files_already_there"] == certificate["files_on_share"]
    assert "there already when sent again" in (keep / "report" / "visits" / "science-museum.html").read_text("utf-8")
    assert "7 photos of 1 visit went to the school network" in (keep / "report" / "headteacher.html").read_text("utf-8")
    # A newcomer pastes these lines, whether or not the program is on the PATH.
    review = next(line for line in done.stdout.splitlines() if line.endswith(" review list"))
    typed = review.strip() if sys.platform == "win32" else shlex.split(review)  # a shell passes over the indentation
    pasted = subprocess.run(typed, capture_output=True, encoding="utf-8", check=False)
    assert (pasted.returncode, "IMG_0011.JPG" in pasted.stdout) == (0, True), pasted.stderr

"""From a register on the share to the decision: doubts about it are reported, and the photos concerned wait."""

import json
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agent.journal import State
from agent.pipeline.events import Happened
from agent.pipeline.status import status
from tests.laptop import ON_VISIT, VISITS, Heard, Laptop
from tests.unit.register.workbooks import xlsx

CASES = Path(os.environ.get("REGISTER_CASES", Path(__file__).resolve().parents[4] / "shared/cases/registers"))
HEADER = VISITS.splitlines(keepends=True)[0]
GOOD = "farm,City Farm,2026-04-20 09:00,2026-04-20 15:00,Europe/London,,,,,,\n"
BROKEN = "museum,Science Museum,14/03/2026 quarter to nine,14/03/2026 16:30,Europe/London,,,,,,\n"


def notices(heard: Heard) -> list[str]:
    """The messages of the run."""
    return [str(event.details["text"]) for event in heard.events if event.what is Happened.NOTICE]


def put(laptop: Laptop, name: str, content: bytes) -> None:
    """A register of another name, or another one, on the share."""
    folder = laptop.share / "register"
    (folder / name).write_bytes(content)
    if name.startswith("visits") and name != "visits.csv":
        laptop.configure(register={"visits": f"share:register/{name}"})


@pytest.mark.parametrize(
    ("case", "private", "of_visit"),
    [
        ("us-mixed.csv", (2026, 4, 3, 10), None),
        ("us-google.csv", (2026, 4, 3, 10), None),
        ("date-then-time.csv", (2026, 3, 14, 6, 30), (2026, 3, 14, 10)),
        ("ol-tentative.ics", (2026, 7, 14, 10), None),
        ("ol-custom.ics", (2026, 7, 14, 17), (2026, 7, 14, 10)),
        ("google-wrtz-floating.ics", (2026, 7, 14, 16), None),
        ("bad-alarm.ics", (2026, 7, 14, 17), (2026, 7, 14, 10)),
        ("lrm.csv", (2026, 3, 14, 17), (2026, 3, 14, 10)),
    ],
)
def test_only_what_is_certainly_of_a_visit_of_the_case_moves(
    laptop: Laptop, case: str, private: tuple[int, ...], of_visit: tuple[int, ...] | None
) -> None:
    if not CASES.is_dir():
        pytest.skip("the registers after public reports (../shared/cases/registers) are not on this machine")
    put(laptop, f"visits-{case}", (CASES / case).read_bytes())
    stays = laptop.photo("IMG_1.jpg", datetime(*private))  # type: ignore[arg-type]  # noqa: DTZ001
    goes = laptop.photo("IMG_2.jpg", datetime(*of_visit), seed=2) if of_visit else None  # type: ignore[arg-type]  # noqa: DTZ001

    laptop.run()

    assert stays.exists()
    assert goes is None or not goes.exists()
    assert len(laptop.on_share()) == (0 if goes is None else 1)


def test_a_line_not_understood_is_reported_and_its_photos_wait(laptop: Laptop) -> None:
    laptop.register(HEADER + BROKEN + GOOD)
    photo = laptop.photo("IMG_1.jpg", ON_VISIT)
    private = laptop.photo("IMG_2.jpg", ON_VISIT - timedelta(days=9), seed=2)
    heard = Heard()

    summary = laptop.run(heard)

    assert (summary.exit_code, summary.review, summary.private) == (2, 1, 1)
    assert ["One line of the visits register is not used (line 2, starts" in text for text in notices(heard)] == [True]
    assert photo.exists()
    assert private.exists()
    synced = laptop.command("sync")
    assert (synced.returncode, synced.stderr.count("line 2, starts")) == (2, 1)
    assert laptop.command("sync", "--dry-run").returncode == 2
    told = laptop.command("status")
    assert told.returncode == 2
    assert "line 2, starts" in told.stdout
    checks = [json.loads(line) for line in laptop.command("doctor", "--json").stdout.splitlines()]
    assert [one["result"] for one in checks if one["check"] == "register lines"] == ["fail"]

    laptop.register(HEADER + BROKEN.replace("quarter to nine", "08:45") + GOOD)
    assert laptop.run().exit_code == 0
    assert not photo.exists()
    assert laptop.command("status").returncode == 0


def test_staff_not_in_the_register_are_reported_and_no_photo_is_private(laptop: Laptop) -> None:
    laptop.register(HEADER + GOOD.replace(",,,,,,", ",j.smyth,,,,,") + BROKEN.replace(" quarter to nine", " 08:45")
                    .replace(",,,,,,", ",a.okafor,,,,,"))  # fmt: skip
    photo = laptop.photo("IMG_1.jpg", ON_VISIT)
    heard = Heard()

    summary = laptop.run(heard)

    assert (summary.exit_code, summary.review) == (2, 1)
    assert ["j.smith is not on any of the 2 visits" in text and "“j.smyth”" in text for text in notices(heard)] == [
        True
    ]
    laptop.register(HEADER + GOOD + BROKEN.replace(" quarter to nine", " 08:45").replace(",,,,,,", ",John Smith,,,,,"))
    assert laptop.run().exit_code == 0
    assert not photo.exists()


def test_a_workbook_on_the_share_is_a_register_and_explain_names_its_line(laptop: Laptop) -> None:
    starts, ends = datetime(2026, 3, 14, 9), datetime(2026, 3, 14, 16, 30)  # noqa: DTZ001
    rows = [["School visits 2026"], ["id", "title", "starts", "ends"], ["museum", "Science Museum", starts, ends]]
    put(laptop, "visits.xlsx", xlsx(("Visits", rows)))
    laptop.run()
    photo = laptop.photo("IMG_1.jpg", ON_VISIT)

    explained = json.loads(laptop.command("explain", photo, "--json").stdout)

    assert explained["decision"] == "visit"
    assert "Science Museum is on line 3 of visits.xlsx" in explained["reasons"]
    assert laptop.run().removed == 1


def test_cameras_csv_next_to_the_visits_needs_no_setting(laptop: Laptop) -> None:
    put(laptop, "cameras.csv", b"label,make,model,clock_ahead_seconds\nSchool camera,Canon,EOS R6,86400\n")
    tomorrow = laptop.photo("IMG_1.jpg", ON_VISIT + timedelta(days=1))
    assert laptop.run().removed == 1
    assert not tomorrow.exists()

    (laptop.share / "register" / "cameras.csv").unlink()
    heard = Heard()
    summary = laptop.run(heard)
    assert summary.exit_code == 2
    assert ["cameras.csv" in text and "has disappeared" in text for text in notices(heard)] == [True]
    seen = laptop.look(lambda context: context.registers.current())
    assert len(seen.cameras) == 1
    assert laptop.command("visits", "accept").returncode == 0
    assert laptop.run().exit_code == 0


def test_a_cameras_csv_that_the_settings_pass_over_is_reported_by_doctor(laptop: Laptop) -> None:
    put(laptop, "cameras.csv", b"label,make,model\nSchool camera,Canon,EOS R6\n")
    put(laptop, "other.csv", b"label,make,model\nSchool camera,Canon,EOS R6\n")
    laptop.configure(register={"cameras": "share:register/other.csv"})
    checks = [json.loads(line) for line in laptop.command("doctor", "--json").stdout.splitlines()]
    assert [one["result"] for one in checks if one["check"] == "cameras"] == ["warn"]


def test_a_long_visit_waits_until_it_is_accepted(laptop: Laptop) -> None:
    laptop.register(HEADER + "tour,Tour,2026-03-01,2026-03-31,Europe/London,,,,,,\n" + GOOD)
    photo = laptop.photo("IMG_1.jpg", ON_VISIT)
    assert laptop.run().exit_code == 2
    assert laptop.look(lambda context: context.journal.counts()).get(State.REVIEW) == 1
    assert "31 days long" in laptop.look(status).register_trouble

    assert laptop.command("visits", "accept").returncode == 0

    assert laptop.run().exit_code == 0
    assert not photo.exists()


def test_init_names_the_staff_of_a_register_that_it_can_read(laptop: Laptop) -> None:
    local = laptop.home / "visits.csv"
    local.write_text(VISITS)
    places: Mapping[str, str] = {"XDG_CONFIG_HOME": str(laptop.home / "c"), "XDG_STATE_HOME": str(laptop.home / "s")}
    flags = ("--watch", laptop.imports, "--host", "photos.school.example", "--user", "laptop-17", "--name", "laptop-17",
             "--timezone", "Europe/London", "--visits", local, "--no-server", "--force")  # fmt: skip
    told = laptop.command("init", "--staff", "a.okafor", *flags, env=places)
    assert "The visits register names: j.smith." in told.stdout
    assert "a.okafor is not among them" in told.stderr
    found = json.loads(laptop.command("init", "--staff", "J. Smith", *flags, "--json", env=places).stdout)
    assert found["staff_in_register"] == ["j.smith"]

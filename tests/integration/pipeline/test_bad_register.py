"""A register that is missing, empty, halved or unreadable is reported and not used: the last good one is used."""

import json
from collections.abc import Callable

import pytest

from agent.pipeline.events import Happened
from agent.pipeline.status import status
from agent.record import EntryKind
from tests.laptop import AT_THE_FARM, PRIVATE, VISITS, Heard, Laptop

HEADER, MUSEUM, FARM = VISITS.splitlines(keepends=True)
LONG = VISITS + "".join(f"v{n},Visit {n},2026-05-0{n} 09:00,2026-05-0{n} 10:00,,,,,,,\n" for n in range(1, 7))


def missing(laptop: Laptop) -> None:
    (laptop.share / "register" / "visits.csv").unlink()


def put_right(laptop: Laptop) -> None:
    file = laptop.share / "register" / "visits.csv"
    if file.is_dir():
        file.rmdir()
    laptop.register(LONG)


def a_folder(laptop: Laptop) -> None:
    missing(laptop)
    (laptop.share / "register" / "visits.csv").mkdir()


BAD: dict[str, tuple[Callable[[Laptop], None], str]] = {
    "missing": (missing, "ask the visits coordinator"),
    "empty": (lambda laptop: laptop.register(""), "is not used"),
    "only a header": (lambda laptop: laptop.register(HEADER), "is not used"),
    "halved": (lambda laptop: laptop.register(HEADER + MUSEUM), "visits accept"),
    "no spreadsheet": (lambda laptop: laptop.register("\0\1\2PK\3\4"), "is not used"),
    "a folder of that name": (a_folder, "cannot be read"),
}


@pytest.mark.parametrize(("spoil", "told"), BAD.values(), ids=BAD.keys())
def test_a_bad_register_is_reported_and_the_last_good_one_stands(
    laptop: Laptop, spoil: Callable[[Laptop], None], told: str
) -> None:
    laptop.register(LONG)
    laptop.run()
    farm = laptop.photo("IMG_1.jpg", AT_THE_FARM)
    spoil(laptop)
    heard = Heard()

    summary = laptop.run(heard)

    assert (summary.removed, summary.exit_code) == (1, 2)
    assert not farm.exists()
    notices = [str(event.details["text"]) for event in heard.events if event.what is Happened.NOTICE]
    assert [told in notice for notice in notices] == [True]
    seen = laptop.look(status)
    assert told in seen.register_trouble
    assert seen.register_visits == 8

    put_right(laptop)
    laptop.run()
    assert laptop.look(status).register_trouble is None


def test_without_any_register_photos_wait_with_that_reason(laptop: Laptop) -> None:
    missing(laptop)
    photo = laptop.photo("IMG_1.jpg")
    private = laptop.photo("IMG_2.jpg", PRIVATE)

    assert laptop.run().exit_code == 3

    assert ["not read the visits register" in one.reason for one in laptop.look(status).waiting] == [True, True]
    assert photo.exists()
    assert laptop.on_share() == {}

    laptop.register(VISITS)
    assert laptop.run().removed == 1
    assert private.exists()


def test_a_laptop_that_never_read_a_register_is_not_done(laptop: Laptop) -> None:
    assert laptop.command("status").returncode == 0, "nothing was tried yet"
    missing(laptop)
    assert laptop.run().exit_code == 2
    assert laptop.command("status").returncode == 2
    laptop.server.stop()  # type: ignore[attr-defined]  # tests' own server
    assert laptop.run().exit_code == 5
    told = laptop.command("status")
    assert (told.returncode, "not read yet" in told.stdout) == (5, True)
    laptop.server.restart()  # type: ignore[attr-defined]
    laptop.register(VISITS)
    assert laptop.run().exit_code == 0
    assert laptop.command("status").returncode == 0


def test_a_register_that_was_not_renewed_for_too_long_decides_nothing(laptop: Laptop) -> None:
    laptop.run()
    laptop.server.stop()  # type: ignore[attr-defined]  # tests' own server
    laptop.configure(register={"max_age_days": 1e-9})
    photo = laptop.photo("IMG_1.jpg")

    summary = laptop.run()

    assert (summary.visit, summary.exit_code) == (0, 5)
    assert "last read" in laptop.look(status).waiting[0].reason
    laptop.configure()
    laptop.server.restart()  # type: ignore[attr-defined]
    assert laptop.run().removed == 1
    assert not photo.exists()


def test_a_halved_register_is_used_once_accepted_and_that_is_recorded(laptop: Laptop) -> None:
    laptop.register(LONG)
    laptop.run()
    laptop.register(HEADER + FARM)
    laptop.run()

    accepted = laptop.command("visits", "accept", "--json")
    laptop.run()

    assert json.loads(accepted.stdout)["visits"] == 1
    entries = laptop.look(lambda context: list(context.record.entries(kinds={EntryKind.REGISTER_CHANGED})))
    assert [entry.body["visits"] for entry in entries] == [8, 1]
    assert entries[1].body["previous_version"] == entries[0].body["register_version"]


def test_a_register_on_this_laptop_needs_no_share_until_something_is_to_be_sent(laptop: Laptop) -> None:
    local = laptop.home / "visits.csv"
    local.write_text(VISITS)
    laptop.configure(register={"visits": str(local)})
    laptop.server.stop()  # type: ignore[attr-defined]
    laptop.photo("IMG_1.jpg", PRIVATE)
    assert laptop.run().exit_code == 0

    local.unlink()
    laptop.photo("IMG_2.jpg")
    assert laptop.run().exit_code == 5
    assert "cannot be read" in laptop.look(status).register_trouble


def test_a_name_corrected_in_the_settings_decides_afresh_what_was_private(laptop: Laptop) -> None:
    laptop.configure(device={"staff": "somebody.else"})
    photo = laptop.photo("IMG_1.jpg", AT_THE_FARM)  # a visit of j.smith alone
    assert laptop.run().private == 1

    laptop.configure()
    laptop.run()

    assert not photo.exists()

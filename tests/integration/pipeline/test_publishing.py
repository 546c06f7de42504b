"""The record on a real share: signed and sent after each run and daily, resumed after a cut, in no photo's way."""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.audit.findings import Report
from agent.audit.verify import utc_now, verify_copy
from agent.journal import State
from agent.pipeline.context import open_context
from agent.pipeline.events import Event, Summary
from agent.pipeline.journal_keys import PUBLISHED, UNPUBLISHED
from agent.pipeline.lock import only_writer
from agent.pipeline.places import log_key
from agent.pipeline.review import held
from agent.pipeline.run import Run
from agent.record import Draft, EntryKind
from tests.laptop import PRIVATE, Heard, Laptop
from tests.servers.openssh import AS_ROOT

SCHEMA = json.loads((Path(__file__).parents[3] / "config" / "record.schema.json").read_text("utf-8"))


@pytest.fixture(autouse=True)
def fresh_key(laptop: Laptop) -> Iterator[None]:
    """The log key is next to the SSH key, which all tests of the server share."""
    key = laptop.settings.key_file.with_name("log_ed25519")
    key.unlink(missing_ok=True)
    yield
    key.unlink(missing_ok=True)


def record_on_share(laptop: Laptop) -> dict[str, bytes]:
    folder = laptop.share / "record" / "laptop-17"
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())} if folder.is_dir() else {}


def judged(laptop: Laptop) -> Report:
    (report,) = verify_copy(laptop.share, [log_key(laptop.settings).load().key], now=utc_now())
    return report


def run_on(laptop: Laptop, day: datetime) -> tuple[Summary, list[str]]:
    """A run on that day; its notices, without the one that only this laptop's clock says so."""
    heard, settings = Heard(), laptop.settings
    with only_writer(settings), open_context(settings, clock=lambda: day) as context:
        summary = Run(context, settings.watch, heard).through()
    return summary, [told for told in notices(heard.events) if "clock is" not in told]


def notices(events: list[Event]) -> list[str]:
    return [str(event.details["text"]) for event in events if event.what.value == "notice"]


def test_after_a_run_the_share_has_a_record_that_verifies(laptop: Laptop) -> None:
    laptop.photo("IMG_1.jpg")
    laptop.run()
    report = judged(laptop)
    assert (report.findings, report.device) == ((), "laptop-17")
    assert report.entries == report.signed
    kinds = [json.loads(line)["kind"] for line in lines(laptop)]
    assert kinds == ["register-changed", "transferred", "removed", "enrolled", "heartbeat"]


def lines(laptop: Laptop) -> list[bytes]:
    """All published entries."""
    contents = [content for name, content in record_on_share(laptop).items() if name.startswith("publication-")]
    return [line for content in contents for line in content.splitlines() if line.startswith(b"{")]


def test_every_published_line_is_as_the_schema_says(laptop: Laptop) -> None:
    laptop.photo("IMG_1.jpg")
    laptop.run()
    import jsonschema  # here, because it takes a second with all its formats

    validator = jsonschema.Draft202012Validator(SCHEMA)
    for line in lines(laptop):
        validator.validate(json.loads(line))


def test_a_run_in_which_nothing_happened_publishes_nothing_until_the_next_day(laptop: Laptop) -> None:
    now = datetime.now(UTC).replace(hour=12)
    run_on(laptop, now)
    before = record_on_share(laptop)
    run_on(laptop, now + timedelta(hours=1))
    assert record_on_share(laptop) == before
    run_on(laptop, now + timedelta(days=1))
    after = record_on_share(laptop)
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 1
    assert json.loads(lines(laptop)[-1])["kind"] == "heartbeat"
    assert judged(laptop).exit_code == 0


def test_a_share_that_takes_no_record_stops_no_photo_and_gets_it_later(laptop: Laptop) -> None:
    record = laptop.share / "record"
    shutil.rmtree(record, ignore_errors=True)
    record.write_bytes(b"in the way")
    photo = laptop.photo("IMG_1.jpg")
    heard = Heard()

    summary = laptop.run(heard)

    assert (summary.removed, summary.fault, summary.exit_code, photo.exists()) == (1, None, 3, False)
    (told,) = [text for text in notices(heard.events) if "record" in text]
    assert "The record of this laptop was not sent" in told
    assert "record/laptop-17" in told
    assert "stays here" not in told
    assert laptop.look(lambda context: context.journal.fact(UNPUBLISHED))
    record.unlink()
    laptop.run()
    assert laptop.look(lambda context: context.journal.fact(UNPUBLISHED)) is None
    assert judged(laptop).findings == ()
    assert len(record_on_share(laptop)) == 1, "it was sealed in the first run, and the second had nothing to add"


def test_a_publication_that_did_not_arrive_is_sent_again_under_the_same_name(laptop: Laptop) -> None:
    laptop.photo("IMG_1.jpg")
    laptop.run()
    whole = record_on_share(laptop)
    laptop.look(lambda context: context.journal.set_fact(PUBLISHED, None))
    for name in whole:
        (laptop.share / "record" / "laptop-17" / name).unlink()
    laptop.run()
    assert record_on_share(laptop) == whole


def test_unpublished_entries_are_later_published_as_they_were_signed(laptop: Laptop) -> None:
    now = datetime.now(UTC).replace(hour=12)
    with only_writer(laptop.settings), open_context(laptop.settings) as context:
        context.record.append(Draft(EntryKind.REFUSED, {"photo": "0a1b2c3d"}, event="x", at=now))
        context.record.seal(log_key(laptop.settings).make())
    laptop.photo("IMG_1.jpg")
    laptop.run()
    assert judged(laptop).findings == ()
    assert [name for name in record_on_share(laptop) if name.startswith("publication-000000000-000000000-")]


def test_a_foreign_file_under_a_record_name_is_reported_and_stays(laptop: Laptop) -> None:
    laptop.photo("IMG_1.jpg")
    laptop.run()
    whole = record_on_share(laptop)
    (name,) = whole
    planted = laptop.share / "record" / "laptop-17" / name
    planted.write_bytes(b"planted\n")
    laptop.look(lambda context: context.journal.set_fact(PUBLISHED, None))
    heard = Heard()
    laptop.run(heard)
    assert planted.read_bytes() == b"planted\n"
    assert any("with other content" in text for text in notices(heard.events))
    assert judged(laptop).exit_code == 10


def test_a_laptop_put_back_from_a_backup_says_so_and_the_verifier_calls_it_a_fork(laptop: Laptop) -> None:
    now = datetime.now(UTC).replace(hour=12)
    run_on(laptop, now)
    state = laptop.home / "state" / "record"
    backup = shutil.copytree(state, laptop.home / "backup")
    run_on(laptop, now + timedelta(days=1))
    shutil.rmtree(state)
    backup.rename(state)
    _, told = run_on(laptop, now + timedelta(days=2))
    assert any("restored from a backup" in text for text in told)
    assert judged(laptop).exit_code == 13


def test_without_its_key_the_record_is_not_signed_and_the_photos_go_on(laptop: Laptop) -> None:
    laptop.run()
    laptop.settings.key_file.with_name("log_ed25519").unlink()
    photo = laptop.photo("IMG_1.jpg")
    heard = Heard()
    summary = laptop.run(heard)
    assert (summary.removed, photo.exists()) == (1, False)
    assert any("no log key" in text for text in notices(heard.events))


def test_what_a_person_settled_is_on_record_and_of_the_private_only_how_many(laptop: Laptop) -> None:
    now = datetime.now(UTC).replace(hour=12)
    for number in range(3):
        laptop.photo(f"IMG_{number}.jpg", None, seed=number)  # without a time: to be settled by a person
    run_on(laptop, now)
    first, second, third = laptop.look(lambda context: [one.tracked.id for one in held(context)])
    assert laptop.command("review", "assign", first, "museum").returncode == 0
    for photo in (second, third):
        assert laptop.command("review", "private", photo).returncode == 0
    run_on(laptop, now + timedelta(days=2))
    bodies = [body for line in lines(laptop) if (body := json.loads(line))["kind"] == "review-resolved"]
    assert [entry["body"] for entry in bodies if "photo" in entry["body"]] == [
        {
            "photo": first,
            "visit": "museum",
            "staff": "j.smith",
            "register_version": bodies[0]["body"]["register_version"],
        }
    ]
    assert [entry["body"] for entry in bodies if "photo" not in entry["body"]] == [{"private": 2}]
    assert second not in str(lines(laptop))


def test_nothing_private_is_in_what_is_published(laptop: Laptop) -> None:
    """Names, folders, times and places of private photos, and of the visit's what only this laptop knows."""
    laptop.photo("PRIVATE canary Emily birthday.jpg", PRIVATE)
    laptop.photo("canary-folder/VISIT canary Emily.jpg")
    laptop.photo("canary-undated.jpg", None)
    laptop.run()
    published = b"".join(record_on_share(laptop).values())
    names = " ".join(record_on_share(laptop))
    for secret in ("canary", "Emily", "IMG", str(laptop.home), "Camera Imports", "2026-03-13", "20260313"):
        assert secret not in names
        assert secret.encode() not in published
    assert not re.search(rb"\d{1,3}\.\d{4,}", re.sub(rb"[0-9T:-]+\.\d{6}\+00:00", b"", published)), "no position"
    assert not AS_ROOT or b"/root" not in published


def test_the_journal_forgets_a_gone_photo_a_month_after_publication(
    laptop: Laptop,
) -> None:
    laptop.photo("Wayzgoose.jpg")
    start = utc_now()
    run_on(laptop, start)

    def known() -> bool:
        return any(b"Wayzgoose" in path.read_bytes() for path in (laptop.home / "state").glob("journal.sqlite3*"))

    run_on(laptop, start + timedelta(days=29))
    assert known()
    (laptop.share / "record" / "laptop-17").rename(laptop.share / "away")
    (laptop.share / "record" / "laptop-17").touch()  # nothing can be published
    summary, told = run_on(laptop, start + timedelta(days=31))
    assert (summary.fault, len(told)) == (None, 1)
    assert known()
    (laptop.share / "record" / "laptop-17").unlink()
    (laptop.share / "away").rename(laptop.share / "record" / "laptop-17")
    run_on(laptop, start + timedelta(days=31, hours=1))
    assert not known()
    assert judged(laptop).findings == ()
    shown = laptop.command("log", "show", "--json")
    assert json.loads(shown.stdout)["removed"] is True


def test_the_journal_does_not_let_go_of_what_was_never_signed(laptop: Laptop) -> None:
    start, key = utc_now(), laptop.settings.key_file.with_name("log_ed25519")
    run_on(laptop, start)
    key.rename(key.with_name("mislaid"))
    laptop.photo("Wayzgoose.jpg")
    run_on(laptop, start + timedelta(hours=1))
    run_on(laptop, start + timedelta(days=40))
    (gone,) = laptop.look(lambda context: context.journal.tracked_photos(State.REMOVED))
    assert gone.photo.main.path.name == "Wayzgoose.jpg"
    key.with_name("mislaid").rename(key)
    run_on(laptop, start + timedelta(days=40, hours=1))
    assert laptop.look(lambda context: context.journal.tracked_photos(State.REMOVED)) == []
    assert judged(laptop).findings == ()

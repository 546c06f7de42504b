"""What the share no longer has, or has otherwise than the index or a signature says, is reported with its exit code."""

import shutil
from pathlib import Path

import pytest

from agent.audit.index import QUERIES, Built, open_store
from agent.audit.index.tables import DEVICES as DEVICES_TABLE
from agent.errors import UsageError
from agent.record import Draft, EntryKind, Record
from agent.record.leaf import ERASED_SALT, commit, leaf_line, tombstone
from tests.platforms import posix_names
from tests.unit.index.forged import publish_lines
from tests.unit.index.test_indexing import START, School
from tests.unit.record import before
from tests.unit.record.copies import publish
from tests.unit.record.logkeys import key_of

pytest.importorskip("duckdb", reason="the extra audit is not installed")


@pytest.fixture
def school(tmp_path: Path) -> School:
    made = School(tmp_path)
    for number in (0, 5, 10):
        for device in made.records:
            made.day(number, device)
    return made


def index(school: School) -> dict[str, Built]:
    return {one.device: one for one in school.indexed(open_store(str(school.home / "index"), "north"))}


def code(built: Built) -> int:
    assert built.report is not None
    assert not built.whole
    return built.report.exit_code


def own(school: School) -> Path:
    return school.share / "record" / "laptop-17"


def test_a_record_that_was_rolled_back_is_named_so(school: School) -> None:
    index(school)
    max(own(school).iterdir()).unlink()
    rolled = index(school)["laptop-17"]
    assert (code(rolled), rolled.entries) == (11, 9)
    assert "the index has 9 of its entries, but the share only 6" in "\n".join(rolled.lines())


@pytest.mark.parametrize(("entries", "says"), [(9, 13), (12, 11)])
def test_a_record_that_was_exchanged_for_another_is_named_so(school: School, entries: int, says: int) -> None:
    index(school)
    shutil.rmtree(own(school))
    other = Record.open(school.home / "other", "laptop-17")
    for number in range(entries):
        other.append(Draft(EntryKind.HEARTBEAT, {}, event=f"h{number}", at=START))
    other.seal(key_of("laptop-17"))
    publish(other, school.share)
    exchanged = index(school)["laptop-17"]
    assert (code(exchanged), exchanged.entries) == (says, 9)
    assert "replaced by another" in "\n".join(exchanged.lines())


@pytest.mark.parametrize("left", [1, 0])
def test_enrolled_devices_whose_records_are_gone_are_named(school: School, left: int) -> None:
    index(school)
    for device in list(school.records)[left:]:
        shutil.rmtree(school.share / "record" / device)
    built = index(school)
    assert len(built) == 2
    assert [built[device].report is not None for device in sorted(built)] == [left == 0, True]


def test_an_entry_taken_out_that_no_entry_explains_is_damage(school: School) -> None:
    """Anybody who may write to the share, or the laptop itself, could hide a transfer that way."""
    record = school.records["laptop-17"]
    publish_lines(record, school.share, key_of("laptop-17"), [b"what was there before"])
    last = max(own(school).iterdir())
    content = last.read_bytes().replace(b"what was there before", tombstone(9, 21))
    last.write_bytes(
        content.replace(
            leaf_line(data := commit(bytes(32), b"what was there before"), bytes(32)), leaf_line(data, ERASED_SALT)
        )
    )
    assert code(index(school)["laptop-17"]) == 10


def test_an_end_without_a_signature_is_reported(school: School) -> None:
    school.day(15, "laptop-17")
    shutil.rmtree(own(school))
    before.publish(school.records["laptop-17"], school.share)
    max(own(school).glob("checkpoint-*")).unlink()
    built = index(school)["laptop-17"]
    assert (built.entries, code(built)) == (9, 12)


def test_a_second_history_signed_below_the_last_is_reported(school: School) -> None:
    """The laptop's own key signed another sixth entry; nothing behind the place where they part is believed."""
    other = Record.open(school.home / "other", "laptop-17")
    for number in range(5):
        other.append(Draft(EntryKind.HEARTBEAT, {}, event=f"h{number}", at=START))
    other.seal(key_of("laptop-17"))
    before.publish(other, school.home / "aside")
    (note,) = (school.home / "aside" / "record" / "laptop-17").glob("checkpoint-*")
    shutil.copy(note, own(school) / note.name)
    built = index(school)["laptop-17"]
    assert (built.entries, code(built)) == (3, 13)


def test_a_device_of_which_no_entry_is_held_is_a_gap(school: School) -> None:
    index(school)
    for place in (school.home / "index" / "entries").rglob("*.parquet"):
        place.unlink()
    store = open_store(str(school.home / "index"), "north")
    assert DEVICES_TABLE.name in store.tables()
    assert [row[-1] for row in store.ask(QUERIES["gaps"]).rows] == [9, 9]


@pytest.mark.parametrize(
    "name",
    [
        "in[dex]",
        "it's, an index",
        *(pytest.param(name, marks=posix_names) for name in ("in*dex", "in?dex", 'it\'s, "an" index')),
    ],
)
def test_a_folder_named_like_a_pattern_is_one_folder(school: School, name: str) -> None:
    school.indexed(open_store(str(school.home / "inXdex"), "south"))
    for _ in range(2):
        store = open_store(str(school.home / name), "north")
        school.indexed(store)
        school.day(20 + _, "laptop-17")
    assert store.ask("SELECT DISTINCT school FROM entries").rows == [("north",)]
    assert store.ask("SELECT sum(entries) FROM devices").rows == [(21,)]


def test_an_index_that_cannot_be_understood_is_built_anew_when_asked(school: School) -> None:
    index(school)
    for content in ("rubbish", "[]", '{"format": 1, "schools": 3}', '{"format": 1, "schools": {"north": 3}}'):
        (school.home / "index" / "index.json").write_text(content)
        built = school.indexed(open_store(str(school.home / "index"), "north", anew=True))
        assert [one.new for one in built] == [9, 9]


@pytest.mark.parametrize(
    "target",
    ["clickhouse://it:hunter2/x@db.example/photos", "clickhose://it:hunter2@db.example", "clickhouse://it:hunter2@:x"],
)
def test_no_message_repeats_a_password(target: str) -> None:
    with pytest.raises(UsageError) as told:
        open_store(target, "north")
    assert "hunter2" not in str(told.value)


def test_what_a_server_says_is_shown_without_the_password() -> None:
    from agent.audit.index.clickhouse import _without

    said = "cannot reach http://it:hunter%402@db.example as hunter@2"
    assert _without(said, "hunter%402") == "cannot reach http://it:…@db.example as …"

"""Proven entries get into the index, nothing else does, and the same records give the same bytes."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.audit.gathering import gather_records
from agent.audit.index import QUERIES, Built, Store, build, open_store
from agent.audit.index.clickhouse import ClickHouseStore
from agent.audit.index.tables import DEVICES as DEVICES_TABLE
from agent.audit.verified import verified_entries
from agent.errors import RecordError, UsageError
from agent.record import Draft, EntryKind, Record
from agent.record.keys import LogKey
from tests.unit.record import before
from tests.unit.record.bodies import removed, transferred
from tests.unit.record.copies import publish
from tests.unit.record.logkeys import key_of

duckdb = pytest.importorskip("duckdb", reason="the extra audit is not installed")

NOW = datetime(2026, 6, 3, 7, 0, tzinfo=UTC)
START = datetime(2026, 1, 20, 9, 0, tzinfo=UTC)
DEVICES = ("laptop-17", "laptop-18")


class School:
    """Two laptops that publish to a share."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.share = home / "share"
        self.records = {device: Record.open(home / "state", device) for device in DEVICES}
        self.done = dict.fromkeys(DEVICES, 0)

    @property
    def keys(self) -> list[LogKey]:
        return [key_of(device) for device in DEVICES]

    def day(self, number: int, device: str = "laptop-17", *drafts: Draft) -> None:
        """Record a heartbeat, a photo that was sent and removed, and any further entries; publish them."""
        at, photo = START + timedelta(days=number), f"{number:08x}"
        record = self.records[device]
        record.append_all(
            [
                Draft(EntryKind.HEARTBEAT, {}, f"heartbeat-{number}", at),
                Draft(EntryKind.TRANSFERRED, transferred(photo), f"{photo}-transferred", at),
                Draft(EntryKind.REMOVED, removed(photo), f"{photo}-removed", at),
                *drafts,
            ]
        )
        record.seal(key_of(device))
        self.done[device] = publish(record, self.share, self.done[device])

    def indexed(self, store: Store) -> list[Built]:
        return build(self.share, [key.key for key in self.keys], store, now=NOW)


@pytest.fixture
def school(tmp_path: Path) -> School:
    made = School(tmp_path)
    for number in range(0, 60, 5):
        for device in DEVICES:
            made.day(number, device)
    return made


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def answers(store: Store) -> dict[str, list[dict[str, object]]]:
    values: Mapping[str, int] = {"days": 3}
    return {name: store.ask(sql, values).as_json() for name, sql in QUERIES.items()}


def test_every_proven_entry_is_in_the_index_by_school_and_month(school: School, tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "index"), "north")
    built = school.indexed(store)
    assert [(one.device, one.entries, one.new, one.report) for one in built] == [
        ("laptop-17", 36, 36, None),
        ("laptop-18", 36, 36, None),
    ]
    files = sorted(name for name in contents(tmp_path / "index") if name.startswith("entries/"))
    assert files == [f"entries/school=north/month=2026-0{month}/entries.parquet" for month in (1, 2, 3)]
    rows = store.ask("SELECT school, device, entry, kind, hash FROM entries ORDER BY device, entry").rows
    expected = [
        ("north", device, index, str(entry.kind), entry.hash)
        for device, index, entry in verified_entries(school.share, [key.key for key in school.keys])
    ]
    assert [tuple(row) for row in rows] == expected
    assert len(expected) == 72


def test_the_questions_are_answered(school: School, tmp_path: Path) -> None:
    school.day(70, "laptop-17", Draft(EntryKind.OVERDUE, {"photo": "late", "hours": 30}, "late", START))
    store = open_store(str(tmp_path / "index"), "north")
    school.indexed(store)
    asked = answers(store)
    (visit,) = asked["visits"]
    assert (visit["visit"], visit["devices"], visit["photos"], visit["removed"]) == ("2026-science-museum", 2, 25, 25)
    assert [(one["device"], one["entries"], one["photos"]) for one in asked["devices"]] == [
        ("laptop-17", 40, 13),
        ("laptop-18", 36, 12),
    ]
    assert asked["gaps"] == []
    assert [one["days"] for one in asked["silence"]] == [15, *[5] * 22]
    assert [(one["photo"], one["hours"]) for one in asked["overdue"]] == [("late", 30)]
    assert len(asked["population"]) == 25
    assert [one["month"] for one in asked["months"]] == ["2026-01", "2026-02", "2026-03"]


def test_the_same_records_give_the_same_bytes_in_one_run_or_in_many(school: School, tmp_path: Path) -> None:
    many, once = tmp_path / "many", tmp_path / "once"
    school.indexed(open_store(str(many), "north"))
    for number in range(60, 80, 4):
        school.day(number, DEVICES[number % 8 // 4])
        built = school.indexed(open_store(str(many), "north"))
        assert sum(one.new for one in built) == 3
    list(gather_records(school.share, [key.key for key in school.keys], now=NOW))
    school.indexed(open_store(str(once), "north"))
    assert contents(many) == contents(once)
    untouched = contents(many)
    school.indexed(open_store(str(many), "north"))
    assert contents(many) == untouched
    school.indexed(open_store(str(many), "north", anew=True))
    assert contents(many) == untouched


def test_records_of_before_give_the_same_bytes(school: School, tmp_path: Path) -> None:
    school.indexed(open_store(str(tmp_path / "new"), "north"))
    shutil.rmtree(school.share)
    for record in school.records.values():
        before.publish(record, school.share)
    school.indexed(open_store(str(tmp_path / "old"), "north"))
    assert contents(tmp_path / "new") == contents(tmp_path / "old")


def test_several_schools_share_an_index(school: School, tmp_path: Path) -> None:
    school.indexed(open_store(str(tmp_path / "index"), "north"))
    store = open_store(str(tmp_path / "index"), "south")
    school.indexed(store)
    assert [one["school"] for one in answers(store)["visits"]] == ["north", "south"]


def test_an_erased_entry_leaves_the_index(school: School, tmp_path: Path) -> None:
    many = tmp_path / "many"
    school.indexed(open_store(str(many), "north"))
    record = school.records["laptop-17"]
    record.erase(1, at=NOW)
    record.seal(key_of("laptop-17"))
    publish(record, school.share, school.done["laptop-17"])
    store = open_store(str(many), "north")
    school.indexed(store)
    assert store.ask("SELECT count(*) FROM entries WHERE device = 'laptop-17' AND entry = 1").rows[0][0] == 0
    assert store.ask("SELECT count(*) FROM files WHERE device = 'laptop-17' AND entry = 1").rows[0][0] == 0
    assert answers(store)["gaps"] == []
    school.indexed(open_store(str(tmp_path / "once"), "north"))
    assert contents(many) == contents(tmp_path / "once")


# --- Only what is proven ---


def test_what_is_behind_damage_is_left_out_and_told(school: School, tmp_path: Path) -> None:
    files = sorted((school.share / "record" / "laptop-17").iterdir())
    files[4].write_bytes(files[4].read_bytes().replace(b"heartbeat", b"heartbeaT", 1))
    store = open_store(str(tmp_path / "index"), "north")
    first, second = school.indexed(store)
    assert (first.entries, second.entries) == (12, 36)
    assert first.report is not None
    assert (first.report.exit_code, second.report) == (10, None)


def test_what_no_enrolled_key_signed_is_left_out(school: School, tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "index"), "north")
    keys = [key_of("laptop-17").key, key_of("laptop-18", "another").key]
    first, second = build(school.share, keys, store, now=NOW)
    assert (first.entries, second.entries) == (36, 0)
    assert second.report is not None
    assert second.report.exit_code == 12


def test_a_record_put_in_the_place_of_the_indexed_one_adds_nothing(school: School, tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "index"), "north")
    school.indexed(store)
    kept = contents(tmp_path / "index")
    shutil.rmtree(school.share / "record" / "laptop-17")
    other = Record.open(tmp_path / "other", "laptop-17")
    for number in range(50):
        other.append(Draft(EntryKind.HEARTBEAT, {}, event=f"h{number}", at=START))
    other.seal(key_of("laptop-17"))
    publish(other, school.share)
    school.indexed(open_store(str(tmp_path / "index"), "north"))
    assert contents(tmp_path / "index") == kept


def test_entries_dated_in_no_calendar_year_of_ours_are_filed_apart(school: School, tmp_path: Path) -> None:
    record = school.records["laptop-17"]
    for year in (1, 1980, 9999):
        record.append(Draft(EntryKind.HEARTBEAT, {}, event=f"h{year}", at=datetime(year, 6, 1, tzinfo=UTC)))
    record.seal(key_of("laptop-17"))
    publish(record, school.share, school.done["laptop-17"])
    store = open_store(str(tmp_path / "index"), "north")
    school.indexed(store)
    assert store.ask("SELECT count(*) FROM entries WHERE month = '0000-00'").rows[0][0] == 3
    assert answers(store)["gaps"] == []


def test_text_that_looks_like_sql_or_csv_is_text(school: School, tmp_path: Path) -> None:
    hostile = "x','\"; DROP TABLE entries; --"
    school.day(61, "laptop-17", Draft(EntryKind.REFUSED, {"photo": "1", "reason": hostile}, "x", START))
    store = open_store(str(tmp_path / "index"), "north")
    school.indexed(store)
    assert store.ask("SELECT reason FROM entries WHERE kind = 'refused'").rows[0][0] == hostile


def signed(school: School, *lines: bytes) -> None:
    """A publication of laptop-17 with any lines, signed by its own key."""
    from tests.unit.index.forged import publish_lines

    record = school.records["laptop-17"]
    publish_lines(record, school.share, key_of("laptop-17"), lines)


@pytest.mark.parametrize(
    "change",
    [
        {"at": "2026-03-01T00:00:00"},
        {"share_at": "2026-03-01T00:00:00"},
        {"index": 36.0},
        {"index": True},
        {"device": "laptop-18"},
        {"body": ["list"]},
        {"kind": ["list"]},
        {"kind": "of-the-future"},
        {"at": 5},
        {"at": "9999-12-31T23:59:59-12:00"},
        {"share_at": "0001-01-01T00:00:00+14:00"},
        {"kind": "erased", "body": {"entry": "x"}},
        {"kind": "erased", "body": {"entry": 10**30}},
        {
            "kind": "refused",
            "body": {"reason": "\ud800 \0 \r\n \u2028", "hours": 2**70, "visit": {"a": [1]}, "staff": ""},
        },
        {"kind": "refused", "body": {"reason": "", "staff": "x" * 100_000, "visit": None}},
        {"kind": "transferred", "body": {"files": [{"name": 1}, "x", {"original_size": -1, "synced": "yes"}]}},
        {"kind": "transferred", "body": {"files": {"name": "x"}, "proven_at": "yesterday", "found_at": 7}},
    ],
)
def test_whatever_a_device_signs_stops_no_other_device(
    school: School, tmp_path: Path, change: dict[str, object]
) -> None:
    line = {"at": "2026-03-20T00:00:00+00:00", "body": {}, "device": "laptop-17", "event": "x", "index": 36}
    signed(school, json.dumps(line | {"kind": "heartbeat"} | change).encode())
    store = open_store(str(tmp_path / "index"), "north")
    first, second = school.indexed(store)
    assert (second.entries, second.whole) == (36, True)
    assert first.entries == (37 if first.whole else 36)
    assert len(answers(store)["devices"]) == 2
    assert school.indexed(open_store(str(tmp_path / "index"), "north"))[1].new == 0


def test_an_entry_nested_without_end_is_damage(school: School, tmp_path: Path) -> None:
    signed(school, b"[" * 200_000)
    first, second = school.indexed(open_store(str(tmp_path / "index"), "north"))
    assert (first.entries, second.entries) == (36, 36)
    assert first.report is not None
    assert first.report.exit_code == 10


# --- Cut, damaged, twice at once ---


def test_a_run_that_was_cut_while_files_were_exchanged_is_made_anew(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agent.audit.index import parquet

    folder = tmp_path / "index"
    school.indexed(open_store(str(folder), "north"))
    for device in DEVICES:
        school.day(70, device)
    copied = parquet._copy_to
    for cut_at in range(3):
        left = [cut_at]

        def cut(database: object, rows: str, target: Path, left: list[int] = left) -> None:
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
            copied(database, rows, target)  # type: ignore[arg-type]  # passed on

        with monkeypatch.context() as patched:
            patched.setattr(parquet, "_copy_to", cut)
            with pytest.raises(KeyboardInterrupt):
                school.indexed(open_store(str(folder), "north"))
        school.indexed(open_store(str(folder), "north"))
        school.indexed(open_store(str(tmp_path / f"once{cut_at}"), "north"))
        assert contents(folder) == contents(tmp_path / f"once{cut_at}")
        for device in DEVICES:
            school.day(71 + cut_at, device)


def test_a_state_that_cannot_be_understood_says_what_to_do(school: School, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    school.indexed(open_store(str(folder), "north"))
    for content in ("rubbish", "[]", '{"format": 1, "schools": {"north": {"laptop-17": 3}}}'):
        (folder / "index.json").write_text(content)
        with pytest.raises(RecordError, match="--anew"):
            school.indexed(open_store(str(folder), "north"))


def test_two_runs_at_once_do_not_meet(school: School, tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "index"), "north")
    with store.filling(), pytest.raises(RecordError, match="Another index command"):
        school.indexed(open_store(str(tmp_path / "index"), "north"))


@pytest.mark.parametrize(("target", "name"), [("index", "a/b"), ("index", ""), ("ftp://x", "north")])
def test_a_wrong_target_or_school_is_a_fault_of_usage(tmp_path: Path, target: str, name: str) -> None:
    with pytest.raises(UsageError):
        open_store(target if "://" in target else str(tmp_path / target), name)


def test_without_duckdb_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(UsageError, match=r"-m pip install .*duckdb<"):
        open_store(str(tmp_path / "index"), "north")
    assert not (tmp_path / "index").exists()


# --- The command ---


def test_the_command_builds_and_answers(school: School, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("".join(f"{key.key}\n" for key in school.keys))

    def run(*more: str) -> "subprocess.CompletedProcess[str]":
        line = [sys.executable, "-m", "agent.cli", "index", str(school.share), "--to", str(tmp_path / "index")]
        return subprocess.run([*line, "--keys", str(keys), *more], capture_output=True, text=True, check=False)

    done = run("--json")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["indexed"] for line in done.stdout.splitlines()] == [36, 36]
    done = run("--show", "devices", "--json")
    assert [json.loads(line)["photos"] for line in done.stdout.splitlines()] == [12, 12]
    assert "laptop-18" in run("--show", "devices").stdout
    assert run("--to", "clickhouse://").returncode == 2
    done = run("--to", "clickhouse://someone:secret-word@127.0.0.1:1/x")
    assert (done.returncode, "cannot be used" in done.stderr) == (1, True)
    assert "secret-word" not in done.stderr
    assert "Traceback" not in done.stderr
    done = run("--to", str(school.share / "index"))
    assert (done.returncode, "must not be on the share" in done.stderr) == (2, True)


# --- ClickHouse ---


@pytest.fixture
def clickhouse(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """ClickHouse's own engine in this process, by the client that speaks to servers."""
    pytest.importorskip("chdb", reason="chdb is not installed (pip install --group clickhouse)")
    import clickhouse_connect

    from agent.audit.index import clickhouse

    client = clickhouse_connect.get_client(interface="chdb", path=str(tmp_path / "chdb"))
    monkeypatch.setattr(clickhouse, "connected", lambda _target: client)
    yield "clickhouse://embedded"
    client.close()


@pytest.mark.slow
def test_clickhouse_gives_the_same_answers_and_takes_nothing_twice(
    school: School, tmp_path: Path, clickhouse: str
) -> None:
    school.day(70, "laptop-17", Draft(EntryKind.OVERDUE, {"photo": "late", "hours": 30}, "late", START))
    folder = open_store(str(tmp_path / "index"), "north")
    store = open_store(clickhouse, "north")
    assert [one.new for one in school.indexed(store)] == [40, 36]
    school.indexed(folder)
    assert answers(store) == answers(folder)
    assert [one.new for one in school.indexed(open_store(clickhouse, "north"))] == [0, 0]
    # As after a run that was cut before it said how far it came.
    assert isinstance(store, ClickHouseStore)
    store._delete(DEVICES_TABLE, "1 = 1", {})
    assert [one.new for one in school.indexed(open_store(clickhouse, "north"))] == [40, 36]
    assert answers(store) == answers(folder)
    record = school.records["laptop-17"]
    record.erase(1, at=NOW)
    record.seal(key_of("laptop-17"))
    publish(record, school.share, school.done["laptop-17"])
    for one in (store, folder):
        school.indexed(one)
    assert answers(store) == answers(folder)
    columns = ", ".join(sorted(folder.ask("SELECT * FROM entries").columns))
    rows = f"SELECT {columns} FROM entries ORDER BY device, entry"
    assert store.ask(rows).rows == [list(row) for row in folder.ask(rows).rows]
    assert store.ask("SELECT count(*) FROM entries_rows WHERE entry = 1 AND device = 'laptop-17'").rows == [[0]]

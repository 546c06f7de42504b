"""What IT sees: a row per transfer, a table that Excel opens correctly, and documents that Elastic accepts."""

import csv
import io
import json
from datetime import timedelta

import pytest

from agent.audit.show import TransferRow, formula_safe, row_to_ecs, to_json, to_rows, write_csv
from agent.record import JSON, Draft, EntryKind, Record, to_ecs
from tests.unit.record.bodies import AT, removed, sha, transferred


def rows_of(record: Record, *drafts: Draft) -> list[TransferRow]:
    record.append_all(drafts)
    return list(to_rows(record.entries()))


def sent(photo: str, **other: object) -> Draft:
    return Draft(EntryKind.TRANSFERRED, transferred(photo, **other), f"{photo}-transferred", AT)


def gone(photo: str, **other: object) -> Draft:
    return Draft(EntryKind.REMOVED, removed(photo, **other), f"{photo}-removed", AT + timedelta(seconds=4))


def test_a_transfer_and_its_removal_are_one_row(record: Record) -> None:
    first, second = rows_of(record, sent("1"), sent("2"), gone("2"))
    assert (first.photo, first.removed, first.removed_at) == ("1", False, None)
    assert (second.photo, second.removed, second.removed_at) == ("2", True, AT + timedelta(seconds=3))
    assert (second.visit, second.device, second.files, second.bytes) == (
        "2026-science-museum",
        "laptop-17",
        1,
        4_000_000,
    )
    assert (second.delay_seconds, second.method, second.synced) == (120.0, "read-back", True)


def test_a_delay_that_was_not_measured_is_not_shown_as_none_at_all(record: Record) -> None:
    (row,) = rows_of(record, sent("1", reachable_at=None))
    assert row.delay_seconds is None


def test_a_transfer_is_synced_or_already_there_only_if_every_file_is(record: Record) -> None:
    (file,) = transferred("1")["files"]
    sidecar = file | {"name": "visits/a/b.jpg.xmp", "synced": False, "original_size": 5}
    there = file | {"method": "already-there"}
    both, known = rows_of(record, sent("1", files=[there, sidecar]), sent("2", files=[there]))
    assert (both.synced, both.method, both.files, both.bytes) == (False, "read-back", 2, 4_000_005)
    assert (known.synced, known.method) == (True, "already-there")


def test_a_picture_that_is_not_whole_is_shown_as_such_everywhere(record: Record) -> None:
    spoilt, whole = rows_of(record, sent("1", damage="does not decode"), sent("2"))
    assert [to_json(row)["damage"] for row in (spoilt, whole)] == ["does not decode", None]
    assert row_to_ecs(spoilt)["visit_photo_agent"]["damage"] == "does not decode"  # type: ignore[index]  # a document
    out = io.StringIO(newline="")
    write_csv([spoilt, whole], out)
    assert [row["damage"] for row in csv.DictReader(io.StringIO(out.getvalue()))] == ["does not decode", ""]


def test_the_removal_of_one_device_is_not_anothers(record: Record, folder: object) -> None:
    one, two = rows_of(record, sent("1")), list(to_rows([]))
    other = Record.open(record.files.folder.parent, "laptop-18")
    other.append(Draft(EntryKind.REMOVED, removed("1"), event="x", at=AT))
    assert [row.removed for row in to_rows([*record.entries(), *other.entries()])] == [False]
    assert (len(one), two) == (1, [])


def test_a_row_is_one_json_object_with_every_files_hashes(record: Record) -> None:
    (row,) = rows_of(record, sent("1"), gone("1"))
    read = json.loads(json.dumps(to_json(row)))
    assert (read["photo"], read["synced"], read["removed"]) == ("1", True, True)
    assert read["file_list"][0]["original_sha256"] == sha("1")
    assert read["leftovers"] == [{"kind": "snapshots", "found": "not known", "detail": ""}]
    assert (read["index"], read["hash"]) == (0, row.entry.hash)


def test_the_table_opens_in_excel_as_utf_8_and_reads_back(record: Record) -> None:
    rows = rows_of(record, sent("1", visit='2026-café, "big" trip'), sent("2"), gone("2"))
    out = io.StringIO(newline="")
    write_csv(rows, out)
    content = out.getvalue().encode("utf-8")
    assert content.startswith(b"\xef\xbb\xbfwhen,device,visit,")
    assert content.count(b"\r\n") == 3
    read = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [line["visit"] for line in read] == ['2026-café, "big" trip', "2026-science-museum"]
    assert [line["removed"] for line in read] == ["", (AT + timedelta(seconds=3)).isoformat()]
    assert read[0]["delay_seconds"] == "120.0"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_starts_a_formula(start: str) -> None:
    attack = start + "cmd|' /C calc'!A0"
    assert formula_safe(attack) == "'" + attack


def test_a_visit_or_device_named_as_a_formula_is_only_text(record: Record) -> None:
    evil = Record.open(record.files.folder.parent, "@SUM(1+1)")
    evil.append(Draft(EntryKind.TRANSFERRED, transferred("1", visit='=HYPERLINK("http://x")'), event="e", at=AT))
    out = io.StringIO(newline="")
    write_csv(to_rows(evil.entries()), out)
    (line,) = csv.DictReader(io.StringIO(out.getvalue().removeprefix("\ufeff"), newline=""))
    assert line["visit"] == '\'=HYPERLINK("http://x")'
    assert line["device"] == "'@SUM(1+1)"
    assert all(not cell.startswith(("=", "+", "-", "@")) for cell in line.values())


def test_numbers_and_plain_text_stay_as_they_are() -> None:
    assert [formula_safe(value) for value in (-3.5, 7, None, "a=b", "", "2026")] == [-3.5, 7, None, "a=b", "", "2026"]


def test_a_transfer_is_a_document_of_the_elastic_common_schema(record: Record) -> None:
    (row,) = rows_of(record, sent("1"), gone("1"))
    document = json.loads(json.dumps(row_to_ecs(row)))
    assert document["@timestamp"] == "2026-03-14T17:00:00.000Z"
    assert document["ecs"]["version"].startswith("8.")
    event = document["event"]
    assert (event["kind"], event["category"], event["type"]) == ("event", ["file"], ["creation"])
    assert (event["action"], event["outcome"], event["id"]) == ("transferred", "success", "laptop-17:1-transferred")
    assert (event["start"], event["end"]) == ((AT - timedelta(minutes=2)).isoformat(), AT.isoformat())
    assert event["duration"] == 120 * 10**9  # nanoseconds
    assert (document["host"]["name"], document["user"]["name"]) == ("laptop-17", "j.smith")
    assert document["file"]["name"] == f"20260314-101112_eos-r6_{sha('1')[:12]}.jpg"
    assert document["file"]["size"] == 4_002_048
    assert document["file"]["hash"]["sha256"] == sha("1tagged")
    own = document["visit_photo_agent"]
    assert (own["visit"], own["removed"], own["delay_seconds"]) == ("2026-science-museum", True, 120.0)


# https://www.elastic.co/guide/en/ecs/8.17/ecs-allowed-values-event-category.html and its neighbours
CATEGORIES = {"file": {"access", "change", "creation", "deletion", "info"},
              "configuration": {"access", "change", "creation", "deletion", "info"},
              "network": {"access", "allowed", "connection", "denied", "end", "info", "protocol", "start"}}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (EntryKind.TRANSFERRED, transferred()),
        (EntryKind.REMOVED, removed()),
        (EntryKind.REVIEW_RESOLVED, {"private": 3}),
        (EntryKind.NOT_REMOVED, {"photo": "0a1b2c3d", "visit": "2026-zoo", "outcome": "gone"}),
        (EntryKind.SHARE_LOST, {"photo": "0a1b2c3d", "transfer": "0" * 32, "visit": "2026-zoo", "found": "different"}),
        (EntryKind.REGISTER_CHANGED, {"register_version": sha("r")}),
        (EntryKind.SHARE_REFUSED, {"host": "h", "reason": "r"}),
        (EntryKind.REFUSED, {"photo": "0a1b2c3d", "reason": "too large"}),
        (EntryKind.OVERDUE, {"photo": "0a1b2c3d"}),
    ],
)  # fmt: skip
def test_every_kind_takes_only_the_values_that_the_schema_allows(
    record: Record, kind: EntryKind, body: dict[str, object]
) -> None:
    record.append(Draft(kind, body, event="e", at=AT))  # type: ignore[arg-type]  # plain JSON, as a table
    (entry,) = record.entries()
    document = json.loads(json.dumps(to_ecs(entry)))
    (category,) = document["event"]["category"]
    assert set(document["event"]["type"]) <= CATEGORIES[category]
    assert document["event"]["outcome"] in {"success", "failure", "unknown"}
    assert document["event"]["action"] == kind
    assert (document["event"]["hash"], document["event"]["sequence"]) == (entry.hash, 0)


def test_a_removal_under_a_new_name_counts_if_the_old_record_says_so(record: Record) -> None:
    rows_of(record, sent("1"))
    other = Record.open(record.files.folder.parent, "laptop-18")
    other.append(Draft(EntryKind.REMOVED, removed("1"), event="x", at=AT))
    names: dict[str, JSON] = {"old_name": "laptop-17", "new_name": "laptop-18"}
    other.append(Draft(EntryKind.RENAMED, names, event="claimed", at=AT))
    assert [row.removed for row in to_rows([*record.entries(), *other.entries()])] == [False], "anybody could say so"
    record.append(Draft(EntryKind.RENAMED, names, event="renamed", at=AT))
    assert [row.removed for row in to_rows([*record.entries(), *other.entries()])] == [True]

"""Copies are shown as far as they are whole, and a visit is summed up from them."""

from datetime import timedelta
from pathlib import Path

from agent.audit.copied import copied_entries
from agent.audit.visits import sum_up
from agent.record import Draft, EntryKind, Record
from agent.record.keys import LogKey
from tests.unit.record.before import publish, published
from tests.unit.record.bodies import AT, removed, transferred
from tests.unit.record.logkeys import key_of


def test_the_entries_of_all_devices_are_shown(record: Record, folder: Path, share: Path, signer: LogKey) -> None:
    published(record, share, signer, [2, 1])
    published(Record.open(folder, "laptop-18"), share, key_of("laptop-18"), [1])
    for place in (share, share / "record"):
        assert [(one.device, one.index) for one in copied_entries(place)] == [
            ("laptop-17", 0),
            ("laptop-17", 1),
            ("laptop-17", 2),
            ("laptop-18", 0),
        ]
    assert [one.index for one in copied_entries(share / "record" / "laptop-17")] == [0, 1, 2]


def test_behind_damage_or_a_gap_nothing_is_shown(record: Record, share: Path, signer: LogKey) -> None:
    copy = published(record, share, signer, [2, 2, 2])
    first, second, _ = sorted(copy.glob("segment-*"))
    content = second.read_bytes()
    second.write_bytes(content.replace(b"00000003", b"00000004"))
    assert [one.index for one in copied_entries(copy)] == [0, 1, 2]
    second.unlink()
    assert [one.index for one in copied_entries(copy)] == [0, 1]
    first.unlink()
    assert list(copied_entries(copy)) == []


def test_an_erased_entry_is_not_shown_and_those_behind_it_are(record: Record, share: Path, signer: LogKey) -> None:
    published(record, share, signer, [3])
    record.erase(1, at=AT)
    record.seal(signer)
    copy = share / "record" / "laptop-17"
    for path in copy.iterdir():
        path.unlink()
    publish(record, share)
    assert [one.index for one in copied_entries(copy)] == [0, 2, 3]


def test_entries_published_twice_are_shown_once(record: Record, share: Path, signer: LogKey) -> None:
    copy = published(record, share, signer, [2, 2])
    record.files.seals.unlink()
    record.seal(signer)
    publish(record, share)
    assert [one.index for one in copied_entries(copy)] == [0, 1, 2, 3]


def test_a_visit_is_summed_up_with_what_is_unresolved(record: Record, folder: Path) -> None:
    zoo = {"visit": "2026-zoo"}
    late = {"reachable_at": (AT - timedelta(minutes=30)).isoformat()}
    file = transferred("3")["files"][0] | {"synced": False}
    found = {"leftovers": [{"kind": "trash", "found": "yes"}, {"kind": "snapshots", "found": "not known"}]}
    record.append_all(
        [
            Draft(EntryKind.TRANSFERRED, transferred("1", **zoo), "1", AT),
            Draft(
                EntryKind.TRANSFERRED,
                transferred("2", **zoo, **late, decided_by="person", damage="end missing"),
                "2",
                AT,
            ),
            Draft(EntryKind.TRANSFERRED, transferred("3", **zoo, files=[file], reachable_at=None), "3", AT),
            Draft(EntryKind.TRANSFERRED, transferred("9"), "9", AT),
            Draft(EntryKind.REMOVED, removed("1", **zoo, **found), "1r", AT),
            Draft(EntryKind.OVERDUE, {"photo": "2", **zoo}, "2o", AT),
            Draft(EntryKind.OVERDUE, {"photo": "4", **zoo}, "4o", AT),
            Draft(EntryKind.REFUSED, {"photo": "5", **zoo}, "5x", AT),
        ]
    )
    other = Record.open(folder, "laptop-18")
    other.append(Draft(EntryKind.TRANSFERRED, transferred("4", **zoo, staff="b.jones"), event="4", at=AT))
    told = sum_up([*record.entries(), *other.entries()], "2026-zoo")
    assert (told.staff, told.devices) == ({"j.smith", "b.jones"}, {"laptop-17", "laptop-18"})
    assert (told.photos, told.files, told.removed, told.by_person, told.unsynced, told.leftovers) == (4, 4, 1, 1, 1, 1)
    assert sorted(told.delays) == [120.0, 120.0, 1800.0]
    assert told.median_delay == 120.0
    assert (told.damaged, told.as_json()["damaged"]) == (["2"], ["2"])
    assert told.not_removed == ["2", "3", "4"]
    assert (told.overdue, told.refused) == (["4"], ["5"])  # photo 4 of the one laptop is not photo 4 of the other
    assert told.as_json()["sent"] == 4


def test_a_visit_that_nothing_is_on_record_of_is_empty(record: Record) -> None:
    told = sum_up(record.entries(), "2026-zoo")
    assert (told.photos, told.median_delay, told.as_json()["first_proven"]) == (0, None, None)

"""Which version each laptop runs, by its signed record; one that is behind is named."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import __version__
from agent.audit.verify import verify_copy
from agent.audit.versions import as_version
from agent.audit.witness import Witness
from agent.record import Draft, EntryKind, Record
from agent.record.keys import LogKey
from tests.unit.record.copies import publish
from tests.unit.record.logkeys import key_of

NOW = datetime(2026, 3, 14, 17, 0, tzinfo=UTC)


@pytest.fixture
def share(tmp_path: Path) -> Path:
    folder = tmp_path / "share"
    folder.mkdir()
    return folder


class School:
    """Laptops with a record each, which say that they run a version."""

    def __init__(self, base: Path, share: Path) -> None:
        self.base, self.share = base, share
        self.keys: list[LogKey] = []

    def runs(self, device: str, *versions: str) -> None:
        record, key = Record.open(self.base / device, device), key_of(device)
        for day, version in enumerate(versions):
            at = NOW - timedelta(days=9 - day)
            record.append(Draft(EntryKind.HEARTBEAT, {"version": version}, event=f"heartbeat-{at}", at=at))
        record.seal(key)
        publish(record, self.share)
        self.keys.append(key)

    def told(self) -> dict[str, tuple[str | None, str | None, tuple[str, ...]]]:
        reports = verify_copy(self.share, [key.key for key in self.keys], now=NOW)
        assert all(report.exit_code == 0 for report in reports)
        return {report.device: (report.version, report.behind, report.notes) for report in reports}


@pytest.fixture
def school(tmp_path: Path, share: Path) -> School:
    return School(tmp_path, share)


def test_a_laptop_that_is_behind_another_is_named(school: School, tmp_path: Path) -> None:
    school.runs("laptop-1", "7.9.1")
    school.runs("laptop-2", "7.9.1", "7.10.0")
    told = school.told()
    assert told["laptop-2"] == ("7.10.0", None, ())
    version, behind, notes = told["laptop-1"]
    assert (version, behind) == ("7.9.1", "7.10.0")
    assert notes == ("it runs version 7.9.1, but laptop-2 runs 7.10.0: update it",)
    witness = Witness(tmp_path / "witness", "witness/test")
    watch = witness.look(school.share, [key.key for key in school.keys], now=NOW)
    assert watch.exit_code == 0, "being behind is no fault of a record"
    assert "  note: it runs version 7.9.1, but laptop-2 runs 7.10.0: update it" in list(watch.lines())
    assert [(one["device"], one["version"], one["behind"]) for one in watch.as_json() if "device" in one] == [
        ("laptop-1", "7.9.1", "7.10.0"),
        ("laptop-2", "7.10.0", None),
    ]


def test_a_laptop_that_is_behind_the_program_that_looks_is_named(school: School) -> None:
    school.runs("laptop-1", "0.0.1")
    assert school.told()["laptop-1"][1] == __version__


@pytest.mark.parametrize("said", ["", "newest", "1." * 40, "9" * 200, "1.2.3\u202e", "1.2;rm"])
def test_what_is_no_version_makes_nobody_behind(school: School, said: str) -> None:
    assert as_version(said) is None


def test_an_odd_version_leaves_the_last_one_that_is_right(school: School) -> None:
    school.runs("laptop-1", __version__, "newest")
    assert school.told()["laptop-1"] == (__version__, None, ())

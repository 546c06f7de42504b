"""A record in a folder."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.record import Draft, EntryKind, Record
from agent.record.files import Files
from agent.record.keys import LogKey
from tests.unit.record.before import published
from tests.unit.record.bodies import AT, transferred
from tests.unit.record.logkeys import key_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "record"


@pytest.fixture
def files(folder: Path) -> Files:
    """The folder of `record`."""
    return Files(folder / "laptop-17")


@pytest.fixture
def record(folder: Path) -> Record:
    return Record.open(folder, "laptop-17")


@pytest.fixture
def written(record: Record) -> Callable[[int], Record]:
    """A record with this many transfers."""

    def write(count: int) -> Record:
        for number in range(count):
            photo = f"{number:08x}"
            record.append(Draft(EntryKind.TRANSFERRED, transferred(photo), event=f"{photo}-transferred", at=AT))
        return record

    return write


@pytest.fixture
def short(record: Record) -> Callable[[int], Record]:
    """A record with this many of the shortest entries, for tests that read it byte by byte."""

    def write(count: int) -> Record:
        for number in range(count):
            photo = f"{number:08x}"
            record.append(Draft(EntryKind.REFUSED, {"photo": photo}, event=f"{photo}-refused", at=AT))
        return record

    return write


@pytest.fixture(scope="session")
def merkle_vectors() -> Path:
    """Proofs made by other people, next to the checkout; MERKLE_VECTORS names another place."""
    folder = Path(os.environ.get("MERKLE_VECTORS", Path(__file__).resolve().parents[4] / "shared/vectors/merkle"))
    if not folder.is_dir():
        pytest.skip("no Merkle vectors beside the checkout (../shared/vectors/merkle)")
    return folder


@pytest.fixture
def signer() -> LogKey:
    """The log key of laptop-17, always the same one."""
    return key_of("laptop-17")


@pytest.fixture
def share(tmp_path: Path) -> Path:
    return tmp_path / "share"


@pytest.fixture
def copy(record: Record, share: Path, signer: LogKey) -> Path:
    """Two publications, of two entries and of one."""
    return published(record, share, signer, [2, 1])

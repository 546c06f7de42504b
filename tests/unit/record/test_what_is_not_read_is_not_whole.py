"""A record that could not be read to its end is never called whole, and no witness forgets what it saw."""

from datetime import timedelta
from pathlib import Path

import pytest

from agent.audit.evidence import opened_copy
from agent.audit.gathering import gather_records
from agent.audit.renaming import all_evidence
from agent.audit.verify import verify
from agent.audit.witness import Witness
from agent.record import Record
from agent.record.keys import LogKey
from tests.unit.record import before
from tests.unit.record.bodies import AT
from tests.unit.record.copies import append_short, publish, published

NOW = AT + timedelta(days=1)
LATER = AT + timedelta(days=60)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_file_taken_away_while_it_is_read_is_not_whole(
    record: Record, share: Path, signer: LogKey, which: int
) -> None:
    folder = published(record, share, signer, [3, 3, 3])
    with opened_copy(share) as copy:
        ((evidence, keys),) = all_evidence(copy, [signer.key], lambda _: ())[0]
        sorted(folder.iterdir())[which].unlink()
        report = verify(evidence, keys, NOW)
    assert report.exit_code == 11
    assert "removed while the record was being read" in report.findings[0].text


def test_a_stray_part_of_what_is_there_hides_no_missing_end(record: Record, share: Path, signer: LogKey) -> None:
    """The witness saw twelve entries; the share has nine in a bundle, next to half of an old publication."""
    folder = published(record, share, signer, [3, 3, 3])
    (gathered,) = gather_records(share, [signer.key], now=LATER)
    assert gathered.bundles == 1
    append_short(record, 3, at=LATER)
    record.seal(signer)
    publish(record, share, 9)
    witness = Witness(share.parent / "witness", "w/1")
    assert witness.look(share, [signer.key], now=LATER).exit_code == 0
    next(folder.glob("publication-*")).unlink()
    parts = before.in_parts(record, record.seals()[0])
    name = next(name for name in parts if name.startswith("segment"))
    (folder / name).write_bytes(parts[name])
    for _ in range(2):
        (watched,) = witness.look(share, [signer.key], now=LATER).devices
        assert (watched.report.exit_code, watched.seen, watched.cosigned) == (11, 12, None)


def test_a_share_that_is_whole_is_read_once(
    record: Record, share: Path, signer: LogKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agent.audit import witness as module

    published(record, share, signer, [3, 3])
    read = []
    monkeypatch.setattr(module, "verify", lambda *given: read.append(given) or verify(*given))
    module.Witness(share.parent / "witness", "w/1").look(share, [signer.key], now=NOW)
    assert len(read) == 1

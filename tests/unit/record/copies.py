"""Published copies of small records, as the share would hold them."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from agent.audit.findings import RecordFault, Report
from agent.audit.verify import verify_copy
from agent.model.delivery import Outgoing
from agent.record import Draft, EntryKind, Record
from agent.record.note import Signer, VerifierKey
from agent.record.publish import to_publish
from tests.unit.record.bodies import AT

NOW = AT + timedelta(hours=1)


def append_short(record: Record, count: int, *, at: datetime = AT) -> None:
    """So many of the shortest entries."""
    first = len(record)
    record.append_all(
        [Draft(EntryKind.REFUSED, {"photo": f"{n:08x}"}, f"{n:08x}-refused", at) for n in range(first, first + count)]
    )


def publish(record: Record, share: Path, done: int = 0) -> int:
    """Send everything that is sealed to a share that never fails; returns up to which entry it is now published."""
    for publication in to_publish(record, done):
        for outgoing in publication.delivery.files:
            assert isinstance(outgoing, Outgoing)
            assert isinstance(outgoing.source, bytes)
            path = share / outgoing.name
            path.parent.mkdir(parents=True, exist_ok=True)
            assert not path.exists() or path.read_bytes() == outgoing.source
            path.write_bytes(outgoing.source)
        done = publication.size
    return done


Way = Callable[[Record, Path, int], int]
"""How a record is published: `publish`, or as it was done before."""


def published(record: Record, share: Path, signer: Signer, counts: Iterable[int], way: Way = publish) -> Path:
    """A record that was sealed after this many entries each time; returns its folder on the share."""
    for count in counts:
        append_short(record, count)
        record.seal(signer)
    way(record, share, 0)
    return share / "record" / record.device


def judged(folder: Path, *keys: VerifierKey, now: datetime = NOW, **more: object) -> Report:
    """The one report on a copy."""
    (report,) = verify_copy(folder, keys, now=now, **more)  # type: ignore[arg-type]  # passed on
    return report


def spoil_signature(publication: Path) -> None:
    """Change the signature of the last checkpoint in a file that has all in one."""
    content = bytearray(publication.read_bytes())
    head = content.index(b"\n") + 1
    notes = sum(int(one[1:]) for one in bytes(content[:head]).split(b" ")[3].split(b","))
    content[head + notes - 20] ^= 1
    publication.write_bytes(content)


def damages(report: Report) -> set[RecordFault]:
    """The kinds of damage that it reports."""
    return {finding.damage for finding in report.findings}


def only(folder: Path, part: str, number: int = 0) -> Path:
    """The file of this part in publication `number`."""
    return sorted(folder.glob(f"{part}-*"))[number]

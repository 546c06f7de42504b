"""Published copies in the form of before, when each publication was three files, or four: such are read on.

Tests that change or take away one of these files use this; what they show of verifying holds for both forms.
"""

from collections.abc import Iterable
from pathlib import Path

from agent.record import Record
from agent.record.leaf import LEAF_LINE
from agent.record.note import Signer
from agent.record.seals import Seal
from tests.unit.record import copies


def publish(record: Record, share: Path, done: int = 0) -> int:
    """Send everything that is sealed; returns up to which entry it is now published."""
    for seal in record.seals():
        if seal.size > done:
            for name, content in in_parts(record, seal).items():
                path = share / "record" / record.device / name
                path.parent.mkdir(parents=True, exist_ok=True)
                assert not path.exists() or path.read_bytes() == content
                path.write_bytes(content)
            done = seal.size
    return done


def in_parts(record: Record, seal: Seal) -> dict[str, bytes]:
    """The three files, or four, that a publication was before."""
    entries, leaves = record.files.entries.read_bytes(), record.files.leaves.read_bytes()
    where, head = f"{seal.first:09}-{seal.size - 1:09}", f"{seal.size:09}"
    root = seal.head.root.hex()[:16]
    parts = {
        f"segment-{where}-{root}.jsonl": entries[seal.start : seal.end],
        f"leaves-{where}-{root}.txt": leaves[seal.first * LEAF_LINE : seal.size * LEAF_LINE],
        f"checkpoint-{head}-{root}.txt": seal.checkpoint.encode(),
    }
    if seal.rotation is not None:
        parts[f"rotation-{head}-{root}.txt"] = seal.rotation.encode()
    return parts


def published(record: Record, share: Path, signer: Signer, counts: Iterable[int]) -> Path:
    """A record that was sealed after this many entries each time; returns its folder on the share."""
    return copies.published(record, share, signer, counts, publish)

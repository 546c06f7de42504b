"""Publications that a device's own key signed, with lines that no agent writes."""

from collections.abc import Iterable
from pathlib import Path

from agent.record import Record
from agent.record.checkpoint import Checkpoint
from agent.record.keys import LogKey
from agent.record.leaf import LEAF_LINE, commit, leaf_line, read_leaf_line
from agent.record.note import sign_note
from agent.record.packed import pack
from agent.record.published import Part, origin, publication_name
from agent.record.tree import Frontier, leaf_hash


def publish_lines(record: Record, share: Path, key: LogKey, lines: Iterable[bytes]) -> None:
    """Publish these as if they followed what the record has."""
    tree = Frontier()
    leaves = record.files.leaves.read_bytes()
    for start in range(0, len(leaves), LEAF_LINE):
        tree.add(leaf_hash(read_leaf_line(leaves[start : start + LEAF_LINE])[0]))
    first, entries, added = tree.size, b"", b""
    for line in lines:
        data = commit(bytes(32), line)
        tree.add(leaf_hash(data))
        entries, added = entries + line + b"\n", added + leaf_line(data, bytes(32))
    note = sign_note(Checkpoint(origin(record.device), tree.size, tree.root()).text, key)
    path = share / "record" / record.device / publication_name(first, tree.size, tree.root())
    path.write_bytes(pack([(Part.CHECKPOINT, note.encode())], added, entries))

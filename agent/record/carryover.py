"""Carrying the hash-linked record of the first version over into the signed one: every entry, under its old number.

The old chain is checked to its end while it is read. A "carried-over" entry says how many entries it had and what its
last hash was; the old file stays beside the new ones, under another name. A crash in between starts it again.
"""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from agent.errors import RecordAltered, RecordError
from agent.model import Sha256
from agent.record import linked
from agent.record.durable import sync_file, sync_folder
from agent.record.entry import Draft, line_of
from agent.record.files import Files
from agent.record.leaf import SALT, commit, leaf_line
from agent.record.schema import Kind

EVENT = "carried-over"


def carry_over(outer: Path, where: Files, device: str, at: datetime, salts: Callable[[int], bytes]) -> None:
    """Have all entries of the old record in `outer`, if there is one, in the new one; durable on return.

    RecordAltered if the old record does not hold, RecordError if it went on after it was carried over.
    """
    if not linked.is_there(outer):
        return
    if where.entries.exists():
        _check_closed(outer, where)
    else:
        _copy(outer, where, device, at, salts)
    (outer / linked.FILE).replace(outer / linked.CARRIED)
    sync_folder(outer)


def _copy(outer: Path, where: Files, device: str, at: datetime, salts: Callable[[int], bytes]) -> None:
    where.make()
    drafts = [path.with_name(f"{path.name}.new") for path in (where.leaves, where.entries)]
    count, last = 0, linked.NOTHING_BEFORE
    with (outer / linked.FILE).open("rb") as old, drafts[0].open("wb") as leaves, drafts[1].open("wb") as entries:

        def put(line: bytes) -> None:
            salt = salts(SALT)
            leaves.write(leaf_line(commit(salt, line), salt))
            entries.write(line + b"\n")

        for line, digest in linked.chain(old):
            put(line)
            count, last = count + 1, digest
        if count:
            put(line_of(Draft(Kind.CARRIED_OVER, {"entries": count, "last_hash": last}, EVENT, at), device, count))
        for file in (leaves, entries):
            file.flush()
            sync_file(file.fileno())
    # The leaves first: entries without leaves would be damage, leaves without entries are what a crash leaves.
    drafts[0].replace(where.leaves)
    drafts[1].replace(where.entries)
    sync_folder(where.folder)


def _check_closed(outer: Path, where: Files) -> None:
    """RecordError unless the new record has closed exactly this old one."""
    count, last = 0, linked.NOTHING_BEFORE
    with (outer / linked.FILE).open("rb") as old:
        for _, digest in linked.chain(old):
            count, last = count + 1, digest
    if not count:
        return
    with where.entries.open("rb") as entries:
        closing = next((line for number, line in enumerate(entries) if number == count), b"{}")
    if _stated(closing) != (count, last):
        raise RecordError(
            "An older version of photo-agent has written to the record again after it was carried over. "
            "Remove that version and tell IT: both records must be kept."
        )


def _stated(line: bytes) -> tuple[int, Sha256] | None:
    try:
        read = json.loads(line)
        return (read["body"]["entries"], read["body"]["last_hash"]) if read["kind"] == Kind.CARRIED_OVER else None
    except (ValueError, KeyError, TypeError) as fault:
        raise RecordAltered("The entry that closes the old record was altered. Keep the files and tell IT.") from fault

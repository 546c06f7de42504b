"""A laptop that gets another name: its record continues under the new name, and the old one is closed and published.

The last entry of the old record says so. The first entry of the new record gives the number of entries in the old one
and the root of its last signed tree. So no entry from before the change of name is left behind.
"""

from collections.abc import Iterator

from agent.errors import RecordError
from agent.journal import Journal
from agent.model.ids import Sha256
from agent.pipeline.context import Context
from agent.pipeline.journal_keys import LINKED, PUBLISHED
from agent.pipeline.places import log_key, record_folder
from agent.record import Entry, EntryKind, Record
from agent.record.bodies import Renamed
from agent.record.publish import progress
from agent.record.published import origin
from agent.record.reading import end_of
from agent.record.rotation import signer_of
from agent.settings import Settings


def former_names(settings: Settings) -> list[str]:
    """The other names under which this laptop has a record, besides its present one."""
    folder = record_folder(settings)
    if not folder.is_dir():
        return []
    there = sorted(path.name for path in folder.iterdir() if (path / "entries.jsonl").is_file())
    return [name for name in there if name != settings.device.name]


def former_records(settings: Settings) -> list[Record]:
    """The records under those names."""
    return [Record.open(record_folder(settings), name) for name in former_names(settings)]


def own_entries(settings: Settings) -> Iterator[Entry]:
    """All entries of this laptop, under all its names."""
    for record in (*former_records(settings), Record.open(record_folder(settings), settings.device.name)):
        yield from record.entries()


def link_former_names(context: Context) -> None:
    """Close each record that this laptop had under another name, and say so in its present record; once for each.

    Raises RecordError if that cannot be written or signed.
    """
    for record in former_records(context.settings):
        _link(context, record)


def _link(context: Context, record: Record) -> None:
    old, new, now = record.device, context.settings.device.name, context.clock()
    last = end_of(record.files.entries, record.files.leaves).last
    if last is None:
        return
    closed = last.kind is EntryKind.RENAMED and last.body.get("old_name") == old
    if closed and (last.body.get("new_name") != new or context.journal.fact(f"{LINKED} {old}") == str(last.index + 1)):
        return  # it is linked already, by this name or by one in between
    if not closed:
        record.append(Renamed(old_name=old, new_name=new).draft(f"renamed-{new}-{last.index + 1}", now))
    place = log_key(context.settings, old)
    if record.last_seal() is None:
        place.make()
    record.seal(signer_of(record, place))
    last_seal = record.last_seal()
    if last_seal is None:
        raise RecordError(f"The record under the old name {old} could not be signed.")
    head = last_seal.head
    renamed = Renamed(old_name=old, new_name=new, entries=head.size, root=Sha256(head.root.hex()))
    context.record.append(renamed.draft(f"renamed-from-{old}-{head.size}", now))
    context.journal.set_fact(f"{LINKED} {old}", str(head.size))


def published_up_to(journal: Journal, device: str) -> str | None:
    """The last checkpoint of this device's record on the share; None if there is nothing on the share."""
    for fact in (PUBLISHED, f"{PUBLISHED} {device}"):
        note = journal.fact(fact)
        if note is not None and note.startswith(f"{origin(device)}\n"):
            return note
    return None


def keep_published(journal: Journal, device: str, current: str, checkpoint: str) -> None:
    """Remember that the share has this device's record up to this checkpoint."""
    if device != current:
        journal.set_fact(f"{PUBLISHED} {device}", checkpoint)
        return
    before = journal.fact(PUBLISHED)
    if before is not None and not before.startswith(f"{origin(device)}\n"):
        journal.set_fact(f"{PUBLISHED} {before.partition(chr(10))[0].removeprefix(origin(''))}", before)
    journal.set_fact(PUBLISHED, checkpoint)


def unpublished(context: Context) -> int:
    """The number of signed entries missing on the share, under all names. RecordError if they cannot be read."""
    missing = 0
    for record in (*former_records(context.settings), context.record):
        last = record.last_seal()
        done = progress(record, published_up_to(context.journal, record.device))
        missing += max(0, (0 if last is None else last.size) - done.size)
    return missing

"""What a verifier reads of one device's record: its entries and leaves in pieces, and the signed notes.

It comes from a published copy (a folder of the share, or of a backup) or from the laptop's own files. A copy is treated
as hostile until it is proven: anybody who can write to it may have put links, pipes or endless files there
(`agent.files.beneath`).
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from agent.errors import RecordAltered, RecordTruncated, UsageError
from agent.files.beneath import Beneath, Named, NotPlain, Parts, Sort
from agent.record.checkpoint import checkpoint_of
from agent.record.files import Files
from agent.record.leaf import LEAF_LINE
from agent.record.note import NoteFault
from agent.record.packed import LONGEST_HEAD, read_head
from agent.record.published import LARGEST, ORIGIN, PACKED, Name, Part, read_name
from agent.record.seals import Seal

GATHERING = ".gathering-"
"""The beginning of a bundle's file name while it is being written."""

UNDER_WAY = (".uploading-", GATHERING)

MOST_OF_A_NOTE = 1_000_000
"""Bytes; a longer file is not a note."""

MOST_OF_ALL_NOTES = 200_000_000
"""The most bytes of notes that are read from a device's folder: those of 800,000 publications."""

MOST_FILES = 400_000
"""The most names that are read from a device's folder: 20 years of publishing twenty times a day."""

MOST_DEVICES = 10_000
"""The most device folders that are read."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the record, or the part of one from byte `start` on, in a `copy` or on this laptop.

    A share has hundreds of thousands of them, so they are small. Opening raises OSError, or NotPlain.
    """

    copy: Beneath | None
    where: Parts
    start: int = 0
    length: int | None = None

    @property
    def name(self) -> str:
        """The file's name."""
        return self.where[-1]

    def open(self) -> BinaryIO:
        """Open for reading, at the beginning of the part."""
        if self.copy is None:
            return Path(*self.where).open("rb", buffering=1 << 20)
        return self.copy.open(self.where, LARGEST, self.start, self.length)

    def open_to_overwrite(self) -> BinaryIO:
        """Open the whole file for writing; the part begins at byte `start`. Only for published records."""
        if self.copy is None:
            raise ValueError("this record was not published")
        return self.copy.open_to_overwrite(self.where, LARGEST)


@dataclass(frozen=True, slots=True)
class Piece:
    """The entries from `first` up to, but not including, `size`, with their leaves; None if that file is missing.

    For the laptop's own files `size` is None and `root` empty: they end wherever they end, and a last line that a crash
    cut short is not damage.
    """

    first: int
    size: int | None
    root: str
    entries: Source | None
    leaves: Source | None


_NOTHING = Piece(0, None, "", None, None)


@dataclass(frozen=True, slots=True)
class Note:
    """A signed note and the file it came from; for a checkpoint's file, also the size and root in the file's name.

    `written_at` is the file's modification time. If the share itself is read, that is the share's own clock.
    `where` is the file's place in a copy.
    """

    source: str
    content: bytes
    name: Name | None = None
    written_at: datetime | None = None
    where: Parts | None = None


@dataclass(frozen=True, slots=True)
class PublishedEvidence:
    """Everything there is of one device's record.

    `seen` are checkpoints from elsewhere. `strangers` are files with names that no record uses. `unusable` are record
    files that cannot be read, each with the reason. `closed` says why the folder could not be read at all. `held_for`
    holds what this folder has of records under a former device name, by that name.
    """

    device: str
    pieces: Sequence[Piece]
    checkpoints: Sequence[Note]
    rotations: Sequence[Note] = ()
    seen: Sequence[Note] = ()
    strangers: Sequence[str] = field(default=())
    unusable: Sequence[tuple[str, str]] = ()
    closed: str | None = None
    held_for: Sequence["PublishedEvidence"] = ()

    def with_more(self, other: "PublishedEvidence") -> "PublishedEvidence":
        """This, together with everything that `other` has of the same device."""
        pieces = sorted((*self.pieces, *other.pieces), key=_place)
        return replace(
            self,
            pieces=pieces,
            checkpoints=(*self.checkpoints, *other.checkpoints),
            rotations=(*self.rotations, *other.rotations),
        )


def of_folder(copy: Beneath, parts: Parts, device: str, seen: Sequence[Note] = ()) -> PublishedEvidence:
    """A device's folder, `record/<device>/` on the share."""
    try:
        names = copy.names(parts, MOST_FILES)
    except NotPlain as fault:
        return PublishedEvidence(device, (), (), (), seen, closed=str(fault))
    except OSError as fault:
        return PublishedEvidence(device, (), (), (), seen, closed=f"cannot be read: {fault.strerror}")
    mine = _Gathered(copy, parts)
    others: dict[str, _Gathered] = {}
    strangers = []
    for one in names:
        name = read_name(one.name)
        if name is None:
            if not one.name.startswith(UNDER_WAY):  # an upload that is unfinished or was interrupted does not count yet
                strangers.append(one.name)
        elif name.former is None or name.former == device:
            mine.take(one, name)
        else:
            others.setdefault(name.former, _Gathered(copy, parts)).take(one, name)
    held_for = [gathered.evidence(former) for former, gathered in others.items()]
    return replace(mine.evidence(device), seen=seen, strangers=strangers, held_for=held_for)


def of_file(copy: Beneath, where: Parts, name: Name, device: str) -> PublishedEvidence:
    """A single file that holds a whole publication, whatever it is called; `name` is what it should be called."""
    gathered = _Gathered(copy, where[:-1])
    gathered.take(Named(where[-1], Sort.FILE), name)
    return gathered.evidence(device)


def notes_in(name: str, content: bytes) -> list[Note]:
    """The checkpoints in a file that somebody saved: a single one, or a publication or bundle with several."""
    head, end, rest = content.partition(b"\n")
    try:
        listed = read_head(head + end)
    except (RecordAltered, RecordTruncated):
        return [Note(name, content)]
    notes = []
    for part, length in listed:
        if part is Part.CHECKPOINT:
            notes.append(Note(name, rest[:length]))
        rest = rest[length:]
    return notes


class _Gathered:
    """The files of one record, collected from a folder."""

    def __init__(self, copy: Beneath, parts: Parts) -> None:
        self._copy = copy
        self._parts = parts
        self._notes: dict[Part, list[Note]] = {Part.CHECKPOINT: [], Part.ROTATION: []}
        self._ranges: dict[tuple[int, int, str], dict[Part, dict[int, Source]]] = {}
        self._packed: list[Piece] = []
        self._bytes_of_notes = 0
        self._unusable: list[tuple[str, str]] = []

    def take(self, one: Named, name: Name) -> None:
        where = (*self._parts, one.name)
        if one.sort is not Sort.FILE:
            plain = "" if one.sort is Sort.OTHER else ", not a file"
            self._unusable.append((one.name, f"is {one.sort.value}{plain}"))
        elif name.first is None or name.part in PACKED:
            try:
                self._read(where, name)
            except (NotPlain, RecordAltered) as fault:
                self._unusable.append((one.name, str(fault)))
            except (OSError, ValueError, OverflowError) as fault:  # a time outside the calendar
                self._unusable.append((one.name, f"cannot be read: {getattr(fault, 'strerror', None) or fault}"))
        else:
            parts = self._ranges.setdefault((name.first, name.size, name.root), {Part.SEGMENT: {}, Part.LEAVES: {}})
            parts[name.part][name.choice] = Source(self._copy, where)

    def _read(self, where: Parts, name: Name) -> None:
        """Read the note in a file of its own, or the notes in a publication, and where the rest of it is."""
        largest = LARGEST if name.part in PACKED else MOST_OF_A_NOTE
        with self._copy.open(where, largest) as file:
            written_at = datetime.fromtimestamp(self._copy.modified(file), UTC)
            if name.part not in PACKED:
                self._keep(Note(where[-1], file.read(), name, written_at, where), name.part)
                return
            head = file.readline(LONGEST_HEAD)
            try:
                listed = read_head(head)
            except RecordTruncated:  # an empty piece; verifying reports that everything in it is missing
                self._packed.append(_piece(self._copy, where, name, len(head)))
                return
            for part, length in listed:
                content = file.read(min(length, MOST_OF_A_NOTE + 1))
                self._keep(Note(where[-1], content, _named(part, content, name), written_at, where), part)
            start = len(head) + sum(length for _, length in listed)
            self._packed.append(_piece(self._copy, where, name, start))

    def _keep(self, note: Note, part: Part) -> None:
        self._bytes_of_notes += len(note.content)
        if self._bytes_of_notes > MOST_OF_ALL_NOTES:
            raise NotPlain("has more notes than are read of one device")
        self._notes[part].append(note)

    def evidence(self, device: str) -> PublishedEvidence:
        whole = {(piece.first, piece.size, piece.root): piece for piece in self._packed}
        pieces = list(self._packed)
        for where, parts in self._ranges.items():
            for segment, leaves in _paired(parts[Part.SEGMENT], parts[Part.LEAVES]):
                # An older publication was cut halfway and then repeated in a single file: that file has its other half.
                other = whole.get(where, _NOTHING)
                pieces.append(Piece(*where, segment or other.entries, leaves or other.leaves))
        pieces.sort(key=_place)
        return PublishedEvidence(
            device, pieces, self._notes[Part.CHECKPOINT], self._notes[Part.ROTATION], unusable=self._unusable
        )


def _place(piece: Piece) -> tuple[int, int, str]:
    return piece.first, piece.size or 0, piece.root


def _named(part: Part, content: bytes, file: Name) -> Name:
    """The name that this note would have if it were a file by itself."""
    try:
        said = checkpoint_of(content)
    except NoteFault:  # verifying reports it; a rotation has no root
        return Name(part, None, file.size, file.root)
    return Name(part, None, said.size, said.root.hex()[:16])


def _piece(copy: Beneath, where: Parts, name: Name, start: int) -> Piece:
    """Leaves and entries of a file that holds a whole publication; the leaves begin at byte `start`."""
    first = name.first or 0
    length = (name.size - first) * LEAF_LINE
    entries = start + length

    return Piece(
        first,
        name.size,
        name.root,
        Source(copy, where, entries),
        Source(copy, where, start, length),
    )


def _paired(segments: dict[int, Source], leaves: dict[int, Source]) -> Iterator[tuple[Source | None, Source | None]]:
    """Each segment with its leaves. If a name was already taken on the share, one of the two may be called `…-2`."""
    for choice in sorted({*segments, *leaves} if len(segments) != 1 or len(leaves) != 1 else {1}):
        yield (
            segments.get(choice) or segments.get(min(segments, default=0)),
            leaves.get(choice) or leaves.get(min(leaves, default=0)),
        )


def of_laptop(files: Files, device: str, seals: Sequence[Seal], seen: Sequence[Note] = ()) -> PublishedEvidence:
    """The laptop's own files."""
    leaves = _own(files.leaves) if files.leaves.exists() else None
    pieces = [Piece(0, None, "", _own(files.entries), leaves)]
    return PublishedEvidence(
        device,
        pieces if files.entries.exists() else [],
        [Note(f"seal {number}", seal.checkpoint.encode()) for number, seal in enumerate(seals)],
        [Note(f"seal {number}", seal.rotation.encode()) for number, seal in enumerate(seals) if seal.rotation],
        seen,
    )


def _own(path: Path) -> Source:
    return Source(None, path.parts)


# --- a folder with the records of several devices --------------------------------------------------------------------


@contextlib.contextmanager
def opened_copy(folder: Path) -> Iterator[Beneath]:
    """Open a folder for reading. UsageError if it is not a folder, or this user may not read it."""
    with contextlib.ExitStack() as stack:
        try:
            copy = stack.enter_context(Beneath(folder))
        except OSError as fault:
            raise _closed(folder, fault) from fault
        yield copy


def _closed(folder: Path, fault: OSError) -> UsageError:
    if isinstance(fault, PermissionError):
        return UsageError(
            f"{folder} may not be read by this user. Ask the person who runs the server for access (on a server set up "
            "by make-share.sh: the group photo-share), or run the command with sudo."
        )
    return UsageError(f"{folder} cannot be read: {fault.strerror}.")


def devices_in(copy: Beneath, enrolled: Callable[[str], bool]) -> tuple[dict[str, Parts], bool]:
    """The folder of each device; the copy is of the share, of its `record/`, or of one device's folder in it.

    The second value says whether the copy holds one device alone. `enrolled` knows which devices have a key. UsageError
    if there is no record here at all, or this user may not read it.
    """
    found, alone = _folders(copy, enrolled)
    return {name or device_of(copy, parts, enrolled): parts for parts, name in found}, alone


def holds_others(copy: Beneath, parts: Parts, device: str) -> bool:
    """Whether a device's folder has files of a record under another name. Only names are looked at."""
    try:
        names = [read_name(one.name) for one in copy.names(parts, MOST_FILES) if one.name.startswith("was-")]
    except (NotPlain, OSError):
        return False  # `of_folder` reports that
    return any(name is not None and name.former not in {None, device} for name in names)


def _folders(copy: Beneath, enrolled: Callable[[str], bool]) -> tuple[list[tuple[Parts, str | None]], bool]:
    root = copy.root
    try:
        here = copy.names((), MOST_FILES)
        if any(read_name(one.name) for one in here):
            return [((), None)], True
        if any(one.name == "record" for one in here):
            names = copy.names(("record",), MOST_DEVICES)
            return [(("record", one.name), one.name) for one in names if one.sort in {Sort.FOLDER, Sort.LINK}], False
        folders: list[tuple[Parts, str | None]] = [((one.name,), one.name) for one in here if one.sort is Sort.FOLDER]
        known = any(enrolled(one.name) for one in here) or root.resolve().name == "record"
        if not known and not any(_has_record(copy, parts) for parts, _ in folders):
            raise UsageError(
                f"There is no record in {root}. Name the share's folder (it has the folders record and visits), its "
                "record folder, or one laptop's folder in that."
            )
    except NotPlain as fault:
        raise UsageError(f"The record folder in {root} {fault}, so nothing in it was read.") from fault
    except OSError as fault:
        raise _closed(root, fault) from fault
    return folders, False


def _has_record(copy: Beneath, parts: Parts) -> bool:
    try:
        return any(read_name(one.name) for one in copy.names(parts, MOST_FILES))
    except (OSError, NotPlain):
        return False


def device_of(copy: Beneath, parts: Parts, enrolled: Callable[[str], bool]) -> str:
    """Which device a copy belongs to: by its folder's name if that is enrolled, otherwise by what is signed in it."""
    called = parts[-1] if parts else copy.root.resolve().name
    if not enrolled(called):
        for note in of_folder(copy, parts, called).checkpoints:
            try:
                origin = checkpoint_of(note.content).origin
            except NoteFault:
                continue
            if origin.startswith(ORIGIN):
                return origin.removeprefix(ORIGIN)
    return called

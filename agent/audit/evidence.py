"""What a verifier gets of one device's record: its entries and leaves in pieces, and the signed notes.

It comes from a published copy (a folder of the share, or of a backup) or from the laptop's own files. A copy is treated
as hostile until it is proven: whoever may write to it may have put links, pipes or endless files there
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
"""How the name of a bundle begins while it is made."""

UNDER_WAY = (".uploading-", GATHERING)

MOST_OF_A_NOTE = 1_000_000
"""Bytes; more is no note."""

MOST_OF_ALL_NOTES = 200_000_000
"""Bytes of all notes in a device's folder: those of 800,000 publications."""

MOST_FILES = 400_000
"""Names in a device's folder that are looked at: a laptop that publishes twenty times a day needs 20 years for them."""

MOST_DEVICES = 10_000
"""Folders of devices that are looked at."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the record, or a part of one, from byte `start` on: where it is in a `copy`, or on this laptop.

    A share has hundreds of thousands of them, so that they are small. Opening raises OSError, or NotPlain.
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
        """For reading, from where the part begins."""
        if self.copy is None:
            return Path(*self.where).open("rb", buffering=1 << 20)
        return self.copy.open(self.where, LARGEST, self.start, self.length)

    def open_to_overwrite(self) -> BinaryIO:
        """The whole file; the part begins at byte `start`. Of published records only."""
        if self.copy is None:
            raise ValueError("this record is not a published one")
        return self.copy.open_to_overwrite(self.where, LARGEST)


@dataclass(frozen=True, slots=True)
class Piece:
    """The entries from `first` up to, and without, `size`, with their leaves; None where that file is missing.

    `size` is None, and `root` empty, for the laptop's own files, which end where they end: what a crash tore there is
    no damage.
    """

    first: int
    size: int | None
    root: str
    entries: Source | None
    leaves: Source | None


_NOTHING = Piece(0, None, "", None, None)


@dataclass(frozen=True, slots=True)
class Note:
    """A signed note, where it is from, and, of a checkpoint's file, the size and root that the name says.

    `written_at` is when its file was written last, as the file system has it: the share's own clock, where the share is
    looked at itself. `where` is that file in a copy.
    """

    source: str
    content: bytes
    name: Name | None = None
    written_at: datetime | None = None
    where: Parts | None = None


@dataclass(frozen=True, slots=True)
class PublishedEvidence:
    """All there is of one device. `seen` are checkpoints from elsewhere; `strangers` are files of no known name.

    `unusable` are names of the record's that lead to no file that can be read, each with the reason; `closed` says why
    the folder could not be looked into at all. `held_for` is what this folder holds of devices' records that went by
    another name before, by that name.
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
        """With what `other` has of the same device."""
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
            if not one.name.startswith(UNDER_WAY):  # what is on its way, or was cut, is nobody's business yet
                strangers.append(one.name)
        elif name.former is None or name.former == device:
            mine.take(one, name)
        else:
            others.setdefault(name.former, _Gathered(copy, parts)).take(one, name)
    held_for = [gathered.evidence(former) for former, gathered in others.items()]
    return replace(mine.evidence(device), seen=seen, strangers=strangers, held_for=held_for)


def of_file(copy: Beneath, where: Parts, name: Name, device: str) -> PublishedEvidence:
    """A single file that has all in one, whatever it is called; `name` is what it is to be called."""
    gathered = _Gathered(copy, where[:-1])
    gathered.take(Named(where[-1], Sort.FILE), name)
    return gathered.evidence(device)


def notes_in(name: str, content: bytes) -> list[Note]:
    """The checkpoints in a file that was put aside: it is one, or has several, as publications and bundles do."""
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
    """The files of one record as they are found in a folder."""

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
            except (OSError, ValueError, OverflowError) as fault:  # a time that no calendar has
                self._unusable.append((one.name, f"cannot be read: {getattr(fault, 'strerror', None) or fault}"))
        else:
            parts = self._ranges.setdefault((name.first, name.size, name.root), {Part.SEGMENT: {}, Part.LEAVES: {}})
            parts[name.part][name.choice] = Source(self._copy, where)

    def _read(self, where: Parts, name: Name) -> None:
        """The note in a file of its own, or those of a file that has all in one, and where the rest of it lies."""
        largest = LARGEST if name.part in PACKED else MOST_OF_A_NOTE
        with self._copy.open(where, largest) as file:
            written_at = datetime.fromtimestamp(self._copy.modified(file), UTC)
            if name.part not in PACKED:
                self._keep(Note(where[-1], file.read(), name, written_at, where), name.part)
                return
            head = file.readline(LONGEST_HEAD)
            try:
                listed = read_head(head)
            except RecordTruncated:  # an empty piece, of which verifying tells that all is missing
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
            raise NotPlain("has notes that are more than are read of one device")
        self._notes[part].append(note)

    def evidence(self, device: str) -> PublishedEvidence:
        whole = {(piece.first, piece.size, piece.root): piece for piece in self._packed}
        pieces = list(self._packed)
        for where, parts in self._ranges.items():
            for segment, leaves in _paired(parts[Part.SEGMENT], parts[Part.LEAVES]):
                # What a publication left that was cut before all of it came in one file: that file has the other half.
                other = whole.get(where, _NOTHING)
                pieces.append(Piece(*where, segment or other.entries, leaves or other.leaves))
        pieces.sort(key=_place)
        return PublishedEvidence(
            device, pieces, self._notes[Part.CHECKPOINT], self._notes[Part.ROTATION], unusable=self._unusable
        )


def _place(piece: Piece) -> tuple[int, int, str]:
    return piece.first, piece.size or 0, piece.root


def _named(part: Part, content: bytes, file: Name) -> Name:
    """What would be the name of this note if it lay in a file by itself."""
    try:
        said = checkpoint_of(content)
    except NoteFault:  # verifying tells of it; a rotation has no root
        return Name(part, None, file.size, file.root)
    return Name(part, None, said.size, said.root.hex()[:16])


def _piece(copy: Beneath, where: Parts, name: Name, start: int) -> Piece:
    """Leaves and entries of a file that has all in one; the leaves begin at byte `start`."""
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
    """Each segment with its leaves. Where a name was taken on the share, one of the two may be called `…-2`."""
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
    """The folder to look into. UsageError if it is not a folder, or this user may not read it."""
    with contextlib.ExitStack() as stack:
        try:
            copy = stack.enter_context(Beneath(folder))
        except OSError as fault:
            raise _closed(folder, fault) from fault
        yield copy


def _closed(folder: Path, fault: OSError) -> UsageError:
    if isinstance(fault, PermissionError):
        return UsageError(
            f"{folder} may not be read by this user. Ask whoever runs the server to let you in (on a server set up by "
            "make-share.sh: the group photo-share), or run the command with sudo."
        )
    return UsageError(f"{folder} cannot be read: {fault.strerror}.")


def devices_in(copy: Beneath, enrolled: Callable[[str], bool]) -> tuple[dict[str, Parts], bool]:
    """The folder of each device; the copy is of the share, of its `record/`, or of one device's folder in it.

    The second says whether it is of one device alone. `enrolled` knows which devices have a key. UsageError where there
    is no record here at all, or this user may not look.
    """
    found, alone = _folders(copy, enrolled)
    return {name or device_of(copy, parts, enrolled): parts for parts, name in found}, alone


def holds_others(copy: Beneath, parts: Parts, device: str) -> bool:
    """Whether a device's folder has files of a record that went by another name. Only names are looked at."""
    try:
        names = [read_name(one.name) for one in copy.names(parts, MOST_FILES) if one.name.startswith("was-")]
    except (NotPlain, OSError):
        return False  # `of_folder` says so
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
    """Whose record a copy under any name is: the folder's name if such a device is enrolled, else what is signed."""
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

"""What a verifier is given of one device's record: its entries and leaves in pieces, and the signed notes.

From a published copy (a folder of the share, or of a backup), or from the laptop's own files.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from agent.record.checkpoint import checkpoint_of
from agent.record.files import Files
from agent.record.note import NoteFault
from agent.record.published import ORIGIN, Name, Part, read_name
from agent.record.seals import Seal

MOST_OF_A_NOTE = 1_000_000  # bytes; more is no note


@dataclass(frozen=True, slots=True)
class Piece:
    """The entries from `first` up to, and without, `size`, with their leaves; None where that file is missing.

    `size` is None, and `root` empty, for the laptop's own files, which end where they end: what a crash tore there is
    no damage.
    """

    first: int
    size: int | None
    root: str
    entries: Path | None
    leaves: Path | None


@dataclass(frozen=True, slots=True)
class Note:
    """A signed note, where it is from, and, of a checkpoint's file, the size and root that the name says."""

    source: str
    content: bytes
    name: Name | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """All there is of one device. `seen` are checkpoints from elsewhere; `strangers` are files of no known name."""

    device: str
    pieces: Sequence[Piece]
    checkpoints: Sequence[Note]
    rotations: Sequence[Note] = ()
    seen: Sequence[Note] = ()
    strangers: Sequence[str] = field(default=())


def of_folder(folder: Path, device: str, seen: Sequence[Note] = ()) -> Evidence:
    """A copy of `record/<device>/`."""
    notes: dict[Part, list[Note]] = {Part.CHECKPOINT: [], Part.ROTATION: []}
    ranges: dict[tuple[int, int, str], dict[Part, dict[int, Path]]] = {}
    strangers = []
    for path in sorted(folder.iterdir()):
        name = read_name(path.name)
        if name is None or not path.is_file():
            if not path.name.startswith(".uploading-"):  # what is on its way, or was cut, is nobody's business yet
                strangers.append(path.name)
        elif name.first is None:
            with path.open("rb") as file:
                notes[name.part].append(Note(path.name, file.read(MOST_OF_A_NOTE + 1), name))
        else:
            parts = ranges.setdefault((name.first, name.size, name.root), {Part.SEGMENT: {}, Part.LEAVES: {}})
            parts[name.part][name.choice] = path
    pieces = [
        Piece(*where, segment, leaves)
        for where, parts in sorted(ranges.items())
        for segment, leaves in _paired(parts[Part.SEGMENT], parts[Part.LEAVES])
    ]
    return Evidence(device, pieces, notes[Part.CHECKPOINT], notes[Part.ROTATION], seen, strangers)


def _paired(segments: dict[int, Path], leaves: dict[int, Path]) -> Iterator[tuple[Path | None, Path | None]]:
    """Each segment with its leaves. Where a name was taken on the share, one of the two may be called `…-2`."""
    for choice in sorted({*segments, *leaves} if len(segments) != 1 or len(leaves) != 1 else {1}):
        yield (
            segments.get(choice) or segments.get(min(segments, default=0)),
            leaves.get(choice) or leaves.get(min(leaves, default=0)),
        )


def of_laptop(files: Files, device: str, seals: Sequence[Seal], seen: Sequence[Note] = ()) -> Evidence:
    """The laptop's own files."""
    pieces = [Piece(0, None, "", files.entries, files.leaves if files.leaves.exists() else None)]
    return Evidence(
        device,
        pieces if files.entries.exists() else [],
        [Note(f"seal {number}", seal.checkpoint.encode()) for number, seal in enumerate(seals)],
        [Note(f"seal {number}", seal.rotation.encode()) for number, seal in enumerate(seals) if seal.rotation],
        seen,
    )


def copies(folder: Path) -> Iterator[tuple[Path, str | None]]:
    """The folders of devices in a copy, each with the device's name: of the share, of its `record/`, or of one device.

    The name is None where the folder is of one device and what it is called need not be its name.
    """
    if any(read_name(path.name) for path in folder.iterdir()):
        yield folder, None
        return
    record = folder / "record"
    for path in sorted((record if record.is_dir() else folder).iterdir()):
        if path.is_dir():
            yield path, path.name


def device_of(folder: Path, enrolled: Callable[[str], bool]) -> str:
    """Whose record a copy under any name is: the folder's name if such a device is enrolled, else what is signed."""
    if not enrolled(folder.name):
        for path in sorted(folder.glob("checkpoint-*.txt")):
            try:
                origin = checkpoint_of(path.read_bytes()).origin
            except NoteFault:
                continue
            if origin.startswith(ORIGIN):
                return origin.removeprefix(ORIGIN)
    return folder.name


def opened(path: Path) -> BinaryIO:
    """For reading from end to end."""
    return path.open("rb", buffering=1 << 20)

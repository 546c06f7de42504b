"""Which files of a record are in one folder and follow one another, so that they may be gathered into bundles there.

Most records are in their device's own folder. What a renamed laptop could no longer send there is in the folder of its
new name, as `was-<old name>-…`: that is another shelf of the same record. Pure.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.audit.evidence import Note, Piece, PublishedEvidence
from agent.files.beneath import Parts
from agent.record.published import read_name


@dataclass(frozen=True, slots=True)
class Old:
    """A piece with its files, in the order in which they may be deleted, and its notes.

    The leaves are last, because they prove themselves to the last.
    """

    piece: Piece
    files: tuple[Parts, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The part of a record in one folder, under names that begin with `prefix`.

    `line` holds pieces that follow one another, each the longest available, in one or more unbroken runs. `doubles`
    holds those that are inside another, with that one.
    """

    folder: Parts
    prefix: str
    line: Sequence[Old]
    doubles: Sequence[tuple[Old, Old]]


_Place = tuple[Parts, str]
"""A folder, and the beginning of the names there."""


def shelves_of(evidence: PublishedEvidence) -> list[Shelf]:
    """Every shelf of a record. A piece counts if its leaves are there: they are deleted last."""
    there: defaultdict[_Place, list[Piece]] = defaultdict(list)
    for piece in evidence.pieces:
        places = {_place(source.where) for source in (piece.entries, piece.leaves) if source is not None}
        if piece.leaves is not None and len(places) == 1 and (place := places.pop()) is not None:
            there[place].append(piece)
    notes: defaultdict[object, list[Note]] = defaultdict(list)
    for note in (*evidence.checkpoints, *evidence.rotations):
        if note.name is not None and note.where is not None:
            notes[note.where].append(note)
            notes[note.name.size, note.name.root].append(note)
    return [_shelf(place, pieces, notes) for place, pieces in there.items()]


def _place(where: Parts) -> _Place | None:
    name = read_name(where[-1])
    if name is None:
        return None
    return where[:-1], "" if name.former is None else f"was-{name.former}-"


def _shelf(place: _Place, pieces: Sequence[Piece], notes: Mapping[object, Sequence[Note]]) -> Shelf:
    line: list[Old] = []
    doubles: list[tuple[Old, Old]] = []
    reached = 0
    for piece in sorted(pieces, key=lambda one: (one.first, -(one.size or 0))):
        old = _old(piece, place, notes)
        if piece.first >= reached and (piece.size or 0) > reached and piece.entries is not None:
            line.append(old)
            reached = piece.size or 0
        elif line and line[-1].piece.first <= piece.first and (piece.size or 0) <= reached:
            doubles.append((old, line[-1]))
    return Shelf(*place, line, doubles)


def _old(piece: Piece, place: _Place, notes: Mapping[object, Sequence[Note]]) -> Old:
    sources = dict.fromkeys(source.where for source in (piece.entries, piece.leaves) if source is not None)
    mine = [note for source in sources for note in notes.get(source, ())]
    if not mine:  # its notes are in separate files
        for note in notes.get((piece.size, piece.root), ()):
            named = read_name(note.source)
            if named is not None and named.first is None and note.where is not None and _place(note.where) == place:
                mine.append(note)
    files = dict.fromkeys([*(note.where for note in mine if note.where is not None), *sources])
    return Old(piece, tuple(files), tuple(mine))

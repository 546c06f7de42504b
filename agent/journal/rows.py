"""The rows of the photos: read and written whole, and compared without parsing if their text is enough."""

import os
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from agent.errors import JournalError
from agent.journal.codec import from_json, to_json
from agent.journal.lifecycle import State, allowed, starts_again
from agent.journal.looking import known_of, left_of, mounted_elsewhere, place_on_volume, same
from agent.journal.store import DAMAGED
from agent.journal.tracked import TrackedPhoto
from agent.model.files import Photo, Volume
from agent.model.ids import PhotoId

AWAY = """SELECT standing FROM photo WHERE state NOT IN ('removed', 'gone') AND standing LIKE '%"away":"%'
ORDER BY found_at, seq"""
"""The rows of unfinished photos that cannot be worked on; a few others may be among them."""


def photo_of(db: sqlite3.Connection, identity: PhotoId) -> TrackedPhoto:
    """The photo with this id. JournalError if it is not known."""
    tracked = photo_if_known(db, identity)
    if tracked is None:
        raise no_such_photo(identity)
    return tracked


def photo_if_known(db: sqlite3.Connection, identity: PhotoId) -> TrackedPhoto | None:
    """The photo with this id; None if it is not known."""
    row = db.execute("SELECT standing FROM photo WHERE id = ?", (identity,)).fetchone()
    return None if row is None else read_row(row[0])


def read_row(text: str) -> TrackedPhoto:
    """The photo in a row's text. JournalError if the text is not one."""
    try:
        return from_json(TrackedPhoto, text)
    except (ValueError, TypeError, KeyError) as fault:
        raise JournalError(DAMAGED) from fault


def marks(values: Collection[object]) -> str:
    """As many question marks as there are values, for a query's IN (…)."""
    return ",".join("?" * len(values))


@dataclass(frozen=True, slots=True)
class Row:
    """A photo's row, unparsed: most questions about a row are answered without building a photo from it."""

    id: PhotoId
    state: State
    standing: str

    def read(self) -> TrackedPhoto:
        """The photo. JournalError if the row is not one."""
        return read_row(self.standing)

    def looks_as(self, photo: Photo, volume: Volume) -> bool:
        """Whether its text alone shows that it was last seen exactly like this and was not away.

        `seen_again` does not change such a photo. A row in another spelling is parsed instead.
        """
        begins = f'{{"id":"{self.id}","photo":{to_json(photo)}{_AFTER_PHOTO}'
        return self.standing.startswith(begins) and _on_volume(volume) in self.standing

    def is_still(self, tracked: TrackedPhoto) -> bool:
        """Whether the photo is unchanged; a row of an earlier version may say the same in other words."""
        return self.standing == to_json(tracked) or read_row(self.standing) == tracked

    def has_photo_of(self, other: str) -> bool:
        """Whether the members equal those of another row, as far as the text shows; False: not known.

        In a row's text `photo` comes before `state`, and every quotation mark inside a string has a backslash.
        """
        mine, _, _ = self.standing.partition(_AFTER_PHOTO)
        return other.startswith(mine + _AFTER_PHOTO)


_AFTER_PHOTO = ',"state":"'


@lru_cache(maxsize=16)
def _on_volume(volume: Volume) -> str:
    """How a row's text continues if the photo was seen on this volume and is within reach; no string can contain it."""
    known = known_of(volume)
    return f',"volume":{"null" if known is None else to_json(known)},"away":null,'


def row_if_known(db: sqlite3.Connection, identity: PhotoId) -> Row | None:
    """The photo's row, unparsed; None if it is not known."""
    row = db.execute("SELECT state, standing FROM photo WHERE id = ?", (identity,)).fetchone()
    return None if row is None else _as_row(identity, *row)


def _as_row(identity: str, state: str, standing: str) -> Row:
    try:
        return Row(PhotoId(identity), State(state), standing)
    except ValueError as fault:
        raise JournalError(DAMAGED) from fault


def row_of(db: sqlite3.Connection, identity: PhotoId) -> Row:
    """The photo's row, unparsed. JournalError if it is not known."""
    row = row_if_known(db, identity)
    if row is None:
        raise no_such_photo(identity)
    return row


def no_such_photo(identity: PhotoId) -> JournalError:
    """The error for a photo that has no row."""
    return JournalError(f"The journal has no photo {identity}. `photo-agent status` lists the photos it has.")


def put_row(db: sqlite3.Connection, tracked: TrackedPhoto, text: str) -> None:
    """Write a row; `text` is the photo as JSON."""
    db.execute(
        "UPDATE photo SET path = ?, volume = ?, state = ?, standing = ? WHERE id = ?",
        (os.fsencode(tracked.photo.main.path), volume_id(tracked), tracked.state, text, tracked.id),
    )


def volume_id(tracked: TrackedPhoto) -> str:
    """The value of the row's volume column; empty if the volume is not known."""
    return "" if tracked.volume is None else tracked.volume.id or ""


def live_at(db: sqlite3.Connection, photo: Photo, volume: Volume) -> Row | None:
    """The row of the photo at this path, on this volume; an unknown volume may be any."""
    rows = db.execute(
        """SELECT volume, id, state, standing FROM photo
        WHERE path = ? AND state NOT IN ('removed', 'gone') ORDER BY volume DESC""",
        (os.fsencode(photo.main.path),),
    )
    fitting = [row for known, *row in rows if not known or volume.id is None or known == volume.id]
    return _as_row(*fitting[0]) if fitting else None


class Halves:
    """Photos that are recognised by something other than their path: read once for a scan, and only if needed.

    Photos on the share by the companions of their main files; those on a card that was away by their place on it.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._by_path: dict[Path, TrackedPhoto] | None = None
        self._by_card: dict[tuple[str, Path], TrackedPhoto] | None = None

    def whole(self, photo: Photo) -> TrackedPhoto | None:
        """The photo to which all members of this one belong."""
        if self._by_path is None:
            rows = self._db.execute("SELECT standing FROM photo WHERE state IN ('proven', 'recorded')").fetchall()
            known = [read_row(text) for (text,) in rows]
            self._by_path = {member.file.path: one for one in known for member in one.photo.members[1:]}
        one = self._by_path.get(photo.main.path)
        return None if one is None or left_of(one.photo, photo) is None else one

    def of_card(self, photo: Photo, volume: Volume) -> TrackedPhoto | None:
        """The photo at this place of the same card, which is mounted elsewhere now."""
        if self._by_card is None:
            rows = self._db.execute(AWAY).fetchall()
            known = (
                (one, place_on_volume(one.photo.main.path, one.volume)) for one in map(read_row, (t for (t,) in rows))
            )
            self._by_card = {there: one for one, there in known if there is not None and not one.is_here}
        place = place_on_volume(photo.main.path, volume) if self._by_card else None
        one = None if place is None else self._by_card.get(place)
        return None if one is None else mounted_elsewhere(one, volume)


def check_step(old: Row, new: TrackedPhoto, text: str) -> None:
    """JournalError unless `new`, whose JSON is `text`, may follow `old`."""
    changed = not old.has_photo_of(text) and same(read_row(old.standing).photo, new.photo) is None
    if changed and not (new.state is State.FOUND and starts_again(old.state)):
        raise JournalError(f"Photo {new.id} has changed on disk: it must be found again before it can be {new.state}.")
    if not changed and not allowed(old.state, new.state):
        raise JournalError(f"Photo {new.id} cannot go from {old.state} to {new.state}.")
    missing = new.lacks()
    if missing:
        raise JournalError(f"Photo {new.id} cannot be {new.state}: {missing}.")

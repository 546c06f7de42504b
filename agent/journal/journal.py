"""The journal: how far each photo has come, durably, and nothing about private photos.

Every method that changes something is one transaction, on disk when it returns. Every step follows the one table in
`lifecycle`. The journal never reads a clock: times are passed in.
"""

import hmac
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Self

from agent.errors import JournalError
from agent.journal.codec import to_json
from agent.journal.lifecycle import NOT_YET_SENT, State, allowed
from agent.journal.looking import known_of, seen_again
from agent.journal.queries import CHUNK, Queries
from agent.journal.requests import sortable
from agent.journal.rows import (
    Halves,
    check_step,
    live_at,
    marks,
    photo_if_known,
    photo_of,
    put_row,
    read_row,
    row_if_known,
    row_of,
    volume_id,
)
from agent.journal.store import DAMAGED, as_journal_error, connect
from agent.journal.tracked import TrackedPhoto
from agent.model.files import LocalFile, Photo, Volume
from agent.model.ids import PhotoId

VolumeOf = Callable[[Path], Volume]
"""Gives the volume that a folder is on."""


def random_id() -> str:
    """Eight random hex digits."""
    return secrets.token_hex(4)


class Journal(Queries):
    """Open it with `Journal.open`. One connection serves one thread; processes may read while one writes."""

    def __init__(self, connection: sqlite3.Connection, token: Callable[[], str]) -> None:
        super().__init__(connection)
        self._token = token
        row = connection.execute("SELECT value FROM salt").fetchone()
        if row is None:
            raise JournalError(DAMAGED)
        self._salt: bytes = row[0]

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, token: Callable[[], str] = random_id) -> Self:
        """The journal at `path`, created with its folder (mode 0700) if absent, unless `read_only`.

        `token` makes photo ids. JournalError if the file is absent (`read_only`), damaged, of a newer version or
        not writable; a damaged file is never replaced.
        """
        connection = connect(path, read_only=read_only)
        try:
            with as_journal_error():
                return cls(connection, token)
        except BaseException:
            connection.close()
            raise

    # --- Photos in folders ---

    def see(
        self, photo: Photo, at: datetime, *, register_version: str | None, volume: Volume | None = None
    ) -> TrackedPhoto | None:
        """Look at one photo of a folder; None if it is known to be private. See `see_all`."""
        where = Volume() if volume is None else volume
        seen = self.see_all([photo], at, register_version=register_version, volume_of=lambda _: where)
        return seen[0] if seen else None

    def see_all(
        self,
        photos: Iterable[Photo],
        at: datetime,
        *,
        register_version: str | None,
        volume_of: VolumeOf = lambda _: Volume(),  # frozen
    ) -> list[TrackedPhoto]:
        """Look at the photos of the folders; their states, in the order given, without those known to be private.

        This is the list that `see_each` gives.
        """
        seen = list(self.see_each(photos, lambda: at, register_version=register_version, volume_of=volume_of))
        known = (self.get(identity) for identity in seen if identity is not None)
        return [tracked for tracked in known if tracked is not None]

    def see_each(
        self,
        photos: Iterable[Photo],
        clock: Callable[[], datetime],
        *,
        register_version: str | None,
        volume_of: VolumeOf = lambda _: Volume(),  # frozen
    ) -> Iterator[PhotoId | None]:
        """Look at the photos of the folders, as they come; the id of each, None for those known to be private.

        A photo is private if a person said so, or if this version of the register left it out and the file was not
        touched since. A new photo becomes found. A photo whose members have the same sizes and times keeps its state
        (`looking.seen_again` has the exceptions) and gets its current device and inode numbers. A changed photo becomes
        found again. If half of a photo was removed, its other members are still that photo. `CHUNK` photos are one
        transaction, and none is open while the next ones are looked for; `clock` is asked when they have been seen.
        """
        halves = Halves(self._db)
        coming = iter(photos)
        while chunk := list(islice(coming, CHUNK)):
            at = clock()
            with self._writing() as db:
                identities = [self._look(db, photo, at, register_version, volume_of, halves) for photo in chunk]
            yield from identities

    def _look(
        self,
        db: sqlite3.Connection,
        photo: Photo,
        at: datetime,
        register_version: str | None,
        volume_of: VolumeOf,
        halves: Halves,
    ) -> PhotoId | None:
        volume = volume_of(photo.main.path.parent)
        row = live_at(db, photo, volume)
        if row is not None and row.looks_as(photo, volume):
            return row.id
        old = halves.whole(photo) or halves.of_card(photo, volume) if row is None else row.read()
        if old is None:
            if self._is_private(db, photo.main, volume, register_version):
                return None
            return self._find(db, photo, at, volume)
        new = seen_again(old, photo, at, volume)
        if new != old:
            put_row(db, new, to_json(new))
        return new.id

    def _is_private(
        self, db: sqlite3.Connection, file: LocalFile, volume: Volume, register_version: str | None
    ) -> bool:
        token = self._skip_token(file)
        row = db.execute("SELECT register_version, mark FROM skip WHERE token = ?", (token,)).fetchone()
        if row is None:
            return False
        version, mark = row
        if version is None:
            return True  # a person's answer holds for this path, size and time: the photo stays here
        return bool(version == register_version and mark == self._mark(token, file, volume))

    def _find(self, db: sqlite3.Connection, photo: Photo, at: datetime, volume: Volume) -> PhotoId:
        identity = PhotoId(self._token())
        while db.execute("SELECT 1 FROM photo WHERE id = ?", (identity,)).fetchone():
            identity = PhotoId(self._token())
        tracked = TrackedPhoto(identity, photo, State.FOUND, at, at, volume=known_of(volume))
        db.execute(
            "INSERT INTO photo (id, path, volume, state, found_at, standing) VALUES (?, ?, ?, ?, ?, ?)",
            (
                identity,
                os.fsencode(photo.main.path),
                volume_id(tracked),
                State.FOUND,
                sortable(at),
                to_json(tracked),
            ),
        )
        return identity

    def settle(self, numbers: Sequence[int]) -> None:
        """Mark these photos, numbered as in `looks`, as settled; one that has moved on since is left as it is."""
        with self._writing() as db:
            db.execute(
                f"""UPDATE photo SET state = 'settled',
                standing = json_set(standing, '$.state', 'settled', '$.reason', NULL)
                WHERE state = 'found' AND seq IN ({marks(numbers)})""",  # noqa: S608
                tuple(numbers),
            )

    def save(self, *tracked_photos: TrackedPhoto) -> None:
        """Store these photos as they are now: all of them or, with JournalError, none.

        Each step must be in the table of `lifecycle`; a photo whose members changed may only be found again. Everything
        that a state needs (a proof of every file, a receipt) must be there.
        """
        with self._writing() as db:
            for tracked in tracked_photos:
                text = to_json(tracked)
                check_step(row_of(db, tracked.id), tracked, text)
                put_row(db, tracked, text)

    def save_if_unchanged(self, changes: Iterable[tuple[TrackedPhoto, TrackedPhoto]]) -> list[TrackedPhoto]:
        """Store the second of each pair if the photo in the journal still equals the first; returns those stored.

        A change by another process since then (a person's answer, by `review`) stays as that process made it.
        """
        saved = []
        with self._writing() as db:
            for before, after in changes:
                row = row_if_known(db, before.id)
                if row is None or not row.is_still(before):
                    continue
                text = to_json(after)
                check_step(row, after, text)
                put_row(db, after, text)
                saved.append(after)
        return saved

    def find_again(self, identity: PhotoId, photo: Photo, at: datetime) -> TrackedPhoto:
        """Start again with a photo that differs from the one decided on or proven, even if its size and time agree.

        Returns its new state. JournalError if it is proven and not yet on record, or already finished.
        """
        with self._writing() as db:
            old = photo_of(db, identity)
            if old.state not in NOT_YET_SENT | {State.SENT, State.RECORDED}:
                raise JournalError(f"Photo {identity} is {old.state} and cannot be found again in that state.")
            new = old.found_again(photo, at)
            put_row(db, new, to_json(new))
        return new

    def send_again(self, photos: Mapping[PhotoId, datetime | None], reason: str) -> None:
        """The share lost its copies of these recorded photos: set them back to decided, without a proof.

        Each waits until that time, if there is one.
        """
        with self._writing() as db:
            for identity, not_before in photos.items():
                old = photo_of(db, identity)
                if old.state is not State.RECORDED:
                    raise JournalError(f"Photo {identity} is {old.state}: only a recorded photo can be sent again.")
                new = replace(old.to_send_again(), not_before=not_before, reason=reason)
                put_row(db, new, to_json(new))

    def forget(self, identity: PhotoId) -> None:
        """Drop a photo whose file vanished before anything was sent; JournalError if something was.

        A photo that is already missing here, because another process made it private, needs no change.
        """
        with self._writing() as db:
            tracked = photo_if_known(db, identity)
            if tracked is None:
                return
            if tracked.state not in NOT_YET_SENT:
                raise JournalError(f"Photo {identity} is {tracked.state}: a photo that was sent cannot be forgotten.")
            db.execute("DELETE FROM photo WHERE id = ?", (identity,))

    def forget_removed(self, before: datetime) -> int:
        """Drop photos that were removed before then; returns their number. The record has them; names need not stay."""
        with self._writing() as db:
            # They must also have been found before then, so that a run does not read every photo removed since.
            rows = db.execute(
                "SELECT standing FROM photo WHERE state IN ('removed', 'gone') AND found_at < ?", (sortable(before),)
            ).fetchall()
            old = [one.id for one in (read_row(text) for (text,) in rows) if one.removed_at and one.removed_at < before]
            db.executemany("DELETE FROM photo WHERE id = ?", ((identity,) for identity in old))
        return len(old)

    # --- Private ---

    def make_private_all(self, identities: Iterable[PhotoId], *, register_version: str | None) -> None:
        """Replace these photos by a token each, valid for this version of the register (None: a person said so).

        The token is an HMAC-SHA-256, with a random key that only this journal has, of the main file's path, size and
        mtime: it shows whether a file that is here was meant, and nothing about a file that is not. Beside it is a
        second one of its number and time of change, so that a rule's answer (not a person's) ends when the file is
        touched.
        """
        with self._writing() as db:
            for identity in identities:
                self._keep_token_only(db, photo_of(db, identity), register_version)

    def make_private_if_unchanged(
        self, tracked_photos: Iterable[TrackedPhoto], *, register_version: str | None = None
    ) -> list[PhotoId]:
        """Make those photos private that are still unchanged in the journal; their ids. See `make_private_all`."""
        made = []
        with self._writing() as db:
            for tracked in tracked_photos:
                row = row_if_known(db, tracked.id)
                if row is not None and row.is_still(tracked):
                    self._keep_token_only(db, tracked, register_version)
                    made.append(tracked.id)
        return made

    def _keep_token_only(self, db: sqlite3.Connection, tracked: TrackedPhoto, register_version: str | None) -> None:
        if not allowed(tracked.state, State.PRIVATE):
            raise JournalError(f"Photo {tracked.id} is {tracked.state} and cannot become private.")
        main = tracked.photo.main
        token = self._skip_token(main)
        db.execute("DELETE FROM photo WHERE id = ?", (tracked.id,))
        db.execute(
            """INSERT INTO skip (token, register_version, mark) VALUES (?, ?, ?) ON CONFLICT (token)
            DO UPDATE SET register_version = excluded.register_version, mark = excluded.mark
            WHERE register_version IS NOT NULL""",
            (token, register_version, self._mark(token, main, tracked.volume or Volume())),
        )

    def said_private(self, main: LocalFile) -> bool:
        """Whether a person said that the photo with this main file, as it is now, is private."""
        with self._reading() as db:
            query = "SELECT 1 FROM skip WHERE token = ? AND register_version IS NULL"
            return db.execute(query, (self._skip_token(main),)).fetchone() is not None

    def take_back_private(self, main: LocalFile) -> bool:
        """Forget that a person said the photo with this main file is private; False if nobody has said so."""
        with self._writing() as db:
            gone = db.execute(
                "DELETE FROM skip WHERE token = ? AND register_version IS NULL", (self._skip_token(main),)
            )
        return gone.rowcount > 0

    def forget_private(self, register_version: str) -> None:
        """Drop the tokens that another version of the register made; what a person said stays."""
        with self._writing() as db:
            db.execute("DELETE FROM skip WHERE register_version <> ?", (register_version,))

    def _skip_token(self, file: LocalFile) -> bytes:
        # No path contains a NUL, so the three parts cannot run into one another.
        content = b"%b\0%d\0%d" % (os.fsencode(file.path), file.size, file.mtime_ns)
        return hmac.digest(self._salt, content, "sha256")

    def _mark(self, token: bytes, file: LocalFile, volume: Volume) -> bytes:
        """A hash that a touched file no longer has; on cards, whose file numbers mean nothing, it covers the card."""
        number = b"%d\0%d" % (file.inode, file.changed_ns) if volume.steady else b""
        content = b"mark\0%b\0%b\0%b" % (token, (volume.id or "").encode(), number)
        return hmac.digest(self._salt, content, "sha256")

    # --- Facts ---

    def set_fact(self, name: str, value: str | None) -> None:
        """Store a fact about this laptop (the last scan, since when the share is reachable); None drops it."""
        self.set_facts({name: value})

    def set_facts(self, values: Mapping[str, str | None]) -> None:
        """Store several facts in one transaction."""
        with self._writing() as db:
            for name, value in values.items():
                if value is None:
                    db.execute("DELETE FROM fact WHERE name = ?", (name,))
                else:
                    db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))

    def keyed(self, text: str) -> str:
        """A hash of a text that only this journal can make; hexadecimal."""
        return hmac.digest(self._salt, b"text\0" + text.encode("utf-8", "surrogatepass"), "sha256").hex()

    def swap_fact(self, name: str, old: str, new: str | None) -> bool:
        """Replace `old` by `new`; False, and no change, if another process was faster."""
        with self._writing() as db:
            if new is None:
                done = db.execute("DELETE FROM fact WHERE name = ? AND value = ?", (name, old))
            else:
                done = db.execute("UPDATE fact SET value = ? WHERE name = ? AND value = ?", (new, name, old))
        return done.rowcount > 0

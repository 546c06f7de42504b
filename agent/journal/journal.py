"""The journal: where each photo stands, durable, and nothing about what is private.

Every method that changes something is one transaction, on disk when it returns. Every step in it follows the one table
in `lifecycle`. It never reads a clock: times come in.
"""

import hmac
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Self

from agent.errors import JournalError
from agent.journal.codec import from_json, to_json
from agent.journal.lifecycle import NOT_YET_SENT, State, allowed, starts_again
from agent.journal.requests import RequestQueue, sortable
from agent.journal.standing import Standing
from agent.journal.store import DAMAGED, connect, told
from agent.model import LocalFile, Member, Photo, PhotoId


def random_id() -> str:
    """Eight random hex digits."""
    return secrets.token_hex(4)


class Journal(RequestQueue):
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
        """The journal at `path`, made with its folder (mode 0700) if absent, unless `read_only`.

        `token` makes photo ids. JournalError if the file is absent (`read_only`), damaged, of a newer version or
        cannot be written; a damaged file is never replaced.
        """
        connection = connect(path, read_only=read_only)
        try:
            with told():
                return cls(connection, token)
        except BaseException:
            connection.close()
            raise

    # --- Photos in folders ---

    def see(self, photo: Photo, at: datetime, *, register_version: str | None) -> Standing | None:
        """Look at one photo of a folder; None if it is known to be private. See `see_all`."""
        seen = self.see_all([photo], at, register_version=register_version)
        return seen[0] if seen else None

    def see_all(self, photos: Iterable[Photo], at: datetime, *, register_version: str | None) -> list[Standing]:
        """Look at the photos of the folders; how each stands, in the order given, without those known to be private.

        Private is what a person said so, or what was found to be by this version of the register. A new photo is
        found now. One whose members have the sizes and times they had stands as it stood, with device and inode
        numbers as they are now (they change when a disk is mounted again). One that changed is found again.
        """
        with self._writing() as db:
            stood = (self._look(db, photo, at, register_version) for photo in photos)
            return [standing for standing in stood if standing is not None]

    def _look(
        self, db: sqlite3.Connection, photo: Photo, at: datetime, register_version: str | None
    ) -> Standing | None:
        row = db.execute(
            "SELECT standing FROM photo WHERE path = ? AND state <> 'removed'", (os.fsencode(photo.main.path),)
        ).fetchone()
        if row is None:
            known = db.execute(
                "SELECT 1 FROM skip WHERE token = ? AND (register_version IS NULL OR register_version = ?)",
                (self._skip_token(photo.main), register_version),
            ).fetchone()
            return None if known else self._find(db, photo, at)
        old = _read(row[0])
        renewed = _unchanged(old.photo, photo)
        if renewed == old.photo:
            return old
        new = old.found_again(photo, at) if renewed is None else replace(old, photo=renewed)
        _put(db, new)
        return new

    def _find(self, db: sqlite3.Connection, photo: Photo, at: datetime) -> Standing:
        identity = PhotoId(self._token())
        while db.execute("SELECT 1 FROM photo WHERE id = ?", (identity,)).fetchone():
            identity = PhotoId(self._token())
        standing = Standing(identity, photo, State.FOUND, at, at)
        db.execute(
            "INSERT INTO photo (id, path, state, found_at, standing) VALUES (?, ?, ?, ?, ?)",
            (identity, os.fsencode(photo.main.path), State.FOUND, sortable(at), to_json(standing)),
        )
        return standing

    def save(self, *standings: Standing) -> None:
        """Put down how these stand now: all of them or, with JournalError, none.

        Each step must be in the table of `lifecycle`; a photo whose members changed may only be found again. What a
        state needs (a proof of every file, a receipt) must be there.
        """
        with self._writing() as db:
            for standing in standings:
                _check(_get(db, standing.id), standing)
                _put(db, standing)

    def save_if_unchanged(self, changes: Iterable[tuple[Standing, Standing]]) -> list[Standing]:
        """Put down the second of each pair where the first is how that photo stands now; those that were put down.

        What another process changed since it was read (a person's answer, by `review`) stays as that process has it.
        """
        saved = []
        with self._writing() as db:
            for before, after in changes:
                if _known(db, before.id) != before:
                    continue
                _check(before, after)
                _put(db, after)
                saved.append(after)
        return saved

    def get(self, identity: PhotoId) -> Standing | None:
        """How this photo stands; None if it is not known, or private."""
        with self._reading() as db:
            return _known(db, identity)

    def standings(self, *states: State) -> list[Standing]:
        """The photos in these states (all, when none is given), the first found first."""
        chosen = states or tuple(State)
        marks = ",".join("?" * len(chosen))
        with self._reading() as db:
            rows = db.execute(
                f"SELECT standing FROM photo WHERE state IN ({marks}) ORDER BY found_at, seq",  # noqa: S608 - marks
                chosen,
            ).fetchall()
        return [_read(text) for (text,) in rows]

    def counts(self) -> dict[State, int]:
        """How many photos are in each state, zeros too; private ones by the tokens kept to skip them."""
        with self._reading() as db:
            found = dict(db.execute("SELECT state, COUNT(*) FROM photo GROUP BY state").fetchall())
            (skipped,) = db.execute("SELECT COUNT(*) FROM skip").fetchone()
        return {state: skipped if state is State.PRIVATE else found.get(state, 0) for state in State}

    def forget(self, identity: PhotoId) -> None:
        """Drop a photo whose file vanished before anything was sent; JournalError if something was.

        One that is not there any more, because another process settled it as private, is forgotten already.
        """
        with self._writing() as db:
            standing = _known(db, identity)
            if standing is None:
                return
            if standing.state not in NOT_YET_SENT:
                raise JournalError(f"Photo {identity} is {standing.state}: what was sent is not forgotten.")
            db.execute("DELETE FROM photo WHERE id = ?", (identity,))

    def forget_removed(self, before: datetime) -> int:
        """Drop what was removed before then; how many. The record has it, and a name need not stay here for ever."""
        with self._writing() as db:
            # Found before then, too: so that a run does not read all that went since, only to keep it.
            rows = db.execute(
                "SELECT standing FROM photo WHERE state = 'removed' AND found_at < ?", (sortable(before),)
            ).fetchall()
            old = [one.id for one in (_read(text) for (text,) in rows) if one.removed_at and one.removed_at < before]
            db.executemany("DELETE FROM photo WHERE id = ?", ((identity,) for identity in old))
        return len(old)

    # --- Private ---

    def make_private(self, identity: PhotoId, *, register_version: str | None) -> None:
        """Keep of this photo only what is needed to skip it. See `make_private_all`."""
        self.make_private_all([identity], register_version=register_version)

    def make_private_all(self, identities: Iterable[PhotoId], *, register_version: str | None) -> None:
        """Keep of these photos only a token each, good for this version of the register (None: a person said so).

        The token is an HMAC-SHA-256, under a random key that this journal alone has, of the main file's path, size and
        mtime: it says of a file that is here whether it was meant, and nothing about one that is not.
        """
        with self._writing() as db:
            for identity in identities:
                self._keep_token_only(db, _get(db, identity), register_version)

    def make_private_if_unchanged(self, standings: Iterable[Standing]) -> list[PhotoId]:
        """A person says that these are private: keep a token of each that still stands so; their ids."""
        with self._writing() as db:
            chosen = [standing for standing in standings if _known(db, standing.id) == standing]
            for standing in chosen:
                self._keep_token_only(db, standing, None)
        return [standing.id for standing in chosen]

    def _keep_token_only(self, db: sqlite3.Connection, standing: Standing, register_version: str | None) -> None:
        if not allowed(standing.state, State.PRIVATE):
            raise JournalError(f"Photo {standing.id} is {standing.state} and cannot become private.")
        db.execute("DELETE FROM photo WHERE id = ?", (standing.id,))
        db.execute(
            """INSERT INTO skip VALUES (?, ?) ON CONFLICT (token)
            DO UPDATE SET register_version = excluded.register_version WHERE register_version IS NOT NULL""",
            (self._skip_token(standing.photo.main), register_version),
        )

    def take_back_private(self, main: LocalFile) -> bool:
        """Forget that a person said the photo with this main file is private; False where nobody has said so of it."""
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
        # No path holds a NUL, so the three parts cannot run into one another.
        content = b"%b\0%d\0%d" % (os.fsencode(file.path), file.size, file.mtime_ns)
        return hmac.digest(self._salt, content, "sha256")

    # --- Facts ---

    def fact(self, name: str) -> str | None:
        """What was put down under `name`."""
        with self._reading() as db:
            row = db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_fact(self, name: str, value: str | None) -> None:
        """Put down something about this laptop (the last scan, since when the share is reachable); None drops it."""
        with self._writing() as db:
            if value is None:
                db.execute("DELETE FROM fact WHERE name = ?", (name,))
            else:
                db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))


def _get(db: sqlite3.Connection, identity: PhotoId) -> Standing:
    standing = _known(db, identity)
    if standing is None:
        raise JournalError(f"The journal knows no photo {identity}. `photo-agent status` lists those it knows.")
    return standing


def _known(db: sqlite3.Connection, identity: PhotoId) -> Standing | None:
    row = db.execute("SELECT standing FROM photo WHERE id = ?", (identity,)).fetchone()
    return None if row is None else _read(row[0])


def _read(text: str) -> Standing:
    try:
        return from_json(Standing, text)
    except (ValueError, TypeError, KeyError) as fault:
        raise JournalError(DAMAGED) from fault


def _put(db: sqlite3.Connection, standing: Standing) -> None:
    db.execute(
        "UPDATE photo SET path = ?, state = ?, standing = ? WHERE id = ?",
        (os.fsencode(standing.photo.main.path), standing.state, to_json(standing), standing.id),
    )


def _check(old: Standing, new: Standing) -> None:
    """JournalError unless `new` may follow `old`."""
    changed = _unchanged(old.photo, new.photo) is None
    if changed and not (new.state is State.FOUND and starts_again(old.state)):
        raise JournalError(f"Photo {new.id} has changed on disk: it must be found again, not go on as {new.state}.")
    if not changed and not allowed(old.state, new.state):
        raise JournalError(f"Photo {new.id} cannot go from {old.state} to {new.state}.")
    missing = new.lacks()
    if missing:
        raise JournalError(f"Photo {new.id} cannot be {new.state}: {missing}.")


def _unchanged(old: Photo, new: Photo) -> Photo | None:
    """`old` with `new`'s device and inode numbers if its members are the same, else None.

    The members' order is kept, because fingerprints go by it.
    """
    if old == new:
        return old
    now = {_look_of(member): member for member in new.members}
    if len(now) != len(old.members) or any(_look_of(member) not in now for member in old.members):
        return None
    return Photo(tuple(now[_look_of(member)] for member in old.members))


def _look_of(member: Member) -> Sequence[object]:
    return (member.role, member.file.path, member.file.size, member.file.mtime_ns)

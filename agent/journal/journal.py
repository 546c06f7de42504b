"""The journal: where each photo stands, durable, and nothing about what is private.

Every method that changes something is one transaction, on disk when it returns. Every step in it follows the one table
in `lifecycle`. It never reads a clock: times come in.
"""

import hmac
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Self

from agent.errors import JournalError
from agent.journal.codec import from_json, instant, to_json
from agent.journal.lifecycle import NOT_YET_SENT, State, allowed, starts_again
from agent.journal.looking import known_of, left_of, mounted_elsewhere, place_on_volume, same, seen_again
from agent.journal.requests import RequestQueue, sortable
from agent.journal.store import DAMAGED, as_journal_error, connect
from agent.journal.tracked import TrackedPhoto
from agent.model import LocalFile, Photo, PhotoId, VisitId, Volume

VolumeOf = Callable[[Path], Volume]
"""The volume that a folder lies on."""

_AWAY = """SELECT standing FROM photo WHERE state NOT IN ('removed', 'gone') AND standing LIKE '%"away":"%'
ORDER BY found_at, seq"""


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
        """Look at the photos of the folders; how each stands, in the order given, without those known to be private.

        Private is what a person said so, or what was found to be by this version of the register and was not touched
        since. A new photo is found now. One whose members have the sizes and times they had stands as it stood
        (`looking.seen_again` has the exceptions), with device and inode numbers as they are now. One that changed is
        found again. What is left of a photo of which half was removed is that photo.
        """
        with self._writing() as db:
            halves = _Halves(db)
            stood = (self._look(db, photo, at, register_version, volume_of, halves) for photo in photos)
            return [tracked for tracked in stood if tracked is not None]

    def _look(
        self,
        db: sqlite3.Connection,
        photo: Photo,
        at: datetime,
        register_version: str | None,
        volume_of: VolumeOf,
        halves: "_Halves",
    ) -> TrackedPhoto | None:
        volume = volume_of(photo.main.path.parent)
        old = _live(db, photo, volume) or halves.whole(photo) or halves.of_card(photo, volume)
        if old is None:
            if self._is_private(db, photo.main, volume, register_version):
                return None
            return self._find(db, photo, at, volume)
        new = seen_again(old, photo, at, volume)
        if new != old:
            _put(db, new)
        return new

    def _is_private(
        self, db: sqlite3.Connection, file: LocalFile, volume: Volume, register_version: str | None
    ) -> bool:
        token = self._skip_token(file)
        row = db.execute("SELECT register_version, mark FROM skip WHERE token = ?", (token,)).fetchone()
        if row is None:
            return False
        version, mark = row
        if version is None:
            return True  # a person's word holds for what has this path, size and time: it keeps the photo here
        return bool(version == register_version and mark == self._mark(token, file, volume))

    def _find(self, db: sqlite3.Connection, photo: Photo, at: datetime, volume: Volume) -> TrackedPhoto:
        identity = PhotoId(self._token())
        while db.execute("SELECT 1 FROM photo WHERE id = ?", (identity,)).fetchone():
            identity = PhotoId(self._token())
        tracked = TrackedPhoto(identity, photo, State.FOUND, at, at, volume=known_of(volume))
        db.execute(
            "INSERT INTO photo (id, path, volume, state, found_at, standing) VALUES (?, ?, ?, ?, ?, ?)",
            (
                identity,
                os.fsencode(photo.main.path),
                _volume_id(tracked),
                State.FOUND,
                sortable(at),
                to_json(tracked),
            ),
        )
        return tracked

    def save(self, *tracked_photos: TrackedPhoto) -> None:
        """Put down how these stand now: all of them or, with JournalError, none.

        Each step must be in the table of `lifecycle`; a photo whose members changed may only be found again. What a
        state needs (a proof of every file, a receipt) must be there.
        """
        with self._writing() as db:
            for tracked in tracked_photos:
                _check(_get(db, tracked.id), tracked)
                _put(db, tracked)

    def save_if_unchanged(self, changes: Iterable[tuple[TrackedPhoto, TrackedPhoto]]) -> list[TrackedPhoto]:
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

    def find_again(self, identity: PhotoId, photo: Photo, at: datetime) -> TrackedPhoto:
        """Start again with a photo that is not what it was decided on or proven, whatever its size and time say.

        Returns how it stands. JournalError where it is proven and not yet on record, or over.
        """
        with self._writing() as db:
            old = _get(db, identity)
            if old.state not in NOT_YET_SENT | {State.SENT, State.RECORDED}:
                raise JournalError(f"Photo {identity} is {old.state}: it cannot be found again as it is.")
            new = old.found_again(photo, at)
            _put(db, new)
        return new

    def send_again(self, *identities: PhotoId) -> None:
        """Of these recorded photos the share has lost what was proven there: they are decided, with no proof."""
        with self._writing() as db:
            for identity in identities:
                old = _get(db, identity)
                if old.state is not State.RECORDED:
                    raise JournalError(f"Photo {identity} is {old.state}: only one on record can be sent again.")
                _put(db, old.to_send_again())

    def get(self, identity: PhotoId) -> TrackedPhoto | None:
        """How this photo stands; None if it is not known, or private."""
        with self._reading() as db:
            return _known(db, identity)

    def tracked_photos(self, *states: State) -> list[TrackedPhoto]:
        """The photos in these states (all, when none is given), the first found first."""
        chosen = states or tuple(State)
        marks = ",".join("?" * len(chosen))
        with self._reading() as db:
            rows = db.execute(
                f"SELECT standing FROM photo WHERE state IN ({marks}) ORDER BY found_at, seq",  # noqa: S608 - marks
                chosen,
            ).fetchall()
        return [_read(text) for (text,) in rows]

    def away(self) -> list[TrackedPhoto]:
        """The photos, not over, in whose way something stands (`TrackedPhoto.away`)."""
        with self._reading() as db:
            rows = db.execute(_AWAY).fetchall()
        return [one for one in (_read(text) for (text,) in rows) if one.away is not None]

    def counts(self) -> dict[State, int]:
        """How many photos are in each state, zeros too; private ones by the tokens kept to skip them."""
        with self._reading() as db:
            found = dict(db.execute("SELECT state, COUNT(*) FROM photo GROUP BY state").fetchall())
            (skipped,) = db.execute("SELECT COUNT(*) FROM skip").fetchone()
        return {state: skipped if state is State.PRIVATE else found.get(state, 0) for state in State}

    def tally(self) -> dict[VisitId | None, dict[State, tuple[int, datetime | None]]]:
        """By visit (None: no visit is known yet) and state, how many photos there are and when the last was removed."""
        with self._reading() as db:
            rows = db.execute(
                """SELECT json_extract(standing, '$.decision.visit'), state, COUNT(*),
                MAX(json_extract(standing, '$.removed_at')) FROM photo GROUP BY 1, 2"""
            ).fetchall()
        found: dict[VisitId | None, dict[State, tuple[int, datetime | None]]] = {}
        for visit, state, count, removed in rows:
            by_state = found.setdefault(None if visit is None else VisitId(visit), {})
            by_state[State(state)] = count, None if removed is None else instant(removed)
        return found

    def forget(self, identity: PhotoId) -> None:
        """Drop a photo whose file vanished before anything was sent; JournalError if something was.

        One that is not there any more, because another process settled it as private, is forgotten already.
        """
        with self._writing() as db:
            tracked = _known(db, identity)
            if tracked is None:
                return
            if tracked.state not in NOT_YET_SENT:
                raise JournalError(f"Photo {identity} is {tracked.state}: what was sent is not forgotten.")
            db.execute("DELETE FROM photo WHERE id = ?", (identity,))

    def forget_removed(self, before: datetime) -> int:
        """Drop what was removed before then; how many. The record has it, and a name need not stay here for ever."""
        with self._writing() as db:
            # Found before then, too: so that a run does not read all that went since, only to keep it.
            rows = db.execute(
                "SELECT standing FROM photo WHERE state IN ('removed', 'gone') AND found_at < ?", (sortable(before),)
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
        mtime: it says of a file that is here whether it was meant, and nothing about one that is not. Beside it is one
        of its number and time of change, by which a rule's word (not a person's) ends when the file is touched.
        """
        with self._writing() as db:
            for identity in identities:
                self._keep_token_only(db, _get(db, identity), register_version)

    def make_private_if_unchanged(self, tracked_photos: Iterable[TrackedPhoto]) -> list[PhotoId]:
        """A person says that these are private: keep a token of each that still stands so; their ids."""
        with self._writing() as db:
            chosen = [tracked for tracked in tracked_photos if _known(db, tracked.id) == tracked]
            for tracked in chosen:
                self._keep_token_only(db, tracked, None)
        return [tracked.id for tracked in chosen]

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

    def _mark(self, token: bytes, file: LocalFile, volume: Volume) -> bytes:
        """What a touched file does not have any more; on cards, whose numbers mean nothing, the card."""
        number = b"%d\0%d" % (file.inode, file.changed_ns) if volume.steady else b""
        content = b"mark\0%b\0%b\0%b" % (token, (volume.id or "").encode(), number)
        return hmac.digest(self._salt, content, "sha256")

    # --- Facts ---

    def fact(self, name: str) -> str | None:
        """What was put down under `name`."""
        with self._reading() as db:
            row = db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def facts(self, prefix: str) -> dict[str, str]:
        """All that was put down under names that begin so."""
        with self._reading() as db:
            rows = db.execute("SELECT name, value FROM fact WHERE substr(name, 1, ?) = ?", (len(prefix), prefix))
            return {str(name): str(value) for name, value in rows}

    def set_fact(self, name: str, value: str | None) -> None:
        """Put down something about this laptop (the last scan, since when the share is reachable); None drops it."""
        with self._writing() as db:
            if value is None:
                db.execute("DELETE FROM fact WHERE name = ?", (name,))
            else:
                db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))

    def swap_fact(self, name: str, old: str, new: str | None) -> bool:
        """Put down `new` where `old` stands; False, and nothing done, where another process was faster."""
        with self._writing() as db:
            if new is None:
                done = db.execute("DELETE FROM fact WHERE name = ? AND value = ?", (name, old))
            else:
                done = db.execute("UPDATE fact SET value = ? WHERE name = ? AND value = ?", (new, name, old))
        return done.rowcount > 0


def _get(db: sqlite3.Connection, identity: PhotoId) -> TrackedPhoto:
    tracked = _known(db, identity)
    if tracked is None:
        raise JournalError(f"The journal knows no photo {identity}. `photo-agent status` lists those it knows.")
    return tracked


def _known(db: sqlite3.Connection, identity: PhotoId) -> TrackedPhoto | None:
    row = db.execute("SELECT standing FROM photo WHERE id = ?", (identity,)).fetchone()
    return None if row is None else _read(row[0])


def _read(text: str) -> TrackedPhoto:
    try:
        return from_json(TrackedPhoto, text)
    except (ValueError, TypeError, KeyError) as fault:
        raise JournalError(DAMAGED) from fault


def _put(db: sqlite3.Connection, tracked: TrackedPhoto) -> None:
    db.execute(
        "UPDATE photo SET path = ?, volume = ?, state = ?, standing = ? WHERE id = ?",
        (
            os.fsencode(tracked.photo.main.path),
            _volume_id(tracked),
            tracked.state,
            to_json(tracked),
            tracked.id,
        ),
    )


def _volume_id(tracked: TrackedPhoto) -> str:
    return "" if tracked.volume is None else tracked.volume.id or ""


def _live(db: sqlite3.Connection, photo: Photo, volume: Volume) -> TrackedPhoto | None:
    """The photo at this path, of this volume; a volume that is not known may be any."""
    rows = db.execute(
        "SELECT volume, standing FROM photo WHERE path = ? AND state NOT IN ('removed', 'gone') ORDER BY volume DESC",
        (os.fsencode(photo.main.path),),
    ).fetchall()
    fitting = [text for known, text in rows if not known or volume.id is None or known == volume.id]
    return _read(fitting[0]) if fitting else None


class _Halves:
    """Photos to be known by something else than their path: read once for a look, and only if asked for.

    Those on the share by what hangs on their main files; those on a card that was away by where they are on it.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._by_path: dict[Path, TrackedPhoto] | None = None
        self._by_card: dict[tuple[str, Path], TrackedPhoto] | None = None

    def whole(self, photo: Photo) -> TrackedPhoto | None:
        """The photo that all members of this one belong to."""
        if self._by_path is None:
            rows = self._db.execute("SELECT standing FROM photo WHERE state IN ('proven', 'recorded')").fetchall()
            known = [_read(text) for (text,) in rows]
            self._by_path = {member.file.path: one for one in known for member in one.photo.members[1:]}
        one = self._by_path.get(photo.main.path)
        return None if one is None or left_of(one.photo, photo) is None else one

    def of_card(self, photo: Photo, volume: Volume) -> TrackedPhoto | None:
        """The photo at this place of the same card, which is mounted elsewhere now."""
        place = place_on_volume(photo.main.path, volume)
        if place is None:
            return None
        if self._by_card is None:
            rows = self._db.execute(_AWAY).fetchall()
            known = (
                (one, place_on_volume(one.photo.main.path, one.volume)) for one in map(_read, (t for (t,) in rows))
            )
            self._by_card = {there: one for one, there in known if there is not None and not one.is_here}
        one = self._by_card.get(place)
        return None if one is None else mounted_elsewhere(one, volume)


def _check(old: TrackedPhoto, new: TrackedPhoto) -> None:
    """JournalError unless `new` may follow `old`."""
    changed = same(old.photo, new.photo) is None
    if changed and not (new.state is State.FOUND and starts_again(old.state)):
        raise JournalError(f"Photo {new.id} has changed on disk: it must be found again, not go on as {new.state}.")
    if not changed and not allowed(old.state, new.state):
        raise JournalError(f"Photo {new.id} cannot go from {old.state} to {new.state}.")
    missing = new.lacks()
    if missing:
        raise JournalError(f"Photo {new.id} cannot be {new.state}: {missing}.")

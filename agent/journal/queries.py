"""Reading the journal: photos by their state, numbers, times and facts. Nothing here changes anything.

Results that may be many come in chunks, or as the few columns that matter, so that a laptop with a hundred thousand
files needs no more memory than one with a thousand.
"""

import os
from array import array
from collections.abc import Container, Iterator
from datetime import datetime
from pathlib import Path

from agent.journal.codec import instant
from agent.journal.lifecycle import State
from agent.journal.requests import RequestQueue
from agent.journal.rows import AWAY, marks, photo_if_known, read_row
from agent.journal.tracked import OUT_OF_REACH, TrackedPhoto
from agent.model.ids import PhotoId, VisitId

CHUNK = 500
"""Photos in one transaction: enough that its fsync hardly costs, few enough to lose to a kill and to hold in memory."""


class Queries(RequestQueue):
    """Every query; a read-only connection is enough."""

    def get(self, identity: PhotoId) -> TrackedPhoto | None:
        """The photo with its state; None if it is not known, or private."""
        with self._reading() as db:
            return photo_if_known(db, identity)

    def tracked_photos(self, *states: State) -> list[TrackedPhoto]:
        """The photos in these states (all, if none is given), the first found first.

        If there may be many, use `chunks`, which never holds them all.
        """
        chosen = states or tuple(State)
        with self._reading() as db:
            rows = db.execute(
                f"SELECT standing FROM photo WHERE state IN ({marks(chosen)}) ORDER BY found_at, seq",  # noqa: S608
                chosen,
            )
            return [read_row(text) for (text,) in rows]

    def chunks(self, *states: State, but: Container[PhotoId] = ()) -> Iterator[list[TrackedPhoto]]:
        """The photos in these states, without those in `but`, the first found first, `CHUNK` at a time.

        They may be saved between two chunks: each photo that was in these states at the beginning comes once, as it is
        when its turn comes, if it is still in one of these states.
        """
        numbers = array("q")
        with self._reading() as db:
            rows = db.execute(
                f"SELECT seq, id FROM photo WHERE state IN ({marks(states)}) ORDER BY found_at, seq",  # noqa: S608
                states,
            )
            numbers.extend(seq for seq, identity in rows if identity not in but)
        for start in range(0, len(numbers), CHUNK):
            some = numbers[start : start + CHUNK]
            with self._reading() as db:
                rows = db.execute(
                    f"""SELECT seq, standing FROM photo
                    WHERE seq IN ({marks(some)}) AND state IN ({marks(states)})""",  # noqa: S608
                    (*some, *states),
                )
                texts = dict(rows.fetchall())
            yield [read_row(texts[seq]) for seq in some if seq in texts]

    def looks(self) -> Iterator[tuple[int, PhotoId, datetime]]:
        """Each photo that has not settled, and since when it looks the same; without those that are out of reach.

        The number of each is for `settle`.
        """
        with self._reading() as db:
            rows = db.execute(
                f"""SELECT seq, id, json_extract(standing, '$.looked_at') FROM photo WHERE state = 'found'
                AND coalesce(json_extract(standing, '$.away'), '') NOT IN ({marks(OUT_OF_REACH)})""",  # noqa: S608
                tuple(OUT_OF_REACH),
            )
            for number, identity, looked_at in rows:
                yield number, PhotoId(identity), instant(looked_at)

    def pauses(self) -> list[datetime]:
        """The times until which unfinished photos are put off, each time once."""
        with self._reading() as db:
            rows = db.execute(
                """SELECT DISTINCT json_extract(standing, '$.not_before') FROM photo
                WHERE state NOT IN ('removed', 'gone') AND standing LIKE '%"not_before":"%'"""
            ).fetchall()
        return [instant(text) for (text,) in rows if text is not None]

    def ended(self) -> list[TrackedPhoto]:
        """The photos whose earlier transfer ended, which the record does not show yet."""
        with self._reading() as db:
            rows = db.execute("""SELECT standing FROM photo WHERE standing LIKE '%"ended":{%' ORDER BY found_at, seq""")
            return [read_row(text) for (text,) in rows]

    def unsynced(self) -> list[TrackedPhoto]:
        """The photos on the share and still here, of which the server has not confirmed a file to be on its disk."""
        with self._reading() as db:
            rows = db.execute(
                """SELECT standing FROM photo WHERE state IN ('proven', 'recorded')
                AND standing LIKE '%"synced":false%' ORDER BY found_at, seq"""
            ).fetchall()
        found = (read_row(text) for (text,) in rows)
        return [one for one in found if any(not proof.synced for proof in one.proofs)]

    def away(self) -> list[TrackedPhoto]:
        """The unfinished photos that cannot be worked on (`TrackedPhoto.away`)."""
        with self._reading() as db:
            rows = db.execute(AWAY).fetchall()
        return [one for one in (read_row(text) for (text,) in rows) if one.away is not None]

    def counts(self) -> dict[State, int]:
        """How many photos are in each state, zeros too; private ones are counted by their tokens."""
        with self._reading() as db:
            found = dict(db.execute("SELECT state, COUNT(*) FROM photo GROUP BY state").fetchall())
            (skipped,) = db.execute("SELECT COUNT(*) FROM skip").fetchone()
        return {state: skipped if state is State.PRIVATE else found.get(state, 0) for state in State}

    def on_volume(self, volume: str | None, top: Path, since: datetime) -> dict[State, int]:
        """How many photos of a card are in each state; finished photos count only if they were removed since then.

        If the volume is not known, photos whose paths are below `top` count as being on it.
        """
        of_it = "volume = ?1" if volume else "substr(path, 1, length(?1)) = ?1"
        which = volume or os.fsencode(top / "_")[:-1]
        with self._reading() as db:
            rows = db.execute(
                f"""SELECT state, COUNT(*) FROM photo WHERE {of_it} AND (state NOT IN ('removed', 'gone')
                OR json_extract(standing, '$.removed_at') >= ?2) GROUP BY state""",  # noqa: S608
                (which, since.isoformat()),
            ).fetchall()
        return {State(state): count for state, count in rows}

    def version(self) -> tuple[int, int]:
        """A value that differs after every change, by this process or another; comparable in this process only."""
        with self._reading() as db:
            (others,) = db.execute("PRAGMA data_version").fetchone()
            return int(others), db.total_changes

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

    def fact(self, name: str) -> str | None:
        """The value stored under `name`."""
        with self._reading() as db:
            row = db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def facts(self, prefix: str) -> dict[str, str]:
        """All values stored under names with this prefix."""
        with self._reading() as db:
            rows = db.execute("SELECT name, value FROM fact WHERE substr(name, 1, ?) = ?", (len(prefix), prefix))
            return {str(name): str(value) for name, value in rows}

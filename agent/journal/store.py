"""The journal's file: opening it, one transaction at a time, and SQLite's faults in plain words.

A committed transaction survives a crash of the program or of the laptop (WAL, synchronous=FULL); an uncommitted one
leaves nothing. A file that is damaged or of a newer version is left unchanged and reported, never replaced: it knows
which photos were proven and not yet removed.
"""

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.errors import JournalError
from agent.files.closing import Closing
from agent.files.durable import make_folder
from agent.journal.migrations import VERSION, migrate

BUSY_SECONDS = 30.0


class Store(Closing):
    """One connection; one thread uses it (sqlite3 checks that), another thread opens its own."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        (self._version,) = connection.execute("PRAGMA data_version").fetchone()

    def close(self) -> None:
        """End the connection; a second call does no harm."""
        self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed and on disk when the block ends, undone if it raises."""
        with as_journal_error():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                # A full disk has rolled back already; a second ROLLBACK would hide the fault that matters.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with as_journal_error():
            yield self._db

    def changed_by_others(self) -> bool:
        """Whether another connection has written since the last call (or, the first time, since this one was opened).

        It reads only the file's header, where a query would read pages.
        """
        with self._reading() as db:
            (version,) = db.execute("PRAGMA data_version").fetchone()
        before, self._version = self._version, version
        return bool(before != version)

    def tidy(self) -> bool:
        """Leave nothing of deleted rows in the file or its log; False if another connection was reading just now.

        `secure_delete` zeroes deleted rows, but a row may have been copied when its page was split, and the log holds
        old pages until they are written back: so the file is rewritten from its live rows, and the log is emptied.
        """
        with as_journal_error():
            try:
                self._db.execute("VACUUM")
            except sqlite3.OperationalError as fault:
                if fault.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                    return False
                raise
            busy, _, _ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """The file at `path`, created or brought up to date if need be; JournalError if it cannot be trusted."""
    if read_only and not path.exists():
        raise JournalError("There is no journal on this laptop yet. The first `photo-agent sync` creates it.")
    with as_journal_error():
        if not read_only:
            _make(path)
        mode = "ro" if read_only else "rw"
        db = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_SECONDS, isolation_level=None
        )
        try:
            _prepare(db, read_only=read_only)
        except BaseException:
            db.close()
            raise
    return db


def _make(path: Path) -> None:
    """Create an empty file that only its owner can read, in a folder that only its owner can enter.

    An existing file is not opened here: closing it would end the locks of all connections that this process has to it
    (POSIX), and another process that finishes would then delete the log that they use.
    """
    try:
        make_folder(path.parent)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        if not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as fault:
        raise JournalError(
            f"The journal cannot be opened for writing: {fault.strerror}. "
            "Check that the state folder (state_dir in agent.toml) belongs to you."
        ) from fault


def _prepare(db: sqlite3.Connection, *, read_only: bool) -> None:
    db.execute("PRAGMA foreign_keys=ON")
    db.execute("PRAGMA temp_store=MEMORY")  # so that no row of ours is in a temporary file elsewhere
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise JournalError(
            "The journal on this laptop was written by a newer version of photo-agent. "
            "Install that version or a later one; nothing was changed."
        )
    if read_only:
        if version < VERSION:
            raise JournalError(
                "The journal is of an older version. Run `photo-agent sync` once to bring it up to date."
            )
        return
    db.execute("PRAGMA secure_delete=ON")
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA fullfsync=ON")  # macOS: through the drive's cache; no effect elsewhere
    if version < VERSION:
        migrate(db)
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise JournalError(DAMAGED)


DAMAGED = (
    "The journal on this laptop is damaged. Nothing was changed. Ask IT to make a copy of the state folder, then move "
    "the journal and the files beside it (ending in -wal and -shm) away: the next run finds every photo again. A photo "
    "that is on the share already is not sent twice: it is read back there and so proven."
)


@contextmanager
def as_journal_error() -> Iterator[None]:
    """Raise sqlite's faults as JournalErrors that say what to do."""
    try:
        yield
    except sqlite3.DatabaseError as fault:
        raise JournalError(_in_words(fault)) from fault


def _in_words(fault: sqlite3.DatabaseError) -> str:
    primary = getattr(fault, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary result code
    match primary:
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return DAMAGED
        case sqlite3.SQLITE_FULL:
            return "The journal cannot be written: this laptop's disk is full. Make room; the next run continues here."
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"The journal was busy for {BUSY_SECONDS:.0f} seconds: another program is using it. Try again."
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
            return (
                "The journal cannot be written. Check that the state folder (state_dir in agent.toml) belongs to you."
            )
        case _:
            return f"The journal cannot be read or written ({fault}). Check the disk, then try again."

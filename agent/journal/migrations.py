"""The tables of the journal's file, as steps from one `user_version` to the next. A released step never changes.

Nothing private has a column. For a private photo `skip` stores a keyed hash and the version of the register that left
it out, ordered by hash, so that not even a sequence shows.
"""

import secrets
import sqlite3

STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE salt (only INTEGER PRIMARY KEY CHECK (only = 1), value BLOB NOT NULL)""",
        """CREATE TABLE photo (
            seq INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            path BLOB NOT NULL,          -- the main file's, as the file system spells it
            state TEXT NOT NULL,
            found_at TEXT NOT NULL,      -- UTC in a fixed width, so that it sorts
            standing TEXT NOT NULL       -- all of it, as JSON
        )""",
        # A path belongs to one photo at a time; photos removed from it earlier stay in the table.
        """CREATE UNIQUE INDEX photo_by_path ON photo (path) WHERE state <> 'removed'""",
        """CREATE INDEX photo_by_state ON photo (state, found_at)""",
        """CREATE TABLE skip (
            token BLOB PRIMARY KEY,
            register_version TEXT        -- NULL: a person said so, for good
        ) WITHOUT ROWID""",
        """CREATE TABLE request (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            asked_at TEXT NOT NULL,
            paths TEXT NOT NULL,
            finished_at TEXT             -- UTC in a fixed width
        )""",
        """CREATE TABLE event (
            request INTEGER NOT NULL REFERENCES request (id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            body TEXT NOT NULL,
            PRIMARY KEY (request, number)
        ) WITHOUT ROWID""",
        """CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID""",
    ),
    (
        # Two cards of one make have the same name and are mounted at the same place: a path alone is not enough.
        """ALTER TABLE photo ADD COLUMN volume TEXT NOT NULL DEFAULT ''""",
        """DROP INDEX photo_by_path""",
        """CREATE UNIQUE INDEX photo_by_path ON photo (path, volume) WHERE state NOT IN ('removed', 'gone')""",
        # A keyed hash of the file's number and time of change: if it differs, a rule's answer no longer holds.
        """ALTER TABLE skip ADD COLUMN mark BLOB""",
    ),
    (
        # What a person said about a card, as JSON: the offer that was shown and the answer. NULL: a `sync`.
        """ALTER TABLE request ADD COLUMN card TEXT""",
    ),
)

VERSION = len(STEPS)


def migrate(db: sqlite3.Connection) -> None:
    """All steps that are still needed, in one transaction: after a crash none or all of them are done."""
    db.execute("BEGIN IMMEDIATE")
    try:
        # Read again under the lock: another process may have been first.
        (version,) = db.execute("PRAGMA user_version").fetchone()
        for step in STEPS[version:]:
            for statement in step:
                db.execute(statement)
        if version == 0:
            db.execute("INSERT INTO salt VALUES (1, ?)", (secrets.token_bytes(32),))
        db.execute(f"PRAGMA user_version={VERSION}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise

"""A photo's life: its states, and the one table of steps from one to the next.

::

    found → settled → decided → sent → proven → recorded → removed
                  ↘ review ↗                              ↘ gone
                  ↘ private            (left alone; the journal stores only enough to skip it)
                  ↘ refused            (cannot be sent in this form: says why, and stays)

Three rules complete the table, each with its own name:

- *Staying* is always allowed: a tracked photo is saved again with a new reason or a later `not_before`.
- *Starting again* (`starts_again`): a file that changed is another file. All that was learned about it no longer
  holds, so from every state but `removed` and `gone` it goes back to `found`. (Before it is proven, a photo that only
  may have changed goes back to `settled`, and is decided afresh.)
- *Sending again* (`Journal.send_again`): a recorded photo whose copy on the share was lost becomes decided, without a
  proof.

Waiting is not a state: a photo waits **in the state it has reached**, until `not_before` and for a `reason`. So none of
its progress is lost while it waits, a proven photo that cannot be removed yet is never sent again, and the table has no
way around a proof.

Pure: no I/O, no clock.
"""

from enum import StrEnum


class State(StrEnum):
    """How far a photo has come."""

    FOUND = "found"  # seen in a folder; may still be growing
    SETTLED = "settled"  # at rest and readable to its end
    DECIDED = "decided"  # of a visit: to be sent
    SENT = "sent"  # all bytes are on the share under temporary names
    PROVEN = "proven"  # the share holds it under its final name, read back
    RECORDED = "recorded"  # the record has its entry: now it may be removed here
    REMOVED = "removed"  # removed here by this program, which saw the file go
    GONE = "gone"  # sent and no longer here, but this program did not see it go; or not worth waiting for
    REVIEW = "review"  # a person decides
    PRIVATE = "private"  # left alone; never a row, only a token to skip it by
    REFUSED = "refused"  # cannot be sent in this form


TRANSITIONS: dict[State, frozenset[State]] = {
    State.FOUND: frozenset({State.SETTLED, State.REFUSED}),
    State.SETTLED: frozenset({State.DECIDED, State.REVIEW, State.PRIVATE, State.REFUSED}),
    # Back to settled: a changed register re-decides unsent photos. Straight to proven: the share had it already.
    State.DECIDED: frozenset({State.SENT, State.PROVEN, State.SETTLED, State.REFUSED}),
    # Back to decided: the connection was cut, the temporary files are gone, the upload must be repeated.
    State.SENT: frozenset({State.PROVEN, State.DECIDED}),
    State.PROVEN: frozenset({State.RECORDED}),
    # A photo that cannot be removed stays recorded, with a reason: it is on the share and in the record, for good.
    State.RECORDED: frozenset({State.REMOVED, State.GONE}),
    State.REMOVED: frozenset(),
    State.GONE: frozenset(),
    State.REVIEW: frozenset({State.DECIDED, State.PRIVATE, State.SETTLED}),
    State.PRIVATE: frozenset(),
    # Private: a person says so about a photo that cannot be read.
    State.REFUSED: frozenset({State.SETTLED, State.FOUND, State.PRIVATE}),
}
"""The states that may follow each state."""

OVER = frozenset({State.REMOVED, State.GONE})
"""Final states: another photo may have the same path."""

NOT_YET_SENT = frozenset({State.FOUND, State.SETTLED, State.DECIDED, State.REVIEW, State.REFUSED})
"""States in which nothing of the photo is on the share: it may be forgotten once its file is gone."""


def allowed(old: State, new: State) -> bool:
    """Whether a photo whose file has not changed may go from `old` to `new`."""
    return old is new or new in TRANSITIONS[old]


def starts_again(old: State) -> bool:
    """Whether a photo in `old` goes back to `found` when its file has changed: always, unless it is finished."""
    return old not in OVER

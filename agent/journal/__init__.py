"""The state of each photo, stored durably.

The pipeline writes down what it intends before each side effect and the result after it: after a crash it reads here
how far each photo had come and repeats that step. `lifecycle` is the one table of allowed steps; `TrackedPhoto`
is a photo with all that was learned about it; `Journal` stores them in SQLite (WAL, synchronous=FULL) through `rows`,
and `queries` reads them. Of a private photo only a keyed hash is stored, enough to skip it.
`sync` hands its work to a running service through `Journal.ask`.
"""

from agent.journal.journal import Journal
from agent.journal.lifecycle import OVER, TRANSITIONS, State, allowed, starts_again
from agent.journal.queries import CHUNK
from agent.journal.requests import SyncRequest
from agent.journal.tracked import Ended, TrackedPhoto, has_to_wait

__all__ = [
    "CHUNK",
    "OVER",
    "TRANSITIONS",
    "Ended",
    "Journal",
    "State",
    "SyncRequest",
    "TrackedPhoto",
    "allowed",
    "has_to_wait",
    "starts_again",
]

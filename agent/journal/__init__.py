"""The state of each photo, stored durably.

The pipeline writes down what it intends before each side effect and the result after it: after a crash it reads here
how far each photo had come and repeats that step. `lifecycle` is the one table of allowed steps; `TrackedPhoto` is a
photo with everything learned about it; `Journal` stores them in SQLite (WAL, synchronous=FULL), in `rows`, and
`queries` reads them. For a private photo only a keyed hash is stored, enough to skip it. `sync` hands its work to a
running service through `Journal.ask`; the staff page passes on an answer about a card through `Journal.answer_card`.
"""

from agent.journal.journal import Journal
from agent.journal.lifecycle import OVER, TRANSITIONS, State, allowed, starts_again
from agent.journal.queries import CHUNK
from agent.journal.requests import CardAnswer, CardSaid, SyncRequest
from agent.journal.tracked import Ended, TrackedPhoto, has_to_wait

__all__ = [
    "CHUNK",
    "OVER",
    "TRANSITIONS",
    "CardAnswer",
    "CardSaid",
    "Ended",
    "Journal",
    "State",
    "SyncRequest",
    "TrackedPhoto",
    "allowed",
    "has_to_wait",
    "starts_again",
]

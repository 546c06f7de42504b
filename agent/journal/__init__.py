"""Where each photo stands, durable.

The pipeline puts down what it intends before each side effect and what came of it after: after a crash it reads here
how far each photo had come and repeats that step. `lifecycle` is the one table of allowed steps; `TrackedPhoto` is a
photo with all that was learned about it; `Journal` keeps them in SQLite (WAL, synchronous=FULL). Of a private photo
only a keyed hash is kept, enough to skip it. `sync` hands its work to a running service through `Journal.ask`.
"""

from agent.journal.journal import Journal
from agent.journal.lifecycle import OVER, TRANSITIONS, State, allowed, starts_again
from agent.journal.requests import SyncRequest
from agent.journal.tracked import Ended, TrackedPhoto

__all__ = ["OVER", "TRANSITIONS", "Ended", "Journal", "State", "SyncRequest", "TrackedPhoto", "allowed", "starts_again"]

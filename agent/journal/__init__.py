"""Where each photo stands, durable.

The pipeline writes here what it intends before each side effect, and the result after it. After a crash it reads here
how far each photo had come and repeats that step. `lifecycle` is the one table of allowed steps; `TrackedPhoto`
is a photo with all that was learned about it; `Journal` stores them in SQLite (WAL, synchronous=FULL). Of a private
photo it stores only a keyed hash, enough to skip it. `sync` hands its work to a running service through `Journal.ask`.
"""

from agent.journal.journal import Journal
from agent.journal.lifecycle import OVER, TRANSITIONS, State, allowed, starts_again
from agent.journal.requests import SyncRequest
from agent.journal.tracked import Ended, TrackedPhoto

__all__ = ["OVER", "TRANSITIONS", "Ended", "Journal", "State", "SyncRequest", "TrackedPhoto", "allowed", "starts_again"]

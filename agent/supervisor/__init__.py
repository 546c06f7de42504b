"""The background service: when to scan, retry, renew the register, and stop.

`Supervisor` is its loop. `timers` says when a run is due, from times that are passed in. `audiences` follow a run: the
log, or a `sync` that handed over. `notices` shows results on the desktop, and `logged` writes to the system's event
log. `cards` handles cards that are put in, each in a run of its own (`cardrun`, `cardnotices`). `restarts` slows down a
service that keeps ending with a fault. `replaced` notices a newer version that was installed over the running one.
"""

from agent.supervisor.logged import RunLogged
from agent.supervisor.loop import Supervisor, knock_at
from agent.supervisor.notices import RunNotices
from agent.supervisor.replaced import Installed
from agent.supervisor.restarts import Restarts, faults_in_a_row
from agent.supervisor.timers import Backoff, Timers, put_back, slept

__all__ = [
    "Backoff",
    "Installed",
    "Restarts",
    "RunLogged",
    "RunNotices",
    "Supervisor",
    "Timers",
    "faults_in_a_row",
    "knock_at",
    "put_back",
    "slept",
]

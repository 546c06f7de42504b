"""The background service: when to scan, retry, renew the register, and stop.

`Supervisor` is its loop; `timers` says when a run is due, from moments that are handed to it; `audiences` are who hears
of a run: the log, or a `sync` that handed over; `notices` is what the desktop shows of it, `logged` what the system's
event log gets; `cards` sees to cards that are put in, in runs of their own (`cardrun`, `cardnotices`); `restarts` holds
back a service that a fault ends again and again.
"""

from agent.supervisor.logged import RunLogged
from agent.supervisor.loop import Supervisor, knock_at
from agent.supervisor.notices import RunNotices
from agent.supervisor.restarts import Restarts, faults_in_a_row
from agent.supervisor.timers import Backoff, Timers, put_back, slept

__all__ = [
    "Backoff",
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

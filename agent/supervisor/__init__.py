"""The background service: when to scan, retry, renew the register, and stop.

`Supervisor` is its loop; `timers` says when a run is due, from moments that are handed to it; `audiences` are who hears
of a run: the log, or a `sync` that handed over.
"""

from agent.supervisor.loop import Supervisor, knock_at
from agent.supervisor.timers import Backoff, Timers, put_back, slept

__all__ = ["Backoff", "Supervisor", "Timers", "knock_at", "put_back", "slept"]

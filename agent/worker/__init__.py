"""Jobs in a process of their own, because an import folder may contain anything and much code reads photos.

`Worker` asks a child process (serve) over a pair of pipes (wire, child_process). The child has limits on memory,
processor time and time (limits), writes no file if the system can enforce that, and ends when the pipe from its parent
does. If a file ends the child, another is started and the file gets one more try; then it is `Unreadable`, and is not
read again (job_queue). Every answer is treated as mere text: no pickles, and the caller checks each value. This room
knows no other room: whoever makes a `Worker` gives it the jobs that it may do.

Names are imported when they are first used: the child needs nothing of what starts and asks it.
"""

from typing import TYPE_CHECKING

from agent.lazy import names_of

if TYPE_CHECKING:
    from agent.worker.client import Worker as Worker
    from agent.worker.job_queue import Unreadable as Unreadable
    from agent.worker.jobs import Job as Job
    from agent.worker.limits import DECODING as DECODING
    from agent.worker.limits import READING as READING
    from agent.worker.limits import Enforcement as Enforcement
    from agent.worker.limits import Imposed as Imposed
    from agent.worker.limits import Limits as Limits
    from agent.worker.wire import Fields as Fields
    from agent.worker.wire import Garbled as Garbled

_HOME = {
    "DECODING": "limits",
    "Enforcement": "limits",
    "Fields": "wire",
    "Garbled": "wire",
    "Imposed": "limits",
    "Job": "jobs",
    "Limits": "limits",
    "READING": "limits",
    "Unreadable": "job_queue",
    "Worker": "client",
}

__all__ = sorted(_HOME)  # noqa: PLE0605  # a list; ruff does not see through sorted()

__getattr__ = names_of(__name__, _HOME)

"""Jobs in a process of their own, because an import folder may contain anything and much code reads photos.

`Worker` asks a child process (serve) over a pair of pipes (wire, child_process). The child has limits on memory,
processor time and time (limits), writes no file if the system can enforce that, and ends when the pipe from its parent
does. If a file ends the child, another is started and the file gets one more try; then it is `Unreadable`, and is not
read again (job_queue). Every answer is treated as mere text: no pickles, and the caller checks each value. This room
knows no other room: whoever makes a `Worker` gives it the jobs that it may do.
"""

from agent.worker.client import Worker
from agent.worker.job_queue import Unreadable
from agent.worker.jobs import Job
from agent.worker.limits import DECODING, READING, Enforcement, Imposed, Limits
from agent.worker.wire import Fields, Garbled

__all__ = [
    "DECODING",
    "READING",
    "Enforcement",
    "Fields",
    "Garbled",
    "Imposed",
    "Job",
    "Limits",
    "Unreadable",
    "Worker",
]

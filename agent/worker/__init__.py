"""Jobs in a process of their own, for an import folder may hold anything, and photos are read by a lot of code.

`Worker` asks a child process (serve) over a pair of pipes (wire, child_process). The child has limits on memory,
processor time and time (limits), writes no file where the system can see to that, and ends when the pipe from its
parent does. Where a file ends the child, another is started and the file gets one more try; then it is `Unreadable`,
and is not asked for again (job_queue). Nothing that comes back is believed to be more than text: no pickles, and who
asked checks each value. This room knows no other: whoever makes a `Worker` gives it the jobs that it may do.
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

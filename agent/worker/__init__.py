"""Reading in a process of its own, for an import folder may hold anything, and photos are read by a lot of code.

`CaptureWorker` asks a child process (serve) over a pair of pipes (wire, line). The child has limits on memory,
processor time and time (limits), writes no file where the system can see to that, and ends when the pipe from its
parent does. Where a file ends the child, another is started and the file gets one more try; then it is `Unreadable`,
and is not asked for again (errands). Nothing that comes back is believed to be more than text: no pickles, and each
value is checked. Other rooms' functions that take files apart run there as jobs.
"""

from agent.worker.client import CaptureWorker, ReadRequest
from agent.worker.job_queue import Unreadable
from agent.worker.jobs import Job
from agent.worker.limits import DECODING, READING, Enforcement, Imposed, Limits

__all__ = [
    "DECODING",
    "READING",
    "CaptureWorker",
    "Enforcement",
    "Imposed",
    "Job",
    "Limits",
    "ReadRequest",
    "Unreadable",
]

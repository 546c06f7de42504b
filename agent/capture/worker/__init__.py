"""Reading in a process of its own, for an import folder may hold anything, and photos are read by a lot of code.

`CaptureWorker` asks a child process (serve) over a pair of pipes (wire, line). The child has limits on memory,
processor time and time (limits), writes no file where the system can see to that, and ends when the pipe from its
parent does. Where a file ends the child, another is started and the file gets one more try; then it is `Unreadable`,
and is not asked for again (errands). Nothing that comes back is believed to be more than text: no pickles, and each
value is checked. Other rooms' functions that take files apart run there as guests.
"""

from agent.capture.worker.client import CaptureWorker, Request
from agent.capture.worker.errands import Unreadable
from agent.capture.worker.guests import Guest
from agent.capture.worker.limits import DECODING, READING, Held, Imposed, Limits

__all__ = ["DECODING", "READING", "CaptureWorker", "Guest", "Held", "Imposed", "Limits", "Request", "Unreadable"]

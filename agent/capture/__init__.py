"""When, where and by which camera: what a file itself says, and how far that can be believed.

`read` opens a file within bounds (bounded, opening), recognises it by its content (sniff), has that container's reader
collect what stands there (jpeg, tiff and exif, …) as `evidence`, and lets one judge make a capture of it (judge, with
clock, gps and names). Readers do not judge and the judge does not read; the judge is pure. Nothing a file contains can
raise, loop, or cost more than the bounds.

An import folder may hold anything, so the program itself reads through a `CaptureWorker`: the same, and `decodes`, in
processes of their own with limits that the system holds them to, and where other rooms' readers are jobs (worker).
"""

from agent.capture.decoding import decodes
from agent.capture.reading import read
from agent.worker import CaptureWorker, Enforcement, Imposed, Job, ReadRequest, Unreadable

__all__ = ["CaptureWorker", "Enforcement", "Imposed", "Job", "ReadRequest", "Unreadable", "decodes", "read"]

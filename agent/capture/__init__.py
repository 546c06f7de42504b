"""When, where and by which camera: what a file itself says, and how far that can be believed.

`read` opens a file within bounds (bounded, opening), recognises it by its content (sniff), has that container's reader
collect what stands there (jpeg, tiff and exif, …) as `evidence`, and lets one judge make a capture of it (judge, with
clock, gps and names). Readers do not judge and the judge does not read; the judge is pure. Nothing a file contains can
raise, loop, or cost more than the bounds.

An import folder may hold anything, so the program itself reads through a `PhotoReader`: the same, and `decodes`, as
jobs of a worker, in processes with limits that the system holds them to.
"""

from agent.capture.decoding import decodes
from agent.capture.reader import PhotoReader, ReadRequest
from agent.capture.reading import read

__all__ = ["PhotoReader", "ReadRequest", "decodes", "read"]

"""When, where and by which camera a photo was taken: what the file itself says, and how far it can be trusted.

`read` opens a file within bounds (bounded, opening), recognises its format by its content (sniff), has the reader for
that container collect `evidence` (jpeg, tiff and exif, …), and passes it to the judge, which makes a capture of it
(judge, with clock, gps and names). Readers do not judge and the judge does not read; the judge is pure. No file content
can raise, loop, or cost more than the bounds.

An import folder may contain anything, so the program itself reads through a `PhotoReader`: the same `read`, and
`decodes`, run as jobs of a worker, in processes whose limits the system enforces.
"""

from agent.capture.decoding import decodes
from agent.capture.reader import PhotoReader, ReadRequest
from agent.capture.reading import read

__all__ = ["PhotoReader", "ReadRequest", "decodes", "read"]

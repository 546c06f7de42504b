"""The visit, written into the photo, and removed again without a trace.

A photo on the share should show by itself which visit it is from. `plan` reads a photo's head and returns a `Splice`
(one XMP segment, inserted while the photo is streamed to the share; the file on the laptop is only read) or a
`NeedsSidecar`: then `sidecar` makes the content of `NAME.EXT.xmp`. `untag` rebuilds, from the file on the share, the
original byte for byte, and proves it by the fingerprint in the tag; `read_tag` returns the tag of a file.

Inside: `tag` (its content), `packet` (its form in XMP, alone or merged into another program's), `markup` (XML that is
changed without being rewritten), `head` (a JPEG's segments), `reach` (Exif blocks that point outside themselves),
`splice`, `sidecar`, `undo`; and `jobs`, through which `plan` and merging run in a process of their own.
"""

from agent.tagging.sidecar import sidecar
from agent.tagging.splice import NeedsSidecar, plan
from agent.tagging.tag import Tag, TagKind
from agent.tagging.undo import Untagged, read_tag, untag, untagged_chunks

__all__ = ["NeedsSidecar", "Tag", "TagKind", "Untagged", "plan", "read_tag", "sidecar", "untag", "untagged_chunks"]

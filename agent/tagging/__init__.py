"""The visit, written into the photo, and taken out again without a trace.

A photo on the share should say for itself which visit it is from. `plan` looks at a photo's head and answers with a
`Splice` (one XMP segment, put in while the photo is streamed to the share; the file on the laptop is only read) or with
`NeedsSidecar`: then `sidecar` makes the content of `NAME.EXT.xmp`. `untag` gives back, from what the share holds, the
original byte for byte, and proves it by the fingerprint in the tag; `read_tag` says what a file is tagged with.

Inside: `tag` (what is said), `packet` (how XMP says it, alone or merged into another program's), `markup` (XML that is
changed without being rewritten), `head` (a JPEG's segments), `reach` (Exif blocks that point out of themselves),
`splice`, `sidecar`, `undo`; and `jobs`, by which `plan` and merging run in a process of their own.
"""

from agent.tagging.sidecar import sidecar
from agent.tagging.splice import NeedsSidecar, plan
from agent.tagging.tag import Tag, TagKind
from agent.tagging.undo import Untagged, read_tag, untag, untagged_chunks

__all__ = ["NeedsSidecar", "Tag", "TagKind", "Untagged", "plan", "read_tag", "sidecar", "untag", "untagged_chunks"]

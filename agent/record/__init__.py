"""The record: what was transferred and removed, written so that any change, gap, reordering or forgery shows.

The pipeline appends an entry when a photo is proven on the share, before it is removed here, and another when it is
gone. `bodies` has a dataclass for what each kind of entry says (nothing private), and `entry` makes its line. Each line
gets a `leaf`, a salted commitment; the leaves make the `tree` of RFC 6962. So an entry can be erased (`erasing`) and
every proof still holds. `Record` stores lines and leaves durably. After a run a seal (`seals`) signs the tree's head: a
`checkpoint` in a signed `note`, by the log key (`keys`), which can be replaced (`rotation`).

What is sealed is sent to the share (`publish`) in files that are written once. `published` describes these files, for
other people's programs too. Reviewing the record, on this laptop or elsewhere, is the work of `agent.audit`.
"""

from agent.record.ecs import to_ecs
from agent.record.entry import Draft, Entry
from agent.record.kinds import EntryKind
from agent.record.record import Record
from agent.record.values import JSON

__all__ = ["JSON", "Draft", "Entry", "EntryKind", "Record", "to_ecs"]

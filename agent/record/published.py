"""What lies on the share under `record/<device>/`, for whoever reads it: IT, the witness, other people's verifiers.

Every publication is one file, which is written once and never again. IT's side gathers older ones into bundles, of the
same format. With `FIRST` the index of its first entry, `LAST` of its last, `SIZE = LAST + 1` how many entries the
record then has (all nine digits, so that names sort), and `ROOT` the first sixteen hex digits of the tree's root at
that size::

    publication-FIRST-LAST-ROOT.txt    one publication
    bundle-FIRST-LAST-ROOT.txt         several that follow one another, gathered

The first publication begins at 0, each other where the one before it ended. The file has, one behind the other:

1. a line ``visit-photo-agent record 1 NOTES CHECK``. NOTES lists the signed notes that follow, with their lengths in
   bytes and a comma between them: `c231` is a checkpoint, `r412` a rotation. CHECK is the first eight hex digits of
   the SHA-256 of what is before it and its space; it tells damage from a file that was cut, and proves nothing;
2. those notes: of each publication its rotation, if the log key was changed, and then its checkpoint;
3. the leaves, 130 bytes for each entry from FIRST to LAST;
4. the entries, up to the end of the file.

Older records have each of these in a file of its own, and such files remain valid::

    segment-FIRST-LAST-ROOT.jsonl      the entries
    leaves-FIRST-LAST-ROOT.txt         what the tree is made of, and the salts
    checkpoint-SIZE-ROOT.txt           the tree's head, signed
    rotation-SIZE-ROOT.txt             a new log key, signed by the old one

A bundle may lie beside files of the same entries, if its making was cut off; they must then say the same.

*The entries* are one a line, ended by a line feed: canonical JSON (RFC 8785) of `at`, `body`, `device`, `event`,
`index`, `kind` and, where the share was connected, `share_at`: the same moment as `at`, by the share's clock.
config/record.schema.json says what each may hold. An entry that was erased on request (GDPR, Art. 17) leaves
``{"erased":true,"index":N}`` and spaces up to the length it had; it is right only where a later entry of kind "erased"
names N.

*The leaves* have one line for each entry, of 130 bytes: `DATA`, a space, `SALT`, a line feed; both are 64
lower-case hex digits. SALT is random; of an erased entry it is zeros. DATA is SHA-256 over the 32 bytes of the salt
followed by the entry's line without its line feed. What the tree hashes are the 32 bytes of DATA, by RFC 6962 (and
9162): the hash of a leaf is SHA-256(0x00 || DATA), of a node SHA-256(0x01 || left || right). So every proof holds when
an entry and its salt are gone, and DATA alone says nothing about what it was.

*A checkpoint* is a C2SP tlog-checkpoint in a C2SP signed-note: the lines `visit-photo-agent/<device>`, the size, the
root in base64; an empty line; then the line `— visit-photo-agent/<device> <base64>` of its one signature (Ed25519, key
id as signed-note has it). IT enrols the verifier key that `photo-agent log key` prints: `name+id+base64`.

*A rotation* is a signed note as well, by the old key and by the new: the lines `visit-photo-agent/<device>`, `key
rotation`, the size, the old verifier key, the new one. The old key signs checkpoints up to that size, the new one all
larger ones; the last entry up to that size is the "key-rotated" that names the new key. Where the old key was lost,
only the new one signs, and that entry is the next one.

*Another name.* A laptop that is renamed begins a new record, in a folder of the new name. The last entry under the old
name and the first under the new one are of kind "renamed"; the latter says how many entries the old record had, and the
root of its last signed tree. Files of the old record that could not be sent to its own folder any more lie in the new
one, each name with `was-<old device>-` before it; they are signed as part of the old record.

Anyone may check a copy with `sha256sum` and this page; `photo-agent log verify` does all of this.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from agent.model.ids import RemoteName

LARGEST = 64 * 1024 * 1024
"""Most bytes of a published file. The agent makes no file above a fifth of this, and no bundle above half."""

ORIGIN = "visit-photo-agent/"
"""Before the device's name: what its checkpoints call the log, and the name of its keys."""


class Part(StrEnum):
    """Which of a publication's files this is."""

    SEGMENT = "segment"
    LEAVES = "leaves"
    CHECKPOINT = "checkpoint"
    ROTATION = "rotation"
    PUBLICATION = "publication"
    BUNDLE = "bundle"


PACKED = frozenset({Part.PUBLICATION, Part.BUNDLE})
"""Those files that have all parts in one."""


@dataclass(frozen=True, slots=True)
class Name:
    """What a published file's name says. `first` is None for notes; `size` counts all entries up to its last.

    `choice` is 1, or n if the name was taken on the share and `-n` was appended to it. `former` is the device whose
    record it belongs to, if it lies in the folder of another.
    """

    part: Part
    first: int | None
    size: int
    root: str
    choice: int = 1
    former: str | None = None


def origin(device: str) -> str:
    """What the log of this device is called in its checkpoints."""
    return ORIGIN + device


def folder(device: str) -> str:
    """Where on the share the record of this device lies."""
    return f"record/{device}"


def remote(device: str, name: str, holder: str | None = None) -> RemoteName:
    """A published file's place on the share; `holder` is the device in whose folder it lies, if that is another."""
    if holder is None or holder == device:
        return RemoteName(f"{folder(device)}/{name}")
    return RemoteName(f"{folder(holder)}/was-{device}-{name}")


def publication_name(first: int, size: int, root: bytes) -> str:
    """The file of the entries from `first` up to, and without, `size`, with their leaves and notes."""
    return f"publication-{first:09}-{size - 1:09}-{root.hex()[:16]}.txt"


def bundle_name(first: int, size: int, root: str) -> str:
    """Likewise, for several publications; `root` are the sixteen digits in the last one's name."""
    return f"bundle-{first:09}-{size - 1:09}-{root}.txt"


_NAME = re.compile(
    r"(?:was-(?P<former>[A-Za-z0-9_-](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?)-)?"
    r"(?:(?P<range>segment|leaves|publication|bundle)-(?P<first>[0-9]{9,})-(?P<last>[0-9]{9,})|(?P<note>checkpoint|rotation)-(?P<size>[0-9]{9,}))"
    r"-(?P<root>[0-9a-f]{16})(?:-(?P<choice>[0-9]+))?\.(?P<suffix>jsonl|txt)"
)


def read_name(name: str) -> Name | None:
    """What the name of a published file says; None for a file that does not belong to the record."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    part = Part(found["range"] or found["note"])
    if (found["suffix"] == "jsonl") != (part is Part.SEGMENT):
        return None
    choice, former = int(found["choice"] or 1), found["former"]
    if found["note"]:
        return Name(part, None, int(found["size"]), found["root"], choice, former)
    first, last = int(found["first"]), int(found["last"])
    return Name(part, first, last + 1, found["root"], choice, former) if first <= last else None

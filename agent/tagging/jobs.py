"""Planning a tag as a question to another process, because parsing photos and sidecars may be made to do harm.

Each question has three functions: one asks it here, one answers it there (only JSON is passed between them), and one
checks the answer here, without parsing or trusting it: a splice is accepted only if it is one XMP segment, inside the
photo, that preserves the bytes it replaces. So a process that a photo has taken over can spoil a tag, but lose no byte.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable
from pathlib import Path

from agent.errors import LocalFault
from agent.model.delivery import Splice
from agent.model.files import Fingerprint
from agent.model.ids import Sha256
from agent.tagging.head import MOST_IN_SEGMENT, SOI, XMP_HEADER
from agent.tagging.opening import open_photo
from agent.tagging.packet import previous_packet
from agent.tagging.sidecar import sidecar
from agent.tagging.splice import NeedsSidecar, plan
from agent.tagging.tag import Tag, fingerprint, read, written
from agent.worker import Fields, Job

SPLICE = Job("agent.tagging.jobs:answer_splice")
MERGE = Job("agent.tagging.jobs:answer_merge")

MOST_MERGED = 2 * 1024 * 1024
"""Most bytes of another program's sidecar that are merged into ours: as many as are read for its capture time."""

_REASON_LIMIT = 200
_CANNOT_BE_READ = "a sidecar of the photo cannot be read: {reason}"


# --- a splice --------------------------------------------------------------------------------------------------------


def splice_question(tag: Tag, format: str) -> Fields:  # noqa: A002  the model's word for it
    """Asks how a photo of that format gets that tag."""
    return {"tag": written(tag.fit_for_xml()), "format": format}


def answer_splice(photo: Path, asked: Fields) -> Fields:
    """`plan`, in the worker. LocalFault if the photo cannot be read."""
    how = plan(photo, format=str(asked["format"]), tag=_tag(asked))
    if isinstance(how, NeedsSidecar):
        return {"beside": how.reason}
    return {"at": how.at, "drop": how.drop, "insert": base64.b64encode(how.insert).decode("ascii")}


def understood_splice(photo: Path, size: int, answer: Fields) -> Splice | NeedsSidecar:
    """The plan for the photo, which has `size` bytes. ValueError if the answer is not a valid plan.

    LocalFault if the bytes to be left out cannot be read from the photo.
    """
    reason = answer.get("beside")
    if isinstance(reason, str) and len(reason) <= _REASON_LIMIT:
        return NeedsSidecar(reason)
    at, drop, insert = _number(answer, "at"), _number(answer, "drop"), _bytes(answer, "insert")
    content = insert[4:]
    if (
        at < len(SOI)
        or at + drop > size
        or insert[:2] != b"\xff\xe1"
        or int.from_bytes(insert[2:4], "big") != len(content) + 2
        or not content.startswith(XMP_HEADER)
    ):
        raise ValueError("this is not an XMP segment, or not inside the photo")
    if drop and (drop > MOST_IN_SEGMENT + 4 or previous_packet(_slice(photo, at, drop)) not in content):
        raise ValueError("the segment does not preserve the bytes that it replaces")
    return Splice(at, drop, insert)


# --- a sidecar -------------------------------------------------------------------------------------------------------


def merge_question(tag: Tag, foreign: Fingerprint) -> Fields:
    """Asks for our sidecar with the content of another program's in it."""
    return {"tag": written(tag.fit_for_xml()), "sha256": foreign.sha256, "size": foreign.size}


def answer_merge(foreign: Path, asked: Fields) -> Fields:
    """`sidecar`, in the worker, with the file `foreign`. LocalFault if that cannot be read, or has changed."""
    expected = fingerprint(str(asked["sha256"]), str(asked["size"]))
    try:
        with open_photo(foreign) as file:
            text = _up_to(file.read, min(expected.size, MOST_MERGED) + 1)
    except OSError as fault:
        raise LocalFault(_CANNOT_BE_READ.format(reason=fault.strerror)) from None
    if Fingerprint(Sha256(hashlib.sha256(text).hexdigest()), len(text)) != expected:
        raise LocalFault("a sidecar of the photo changed while it was read: it will be tried again")
    return {"sidecar": base64.b64encode(sidecar(_tag(asked), foreign=text)).decode("ascii")}


def understood_merge(answer: Fields) -> bytes:
    """The sidecar's content. ValueError if the answer has none."""
    return _bytes(answer, "sidecar")


# --- their parts -----------------------------------------------------------------------------------------------------


def _tag(asked: Fields) -> Tag:
    fields = asked["tag"]
    if not isinstance(fields, dict):
        raise TypeError("no tag")
    return read({str(name): str(value) for name, value in fields.items()})


def _number(answer: Fields, name: str) -> int:
    value = answer.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name} is not a number of bytes")
    return value


def _bytes(answer: Fields, name: str) -> bytes:
    value = answer.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is not a text")  # noqa: TRY004  # every fault of an answer has the same type
    try:
        return base64.b64decode(value.encode("ascii"), validate=True)
    except binascii.Error as fault:
        raise ValueError(f"{name} is not in base64") from fault


def _slice(photo: Path, at: int, size: int) -> bytes:
    try:
        with open_photo(photo) as file:
            file.seek(at)
            return _up_to(file.read, size)
    except OSError:
        raise LocalFault("a photo could not be read for tagging: see whether its disk or card is failing") from None


def _up_to(read_more: Callable[[int], bytes], size: int) -> bytes:
    """That many bytes, or all there are: an unbuffered file may give fewer than it is asked for."""
    parts = []
    while size > 0 and (piece := read_more(size)):
        parts.append(piece)
        size -= len(piece)
    return b"".join(parts)

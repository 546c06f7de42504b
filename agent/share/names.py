"""Names on the share, made by the agent from safe characters only. Pure.

`visits/<visit>/<YYYYMMDD-HHMMSS>_<camera>_<first 12 of SHA-256>.<ext>`, and while a file is being sent, beside it,
`.uploading-<device>-<transfer>-<n>.part`, or `uploading-<device>-<transfer>-<n>.jpg` if the server accepts no hidden
files or not that suffix. Only the suffix of a local file's name gets into them, cleaned, so that no trick with paths,
case, Unicode or reserved names works.
"""

import hashlib
import re
from datetime import datetime

from agent.model.capture import Camera
from agent.model.files import Fingerprint
from agent.model.ids import RemoteName, TransferId, VisitId

_SAFE = re.compile(r"(?![.])[A-Za-z0-9._-]{1,120}(?<![.])")
_TRANSFER = re.compile(r"[0-9a-f]{32}")
_SUFFIX_LENGTH = 16
_CAMERA_LENGTH = 40
_DEVICE_LENGTH = 80


def photo_stem(taken: datetime | None, camera: Camera | None, original: Fingerprint) -> str:
    """A photo's name without its suffix: `20260314-101112_eos-r6_0123456789ab`.

    `taken` is local time where it was taken (naive: a wall clock for people to read), `undated` if it is None; an
    unknown camera is `unknown-camera`. The maker is named only if the model is not known.
    """
    if taken is not None and taken.tzinfo is not None:
        raise ValueError("a name shows a wall clock, not an instant")
    when = "undated" if taken is None else f"{taken:%Y%m%d-%H%M%S}".zfill(15)
    which = "" if camera is None else _plain(camera.model or camera.make or "")
    return f"{when}_{which or 'unknown-camera'}_{original.sha256[:12]}"


def remote_name(visit: VisitId, stem: str, suffix: str) -> RemoteName:
    """Where a photo goes: `visits/<visit>/<stem><suffix>`.

    `suffix` may have parts (`.jpg.xmp`): only lower-case ASCII letters and digits of each are used, 16 characters in
    all; if nothing is left of it, it is `.bin`. ValueError for a visit or stem that is not a safe name: both were
    checked or made before they come here.
    """
    if not _SAFE.fullmatch(visit) or not _SAFE.fullmatch(stem):
        raise ValueError("neither a visit's id nor a stem may leave its folder")
    return RemoteName(f"visits/{visit}/{stem}{_safe_suffix(suffix)}")


def another(name: RemoteName, n: int) -> RemoteName:
    """The n-th choice if `name` is taken by other content: `NAME-2.ext`, `NAME-3.ext`, …; the first is `name`."""
    if n < 1:
        raise ValueError("choices are counted from 1")
    if n == 1:
        return name
    folder, slash, last = name.rpartition("/")
    stem, dot, suffix = last.partition(".")
    return RemoteName(f"{folder}{slash}{stem}-{n}{dot}{suffix}")


def folder_of(name: RemoteName) -> str:
    """The folder a name is in, without a slash at its end."""
    return name.rpartition("/")[0]


def temporary_name(device: str, transfer: TransferId, n: int, *, plain: bool = False) -> str:
    """The name of a transfer's n-th file (without a folder) until it is proven.

    It starts with a full stop, so that people and galleries do not see it, and contains the device, so that each device
    can remove its own leftovers and only those. `plain` is for servers that refuse hidden files or that suffix.
    """
    if not _TRANSFER.fullmatch(transfer) or n < 0:
        raise ValueError("a transfer is thirty-two lower-case hexadecimal digits, and its files are counted from 0")
    stem = f"uploading-{_device(device)}-{transfer}-{n}"
    return f"{stem}.jpg" if plain else f".{stem}.part"


def own_temporary(device: str, last: str) -> TransferId | None:
    """The transfer, if `last` (a name without its folder) is a temporary name that `device`, and no other, made."""
    stem = rf"uploading-{re.escape(_device(device))}-([0-9a-f]{{32}})-[0-9]+"
    found = re.fullmatch(rf"\.{stem}\.part|{stem}\.jpg", last)
    return None if found is None else TransferId(found[1] or found[2])


def _plain(text: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", text.encode("ascii", "ignore").decode("ascii").lower())
    return words[:_CAMERA_LENGTH].strip("-")


def _safe_suffix(suffix: str) -> str:
    cleaned = (re.sub(r"[^a-z0-9]", "", part.lower()) for part in suffix.split("."))
    safe = ".".join(part for part in cleaned if part)[: _SUFFIX_LENGTH - 1].strip(".")
    return f".{safe or 'bin'}"


def _device(device: str) -> str:
    """The device's name as one word of [a-z0-9_]: two devices never share one, and it has no `-`.

    Lower-case letters and digits stand for themselves, every other byte becomes `_` and two digits. A very long name
    becomes its hash, marked by `_x`, which no escape starts with.
    """
    word = "".join(
        chr(byte) if chr(byte).isascii() and re.fullmatch(r"[a-z0-9]", chr(byte)) else f"_{byte:02x}"
        for byte in device.encode("utf-8", "surrogatepass")
    )
    if 0 < len(word) <= _DEVICE_LENGTH:
        return word
    return f"_x{hashlib.sha256(word.encode('ascii')).hexdigest()[:32]}"

"""Fetches records from the share into a folder here, to be verified or shown like any other copy; lists the photos on
the share, and fetches one of them.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from agent.errors import ShareFault
from agent.model.files import Fingerprint
from agent.model.ids import RemoteName
from agent.model.proof import Method, Proof
from agent.record.published import LARGEST, read_name
from agent.share import Listed, Share, Still

MOST_PHOTOS = 5_000_000
"""The most names read under `visits/`."""

MOST_REGISTERS = 100
"""The most names read in the folder of the registers."""

DEEPEST = 8
"""The deepest level of folders read there: this program makes one level."""

MOST_FETCHED = 256 * 1024 * 1024
"""The most bytes of a photo that are fetched, through memory. A larger one is only read back and compared."""


def fetch_records(share: Share, folder: Path, own: str, only: str | None = None) -> None:
    """Copy `record/` of the share to `record/` in `folder`, for all devices that this account may read, or for one.

    A laptop's account cannot list `record/`; its `own` record is found by its name. Files whose names do not belong to
    a record are not copied. ShareFault for a file that is too large for a record.
    """
    (folder / "record").mkdir(parents=True, exist_ok=True)
    for name in sorted({*share.names("record"), f"{own}/"}):
        device = name.removesuffix("/")
        if name == device or (only is not None and device != only) or device in {"", ".", ".."} or "\\" in device:
            continue
        files = share.names(f"record/{device}")
        if not files and device == own:
            continue  # an account of IT's has no record
        target = folder / "record" / device
        target.mkdir(parents=True)
        for file in files:
            if read_name(file) is not None:
                _copy(share, f"record/{device}/{file}", target / file)


def _copy(share: Share, name: str, target: Path) -> None:
    try:
        target.write_bytes(share.read(RemoteName(name), LARGEST))
    except FileNotFoundError as gone:
        raise ShareFault("A file of the record was taken away from the share while it was read.") from gone


def visits_there(share: Share) -> dict[str, Listed]:
    """All files under `visits/` that this account may see, by their names on the share.

    ShareFault if there are too many of them, or folders lie too deep.
    """
    found: dict[str, Listed] = {}
    folders = ["visits"]
    while folders:
        folder = folders.pop()
        if folder.count("/") > DEEPEST:
            raise ShareFault(f"The share has folders more than {DEEPEST} deep under visits, so they were not read.")
        for one in share.listing(folder):
            if one.is_folder:
                folders.append(f"{folder}/{one.name}")
            else:
                found[f"{folder}/{one.name}"] = one
        if len(found) + len(folders) > MOST_PHOTOS:
            raise ShareFault(f"The share has more than {MOST_PHOTOS} files under visits, so they were not read.")
    return found


def fetch_photo(share: Share, name: str, expected: Fingerprint, target: Path) -> tuple[bool, bool]:
    """Whether the share holds `expected` under that name, read back completely, and whether it was copied to `target`.

    FileNotFoundError if there is no such file; ShareFault if it cannot be read.
    """
    at = datetime.fromtimestamp(0, UTC)
    (still,) = share.still_holds([Proof(RemoteName(name), expected, expected, Method.READ_BACK, synced=False, at=at)])
    if still is Still.GONE:
        raise FileNotFoundError("There is no such file on the share.")
    if still is Still.UNREADABLE:
        raise ShareFault("The server does not let this file be read.")
    if still is not Still.HOLDS or expected.size > MOST_FETCHED:
        return still is Still.HOLDS, False
    content = share.read(RemoteName(name), expected.size)
    target.write_bytes(content)
    return hashlib.sha256(content).hexdigest() == expected.sha256, True


def fetch_small(share: Share, name: str, target: Path, largest: int) -> bool:
    """Copy a file, whatever its content, to `target`; False if it is too large or cannot be read."""
    try:
        target.write_bytes(share.read(RemoteName(name), largest))
    except (FileNotFoundError, ShareFault):
        return False
    return True


def fetch_registers(share: Share, largest: int) -> dict[str, bytes]:
    """The registers on the share, by their names; unreadable ones are left out."""
    found = {}
    for name in share.names("register")[:MOST_REGISTERS]:
        if name.lower().startswith(("visits.", "cameras.")):
            try:
                found[name] = share.read(RemoteName(f"register/{name}"), largest)
            except (FileNotFoundError, ShareFault):
                continue
    return found

"""Fetching the records that lie on the share into a folder here, to be verified or shown like any other copy; and
telling which photos lie there.
"""

from pathlib import Path

from agent.errors import ShareFault
from agent.model import RemoteName
from agent.record.published import LARGEST, read_name
from agent.share import Share


def fetch_records(share: Share, folder: Path, own: str, only: str | None = None) -> None:
    """Copy `record/` of the share to `record/` in `folder`, for all devices that this account may read, or for one.

    A laptop's account cannot list `record/`; its `own` record is found by its name. Names that are none of a record's
    are left where they are. ShareFault for a file that is too large to be one.
    """
    (folder / "record").mkdir(parents=True, exist_ok=True)
    for name in sorted({*share.names("record"), f"{own}/"}):
        device = name.removesuffix("/")
        if name == device or (only is not None and device != only) or device in {"", ".", ".."} or "\\" in device:
            continue
        files = share.names(f"record/{device}")
        if not files and device == own:
            continue  # of an account of IT's, which has no record
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


def visits_there(share: Share) -> list[str]:
    """The names of all files under `visits/` that this account may see. Their sizes are not asked for."""
    found: list[str] = []
    folders = ["visits"]
    while folders:
        folder = folders.pop()
        for name in share.names(folder):
            if name.endswith("/"):
                folders.append(f"{folder}/{name[:-1]}")
            else:
                found.append(f"{folder}/{name}")
    return found

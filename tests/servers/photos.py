"""Local files with known content, and deliveries of them, for tests that send."""

import hashlib
import random
from pathlib import Path

from agent.model.delivery import Delivery, Outgoing, Splice
from agent.model.files import Fingerprint, LocalFile
from agent.model.ids import PhotoId, RemoteName, Sha256, TransferId

PERIOD = 2**20 + 7
"""Random bytes take longer to make than the tests take to send them."""


def looked_at(path: Path) -> LocalFile:
    """The file as a look sees it now."""
    now = path.lstat()
    return LocalFile(path, now.st_size, now.st_mtime_ns, now.st_dev, now.st_ino)


def content(size: int, seed: int = 0) -> bytes:
    """This many bytes, the same every time, different from those of another seed.

    What is longer than a period repeats it. The period is odd, so that no two blocks of a power of two are alike.
    """
    period = random.Random(f"{size} {seed}").randbytes(min(size, PERIOD))
    return (period * (size // PERIOD + 1))[:size]


def fingerprint(data: bytes) -> Fingerprint:
    """The fingerprint of these bytes."""
    return Fingerprint(Sha256(hashlib.sha256(data).hexdigest()), len(data))


def spliced(data: bytes, splice: Splice | None) -> bytes:
    """The content that should arrive, computed the simple way."""
    if splice is None:
        return data
    return data[: splice.at] + splice.insert + data[splice.at + splice.drop :]


def outgoing(folder: Path, name: str, data: bytes, splice: Splice | None = None) -> Outgoing:
    """A local file with this content, on its way to that name on the share."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{len(list(folder.iterdir()))}.local"
    path.write_bytes(data)
    return Outgoing(RemoteName(name), looked_at(path), fingerprint(data), splice)


def delivery(*files: Outgoing) -> Delivery:
    """A delivery of these, with the transfer id that follows from them."""
    about = repr([(file.name, file.original.sha256) for file in files]).encode()
    return Delivery(TransferId(hashlib.sha256(about).hexdigest()[:32]), PhotoId("01234567"), files)

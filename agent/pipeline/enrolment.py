"""The file in which a laptop introduces itself to IT's server, so that nobody copies a hundred keys by hand.

`init --enrolment FOLDER` leaves it in a folder that IT names (a network drive, a stick), and on the server
`add-device.sh --from FOLDER` reads all such files. Nothing in the file is secret: a device's name and user, its member
of staff, and its two public keys. Each is a line `NAME: VALUE`, below a first line with the version of the format.
"""

import base64
import hashlib
import os
from pathlib import Path

from agent.errors import UsageError
from agent.files.named import read_named
from agent.pipeline.enrol import Enrolment

FIRST_LINE = "visit-photo-agent enrolment 1"
SUFFIX = ".enrolment"


def fingerprint(ssh_key: str) -> str:
    """A public key's fingerprint as `ssh-keygen -l` shows it, for two people to compare."""
    digest = hashlib.sha256(base64.b64decode(ssh_key.split()[1])).digest()
    return f"SHA256:{base64.b64encode(digest).decode('ascii').rstrip('=')}"


def text_of(enrolment: Enrolment, staff: str) -> str:
    """The text of the file."""
    lines = (
        FIRST_LINE,
        f"device: {enrolment.device}",
        f"user: {enrolment.user}",
        f"staff: {staff}",
        f"ssh-key: {enrolment.ssh_key}",
        f"log-key: {enrolment.log_key}",
        f"fingerprint: {fingerprint(enrolment.ssh_key)}",
    )
    return "".join(f"{line}\n" for line in lines)


def _is_there(path: Path, text: bytes) -> bool:
    """Whether this same file was left before. Others write to the folder too, and it may be unreadable."""
    try:
        return not path.is_symlink() and read_named(path, len(text)) == text
    except OSError:
        return False


def leave(enrolment: Enrolment, staff: str, folder: Path) -> Path:
    """Leave the file in the folder, unless the same file is there already.

    Its name contains the key's fingerprint, so that no laptop ever overwrites another's file, or the file it left
    itself before it was set up again. UsageError if the folder cannot be written.
    """
    text = text_of(enrolment, staff).encode()
    digest = hashlib.sha256(text).hexdigest()[:12]
    path = folder / f"{enrolment.device}-{digest}{SUFFIX}"
    draft = folder / f".{path.name}.{os.getpid()}.new"
    try:
        try:
            with draft.open("xb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if not _is_there(path, text):
                draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as fault:
        raise UsageError(
            f"The enrolment file could not be written to {folder} ({fault.strerror}). Check that the folder exists "
            "and can be written, and run `photo-agent init` again; the settings and keys made so far remain."
        ) from fault
    return path

"""The file in which a laptop tells IT's server who it is, so that a hundred laptops need no copying of keys by hand.

`init --enrolment FOLDER` leaves it in a folder that IT names (a network drive, a stick), and on the server
`add-device.sh --from FOLDER` takes all that it finds there. Nothing in it is secret: a device's name and user, whose
it is, and its two public keys. One line each, `NAME: VALUE`, below a first line that says which version it is.
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
    """What the file says."""
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
    """Whether this very file was left before. Others write to the folder, too, and it may let nobody read."""
    try:
        return not path.is_symlink() and read_named(path, len(text)) == text
    except OSError:
        return False


def leave(enrolment: Enrolment, staff: str, folder: Path) -> Path:
    """Leave the file in the folder; where the same one is there already, that is it.

    Its name carries the key's fingerprint, so that no laptop ever writes over another's file, nor over what it left
    itself before it was set up anew. UsageError where the folder cannot be written.
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
            f"The enrolment file could not be written to {folder} ({fault.strerror}). Check that the folder is there "
            "and can be written, and run `photo-agent init` again; the settings and keys that were made stay."
        ) from fault
    return path

"""What a server's refusal means, as an error of the error tree.

SFTP version 3 has few codes: OpenSSH says FAILURE for a full disk, an existing name and a damaged disk alike, so its
message and statvfs have to help.
"""

import asyncio
from typing import Any

from agent.errors import ShareDenied, ShareFault, ShareFull, ShareFullLate
from agent.share.wire import Code

_FULL = ("no space", "quota", "disk full", "not enough space")
_FULL_CODES = {14, 15}
"""NO_SPACE_ON_FILESYSTEM and QUOTA_EXCEEDED of version 5 (filexfer-05, section 7): some servers say them in any."""

CLOSING = "close the photo"


class Refused(Exception):
    """A request that the server did not answer with success. Never leaves this package as it is."""

    def __init__(self, doing: str, code: int, message: str) -> None:
        super().__init__(f"{doing}: {code} {message}")
        self.doing = doing
        self.code = code
        self.message = message

    @property
    def missing(self) -> bool:
        """Whether the server says that there is no such file."""
        return self.code == Code.NO_SUCH_FILE

    @property
    def unsupported(self) -> bool:
        """Whether the server says that it cannot do such a thing at all."""
        return self.code == Code.OP_UNSUPPORTED

    @property
    def says_full(self) -> bool:
        """Whether the server's own words, or its code, mention a full disk or quota."""
        return self.code in _FULL_CODES or any(sign in self.message.lower() for sign in _FULL)

    @property
    def vague(self) -> bool:
        """Whether the cause may be a full disk: only statvfs can tell."""
        return self.code == Code.FAILURE


def as_fault(refused: Refused, *, full: bool = False, folder: str = "") -> ShareFault:
    """The error for a person. `full`: statvfs says that no space is left. Names no file, only a folder on the share."""
    if full or refused.says_full:
        return (ShareFullLate if refused.doing == CLOSING else ShareFull)(
            "The share has no space left for this photo, or this device is over its quota. Ask IT to make "
            "room. The photo stays on this laptop and will be sent again."
        )
    if refused.code == Code.PERMISSION_DENIED:
        return ShareDenied(
            f"The share does not permit this laptop to {refused.doing}{_said(refused)}. Ask IT to check its "
            f"permissions in {f'the folder “{folder}”' if folder else 'its folders'} on the share. Photos that could "
            "not be sent stay on this laptop and will be sent again."
        )
    said = _said(refused)
    return ShareFault(
        f"The share refused to {refused.doing}{said}. The photo stays on this laptop and will be sent again. "
        "If this happens again, tell IT."
    )


def _said(refused: Refused) -> str:
    """The server's own words, if they say more than the code does."""
    plain = {"", "failure", "permission denied", "no such file", "operation unsupported"}
    return f" (it says “{refused.message}”)" if refused.message.strip().lower() not in plain else ""


def looked_at(work: "asyncio.Future[Any]") -> None:
    """A callback: its error counts as seen, so that asyncio does not report what somebody else got, or nobody needs."""
    if not work.cancelled():
        work.exception()

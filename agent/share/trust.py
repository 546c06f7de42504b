"""Which folders on the share are trusted: real ones, owned by an account that has power over them anyway. Pure.

Several devices may write below `visits/`. A folder's owner can put a link in its place, or remove what another device
put there. So nothing is written into a stranger's folder, and nothing found through a link is believed.
"""

from collections.abc import Collection

from agent.errors import FolderNotTrusted
from agent.share.wire import Attributes

SUPERUSER = 0

_NOTHING_GOES = "Photos for it stay on this laptop; all others are sent. Tell IT now: {advice}"


def judge_kind(name: str, about: Attributes) -> None:
    """Raise `FolderNotTrusted` unless what a look without following links saw may be a real folder.

    If the server does not state its type, it is allowed: all that can be known then is that it opens as a folder.
    """
    if about.is_link:
        raise FolderNotTrusted(
            f"The folder “{name}” on the share is a link to another place. Somebody may have put it there. "
            + _NOTHING_GOES.format(advice="only real folders may be there.")
        )
    if about.says_type and not about.is_folder:
        raise FolderNotTrusted(
            f"“{name}” on the share is a file where a folder is needed. "
            + _NOTHING_GOES.format(advice="it must be moved out of the way.")
        )


def is_trusted(about: Attributes, owners: Collection[int]) -> bool:
    """Whether its owner is one of `owners`; if the server does not say who owns it, it cannot be refused."""
    return about.owner is None or about.owner in owners


def stranger(name: str, about: Attributes) -> FolderNotTrusted:
    """The error for a folder that belongs to somebody else."""
    return FolderNotTrusted(
        f"The folder “{name}” on the share belongs to another account (user number {about.owner}), which could take "
        "photos out of it. " + _NOTHING_GOES.format(advice="the folder must belong to the server's administrator.")
    )

"""Removing the local copies without a race, and finding copies that cannot be removed.

`remove` removes one file whose exact content was proven elsewhere, or leaves it under its own name. `recover` puts back
files that a crash left half removed. `remove_thumbnails` removes the desktop's small pictures of a photo.
`find_leftovers` looks for copies that this program cannot honestly remove and reports them, including "not known".
This is removal from a folder, never "secure erasure". Nothing else in the product deletes a photo.
"""

from agent.removal.cloud import cloud_by_name, find_cloud_below, find_cloud_sync, known_cloud_roots
from agent.removal.faults import ReadOnly, Unconfirmed, Vanished
from agent.removal.leftovers import find_leftovers
from agent.removal.recovery import half_removed, recover
from agent.removal.remove import remove
from agent.removal.thumbnails import count_thumbnails, remove_thumbnails

__all__ = [
    "ReadOnly",
    "Unconfirmed",
    "Vanished",
    "cloud_by_name",
    "count_thumbnails",
    "find_cloud_below",
    "find_cloud_sync",
    "find_leftovers",
    "half_removed",
    "known_cloud_roots",
    "recover",
    "remove",
    "remove_thumbnails",
]

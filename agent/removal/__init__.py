"""Taking the local copies away without a race, and finding what cannot be taken away.

The story: `remove` takes away one file whose very content was proven elsewhere, or leaves it under its own name;
`recover` puts back what a crash left half-way; `remove_thumbnails` takes the desktop's small pictures of it;
`find_leftovers` looks for what no program here can honestly remove and says so, "not known" included. It is removal
from a folder, never "secure erasure". Nothing else in the product deletes a photo.
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

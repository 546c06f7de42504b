"""The content of the import folders: watch, scan, group, fingerprint.

The story: a `Watcher` gives hints that something changed; `walk`, or `scan` for all at once, goes through the folders
and decides what is there; `group` makes photos of the files (a main file with its sidecars and its Live Photo partner);
`fingerprint` reads a file to its end and identifies its content. Nothing here writes to a folder, follows a symbolic
link out of one, or opens anything but regular files.
"""

from agent.folders.card import looks_like_a_card
from agent.folders.fingerprint import fingerprint
from agent.folders.group import Read, group
from agent.folders.limits import WatchLimits, watch_limits
from agent.folders.livephoto import one_moment
from agent.folders.look import look, real_path
from agent.folders.scan import Found, ScanProblem, scan, walk
from agent.folders.watch import Watcher

__all__ = [
    "Found",
    "Read",
    "ScanProblem",
    "WatchLimits",
    "Watcher",
    "fingerprint",
    "group",
    "look",
    "looks_like_a_card",
    "one_moment",
    "real_path",
    "scan",
    "walk",
    "watch_limits",
]

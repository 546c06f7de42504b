"""How long one look at a whole folder counts: for all photos that are removed in the same moment.

A look lists a folder, or reads every item of a trash. One for each photo would take longer with every photo.
"""

from time import monotonic as steady

FRESH = 2.0
"""Seconds in a moment."""


def this_moment() -> int:
    """The number of the present moment; an argument of a cached look, which so is made again in the next one."""
    return int(steady() / FRESH)

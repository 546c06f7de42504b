"""How much the tests of this folder try: a sample that a pull request can wait for, or all of it.

`python -m tests.faults --long` sets PHOTO_AGENT_FAULTS=long; without it the quick profile runs. The sample rotates by
the day, so that what one day leaves out the next one tries; PHOTO_AGENT_FAULTS_SEED has an earlier one again.
"""

import os
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

LONG = os.environ.get("PHOTO_AGENT_FAULTS", "quick") == "long"

SEED = int(os.environ.get("PHOTO_AGENT_FAULTS_SEED", datetime.now(UTC).toordinal()))
"""The same for every process of a run, but for one that begins as another day does."""

_One = TypeVar("_One")


def either(quick: int, long: int) -> int:
    """So many in the profile that runs."""
    return long if LONG else quick


def sample(of: Sequence[_One], quick: int, *, salt: str = "") -> list[_One]:
    """All of them in the long profile; in the quick one this many, chosen by the day, in their order."""
    if LONG or len(of) <= quick:
        return list(of)
    chosen = sorted(random.Random(f"{SEED} {salt}").sample(range(len(of)), quick))
    return [of[index] for index in chosen]

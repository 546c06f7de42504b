"""Which commitments were revealed before, as remembered in IT's state: each is good for one draw.

Anyone who revealed a secret knows what it draws, and could reveal it again when the laptops have sent more, to choose
between the draws. So a draw made only from known secrets says so.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from agent.audit.spotcheck.commitment import Commitment
from agent.errors import UsageError
from agent.files.durable import create_file, make_folder

FOLDER = "revealed"

_ID = re.compile(r"[0-9]{8}-[0-9a-f]{12}")


def known_already(state: Path, commitments: Sequence[Commitment]) -> str | None:
    """A note for the draw if none of its secrets is still a secret; None otherwise."""
    draws = [_draw_of(state / FOLDER / one.hash) for one in commitments]
    if not draws or None in draws:
        return None
    named = ", ".join(sorted({one for one in draws if one}))
    return (
        f"Every secret of this draw was revealed before{f' (draw {named})' if named else ''}, so the person who drew "
        "could choose between the draws. A commitment is good for one draw. Commit anew for the next."
    )


def remember(state: Path, commitments: Sequence[Commitment], draw: str) -> None:
    """Remember that this draw revealed these; durable on return, before anybody sees the draw."""
    try:
        if commitments:
            make_folder(state / FOLDER)
        for one in commitments:
            if _draw_of(state / FOLDER / one.hash) is None:
                create_file(state / FOLDER / one.hash, draw.encode())
    except OSError as fault:
        raise UsageError(f"The folder {state / FOLDER} cannot be written to: {fault.strerror}.") from fault


def _draw_of(file: Path) -> str | None:
    """Which draw revealed it; empty if that cannot be read, None if it was not revealed."""
    try:
        with file.open("rb") as source:
            said = source.read(100).decode("ascii", "replace")
    except FileNotFoundError:
        return None
    except OSError:
        return ""
    return said if _ID.fullmatch(said) else ""

"""Which commitments were revealed before, as IT's state remembers: each serves one draw.

Whoever revealed a secret knows what it draws, and could reveal it again when the laptops have sent more, to choose
between the draws. So a draw from secrets that are all known says so.
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
    """A note for the draw where nobody's secret is still a secret; None otherwise."""
    draws = [_draw_of(state / FOLDER / one.hash) for one in commitments]
    if not draws or None in draws:
        return None
    named = ", ".join(sorted({one for one in draws if one}))
    return (
        f"What was committed to was revealed before{f' (draw {named})' if named else ''}, so whoever drew could choose "
        "between the draws. A commitment serves one draw: commit anew for the next."
    )


def remember(state: Path, commitments: Sequence[Commitment], draw: str) -> None:
    """That these are revealed by this draw; durable on return, before anybody sees the draw."""
    try:
        if commitments:
            make_folder(state / FOLDER)
        for one in commitments:
            if _draw_of(state / FOLDER / one.hash) is None:
                create_file(state / FOLDER / one.hash, draw.encode())
    except OSError as fault:
        raise UsageError(f"The folder {state / FOLDER} cannot be written to: {fault.strerror}.") from fault


def _draw_of(file: Path) -> str | None:
    """By which draw it was revealed; empty where that cannot be read, None where it was not revealed."""
    try:
        with file.open("rb") as source:
            said = source.read(100).decode("ascii", "replace")
    except FileNotFoundError:
        return None
    except OSError:
        return ""
    return said if _ID.fullmatch(said) else ""

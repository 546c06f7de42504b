"""The QR code as squares, and as the half blocks of a terminal."""

import importlib.util
from collections.abc import Sequence

from agent.clockcheck.shown import ShownTime
from agent.extras import to_install

QUIET = 4
"""Light squares around the code (ISO/IEC 18004, 6.3.8); without them readers do not find it."""

SIDE = 25 + 2 * QUIET
"""Squares on a side: every time shown fits in version 2."""

_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def drawer_missing() -> str | None:
    """What to install so that the code can be drawn; None if it is there."""
    if importlib.util.find_spec("segno") is not None:
        return None
    return f"Showing the clock needs one more package. To install it: {to_install('cameras')}"


def drawn(shown: ShownTime) -> tuple[tuple[bool, ...], ...]:
    """`SIDE` rows of `SIDE` squares, True where dark, with the quiet zone. 15 % of the code may be unreadable (M)."""
    import segno  # the QR encoder: needed by this command alone

    code = segno.make(shown.text(), version=2, error="m", micro=False)
    return tuple(tuple(bool(square) for square in row) for row in code.matrix_iter(border=QUIET))


def half_blocks(squares: Sequence[Sequence[bool]], scale: int = 1) -> tuple[str, ...]:
    """Lines of text for dark ink on a light ground, two rows of squares a line, each square `scale` characters wide.

    A character is about twice as high as wide, so the squares are square. An odd last row is completed with light.
    """
    rows = [[square for square in row for _ in range(scale)] for row in squares for _ in range(scale)]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    return tuple(
        "".join(_BLOCKS[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )

"""The clock that `cameras clock --show` displays: a QR code of the true time, a new one each second, and words."""

import time
from typing import TYPE_CHECKING

from agent.cli.session import console
from agent.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import RenderableType

    from agent.clockcheck import TrueClock
    from agent.pipeline.context import Context

WORDS = 34
"""Columns that the words need beside the code."""

LINES = 7
"""Lines that they need below it."""


def show_clock(context: "Context") -> int:
    """Show the clock until Ctrl-C. UsageError where it cannot be drawn or standard output is no terminal."""
    from rich.live import Live
    from rich.text import Text

    from agent.clockcheck import drawer_missing
    from agent.pipeline.cameras import true_clock

    if missing := drawer_missing():
        raise UsageError(missing)
    screen = console()
    if not screen.is_terminal:
        raise UsageError("The clock is shown on a terminal. Start it in a window, not into a file or a pipe.")
    try:
        with Live(Text("Asking the share for its time …"), console=screen, screen=True, auto_refresh=False) as live:
            clock = true_clock(context)
            while True:
                now = context.clock()
                if clock.stale(now, time.monotonic()):
                    # No code is left standing meanwhile: it would be photographed with a time that has passed.
                    live.update(Text("Asking the share for its time again …"), refresh=True)
                    clock = true_clock(context)
                    now = context.clock()
                live.update(face(clock, now, context, screen.width, screen.height), refresh=True)
                time.sleep(max(0.001, 1.002 - clock.at(context.clock()).microsecond / 1e6))
    except KeyboardInterrupt:
        return 0


def face(clock: "TrueClock", now: "datetime", context: "Context", width: int, height: int) -> "RenderableType":
    """What stands on a terminal of `width` columns and `height` lines when the laptop's clock shows `now`."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from agent.clockcheck import SIDE, drawn, half_blocks

    shown = clock.shown(now)
    beside = min((width - WORDS) // SIDE, 2 * height // SIDE)
    below = min(width // SIDE, 2 * (height - LINES) // SIDE)
    scale = max(beside, below)
    if scale < 1:
        return Text(f"This window is too small for the clock: make it at least {SIDE + WORDS} columns by "
                    f"{(SIDE + 1) // 2} lines.")  # fmt: skip
    # Black on white whatever the terminal's colours, and nothing else on these lines: readers need the light edge.
    code = Text("\n".join(half_blocks(drawn(shown), scale)), style="#000000 on #ffffff", no_wrap=True)
    words = Text("\n".join(_words(clock, shown.at.astimezone(context.zone), context)), overflow="fold")
    if beside < below:
        return Group(code, words)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_row(code, words)
    return table


def _words(clock: "TrueClock", there: "datetime", context: "Context") -> list[str]:
    lines = [there.strftime("%H:%M:%S"), there.strftime("%A %d %B %Y"), context.zone.key, ""]
    if clock.within is None:
        lines += ["NOT CHECKED against the share: this is the laptop's own clock.", str(clock.why)]
    else:
        off = clock.behind.total_seconds()
        laptop = f"{abs(off):.1f} s {'behind' if off > 0 else 'ahead of'} it"
        right = abs(off) <= clock.within.total_seconds()
        within = f"to within {clock.within.total_seconds():.1f} s"
        lines.append(f"Checked: the share's time, {within}; the laptop's clock is {'right' if right else laptop}.")
    return [*lines, "", "Photograph the square, then: photo-agent cameras clock PHOTO.   Ctrl-C ends this."]

"""The clock that `cameras clock --show` displays: a QR code of the true time, renewed each second, beside the text."""

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
"""Columns that the text needs beside the code."""

LINES = 7
"""Lines that the text needs below the code."""


def show_clock(context: "Context") -> int:
    """Show the clock until Ctrl-C. UsageError if it cannot be drawn or standard output is not a terminal."""
    from rich.live import Live
    from rich.text import Text

    from agent.clockcheck import drawer_missing
    from agent.pipeline.cameras import true_clock

    if missing := drawer_missing():
        raise UsageError(missing)
    screen = console()
    if not screen.is_terminal:
        raise UsageError("The clock needs a terminal window. Do not send its output to a file or a pipe.")
    try:
        with Live(Text("Asking the share for its time …"), console=screen, screen=True, auto_refresh=False) as live:
            clock = true_clock(context)
            while True:
                now = context.clock()
                if clock.stale(now, time.monotonic()):
                    # Take the old code away meanwhile, so that nobody photographs a time that has passed.
                    live.update(Text("Asking the share for its time again …"), refresh=True)
                    clock = true_clock(context)
                    now = context.clock()
                live.update(face(clock, now, context, screen.width, screen.height), refresh=True)
                time.sleep(max(0.001, 1.002 - clock.at(context.clock()).microsecond / 1e6))
    except KeyboardInterrupt:
        return 0


def face(clock: "TrueClock", now: "datetime", context: "Context", width: int, height: int) -> "RenderableType":
    """What to draw on a terminal of `width` columns and `height` lines when the laptop's clock shows `now`."""
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
    # Always black on white, with nothing else on these lines: code readers need the light edge.
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

"""What every command needs: the settings in use, the opened stages, and ways to print results."""

import contextlib
import io
import json
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from agent.model.times import Interval, Level
    from agent.pipeline.context import Context
    from agent.settings import Settings

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line, and nothing else.")


class WholeSentences(click.Group):
    """A group that lists each command with a whole sentence; click itself would cut it off at the end of the line."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands for `--help`."""
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, one.get_short_help_str(limit=500)) for name, one in commands if one and not one.hidden]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def settings_of(ctx: click.Context) -> "Settings":
    """The settings in use. Raises SettingsError."""
    from agent.settings import load

    return load(settings_file(ctx))


def settings_file(ctx: click.Context) -> Path:
    """The file that holds the settings. Raises SettingsError if there is none."""
    from agent.settings import find_file

    config: str | None = ctx.find_root().obj
    return find_file(None if config is None else Path(config), os.environ)


@contextlib.contextmanager
def stages_of(settings: "Settings", *, stopping: threading.Event | None = None) -> Iterator["Context"]:
    """Open the stages. Setting `stopping` ends at once any wait inside a run."""
    from agent.pipeline.context import open_context

    if stopping is None:
        with open_context(settings) as context:
            yield context
    else:
        with open_context(settings, sleep=stopping.wait) as context:
            yield context


def put_json(line: Mapping[str, object]) -> None:
    """Print one line of JSON on standard output at once, because the reader may be waiting for it."""
    click.echo(json.dumps(line, ensure_ascii=False, default=_plain))


def say(text: str) -> None:
    """Print to standard error, for the person at the keyboard."""
    click.echo(text, err=True)


def console() -> "Console":
    """Standard output, with tables, and with colour on a terminal."""
    from rich.console import Console

    # In a file or a pipe, a table may be as wide as it needs to be, as it need not fit on a screen.
    return Console(highlight=False, width=None if sys.stdout.isatty() else 400)


def for_spreadsheets() -> io.TextIOWrapper:
    """Standard output, in the encoding that spreadsheets on every system can read."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    return sys.stdout  # type: ignore[return-value]  # the stream that a test puts here also writes text


def put_table(title: str, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print a table of text cells. Markup in a cell, such as a title from a spreadsheet, is shown as it is."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    console().print(table)


def printable(text: str) -> str:
    """The text with control characters, line breaks and direction marks shown as escapes."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "backslashreplace").decode()
        for character in text
    )


def local(when: "datetime | Interval | None", settings: "Settings") -> str:
    """A moment, or the beginning of an interval, by the school's clock; `–` for None."""
    if when is None:
        return "–"
    moment = when if isinstance(when, datetime) else when.earliest
    try:
        return moment.astimezone(settings.zone).strftime("%d %b %Y %H:%M")
    except (OverflowError, ValueError):  # in the years 1 and 9999, some zones have no such time
        return moment.isoformat(sep=" ", timespec="minutes")


def taken_words(taken: "Interval | None", level: "Level | None", settings: "Settings") -> str:
    """When a photo was taken; "not after …" if it is only known that the photo existed by then."""
    if taken is not None and level == "F":
        return f"not after {local(taken.latest, settings)}"
    return local(taken, settings)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value).encode("utf-8", "backslashreplace").decode("utf-8")
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")

"""`index`: for IT, turn a share's proven entries into tables."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli.copies import enrolled
from agent.cli.paths import FILE, FOLDER
from agent.cli.session import json_option, printable, put_json, put_table, say

if TYPE_CHECKING:
    from agent.audit.index import Answer

QUERIES = ("visits", "devices", "months", "gaps", "silence", "overdue", "population")


@click.command("index")
@click.argument("directory", metavar="DIR", type=FOLDER)
@click.option(
    "--to",
    "target",
    metavar="FOLDER|clickhouse://…",
    required=True,
    help="A folder for Parquet files, or clickhouse://user@host:port/database (clickhouses:// for TLS; the password is "
    "taken from CLICKHOUSE_PASSWORD).",
)
@click.option(
    "--keys",
    "--key",
    "key_files",
    metavar="FILE",
    multiple=True,
    type=FILE,
    help="The laptops' log keys, one per line. May be given several times.",
)
@click.option(
    "--school", default="school", show_default=True, help="The school's name; an index may hold several schools."
)
@click.option("--anew", is_flag=True, help="Rebuild this school's part from the start.")
@click.option("--show", type=click.Choice(QUERIES), help="Afterwards run this query and print its answer.")
@click.option(
    "--days",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="With --show silence: list devices that have been silent for more than this many days.",
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    directory: Path,
    target: str,
    key_files: tuple[Path, ...],
    school: str,
    anew: bool,
    show: str | None,
    days: int,
    as_json: bool,
) -> int:
    """Put the proven entries of a share's records into tables: Parquet files for DuckDB, or ClickHouse.

    DIR is the share, its record/ folder, or a copy. Only entries that an enrolled key signed are put in, and a later
    run adds the new ones. Records that cannot be proven are reported, with the exit codes of `log verify`.
    """
    from agent import audit
    from agent.audit.index import QUERIES as SQL
    from agent.audit.index import build, open_store

    keys = enrolled(ctx, key_files)
    if not keys:
        raise click.UsageError("Nothing can be proven without the devices' log keys. Give them with --keys FILE.")
    if "://" not in target and audit.is_on_share(directory, Path(target)):
        raise click.UsageError("The index names staff, so it must not be on the share. Give another folder with --to.")
    store = open_store(target, school, anew=anew)
    with _progress() as show_progress:
        built = build(directory, keys, store, now=audit.utc_now(), heard=show_progress)
    for one in built:
        if as_json and show is None:
            put_json(one.as_json())
        elif show is None or not one.whole:
            for line in one.lines():
                click.echo(printable(line), err=show is not None)
    if show is not None:
        _put(store.ask(SQL[show], {"days": days}), as_json=as_json)
    else:
        new = sum(one.new for one in built)
        devices = "1 device" if len(built) == 1 else f"{len(built)} devices"
        say(f"{sum(one.entries for one in built)} entries of {devices} in the index, {new} of them new.")
    found = audit.exit_code(one.report for one in built if one.report is not None)
    return found or (0 if all(one.whole for one in built) else 1)


def _put(answer: "Answer", *, as_json: bool) -> None:
    if as_json:
        for row in answer.as_json():
            put_json(row)
    else:
        put_table("", answer.columns, [["" if one is None else str(one) for one in row] for row in answer.rows])


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[str, int], None]]:
    """On a terminal, show which device is being read and how many new entries it has so far."""
    shown = sys.stderr.isatty()

    def show_progress(device: str, new: int) -> None:
        if shown:
            click.echo(f"\r\033[K{printable(device)}: {new} new entries", nl=False, err=True)

    yield show_progress
    if shown:
        click.echo("\r\033[K", nl=False, err=True)

"""`log`: the record of transfers, for IT to review."""

import io
import sys
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

import click

from agent.cli.session import json_option, local, put_json, put_table, settings_of

if TYPE_CHECKING:
    from agent.record import TransferRow
    from agent.settings import Settings


@click.group("log")
def command() -> None:
    """The record of transfers."""


@command.command("show")
@click.option("--since", metavar="D", help="From this day or moment on: 2026-03-14, or 2026-03-14T09:00.")
@click.option("--until", metavar="D", help="Up to and with this day, or before this moment.")
@click.option("--visit", metavar="V", help="Only this visit.")
@click.option("--device", metavar="N", help="Only this device.")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="For a spreadsheet; cells that look like formulas are made safe.")
@click.option("--ecs", is_flag=True, help="Elastic Common Schema, one JSON object a line.")
@click.pass_context
def show(
    ctx: click.Context,
    since: str | None,
    until: str | None,
    visit: str | None,
    device: str | None,
    as_json: bool,
    as_csv: bool,
    ecs: bool,
) -> int:
    """Transfers, oldest first: what went where, how it was proven, and whether it is gone from here."""
    from agent.record import to_ecs, to_json, write_csv

    if as_json + as_csv + ecs > 1:
        raise click.UsageError("--json, --csv and --ecs exclude one another.")
    settings = settings_of(ctx)
    rows = _rows(settings, since, until, visit, device)
    if as_csv:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", newline="")  # as spreadsheets read it on every system
        write_csv(rows, sys.stdout)
        sys.stdout.flush()
    elif as_json or ecs:
        for row in rows:
            put_json(to_json(row) if as_json else to_ecs(row))
    else:
        _table(list(rows), settings)
    return 0


def _rows(
    settings: "Settings", since: str | None, until: str | None, visit: str | None, device: str | None
) -> "Iterator[TransferRow]":
    from agent.pipeline.stages import record_folder
    from agent.record import Record, to_rows

    first = None if since is None else _moment(since, settings, end=False)
    last = None if until is None else _moment(until, settings, end=True)
    record = Record.open(record_folder(settings), settings.device.name)
    # A photo may be removed long after its transfer: removals are looked for beyond `until`.
    for row in to_rows(record.entries(since=first, visit=visit, device=device)):
        if last is None or row.when < last:
            yield row


def _moment(text: str, settings: "Settings", *, end: bool) -> datetime:
    """A day means its beginning, or for `end` the beginning of the next one; a moment without offset is local."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"{text!r} is no day like 2026-03-14 and no moment like 2026-03-14T09:00.") from None
    if end and moment.time() == time() and len(text) <= len("2026-03-14"):
        moment += timedelta(days=1)
    return moment if moment.tzinfo else moment.replace(tzinfo=settings.zone)


def _table(rows: "list[TransferRow]", settings: "Settings") -> None:
    if not rows:
        click.echo("No transfers on record for this.")
        return
    put_table(
        f"{len(rows)} transfers, {sum(row.bytes for row in rows) / 1e6:.1f} MB",
        ("when", "device", "visit", "photo", "name on the share", "proof", "removed here"),
        (
            (
                local(row.when, settings),
                row.device,
                row.visit,
                row.photo,
                row.name.rpartition("/")[2],
                row.method + ("" if row.synced else ", not synced"),
                local(row.removed_at, settings) if row.removed else "not yet",
            )
            for row in rows
        ),
    )

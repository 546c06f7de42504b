"""`log`: show the record of transfers, for IT to review. The commands that prove it are in `logproof`."""

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli.copies import (
    copy_of,
    enrolled,
    entries_of,
    key_option,
    settings_if_any,
    share_option,
    warn_of,
    zone_of,
)
from agent.cli.logproof import erase, erase_copy, key, rotate_key, verify
from agent.cli.paths import folder_argument
from agent.cli.session import WholeSentences, for_spreadsheets, json_option, put_json, put_table, settings_of
from agent.counting import counted

if TYPE_CHECKING:
    from agent.audit import Entry, TransferRow, VisitSum


class Kinds(click.Choice[str]):
    """The kinds of entries, which are looked up when they are needed: `photo-agent log --help` needs none."""

    def __init__(self) -> None:
        self.case_sensitive = True

    @property
    def choices(self) -> Sequence[str]:  # type: ignore[override]  # click sets it when it is made
        """In the record's own order."""
        from agent.record.kinds import EntryKind

        return tuple(kind.value for kind in EntryKind)


@click.group("log", cls=WholeSentences)
def command() -> None:
    """Show and verify the record of transfers."""


for _proof in (verify, key, rotate_key, erase, erase_copy):
    command.add_command(_proof)


@command.command("show")
@folder_argument
@share_option
@key_option
@click.option("--since", metavar="D", help="From this day or moment on: 2026-03-14, 14/03/2026, or 2026-03-14T09:00.")
@click.option("--until", metavar="D", help="Up to the end of this day, or before this moment.")
@click.option("--visit", metavar="V", help="Only this visit.")
@click.option("--device", metavar="N", help="Only this device.")
@click.option("--kind", "kinds", multiple=True, type=Kinds(), help="Entries of this kind, one by one.")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="For a spreadsheet; cells that look like formulas are made safe.")
@click.option("--ecs", is_flag=True, help="Elastic Common Schema, one JSON object per line.")
@click.pass_context
def show(
    ctx: click.Context,
    directory: Path | None,
    share: bool,
    key_files: tuple[Path, ...],
    since: str | None,
    until: str | None,
    visit: str | None,
    device: str | None,
    kinds: tuple[str, ...],
    as_json: bool,
    as_csv: bool,
    ecs: bool,
) -> int:
    """Show the transfers, oldest first: each photo, where it went, how it was proven, and whether it was removed here.

    Reads the record of this laptop, of a copied folder (DIR), or of the whole share. A copy is verified first: faults
    go to standard error, and the exit code is that of `log verify`.
    """
    if as_json + as_csv + ecs > 1:
        raise click.UsageError("Give only one of --json, --csv and --ecs.")
    zone = zone_of(settings_if_any(ctx))
    first = None if since is None else _moment(since, zone, end=False)
    last = None if until is None else _moment(until, zone, end=True)
    with copy_of(ctx, directory, share) as folder:
        # This laptop's own record is read without proof; only a copy has to be proven, which needs keys.
        keys = [] if folder is None else enrolled(ctx, key_files)
        code = warn_of(folder, keys)
        entries = entries_of(ctx, folder, keys, since=first, visit=visit, device=device)
        form = "csv" if as_csv else "ecs" if ecs else "json" if as_json else "table"
        if kinds:
            chosen = (one for one in entries if one.kind in kinds and (last is None or one.at < last))
            _put_entries(chosen, form, zone)
        else:
            # A photo may be removed long after its transfer, so removals count even if they are later than `until`.
            _put_rows(_before(entries, last), form, zone)
    return code


def _before(entries: "Iterable[Entry]", last: datetime | None) -> "Iterator[TransferRow]":
    from agent import audit

    return (row for row in audit.to_rows(entries) if last is None or row.when < last)


def _put_rows(rows: "Iterator[TransferRow]", form: str, zone: tzinfo) -> None:
    from agent import audit

    if form == "csv":
        audit.write_csv(rows, for_spreadsheets())
        sys.stdout.flush()
    elif form == "table":
        _table(list(rows), zone)
    else:
        for row in rows:
            put_json(audit.to_json(row) if form == "json" else audit.row_to_ecs(row))


def _put_entries(entries: "Iterator[Entry]", form: str, zone: tzinfo) -> None:
    from agent import audit
    from agent.record import to_ecs

    if form == "csv":
        audit.write_entries_csv(entries, for_spreadsheets())
        sys.stdout.flush()
    elif form == "table":
        rows = [audit.entry_columns(one) | {"at": _local(one.at, zone)} for one in entries]
        if rows:
            put_table(
                counted(len(rows), "entry", "entries"),
                audit.ENTRY_COLUMNS,
                ([str(cell) for cell in row.values()] for row in rows),
            )
        else:
            click.echo("There are no entries of that kind on record.")
    else:
        for one in entries:
            put_json(audit.entry_to_json(one) if form == "json" else to_ecs(one))


def _moment(text: str, zone: tzinfo, *, end: bool) -> datetime:
    """The moment that `text` names. A day means its start, or its end for `end`; without an offset, times are local."""
    from agent.register.dates import Order, read_written

    try:
        said = read_written(text).moment(Order.DAY_FIRST)
        moment = said.wall if said.offset is None else said.wall.replace(tzinfo=timezone(said.offset))
        whole_day = said.whole_day
    except ValueError as as_in_the_register:
        try:  # other forms of ISO 8601, which scripts write
            moment, whole_day = datetime.fromisoformat(text), len(text) <= len("2026-03-14")
        except ValueError:
            raise click.UsageError(
                f"{text!r} is not a day such as 2026-03-14 or 14/03/2026, nor a moment such as 2026-03-14T09:00 "
                f"({str(as_in_the_register).partition('; write ')[0]})."
            ) from None
    try:
        moment += timedelta(days=1 if end and whole_day else 0)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except OverflowError:
        raise click.UsageError(f"{text!r} is too far from today.") from None


def _local(moment: datetime | None, zone: tzinfo) -> str:
    return "–" if moment is None else moment.astimezone(zone).strftime("%d %b %Y %H:%M")


_NOT_REMOVED = {
    None: "not yet",
    "gone": "not by photo-agent: somebody else moved or deleted it",
    "folder gone": "not by photo-agent: its folder has disappeared",
    "away": "not yet: its card or disk is not connected",
    "read-only": "not yet: its card is read-only",
    "kept": "no: the settings leave photos on the card",
    "changed": "no: it was changed after it was sent",
    "dismissed": "no: its card or folder did not come back",
}


def _table(rows: "list[TransferRow]", zone: tzinfo) -> None:
    if not rows:
        click.echo("There are no such transfers on record.")
        return
    put_table(
        f"{counted(len(rows), 'transfer')}, {sum(row.bytes for row in rows) / 1e6:.1f} MB",
        ("when", "device", "visit", "photo", "name on the share", "proof", "removed here"),
        (
            (
                _local(row.when, zone),
                row.device,
                row.visit,
                row.photo,
                row.name.rpartition("/")[2],
                _how_proven(row),
                _local(row.removed_at, zone) if row.removed else _NOT_REMOVED[row.outcome],
            )
            for row in rows
        ),
    )


def _how_proven(row: "TransferRow") -> str:
    method = row.method if row.synced else f"{row.method}, not synced"
    return f"{method}, damaged: {row.damage}" if row.damage else method


@command.command("visit")
@click.argument("visit")
@folder_argument
@share_option
@key_option
@json_option
@click.pass_context
def visit_summary(
    ctx: click.Context,
    visit: str,
    directory: Path | None,
    share: bool,
    key_files: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Sum up one visit: who sent photos, how many were sent, proven and removed, how long it took, and what is left.

    Reads the record of this laptop (and counts the photos that are waiting here), of a copied folder (DIR), or of the
    whole share.
    """
    from agent import audit

    zone = zone_of(settings_if_any(ctx))
    with copy_of(ctx, directory, share) as folder:
        # This laptop's own record is read without proof; only a copy has to be proven, which needs keys.
        keys = [] if folder is None else enrolled(ctx, key_files)
        code = warn_of(folder, keys)
        summed = audit.sum_up(entries_of(ctx, folder, keys, visit=visit), visit)
    waiting = None if folder is not None else _waiting(ctx, visit)
    if as_json:
        put_json(summed.as_json() | {"waiting": waiting, "found": None if waiting is None else waiting + summed.photos})
    else:
        _print_sum(summed, waiting, zone)
    return code


def _waiting(ctx: click.Context, visit: str) -> int:
    """The number of photos of the visit that are on this laptop and not yet on record."""
    from agent.journal import Journal, State
    from agent.pipeline.places import journal_file

    file = journal_file(settings_of(ctx))
    if not file.exists():
        return 0
    with Journal.open(file, read_only=True) as journal:
        before = journal.tracked_photos(State.SETTLED, State.DECIDED, State.SENT, State.PROVEN, State.REFUSED)
        return sum(one.decision is not None and one.decision.visit == visit for one in before)


def _print_sum(summed: "VisitSum", waiting: int | None, zone: tzinfo) -> None:
    if not summed.devices and not waiting:
        click.echo(f"Nothing is on record for the visit {summed.visit}.")
        return
    lines = [
        ("visit", summed.visit),
        ("staff", ", ".join(sorted(summed.staff)) or "–"),
        ("devices", ", ".join(sorted(summed.devices)) or "–"),
        ("found", _ON_THE_LAPTOPS_ONLY if waiting is None else str(waiting + summed.photos)),
        ("sent and proven", f"{summed.photos} photos, {summed.files} files, {summed.bytes / 1e6:.1f} MB"),
        ("removed", f"{summed.removed}; {len(summed.not_removed)} not yet"),
        ("still waiting", _ON_THE_LAPTOPS_ONLY if waiting is None else str(waiting)),
        ("proven", f"{_local(summed.first, zone)} to {_local(summed.last, zone)}"),
        ("how long it took", _delays(summed)),
        ("settled by a person", str(summed.by_person)),
        ("damaged", f"{len(summed.damaged)}: check the card" if summed.damaged else "none"),
        ("unresolved", _unresolved(summed)),
    ]
    put_table("", ("", ""), lines)


_ON_THE_LAPTOPS_ONLY = "known only on each laptop"


def _delays(summed: "VisitSum") -> str:
    if summed.median_delay is None:
        return "not measured"
    median, longest = _minutes(summed.median_delay), _minutes(max(summed.delays))
    return f"half of the photos within {median} after the share could be reached, the last within {longest}"


def _minutes(seconds: float) -> str:
    whole = max(1, math.ceil(seconds / 60))
    return "a minute" if whole == 1 else f"{whole} minutes"


def _unresolved(summed: "VisitSum") -> str:
    parts = [
        *([f"{len(summed.not_removed)} not removed"] if summed.not_removed else []),
        *([f"{len(summed.overdue)} overdue"] if summed.overdue else []),
        *([f"{len(summed.refused)} cannot be sent"] if summed.refused else []),
        *([f"{summed.unsynced} not confirmed to be on the server's disk"] if summed.unsynced else []),
        *([f"{summed.leftovers} found elsewhere on the laptop"] if summed.leftovers else []),
    ]
    return ", ".join(parts) or "nothing"

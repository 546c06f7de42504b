"""`log`: the record of transfers, for IT to review; `logproof` has what proves it."""

import io
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
    key_option,
    settings_if_any,
    share_option,
    zone_of,
)
from agent.cli.logproof import erase, erase_copy, key, rotate_key, verify
from agent.cli.paths import folder_argument
from agent.cli.session import WholeSentences, json_option, put_json, put_table, say, settings_of

if TYPE_CHECKING:
    from agent.audit import Entry, TransferRow, VerifierKey, VisitSum

# As agent/record/schema.py has them, which is not imported for `--help`.
KINDS = (
    *("transferred", "removed", "not-removed", "share-lost", "left-on-share", "review-resolved", "register-changed"),
    *(
        "share-refused",
        "refused",
        "overdue",
        "leftover-reported",
        "inspected",
        "attested",
        "card",
        "heartbeat",
        "enrolled",
        "key-rotated",
    ),
    *("renamed", "erased"),
)


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
@click.option("--until", metavar="D", help="Up to and with this day, or before this moment.")
@click.option("--visit", metavar="V", help="Only this visit.")
@click.option("--device", metavar="N", help="Only this device.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="Entries of this kind, one by one.")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="For a spreadsheet; cells that look like formulas are made safe.")
@click.option("--ecs", is_flag=True, help="Elastic Common Schema, one JSON object a line.")
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
    """Show the transfers, oldest first: what went where, how it was proven, and whether it is gone from the laptop.

    Of this laptop, of a copied folder (DIR), or of the whole share. A copy is verified first: faults go to
    standard error, and the exit code is that of `log verify`.
    """
    if as_json + as_csv + ecs > 1:
        raise click.UsageError("Give only one of --json, --csv and --ecs.")
    zone = zone_of(settings_if_any(ctx))
    first = None if since is None else _moment(since, zone, end=False)
    last = None if until is None else _moment(until, zone, end=True)
    with copy_of(ctx, directory, share) as folder:
        # This laptop's own record is read as it is; only a copy has to be proven, and needs keys.
        keys = [] if folder is None else enrolled(ctx, key_files)
        code = _warn(folder, keys)
        entries = _entries(ctx, folder, keys, since=first, visit=visit, device=device)
        form = "csv" if as_csv else "ecs" if ecs else "json" if as_json else "table"
        if kinds:
            chosen = (one for one in entries if one.kind in kinds and (last is None or one.at < last))
            _put_entries(chosen, form, zone)
        else:
            # A photo may be removed long after its transfer: removals are looked for beyond `until`.
            _put_rows(_before(entries, last), form, zone)
    return code


def _before(entries: "Iterable[Entry]", last: datetime | None) -> "Iterator[TransferRow]":
    from agent import audit

    return (row for row in audit.to_rows(entries) if last is None or row.when < last)


def _warn(folder: Path | None, keys: "Sequence[VerifierKey]") -> int:
    """Say what is wrong with a copy; the exit code of that."""
    if folder is None:
        return 0
    from agent import audit

    reports = audit.verify_copy(folder, keys, now=audit.utc_now())
    for report in reports:
        if report.findings:
            for line in report.lines():
                say(line)
    return audit.exit_code(reports)


def _entries(
    ctx: click.Context,
    folder: Path | None,
    keys: "Sequence[VerifierKey]",
    *,
    since: datetime | None,
    visit: str | None,
    device: str | None,
) -> "Iterator[Entry]":
    from agent import audit

    if folder is None:
        from agent.pipeline.former import own_entries

        entries = own_entries(settings_of(ctx))
    else:
        entries = audit.copied_entries(folder, keys)
    return audit.chosen(entries, since=since, visit=visit, device=device)


def _put_rows(rows: "Iterator[TransferRow]", form: str, zone: tzinfo) -> None:
    from agent import audit

    if form == "csv":
        audit.write_csv(rows, _for_spreadsheets())
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
        audit.write_entries_csv(entries, _for_spreadsheets())
        sys.stdout.flush()
    elif form == "table":
        rows = [audit.entry_columns(one) | {"at": _local(one.at, zone)} for one in entries]
        if rows:
            put_table(
                f"{len(rows)} entries", audit.ENTRY_COLUMNS, ([str(cell) for cell in row.values()] for row in rows)
            )
        else:
            click.echo("No entries on record for this.")
    else:
        for one in entries:
            put_json(audit.entry_to_json(one) if form == "json" else to_ecs(one))


def _for_spreadsheets() -> io.TextIOWrapper:
    """Standard output as spreadsheets read it on every system."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    return sys.stdout  # type: ignore[return-value]  # a test's own stream writes text as well


def _moment(text: str, zone: tzinfo, *, end: bool) -> datetime:
    """A day means its beginning, or for `end` the beginning of the next one; a moment without offset is local."""
    from agent.register.dates import Order, read_written

    try:
        said = read_written(text).moment(Order.DAY_FIRST)
        moment = said.wall if said.offset is None else said.wall.replace(tzinfo=timezone(said.offset))
        whole_day = said.whole_day
    except ValueError as as_in_the_register:
        try:  # other forms of ISO 8601, as scripts write them
            moment, whole_day = datetime.fromisoformat(text), len(text) <= len("2026-03-14")
        except ValueError:
            raise click.UsageError(
                f"{text!r} is not a day such as 2026-03-14 or 14/03/2026, nor a moment such as 2026-03-14T09:00 "
                f"({as_in_the_register})."
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
    "folder gone": "not by photo-agent: its folder is not there",
    "away": "not yet: its card or disk is not connected",
    "read-only": "not yet: its card is read-only",
    "kept": "no: it stays on its card, as the settings say",
    "changed": "no: it was changed after it was sent",
    "dismissed": "no: its card or folder did not come back",
}


def _table(rows: "list[TransferRow]", zone: tzinfo) -> None:
    if not rows:
        click.echo("No transfers on record for this.")
        return
    put_table(
        f"{len(rows)} transfers, {sum(row.bytes for row in rows) / 1e6:.1f} MB",
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
    told = row.method if row.synced else f"{row.method}, not synced"
    return f"{told}, damaged: {row.damage}" if row.damage else told


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
    """Sum up one visit: who, how many sent, proven, removed and still waiting, how long it took, what is left.

    Of this laptop with what waits here, of a copied folder (DIR), or of the whole share.
    """
    from agent import audit

    zone = zone_of(settings_if_any(ctx))
    with copy_of(ctx, directory, share) as folder:
        # This laptop's own record is read as it is; only a copy has to be proven, and needs keys.
        keys = [] if folder is None else enrolled(ctx, key_files)
        code = _warn(folder, keys)
        told = audit.sum_up(_entries(ctx, folder, keys, since=None, visit=visit, device=None), visit)
    waiting = None if folder is not None else _waiting(ctx, visit)
    if as_json:
        put_json(told.as_json() | {"waiting": waiting, "found": None if waiting is None else waiting + told.photos})
    else:
        _tell(told, waiting, zone)
    return code


def _waiting(ctx: click.Context, visit: str) -> int:
    """How many photos of the visit are here and not yet on record."""
    from agent.journal import Journal, State
    from agent.pipeline.places import journal_file

    file = journal_file(settings_of(ctx))
    if not file.exists():
        return 0
    with Journal.open(file, read_only=True) as journal:
        before = journal.tracked_photos(State.SETTLED, State.DECIDED, State.SENT, State.PROVEN, State.REFUSED)
        return sum(one.decision is not None and one.decision.visit == visit for one in before)


def _tell(told: "VisitSum", waiting: int | None, zone: tzinfo) -> None:
    if not told.devices and not waiting:
        click.echo(f"Nothing is on record for the visit {told.visit}.")
        return
    lines = [
        ("visit", told.visit),
        ("staff", ", ".join(sorted(told.staff)) or "–"),
        ("devices", ", ".join(sorted(told.devices)) or "–"),
        ("found", "as each laptop knows" if waiting is None else str(waiting + told.photos)),
        ("sent and proven", f"{told.photos} photos, {told.files} files, {told.bytes / 1e6:.1f} MB"),
        ("removed", f"{told.removed}; {len(told.not_removed)} not yet"),
        ("still waiting", "as each laptop knows" if waiting is None else str(waiting)),
        ("proven", f"{_local(told.first, zone)} to {_local(told.last, zone)}"),
        ("how long it took", _delays(told)),
        ("settled by a person", str(told.by_person)),
        ("damaged", f"{len(told.damaged)}: look at the card" if told.damaged else "none"),
        ("unresolved", _unresolved(told)),
    ]
    put_table("", ("", ""), lines)


def _delays(told: "VisitSum") -> str:
    if told.median_delay is None:
        return "not measured"
    median, longest = _minutes(told.median_delay), _minutes(max(told.delays))
    return f"half of the photos within {median} of the share being reachable, the last within {longest}"


def _minutes(seconds: float) -> str:
    whole = max(1, math.ceil(seconds / 60))
    return "a minute" if whole == 1 else f"{whole} minutes"


def _unresolved(told: "VisitSum") -> str:
    parts = [
        *([f"{len(told.not_removed)} not removed"] if told.not_removed else []),
        *([f"{len(told.overdue)} overdue"] if told.overdue else []),
        *([f"{len(told.refused)} cannot be sent"] if told.refused else []),
        *([f"{told.unsynced} not confirmed to be on the server's disk"] if told.unsynced else []),
        *([f"{told.leftovers} found elsewhere on the laptop"] if told.leftovers else []),
    ]
    return ", ".join(parts) or "nothing"

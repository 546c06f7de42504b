"""`visits`: show the register as this laptop understands it, and every fault in a file."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli.paths import FILE
from agent.cli.session import WholeSentences, json_option, local, put_json, put_table, say, settings_of, stages_of
from agent.cli.zones import known_zone
from agent.errors import RegisterError

if TYPE_CHECKING:
    from agent.model.register import Visit
    from agent.register import Rules


@click.group("visits", cls=WholeSentences)
def command() -> None:
    """Show, check or accept the register of visits."""


@command.command("list")
@json_option
@click.pass_context
def list_visits(ctx: click.Context, as_json: bool) -> int:
    """Show the visits that this laptop knows, newest first."""
    settings = settings_of(ctx)
    with stages_of(settings) as context:
        register = context.registers.current()
    if register is None:
        raise RegisterError("This laptop has not read the register yet. `photo-agent sync` fetches it.")
    newest = sorted(register.visits, key=lambda visit: visit.span.earliest, reverse=True)
    if as_json:
        for visit in newest:
            put_json(_as_json(visit))
        return 0
    put_table(
        f"{len(newest)} {'visit' if len(newest) == 1 else 'visits'}, read {local(register.read_at, settings)}",
        ("id", "title", "starts", "ends", "zone", "staff", ""),
        (
            (
                visit.id,
                visit.title,
                _there(visit, start=True),
                _there(visit, start=False),
                " → ".join((visit.zone, *visit.then)),
                ", ".join(sorted(visit.staff)) or "anyone",
                (visit.why_not.removeprefix("which ") or "cancelled") if visit.cancelled else "",
            )
            for visit in newest
        ),
    )
    return 0


@command.command("check")
@click.argument("file", type=FILE)
@click.option(
    "--timezone",
    metavar="ZONE",
    callback=known_zone,
    help="The school's time zone, for rows without one; default: the one in the settings.",
)
@click.option(
    "--dates",
    type=click.Choice(["day-first", "month-first", "iso"]),
    help="The order of day and month in dates such as 3/4/2026; default: the order in the settings.",
)
@click.option(
    "--cameras",
    type=FILE,
    help="A cameras.csv, to look up the camera labels of a visits register in.",
)
@json_option
@click.pass_context
def check(
    ctx: click.Context, file: Path, timezone: str | None, dates: str | None, cameras: Path | None, as_json: bool
) -> int:
    """Show every fault in FILE (a visits register, .csv, .xlsx, .ods or .ics; or cameras.csv), with its line.

    The exit code is 2 if a line cannot be used.
    """
    from agent.counting import counted
    from agent.pipeline.renew import read_local
    from agent.register import check as checked

    labels = None if cameras is None else read_local(cameras)
    found = checked(
        read_local(file),
        file.name,
        rules=_rules(ctx, timezone, dates),
        cameras=labels,
    )
    for one in sorted(found.faults, key=lambda fault: fault.line):
        if as_json:
            put_json(
                {
                    "line": one.line,
                    "column": one.column,
                    "message": one.message,
                    "severity": one.severity,
                    "register": one.register,
                }
            )
        else:
            where = f"line {one.line}" + (f", {one.column}" if one.column else "")
            click.echo(f"{where}: {one.severity}: {one.message}")
    errors = sum(one.severity == "error" for one in found.faults)
    warnings = counted(len(found.faults) - errors, "warning")
    say(f"{file.name}: {counted(found.good, 'good line')}, {counted(errors, 'error')}, {warnings}")
    return 2 if errors or (labels is not None and cameras is not None and _wrong_cameras(labels, cameras)) else 0


def _wrong_cameras(content: bytes, file: Path) -> bool:
    """Whether the cameras register has no usable line, so that no label was found. Prints a warning about faults."""
    from agent.register import read_cameras

    read = read_cameras(content)
    wrong = any(fault.severity == "error" for fault in read.faults)
    if wrong:
        say(f"{file.name} has lines that cannot be used. `photo-agent visits check {file.name}` shows them.")
    return wrong and not read.cameras


@command.command("accept")
@json_option
@click.pass_context
def accept(ctx: click.Context, as_json: bool) -> int:
    """For the visits coordinator: use the register although it looks wrong.

    Use this if the register has shrunk by more than half, has a very long visit, or seems to have days and months
    swapped, and is right all the same.
    """
    from agent.pipeline.renew import fetch_register

    with stages_of(settings_of(ctx)) as context:
        renewal = fetch_register(context, force=True)
    if renewal.refusal or renewal.register is None:
        raise RegisterError(renewal.refusal or "No register is waiting to be accepted.")
    if as_json:
        put_json({"version": renewal.register.version, "visits": len(renewal.register.visits)})
    else:
        number = len(renewal.register.visits)
        click.echo("1 visit is now in use." if number == 1 else f"{number} visits are now in use.")
    return 0


def _rules(ctx: click.Context, zone: str | None, dates: str | None) -> "Rules":
    """The rules that the options name, else those of the settings. The coordinator's computer may have no settings."""
    from agent.errors import SettingsError
    from agent.pipeline.renew import rules_of
    from agent.register import Order, Rules

    try:
        rules = rules_of(settings_of(ctx))
    except SettingsError:
        if zone is None:
            say(
                "This computer has no settings, so rows without a time zone are read as Europe/London "
                "(--timezone changes that)."
            )
        rules = Rules("Europe/London")
    return replace(rules, zone=zone or rules.zone, dates=Order(dates) if dates else rules.dates)


def _there(visit: "Visit", *, start: bool) -> str:
    from zoneinfo import ZoneInfo

    moment, zone = (visit.span.earliest, visit.zone) if start else (visit.span.latest, visit.ends_in)
    return moment.astimezone(ZoneInfo(zone)).strftime("%d %b %Y %H:%M")


def _as_json(visit: "Visit") -> dict[str, object]:
    return {
        "id": visit.id,
        "title": visit.title,
        "starts": visit.span.earliest,
        "ends": visit.span.latest,
        "timezone": visit.zone,
        "timezones": [visit.zone, *visit.then],
        "staff": sorted(visit.staff),
        "cameras": sorted(visit.cameras),
        "place": visit.place and {"latitude": visit.place.latitude, "longitude": visit.place.longitude},
        "radius_km": visit.radius_km,
        "status": "cancelled" if visit.cancelled else "approved",
        "line": visit.line or None,
    }

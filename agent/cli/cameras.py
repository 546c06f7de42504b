"""`cameras`: the cameras register, the cameras that photos name, and how wrong a camera's clock is.

`loans` (who had which camera) has a module of its own.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli.loans import loans
from agent.cli.paths import ANY, THERE
from agent.cli.session import WholeSentences, json_option, printable, put_json, put_table, say, settings_of, stages_of
from agent.errors import RegisterError

if TYPE_CHECKING:
    from agent.clockcheck import ClockOffset
    from agent.pipeline.cameras import ClockError, SeenCamera, SeenCameras
    from agent.pipeline.context import Context


@click.group("cameras", cls=WholeSentences)
def command() -> None:
    """Show the school's cameras and who used them, or measure their clocks."""


command.add_command(loans)


@command.command("list")
@click.option(
    "--seen",
    "paths",
    multiple=True,
    type=THERE,
    help="Show the cameras that the photos in this file or folder name instead. May be repeated.",
)
@json_option
@click.pass_context
def list_cameras(ctx: click.Context, paths: tuple[Path, ...], as_json: bool) -> int:
    """Show the cameras register that this laptop uses.

    With --seen, show what to write into the register: make, model and serial number, as the photos give them.
    """
    from agent.pipeline.cameras import registered, seen

    with stages_of(settings_of(ctx)) as context:
        if paths:
            _put_seen(seen(context, paths), as_json)
            return 0
        cameras = registered(context)
    if cameras is None:
        raise RegisterError("This laptop has not read the register yet. `photo-agent sync` fetches it.")
    if as_json:
        for camera in cameras:
            put_json(
                {
                    "label": camera.label,
                    "make": camera.make,
                    "model": camera.model,
                    "serial": camera.serial,
                    "owner": camera.owner,
                    "clock_ahead_seconds": camera.clock_ahead.total_seconds(),
                }
            )
        return 0
    if not cameras:
        say("No cameras are registered.")
        return 0
    put_table(
        f"{len(cameras)} {'camera' if len(cameras) == 1 else 'cameras'}",
        ("label", "make", "model", "serial", "owner", "clock runs"),
        (
            (
                one.label,
                one.make or "",
                one.model or "",
                one.serial or "",
                one.owner,
                _runs(one.clock_ahead.total_seconds()),
            )
            for one in cameras
        ),
    )
    return 0


def _put_seen(found: "tuple[SeenCamera, ...]", as_json: bool) -> None:
    if as_json:
        for one in found:
            put_json(
                {
                    "make": one.camera.make,
                    "model": one.camera.model,
                    "serial": one.camera.serial,
                    "photos": one.photos,
                    "registered": list(one.labels),
                }
            )
        return
    put_table(
        f"{len(found)} {'camera' if len(found) == 1 else 'cameras'} in these photos",
        ("make", "model", "serial", "photos", "registered as"),
        (
            (
                one.camera.make or "",
                one.camera.model or "",
                one.camera.serial or "",
                str(one.photos),
                " or ".join(one.labels) or "not registered",
            )
            for one in found
        ),
    )


@command.command("clock")
@click.argument("photos", nargs=-1, type=ANY)
@click.option("--show", is_flag=True, help="Show the true time as a QR code to photograph. Ctrl-C ends it.")
@click.option("--timezone", help="The time zone that the camera is set to; default: the one in the settings.")
@click.option("--label", help="The camera's label, for a new line or where several cameras match.")
@click.option("--owner", type=click.Choice(["school", "staff"]), help="Who owns the camera, for a new line.")
@json_option
@click.pass_context
def clock(
    ctx: click.Context,
    photos: tuple[Path, ...],
    show: bool,
    timezone: str | None,
    label: str | None,
    owner: str | None,
    as_json: bool,
) -> int:
    """Measure how far a camera's clock runs ahead, from PHOTOS of the clock that --show displays.

    First run this with --show and photograph the screen with the camera. Then run it again with those photos: it
    prints the line to enter in cameras.csv.
    """
    if show == bool(photos):
        raise click.UsageError("Give either --show, or photos of the clock that --show displays.", ctx)
    if show:
        from agent.cli.clockface import show_clock

        with stages_of(settings_of(ctx)) as context:
            return show_clock(context)
    with stages_of(settings_of(ctx)) as context:
        return _measure(context, photos, timezone, label, owner, as_json)


def _measure(
    context: "Context",
    photos: tuple[Path, ...],
    timezone: str | None,
    label: str | None,
    owner: str | None,
    as_json: bool,
) -> int:
    from agent.pipeline.cameras import clock_error, look_at_clocks, zone_called

    zone = zone_called(timezone) if timezone else context.zone
    looked = look_at_clocks(context, photos, zone)
    for one in looked:
        if as_json:
            put_json(_photo_json(one))
        else:
            click.echo(_photo_words(one))
    error = clock_error(context, looked, label=label, owner=owner)
    if as_json:
        put_json(_error_json(error, zone.key))
    else:
        _put_error(error, zone.key)
    return 0


def _photo_json(looked: "SeenCameras") -> dict[str, object]:
    from agent.clockcheck import Measured

    found = looked.found
    if not isinstance(found, Measured):
        return {"file": looked.path, "shown": None, "checked": None, "ahead": None, "problem": str(found)}
    return {
        "file": looked.path,
        "shown": found.shown.at,
        "checked": found.shown.checked,
        "ahead": _ahead_json(found.ahead),
        "problem": None,
    }


def _photo_words(looked: "SeenCameras") -> str:
    from agent.clockcheck import Measured

    found, name = looked.found, printable(str(looked.path))
    if not isinstance(found, Measured):
        return f"{name}: {found}"
    return f"{name}: {_runs(found.ahead.seconds)}, to within {found.ahead.within:.1f} s"


def _ahead_json(ahead: "ClockOffset") -> dict[str, float]:
    return {"least": round(ahead.least.total_seconds(), 3), "most": round(ahead.most.total_seconds(), 3)}


def _error_json(error: "ClockError", zone: str) -> dict[str, object]:
    return {
        "camera": {"make": error.camera.make, "model": error.camera.model, "serial": error.camera.serial},
        "registered": error.label,
        "clock_ahead_seconds": error.ahead.seconds,
        "within_seconds": error.ahead.within,
        "ahead": _ahead_json(error.ahead),
        "zone_seconds": None if error.zone is None else round(error.zone.total_seconds()),
        "compared_in": "its own offset" if error.own_offset else zone,
        "checked": error.checked,
        "line": error.line,
    }


def _put_error(error: "ClockError", zone: str) -> None:
    camera = " ".join(filter(None, (error.camera.make, error.camera.model, error.camera.serial)))
    compared = "by the offset it writes itself" if error.own_offset else f"as a clock set to {zone}"
    click.echo(f"{printable(error.label or camera)}: its clock, read {compared}, {_runs(error.ahead.seconds)}"
               f" (to within {error.ahead.within:.1f} s)")  # fmt: skip
    if error.zone is not None:
        hours = error.zone.total_seconds() / 3600
        say(
            f"{abs(hours):g} h of that is a time zone or summer-time setting. Correct that setting on the camera and "
            "photograph the clock again: otherwise the correction will be wrong when the clocks next change."
        )
    if not error.checked:
        say("The clock in the photos had not been checked against the share's clock, only read from a laptop.")
    say(
        "The visits coordinator enters this line in cameras.csv (label, make, model, serial, owner, "
        "clock_ahead_seconds):"
    )
    click.echo(printable(error.line))


def _runs(seconds: float) -> str:
    if not seconds:
        return "right"
    size, way = abs(seconds), "ahead" if seconds > 0 else "behind"
    if size < 120:
        return f"{size:g} s {way}"
    days, rest = divmod(round(size), 86400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"), (left, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) + f" {way}"

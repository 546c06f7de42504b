"""`init`: set this laptop up, by questions or by flags."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli.session import json_option, put_json, say
from agent.errors import ShareUnreachable

if TYPE_CHECKING:
    from agent.pipeline.enrol import Enrolment
    from agent.settings import Settings


@click.command("init")
@click.option("--staff", help="Whose laptop this is, as written in the register.")
@click.option("--watch", multiple=True, help="An import folder; may be given several times.")
@click.option("--host", help="The share's server.")
@click.option("--port", type=click.IntRange(1, 65535), default=22, show_default=True)
@click.option("--user", help="This laptop's user on the server.")
@click.option("--path", "root", default="/photos", show_default=True, help="The agent's folder on the server.")
@click.option("--timezone", help="The school's zone, e.g. Europe/London.")
@click.option("--name", help="This laptop's name; default: its user on the server.")
@click.option("--visits", default="share:register/visits.csv", show_default=True, help="Where the register is.")
@click.option(
    "--host-key", "fingerprint", help="The server's SHA256 fingerprint, as IT gave it; pinned without asking."
)
@click.option("--no-server", is_flag=True, help="Do not ask the server for its host key now.")
@click.option(
    "--enrolment",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Leave what IT must enter as a file in this folder, for `add-device.sh --from`.",
)
@click.option("--force", is_flag=True, help="Replace settings that are there already.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    staff: str | None,
    watch: tuple[str, ...],
    host: str | None,
    port: int,
    user: str | None,
    root: str,
    timezone: str | None,
    name: str | None,
    visits: str,
    fingerprint: str | None,
    no_server: bool,
    enrolment: Path | None,
    force: bool,
    as_json: bool,
) -> int:
    """Set this laptop up: write agent.toml, make its keys, pin the server's host key, and say what IT must enter."""
    from agent.pipeline.enrol import make_keys, names_in_register, write_settings
    from agent.settings import load, new_file

    path = _target(ctx)
    if path.exists() and not force and not (staff or watch or host or user):
        say(f"keeping the settings in {path}")
    else:
        text = new_file(
            staff=staff or _ask("staff", "Whose laptop is this (as in the register, e.g. j.smith)", None),
            watch=watch or (_ask("watch", "The folder that photos are imported into", "~/Pictures/Camera Imports"),),
            host=host or _ask("host", "The share's server", None),
            user=user or _ask("user", "This laptop's user on the server", None),
            timezone=timezone or _ask("timezone", "The school's time zone", _system_zone()),
            path=root,
            name=name,
            port=port,
            visits=visits,
        )
        write_settings(path, text, replace=force)
    settings = load(path)
    made = make_keys(settings)
    if enrolment is not None:
        from agent.pipeline.enrolment import leave

        say(f"for IT: {leave(made, settings.device.staff, enrolment)}")
    if not no_server:
        _pin(settings, fingerprint)
    named = None if no_server and not settings.register_is_here else names_in_register(settings)
    _tell(made, path, named, as_json)
    if named and not as_json:
        _tell_names(named, settings.device.staff)
    return 0


def _target(ctx: click.Context) -> Path:
    from agent.settings import config_folder

    named = ctx.find_root().obj or os.environ.get("PHOTO_AGENT_CONFIG")
    return Path(named) if named else config_folder() / "agent.toml"


def _ask(name: str, text: str, default: str | None) -> str:
    if not sys.stdin.isatty():
        if default is not None:
            return default
        raise click.UsageError(f"--{name} is needed: there is no terminal to ask on.")
    answer: str = click.prompt(text, default=default, err=True)
    return answer


def _system_zone() -> str:
    """The system's IANA zone where it says so, else the school's likely one."""
    zone = os.environ.get("TZ", "")
    if not zone:
        link = Path("/etc/localtime")
        parts = link.resolve().parts if link.is_symlink() else ()
        zone = "/".join(parts[parts.index("zoneinfo") + 1 :]) if "zoneinfo" in parts else ""
    return zone if "/" in zone else "Europe/London"


def _pin(settings: "Settings", fingerprint: str | None) -> None:
    from agent.pipeline.enrol import pin_if_confirmed
    from agent.share import scan_host_key

    try:
        key = scan_host_key(settings.share.host, settings.share.port, 20.0)
    except ShareUnreachable as fault:
        say(f"the host key was not pinned: {fault}. Run `photo-agent init` again when the server can be reached")
        return
    confirmed = False
    if fingerprint is None and sys.stdin.isatty():
        say(f"{settings.share.host} shows the {key.type} key {key.fingerprint}")
        confirmed = click.confirm("Is this what IT told you", err=True)
    elif fingerprint is None:
        say(f"{settings.share.host} shows {key.fingerprint}; give it with --host-key once IT has confirmed it")
    pin_if_confirmed(settings, key, expected=fingerprint, confirmed=confirmed)


def _tell_names(named: tuple[str, ...], staff: str) -> None:
    """The names in the register, so that whoever sets the laptop up sees whether this one is among them."""
    from agent.register import recognise

    found = recognise(staff, named)
    click.echo(f"The visits register names: {', '.join(named)}.")
    if found.perhaps:
        say(f"{staff} may be {' or '.join(sorted(found.perhaps))}: write the name as it is in the register.")
    elif not found.same:
        say(f"{staff} is not among them: write the name as it is in the register, or ask the visits coordinator.")


def _tell(enrolment: "Enrolment", path: Path, named: tuple[str, ...] | None, as_json: bool) -> None:
    if as_json:
        put_json(
            {
                "settings": str(path),
                "device": enrolment.device,
                "user": enrolment.user,
                "ssh_key": enrolment.ssh_key,
                "log_key": enrolment.log_key,
                "add_device": enrolment.command,
                **({} if named is None else {"staff_in_register": list(named)}),
            }
        )
        return
    click.echo(f"Settings: {path}")
    click.echo("IT lets this laptop in by one line on the server, as root:")
    click.echo(f"  {enrolment.command}")
    click.echo("and adds this line to the file of log keys that `log verify` and the witness are given:")
    click.echo(f"  {enrolment.log_key}")
    click.echo("Then: `photo-agent doctor` checks everything, `photo-agent service install` starts it at log-in.")

"""`init`: set this laptop up, by questions or by flags. Run again, it checks the set-up and adds what is missing."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agent.cli.paths import NEW_FOLDER
from agent.cli.session import json_option, put_json, say
from agent.errors import SettingsError, ShareUnreachable, UsageError

if TYPE_CHECKING:
    from agent.pipeline.enrol import Enrolment
    from agent.settings import Settings
    from agent.share import HostKey

KEYS = {
    "staff": ("device", "staff"),
    "timezone": ("device", "timezone"),
    "name": ("device", "name"),
    "watch": ("folders", "watch"),
    "host": ("share", "host"),
    "port": ("share", "port"),
    "user": ("share", "user"),
    "path": ("share", "path"),
    "visits": ("register", "visits"),
}
"""The options that become settings, with the table and key of each."""

QUESTIONS = {
    "staff": "Whose laptop is this (as in the visits register, e.g. j.smith)",
    "watch": "The folder into which photos are imported",
    "host": "The name of the school's photo server",
    "user": "This laptop's user on the server (e.g. laptop-17)",
    "timezone": "The school's time zone (e.g. Europe/London)",
}

NO_ZONE_OF_A_SCHOOL = ("UTC", "UCT", "GMT", "Etc/", "Zulu", "Universal", "Greenwich")
"""The beginnings of default time zones, which say nothing about where the school is."""


@click.command("init")
@click.option("--staff", help="Whose laptop this is, as written in the register.")
@click.option("--watch", multiple=True, help="An import folder; may be given several times.")
@click.option("--host", help="The school's photo server.")
@click.option("--port", type=click.IntRange(1, 65535), help="Its SSH port; default: 22.")
@click.option("--user", help="This laptop's user on the server.")
@click.option("--path", help="The agent's folder on the server; default: /photos.")
@click.option("--timezone", help="The school's time zone, e.g. Europe/London.")
@click.option("--name", help="This laptop's name; default: its user on the server.")
@click.option("--visits", help="Where the visits register is; default: share:register/visits.csv.")
@click.option(
    "--host-key",
    "fingerprint",
    metavar="SHA256:…",
    help="The server's fingerprint, as IT gave it. If the server shows the same one, it is pinned without a question. "
    "Needed if nobody can be asked, and if the server's key has changed.",
)
@click.option("--no-server", is_flag=True, help="Do not ask the server for its host key now.")
@click.option(
    "--enrolment",
    metavar="FOLDER",
    type=NEW_FOLDER,
    help="Write what IT must enter to a file in this folder, for `add-device.sh --from`.",
)
@click.option("--yes", is_flag=True, help="Ask nothing: use the defaults, and fail if a value is missing.")
@click.option("--force", is_flag=True, help="Replace existing settings with the values given here.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    fingerprint: str | None,
    no_server: bool,
    enrolment: Path | None,
    yes: bool,
    force: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Set this laptop up: write agent.toml, make its keys, pin the server's host key, and say what IT must enter.

    You can run it again at any time: existing settings and keys stay, and missing ones are added. Everything is checked
    before anything is written.
    """
    from agent.pipeline.enrol import check_keys, make_keys, names_in_register, pin_key
    from agent.settings.editing import write

    given = {name: list(value) if name == "watch" else value for name, value in options.items() if value}
    path = _target(ctx)
    ask = _asker(can_ask=not yes and sys.stdin.isatty())
    text, settings = _settings(path, given, ask, force=force)
    check_keys(settings)
    if enrolment is not None:
        _check_folder(enrolment)
    key = None if no_server else _host_key(settings, fingerprint, can_ask=not yes and sys.stdin.isatty())

    # Everything has been checked. From here on, files are written; first the one that may be IT's.
    if key is not None:
        pin_key(settings, key)
    if text is None:
        path = _in_force(path)
        say(f"The settings in {path} stay as they are.")
    else:
        write(path, text)
    _prepare_folders(settings)
    made = make_keys(settings)
    left = None
    if enrolment is not None:
        from agent.pipeline.enrolment import leave

        left = leave(made, settings.device.staff, enrolment)
        say(f"The file for IT: {left}")
    named = None if no_server and not settings.register_is_here else names_in_register(settings)
    _report(made, path, named, left, as_json)
    if named and not as_json:
        _report_names(named, settings.device.staff)
    return 0


def _target(ctx: click.Context) -> Path:
    """The settings file: the one that was named, else the one in use (such as the machine's), else the user's."""
    from agent.settings import find_file
    from agent.settings.sources import file_to_change, own_file

    named = ctx.find_root().obj or os.environ.get("PHOTO_AGENT_CONFIG")
    if named:
        return Path(named)
    try:
        found = find_file(None, {})
    except SettingsError:
        return own_file()
    return file_to_change(found)


def _in_force(path: Path) -> Path:
    """The file that holds the settings: the machine's, if the user has no file of their own."""
    from agent.settings.places import machine_file

    return path if path.exists() else machine_file()


def _settings(
    path: Path, given: dict[str, Any], ask: Callable[[str], Any], *, force: bool
) -> "tuple[str | None, Settings]":
    """The text to write (None if the file stays as it is), and the settings that result."""
    from agent.settings import new_file, parse
    from agent.settings.editing import with_values
    from agent.settings.sources import is_machines, machine_layer, read_text

    machine = None if is_machines(path) else machine_layer()
    if path.exists() or machine is not None:
        text = read_text(path) if path.exists() else ""
        try:
            there = parse(text, path)
        except SettingsError as fault:
            if machine is not None and (missing := _missing(text, path)):
                given = given | {name: ask(name) for name in missing if name not in given}
                return with_values(path, {KEYS[name]: value for name, value in given.items()})
            if not force:
                if is_machines(path) or not path.exists():
                    raise  # IT must put its own file right: a file of the user's would not help
                raise SettingsError(f"{fault}\nOr replace the file with `photo-agent init --force`.") from fault
        else:
            changes = {KEYS[name]: value for name, value in given.items() if not _is_so(there, name, value)}
            if changes and not force:
                raise UsageError(_differences(path, there, given))
            return with_values(path, changes) if changes else (None, there)
    wanted: dict[str, Any] = {name: given[name] if name in given else ask(name) for name in QUESTIONS}
    wanted |= {name: value for name, value in given.items() if name not in QUESTIONS}
    text = new_file(**wanted | {"watch": tuple(wanted["watch"])})
    return text, parse(text, path, written=False)


def _missing(text: str, path: Path) -> list[str]:
    """The required settings that neither the machine's file nor the user's file gives."""
    from agent.settings.sources import tables_in, with_machine

    said = with_machine(tables_in(text, path), path)
    return [name for name in QUESTIONS if KEYS[name][1] not in said.get(KEYS[name][0], {})]


def _value(settings: "Settings", name: str) -> Any:
    table, key = KEYS[name]
    value = getattr(getattr(settings, table), key)
    return list(value) if name == "watch" else value


def _is_so(settings: "Settings", name: str, value: Any) -> bool:
    if name == "watch":
        from agent.settings.places import expanded

        return [expanded(folder) for folder in value] == list(settings.watch)
    return bool(_value(settings, name) == value)


def _differences(path: Path, there: "Settings", given: dict[str, Any]) -> str:
    """The message for a laptop that is already set up, when `init` is run with other values."""
    lines = [f"{path} has other values than the ones you gave:"]
    for name, value in given.items():
        if not _is_so(there, name, value):
            lines.append(f"  --{name}: you gave {_plain(value)}, and the file has {_plain(_value(there, name))}")
    return "\n".join(
        [*lines, "Nothing was changed. Leave these options out to keep the settings, or add --force to change them."]
    )


def _plain(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _asker(*, can_ask: bool) -> Callable[[str], Any]:
    """Finds the value of an option that was not given: asks a person, or takes the default if nobody can be asked."""

    def ask(name: str) -> Any:
        default = {"watch": _import_folder, "timezone": system_zone}.get(name, lambda: None)()
        if not can_ask:
            if default is None:
                why = (
                    "this computer's own time zone does not say where the school is"
                    if name == "timezone"
                    else ("it has no default, and there is no terminal to ask on")
                )
                raise click.UsageError(f"--{name} is needed: {why}. Nothing was written.")
            answer = default
        else:
            answer = click.prompt(
                QUESTIONS[name], default=default, err=True, value_proc=lambda text: _checked(name, text)
            )
        return [answer] if name == "watch" else answer

    return ask


def _import_folder() -> str:
    """A new folder inside the place where this system's programs import photos."""
    from agent.files.home import home_folder
    from agent.pipeline.importplaces import import_place

    place = import_place()
    if place.cloud is not None:
        say(
            f"{place.cloud} synchronises {place.pictures}, the folder where this computer puts photos, so it copies "
            f"them before they can be removed. Let cameras and phones import into {place.folder} instead."
        )
    try:
        return f"~/{place.folder.relative_to(home_folder()).as_posix()}"
    except ValueError:
        return str(place.folder)


def _prepare_folders(settings: "Settings") -> None:
    """Make the import folders that are missing, and explain why a folder cannot be used."""
    from agent.pipeline.importfolders import IN_THE_SETTINGS, why_unfit
    from agent.pipeline.importplaces import made

    for folder in settings.watch:
        if (why := why_unfit(settings, folder)) is not None:
            say(f"Nothing will be sent from {folder}: it {why} {IN_THE_SETTINGS}")
    try:
        for folder in made(settings.watch):
            say(f"The folder {folder} was made. Let cameras and phones import into it.")
    except OSError as fault:
        say(f"The import folder {fault.filename or ''} could not be made: {fault.strerror}.")


def _checked(name: str, text: str) -> str:
    """The answer, in the form in which the settings take it. If it is wrong, the person is asked again."""
    from agent.settings import checks

    check = {"watch": checks.watched, "timezone": checks.zone}.get(name) or getattr(checks, name)
    try:
        return str(check(text))
    except ValueError as fault:
        raise click.UsageError(f"{text!r} {fault}.") from fault


def system_zone() -> str | None:
    """The system's IANA time zone; None if it is not known, or is UTC, the zone of machines that nobody has set up."""
    zone = os.environ.get("TZ", "").removeprefix(":")
    if not zone:
        link = Path("/etc/localtime")
        parts = link.resolve().parts if link.is_symlink() else ()
        zone = "/".join(parts[parts.index("zoneinfo") + 1 :]) if "zoneinfo" in parts else ""
    return None if "/" not in zone or zone.startswith(NO_ZONE_OF_A_SCHOOL) else zone


def _check_folder(folder: Path) -> None:
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        why = "cannot be written to" if folder.is_dir() else "does not exist"
        raise UsageError(f"The folder {folder}, for IT's file, {why}. Nothing was written.")


def _host_key(settings: "Settings", given: str | None, *, can_ask: bool) -> "HostKey | None":
    """The key to pin; None if it is already pinned or the server cannot be reached now."""
    from agent.pipeline.enrol import Confirmation, may_pin
    from agent.share import scan_host_key

    host = settings.share.host

    def new(key: "HostKey") -> bool:
        if not can_ask:
            return False
        say(f"The server {host} shows this fingerprint: {key.fingerprint} ({key.type})")
        return click.confirm("Is this the fingerprint that IT gave you", err=True)

    def changed(key: "HostKey", before: "tuple[HostKey, ...]") -> str:
        if not can_ask:
            return ""
        say(f"The host key of {host} has changed.")
        for other in before:
            say(f"  before: {other.fingerprint} ({other.type})")
        say(f"  now:    {key.fingerprint} ({key.type})")
        say("It may be a new server, or an attacker who pretends to be the server. Ask IT, in person or by telephone.")
        answer: str = click.prompt("The fingerprint that IT gives you (leave empty to stop)", default="", err=True)
        return answer

    try:
        key = scan_host_key(host, settings.share.port, 20.0)
    except ShareUnreachable as fault:
        say(f"The server's host key was not pinned: {fault} Run `photo-agent init` again when it can be reached.")
        return None
    return key if may_pin(settings, key, given=given, confirmation=Confirmation(new, changed)) else None


def _report_names(named: tuple[str, ...], staff: str) -> None:
    """Print the names in the register, so that the person who sets the laptop up can check this one."""
    from agent.register import recognise

    found = recognise(staff, named)
    click.echo(f"The visits register names: {', '.join(named)}.")
    if found.perhaps:
        say(f"{staff} may be {' or '.join(sorted(found.perhaps))}. Write the name as it is in the register.")
    elif not found.same:
        say(f"{staff} is not among them. Write the name as it is in the register, or ask the visits coordinator.")


def _report(
    enrolment: "Enrolment", path: Path, named: tuple[str, ...] | None, left: Path | None, as_json: bool
) -> None:
    from agent.pipeline.enrolment import fingerprint

    if as_json:
        put_json(
            {
                "settings": str(path),
                "device": enrolment.device,
                "user": enrolment.user,
                "ssh_key": enrolment.ssh_key,
                "log_key": enrolment.log_key,
                "add_device": enrolment.command,
                "fingerprint": fingerprint(enrolment.ssh_key),
                **({} if named is None else {"staff_in_register": list(named)}),
            }
        )
        return
    click.echo(f"Settings: {path}")
    if left is None:
        click.echo("To let this laptop in, IT runs this command on the server, as root:")
    else:
        click.echo(
            "To let this laptop in, IT runs `add-device.sh --from FOLDER` on the server, as root, for the folder with"
        )
        click.echo("that file; or, for this laptop alone:")
    click.echo(f"  {enrolment.command}")
    click.echo(f"The fingerprint of this laptop's key, for IT to compare: {fingerprint(enrolment.ssh_key)}")
    click.echo("`log verify` and `witness` on other machines need this line in their file of log keys:")
    click.echo(f"  {enrolment.log_key}")
    click.echo(
        "Then run `photo-agent doctor` to check everything, and `photo-agent service install` to start it at log-in."
    )

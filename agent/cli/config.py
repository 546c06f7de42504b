"""`config`: show, check and change the settings, and print the schema of the settings file."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli.paths import FILE
from agent.cli.session import WholeSentences, json_option, put_json, say, settings_file, settings_of

if TYPE_CHECKING:
    from agent.settings.sources import Machine


@click.group("config", cls=WholeSentences)
def command() -> None:
    """Show, change or check the settings."""


@command.command("show")
@json_option
@click.pass_context
def show(ctx: click.Context, as_json: bool) -> int:
    """Show every setting that is in use, defaults included, and which of them IT has locked."""
    from agent.settings.sources import machine_layer, overruled

    file, settings = settings_file(ctx), settings_of(ctx)
    machine = machine_layer()
    locked = frozenset() if machine is None else machine.locked
    unused = overruled(file)
    if as_json:
        put_json(
            {
                **settings.dump(),
                "files": [str(path) for path in _files(file, machine)],
                "locked_by": str(machine.file) if machine is not None and locked else None,
                "not_used": {one.key: one.said for one in unused},
            }
        )
        return 0
    for path in _files(file, machine):
        click.echo(f"# {path}")
    for table, values in settings.dump().items():
        if table == "locked":
            continue
        click.echo(f"\n[{table}]")
        for key, value in values.items():
            # JSON's strings, numbers and lists are TOML's too; true and false as well.
            line = f"{key} = {json.dumps(value, ensure_ascii=False)}"
            click.echo(f"{line}  # locked by {machine.file}" if machine and f"{table}.{key}" in locked else line)
    for one in unused:
        say(f"{one.key} in {file} is not used, because IT has locked it.")
    return 0


def _files(file: Path, machine: "Machine | None") -> tuple[Path, ...]:
    """The files that the settings come from. The machine's file comes first, where there is also a user's file."""
    return (file,) if machine is None or file == machine.file else (machine.file, file)


@command.command("validate")
@click.argument("file", required=False, type=FILE)
@json_option
@click.pass_context
def validate(ctx: click.Context, file: Path | None, as_json: bool) -> int:
    """Check FILE, or the settings that are in use, and list every fault with its key. Exit code 2 if there are any."""
    from agent.settings import load
    from agent.settings.sources import overruled

    path = file or settings_file(ctx)
    load(path, anyone=file is not None)
    unused = overruled(path)
    if as_json:
        put_json({"file": str(path), "valid": True, "not_used": {one.key: one.said for one in unused}})
    else:
        click.echo(f"{path} is valid.")
        for one in unused:
            say(f"{one.key} in it is not used, because IT has locked it.")
    return 0


@command.command("set")
@click.argument("key")
@click.argument("value")
@json_option
@click.pass_context
def change(ctx: click.Context, key: str, value: str, as_json: bool) -> int:
    """Change one setting, as in `config set share.port 2222`. Every other line of the file stays as it is.

    A setting that IT has locked cannot be changed.
    """
    from agent.settings.editing import key_named, typed, with_values, write
    from agent.settings.sources import file_to_change

    path = file_to_change(settings_file(ctx))
    table, name = key_named(key)
    given = typed((table, name), value)
    text, settings = with_values(path, {(table, name): given})
    write(path, text)
    if as_json:
        put_json({"file": str(path), "key": key, "value": settings.dump()[table][name]})
    else:
        click.echo(f"{key} is now {json.dumps(given, ensure_ascii=False)}, in {path}.")
        click.echo(
            "To let the service use it, restart it: `photo-agent service stop`, then `photo-agent service start`."
        )
    return 0


@command.command("schema")
@json_option
def schema(as_json: bool) -> int:
    """Print the JSON schema of agent.toml, for editors and for IT's own checks. With --json, on one line."""
    from agent.settings import json_schema

    if as_json:
        put_json(json_schema())
        return 0
    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0

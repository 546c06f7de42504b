"""`config`: the settings in force, changing one, whether a file is right, and the schema of what may be in it."""

import json
from pathlib import Path

import click

from agent.cli.session import json_option, put_json, settings_file, settings_of


@click.group("config")
def command() -> None:
    """Show, change or check the settings."""


@command.command("show")
@json_option
@click.pass_context
def show(ctx: click.Context, as_json: bool) -> int:
    """Show every setting that is in use, defaults included."""
    settings = settings_of(ctx)
    if as_json:
        put_json(settings.dump())
        return 0
    click.echo(f"# {settings_file(ctx)}")
    for table, values in settings.dump().items():
        click.echo(f"\n[{table}]")
        for key, value in values.items():
            # JSON's strings, numbers and lists are TOML's too; true and false as well.
            click.echo(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    return 0


@command.command("validate")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def validate(ctx: click.Context, file: Path | None, as_json: bool) -> int:
    """Check FILE, or the settings that are in use; names every fault with its key. Exit code 2 if there are any."""
    from agent.settings import load

    path = file or settings_file(ctx)
    load(path)
    if as_json:
        put_json({"file": str(path), "valid": True})
    else:
        click.echo(f"{path} is right.")
    return 0


@command.command("set")
@click.argument("key")
@click.argument("value")
@json_option
@click.pass_context
def change(ctx: click.Context, key: str, value: str, as_json: bool) -> int:
    """Change one setting, as in `config set share.port 2222`. Every other line of the file stays as it is."""
    from agent.settings.editing import key_named, typed, with_values, write

    path = settings_file(ctx)
    table, name = key_named(key)
    given = typed((table, name), value)
    text, settings = with_values(path, {(table, name): given})
    write(path, text)
    if as_json:
        put_json({"file": str(path), "key": key, "value": settings.dump()[table][name]})
    else:
        click.echo(f"{key} is now {json.dumps(given, ensure_ascii=False)}, in {path}.")
        click.echo(
            "The service uses it from its next start: `photo-agent service stop`, then `photo-agent service start`."
        )
    return 0


@command.command("schema")
@json_option
def schema(as_json: bool) -> int:
    """Print the JSON schema of agent.toml, for editors and for IT's own checks; with --json on one line."""
    from agent.settings import json_schema

    if as_json:
        put_json(json_schema())
        return 0
    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0

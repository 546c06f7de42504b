"""`service`: run at log-in, by this system's own means."""

from typing import TYPE_CHECKING

import click

from agent.cli.session import WholeSentences, json_option, put_json, settings_file, settings_of

if TYPE_CHECKING:
    from agent.service import Service


@click.group("service", cls=WholeSentences)
def command() -> None:
    """Run at log-in, by a systemd user unit, a LaunchAgent or a scheduled task."""


def service_of(ctx: click.Context) -> "Service":
    """This system's service, for the settings in use."""
    from agent.service import Launch, for_this_system, this_program
    from agent.settings.sources import is_machines

    settings, file = settings_of(ctx), settings_file(ctx)
    # Do not name the machine's file: the user may later add a file of their own, which goes on top of it.
    config = None if is_machines(file) else file.absolute()
    launch = Launch(command=this_program(), config=config, log_dir=settings.state_dir)
    return for_this_system(launch)


@command.command("install")
@click.pass_context
def install(ctx: click.Context) -> int:
    """Set the service up and start it."""
    from agent.service import start

    service = service_of(ctx)
    service.install()
    start(service)
    click.echo("The service is installed and running. It starts again at each log-in.")
    return 0


@command.command("uninstall")
@click.pass_context
def uninstall(ctx: click.Context) -> int:
    """Stop the service and remove it. Settings, keys, journal and record stay."""
    service_of(ctx).uninstall()
    click.echo("The service was removed. The settings, the keys, the journal and the record are still here.")
    return 0


@command.command("start")
@click.pass_context
def start_now(ctx: click.Context) -> int:
    """Start the service now."""
    from agent.service import start

    start(service_of(ctx))
    click.echo("The service was started.")
    return 0


@command.command("stop")
@click.pass_context
def stop(ctx: click.Context) -> int:
    """Stop the service until the next log-in."""
    service_of(ctx).stop()
    click.echo("The service was stopped. `photo-agent service start` starts it again.")
    return 0


@command.command("status")
@json_option
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> int:
    """Show whether the service is installed and running."""
    state = service_of(ctx).status()
    if as_json:
        put_json({"installed": state.installed, "running": state.running.value, "detail": state.detail})
    else:
        click.echo(f"installed: {'yes' if state.installed else 'no'}, running: {state.running.value}")
        if state.detail:
            click.echo(state.detail)
    return 0

"""`open`: show the staff page in this laptop's browser."""

import subprocess
import sys
from pathlib import Path

import click

from agent.cli.session import json_option, put_json, settings_file, settings_of


@click.command("open")
@click.option("--no-browser", is_flag=True, help="Print the address instead of opening a browser.")
@click.option("--serve", "serves", is_flag=True, hidden=True, help="Run as the process that serves the page.")
@json_option
@click.pass_context
def command(ctx: click.Context, no_browser: bool, serves: bool, as_json: bool) -> int:
    """Open the staff page in the browser: the photos that wait, those that need you, and those that were sent.

    Only this laptop can show the page. Opening it sends and removes nothing, and you can close it at any time.
    """
    from agent.web import open_page, serve

    settings = settings_of(ctx)
    file = settings_file(ctx).absolute()
    if serves:
        serve(settings, file)
        return 0

    page = open_page(settings, lambda: start(file, "--serve"))
    if as_json:
        put_json({"url": page.url})
    elif no_browser:
        click.echo(page.url)
    else:
        import webbrowser

        if not webbrowser.open(page.url):
            click.echo(f"No browser could be started. Open this address in one:\n{page.url}")
    return 0


def start(file: Path, *flags: str) -> None:
    """Start `open` as a separate process that outlives this one."""
    apart: dict[str, object] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    subprocess.Popen(  # noqa: S603  # this Python, this program
        [sys.executable, "-P", "-m", "agent.cli", "--config", str(file), "open", *flags],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **apart,  # type: ignore[call-overload]  # each system takes its own
    )

"""`run`: the service, in the foreground."""

import logging
import signal
import sys
import threading

import click

from agent.cli.session import settings_of, stages_of


@click.command("run")
@click.pass_context
def command(ctx: click.Context) -> int:
    """The service, in the foreground: watches, sends, proves and removes until it is told to stop."""
    from agent.pipeline.stages import only_writer
    from agent.supervisor import Supervisor, knock_at

    settings = settings_of(ctx)
    # Without the time where systemd adds its own; ids and counts only, whatever the level.
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    stopping = threading.Event()
    with only_writer(settings), stages_of(settings, stopping=stopping) as stages:
        supervisor = Supervisor(
            stages, settings.watch, knock=lambda: knock_at(settings.share.host, settings.share.port), stopping=stopping
        )
        for ending in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ending, lambda *_: supervisor.stop())
        supervisor.run()
    return 0

"""`run`: the service, in the foreground."""

import logging
import signal
import sys
import threading
from pathlib import Path

import click

from agent.cli.crash import Discreet
from agent.cli.session import settings_of, stages_of

LOG_FILE = "agent.log"
LOG_SIZE = 1_000_000
"""Bytes before a log file is turned over; one older one is kept."""


@click.command("run")
@click.pass_context
def command(ctx: click.Context) -> int:
    """The service, in the foreground: watches, sends, proves and removes until it is told to stop."""
    from agent.pipeline.importfolders import refuse_unfit
    from agent.pipeline.stages import only_writer
    from agent.supervisor import Supervisor, knock_at

    settings = settings_of(ctx)
    refuse_unfit(settings, settings.watch)
    _log_to(settings.state_dir)
    stopping = threading.Event()
    with only_writer(settings), stages_of(settings, stopping=stopping) as stages:
        supervisor = Supervisor(
            stages, settings.watch, knock=lambda: knock_at(settings.share.host, settings.share.port), stopping=stopping
        )
        for ending in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ending, lambda *_: supervisor.stop())
        supervisor.run()
    return 0


def _log_to(state_dir: Path) -> None:
    """To standard error, for the journal of the system's own service; on Windows a service has none, so to a file.

    Ids and counts only, whatever the level.
    """
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if sys.stderr is None:  # pythonw
        from logging.handlers import RotatingFileHandler

        state_dir.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(state_dir / LOG_FILE, maxBytes=LOG_SIZE, backupCount=1, encoding="utf-8")
    handler.setFormatter(Discreet("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)

"""`run`: the service, in the foreground."""

import logging
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli.crash import Discreet
from agent.cli.session import json_option, put_json, settings_file, settings_of, stages_of

if TYPE_CHECKING:
    from agent.pipeline.context import Context
    from agent.settings import Settings
    from agent.supervisor import Restarts, RunLogged, RunNotices

log = logging.getLogger("photo-agent")

LOG_FILE = "agent.log"
LOG_SIZE = 1_000_000
"""Bytes after which a new log file is begun. The previous file stays, older ones are deleted."""


@click.command("run")
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> int:
    """Run the service in the foreground: watch, send, check and remove photos until Ctrl-C or a signal stops it.

    With --json, print every event and the summary of each run, as `sync --json` does.
    """
    from agent.pipeline.importfolders import refuse_unfit
    from agent.pipeline.lock import only_writer
    from agent.supervisor import Installed, Restarts, Supervisor

    settings = settings_of(ctx)
    refuse_unfit(settings, settings.watch)
    log_file = _log_to(settings.state_dir)
    stopping = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: stopping.set())
    with only_writer(settings):
        _say_what_it_does(settings, log_file)
        restarts = Restarts(settings.state_dir)
        _wait_before_working(restarts, stopping)
        with stages_of(settings, stopping=stopping) as context:
            knock = partial(_worth_a_try, context)
            notices = _notices(context, settings_file(ctx).absolute()) if settings.notices.desktop else None
            Supervisor(
                context,
                settings.watch,
                knock=knock,
                stopping=stopping,
                restarts=restarts,
                notices=notices,
                tell=put_json if as_json else lambda _: None,
                logged=_logged(context),
                # Windows' task starts the program again every five minutes. On Linux and Macs the package restarts it,
                # and nothing else would start a program that has ended without a fault.
                installed=Installed() if sys.platform == "win32" else None,
            ).run()
        restarts.ended_well()
    return 0


def _worth_a_try(context: "Context") -> bool:
    """Whether the share's port answers, over a network that photos may be sent on."""
    from agent.pipeline.network import why_it_waits
    from agent.supervisor import knock_at

    share = context.settings.share
    return why_it_waits(context) is None and knock_at(share.host, share.port)


def _notices(context: "Context", file: Path) -> "RunNotices":
    """Notices on this user's desktop. A click on one opens the staff page."""
    from agent.cli.open import start
    from agent.notices import DesktopNotices
    from agent.supervisor import RunNotices

    return RunNotices(context, DesktopNotices(lambda: start(file)))


def _logged(context: "Context") -> "RunLogged | None":
    """The system's event log, which IT's collectors read; None if the system has no such log."""
    from agent.notices import system_log
    from agent.supervisor import RunLogged

    log = system_log()
    return None if log is None else RunLogged(context, log)


def _wait_before_working(restarts: "Restarts", stopping: threading.Event) -> None:
    wait = restarts.begin(time.monotonic())
    if wait:
        log.warning(
            "Each of the last %d starts ended with a fault: waiting %d minutes before starting work.",
            restarts.in_a_row,
            round(wait / 60),
        )
        stopping.wait(wait)


def _say_what_it_does(settings: "Settings", log_file: Path | None) -> None:
    """Tell the person who started the service what it watches, where photos go, and where to read more."""
    for folder in settings.watch:
        there = "" if folder.is_dir() else ", which does not exist yet"
        log.info("Watching %s%s.", folder, there)
    log.info(
        "Photos of visits go to %s. All folders are also searched every %d minutes.",
        settings.share.host,
        settings.folders.rescan_minutes,
    )
    where = "here" if log_file is None else f"to {log_file}"
    log.info("This log goes %s; it names no photos. `photo-agent status` shows what waits. Ctrl-C stops.", where)


def _log_to(state_dir: Path) -> Path | None:
    """Log to standard error, for a terminal or systemd's journal. Windows and Mac services log to a file instead.

    Returns the file, which is limited in size; None for standard error. The log holds only ids and counts, at any
    level.
    """
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    file = None
    # pythonw has no standard error, and launchd would write it to a file that grows for ever.
    if sys.stderr is None or (sys.platform == "darwin" and not sys.stderr.isatty()):
        from logging.handlers import RotatingFileHandler

        state_dir.mkdir(parents=True, exist_ok=True)
        file = state_dir / LOG_FILE
        handler = RotatingFileHandler(file, maxBytes=LOG_SIZE, backupCount=1, encoding="utf-8")
    handler.setFormatter(Discreet("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    return file

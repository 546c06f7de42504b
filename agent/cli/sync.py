"""`sync`: send photos now. If the service is running, ask it to do so and show its progress."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from agent.cli.paths import THERE
from agent.cli.session import json_option, printable, put_json, say, settings_of, stages_of
from agent.errors import AlreadyRunning

if TYPE_CHECKING:
    from agent.cli.progress import Follower
    from agent.pipeline.context import Context
    from agent.settings import Settings

SILENCE = 2.0
"""Seconds without an event after which this command checks whether the service is still running."""


@click.command("sync")
@click.argument("paths", nargs=-1, type=THERE)
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@json_option
@click.pass_context
def command(ctx: click.Context, paths: tuple[Path, ...], dry_run: bool, as_json: bool) -> int:
    """Send the visit photos now, check each one on the share, and remove it here.

    Searches the watched folders, or PATHS (such as a card or a phone). If you name a card here, you agree that photos
    of visits are removed from it once they are safe, unless the settings say that nothing is removed from cards. After
    Ctrl-C, files on their way get three seconds to finish, and the command says what is left. The next run sends the
    rest, and continues a large file where it stopped.
    """
    from agent.pipeline.importfolders import BY_NAME, IN_THE_SETTINGS, refuse_unfit

    settings = settings_of(ctx)
    for path in paths:
        if not (path.is_file() or path.is_dir()):  # such as a pipe, whose content cannot be known beforehand
            raise click.UsageError(f"{printable(str(path))} is neither a file nor a folder.")
    roots = tuple(path.absolute() for path in paths)
    refuse_unfit(settings, roots or settings.watch, advice=BY_NAME if roots else IN_THE_SETTINGS)
    if dry_run:
        return _dry_run(settings, roots or settings.watch, as_json)
    from agent.cli.progress import follower
    from agent.pipeline.lock import only_writer

    with follower(as_json) as follow:
        while True:
            try:
                with only_writer(settings):
                    return _run(settings, roots or settings.watch, follow)
            except AlreadyRunning:
                code = _hand_over(settings, roots, follow)
                if code is not None:
                    return code


def _run(settings: "Settings", roots: tuple[Path, ...], follow: "Follower") -> int:
    from agent.pipeline.run import Run

    stopping = threading.Event()
    with _on_interrupt(lambda: _stop(stopping)), stages_of(settings, stopping=stopping) as context:
        summary = Run(context, roots, follow, stopping=stopping.is_set).through()
    follow.end(summary.as_json())
    return summary.exit_code


def _stop(stopping: threading.Event) -> None:
    if stopping.is_set():
        raise KeyboardInterrupt
    stopping.set()
    # Not through Python's buffer: the signal may have interrupted a write into it, so another one is not safe.
    os.write(
        sys.stderr.fileno(),
        b"\nFinishing the photos that are on their way. Press Ctrl-C again to stop at once; nothing is lost.\n",
    )


class _on_interrupt:  # noqa: N801  # reads as a statement: with _on_interrupt(…)
    """Inside this block, Ctrl-C calls `what` instead of ending the program."""

    def __init__(self, what: Callable[[], None]) -> None:
        self._what = what

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGINT, self._interrupted)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _interrupted(self, _number: int, _frame: FrameType | None) -> None:
        self._what()


def _hand_over(settings: "Settings", paths: tuple[Path, ...], follow: "Follower") -> int | None:
    """Ask the running service by a row in the journal, show what it reports there, and return its exit code.

    None if it ended without an answer: it may have been another `sync`, which does not answer requests.
    """
    stopping = threading.Event()
    with _on_interrupt(stopping.set), stages_of(settings) as context:
        request = context.journal.ask(paths, context.clock())
        say("The service is already at work, so this command is following it.")
        for event in _events(context, request, stopping):
            if event.get("event") == "summary":
                follow.end(event)
                code = event.get("exit_code")
                return code if isinstance(code, int) else 1
            follow.log_event(event)
        context.journal.withdraw(request)
    if not stopping.is_set():
        return None
    say("Stopped following. The service continues by itself.")
    return 3


def _events(context: "Context", request: int, stopping: threading.Event) -> Iterator[dict[str, object]]:
    """The events as they are reported, until this command is asked to stop or the service has ended."""
    from agent.pipeline.status import is_running

    after = 0
    last_event = time.monotonic()
    while not stopping.is_set():
        fresh = context.journal.events(request, after)
        for after, event in fresh:  # noqa: B007  # the last number is where the next look begins
            yield event
        if fresh:
            last_event = time.monotonic()
        elif time.monotonic() - last_event > SILENCE:
            if not is_running(context.settings):
                return
            last_event = time.monotonic()
        stopping.wait(0.2)


def _dry_run(settings: "Settings", roots: tuple[Path, ...], as_json: bool) -> int:
    from agent.cli.session import local, put_table
    from agent.pipeline.cardrules import what_becomes_of
    from agent.pipeline.explain import preview
    from agent.pipeline.misgivings import misgivings

    with stages_of(settings) as context:
        explained = list(preview(context, roots))
        doubts = misgivings(context, context.registers.current())
        now = context.mounted()
    code = 0 if doubts is None else 2
    if doubts is not None:
        say(doubts)
    if as_json:
        for one in explained:
            put_json(one.as_json())
        return code
    visits = [one for one in explained if one.verdict == "visit"]
    review = [one for one in explained if one.verdict == "review"]
    private = sum(one.verdict == "private" for one in explained)
    becomes = {one.path: what_becomes_of(settings, one.path.parent, now) for one in visits}
    for fate in dict.fromkeys(becomes.values()):
        put_table(
            f"These would be sent and {fate}",
            ("file", "visit", "taken"),
            (
                (one.path.name, str(one.decision and one.decision.visit), local(one.taken, settings))
                for one in visits
                if becomes[one.path] == fate
            ),
        )
    if review:
        put_table(
            "These would wait for you to decide",
            ("file", "why"),
            ((one.path.name, "; ".join(one.reasons)) for one in review),
        )
    say(
        f"{len(visits)} to send, {len(review)} for you to decide, {private} private. "
        "This was only a preview: nothing was sent or removed."
    )
    return code

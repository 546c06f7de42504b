"""`inspect`: together with this laptop's user, look for visit photos that should no longer be on it."""

import contextlib
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

import click

from agent.cli.session import json_option, printable, put_json, put_table, say, settings_of, stages_of
from agent.counting import counted
from agent.errors import RecordError

if TYPE_CHECKING:
    from agent.model.ids import VisitId
    from agent.pipeline.context import Context
    from agent.pipeline.inspect import Finding, Inspection
    from agent.record.words import Spot

FOUND, NOT_ALL = 4, 1
"""Exit codes: something needs a person; nothing was found, but the inspection was stopped early."""


@click.command("inspect")
@click.option("--names", is_flag=True, help="Show the files' names too. They appear only on this screen.")
@json_option
@click.pass_context
def command(ctx: click.Context, names: bool, as_json: bool) -> int:
    """Look through this laptop, together with its user, for visit photos that should no longer be on it.

    Looks for copies of photos that were sent, and for photos that were taken at the time and place of a visit. It looks
    in the watched folders, Downloads, Desktop, Pictures, Videos, Documents, the bin, cloud folders, photo libraries,
    the folders of messengers, and cards that are in the laptop. It only reads: nothing is moved, changed or fetched
    from a cloud. The inspection goes on the school's record, with numbers and without names.

    Exit code 0: nothing was found. 4: something needs you. 1: stopped early (Ctrl-C), with nothing found by then.
    """
    from agent.pipeline.inspect import Inspecting
    from agent.pipeline.inspect_here import surroundings
    from agent.pipeline.inspect_places import usual_places
    from agent.pipeline.inspect_record import note, record_now
    from agent.pipeline.lock import only_inspection

    settings = settings_of(ctx)
    stopping = threading.Event()
    here, bounds = surroundings(settings)
    with only_inspection(settings), stages_of(settings) as context:
        printer = _Printer(context, names, as_json)
        fault: RecordError | None = None
        with _stopped_by(stopping), _progress(as_json) as progress:
            inspecting = Inspecting(
                context,
                usual_places(here),
                bounds,
                tell=printer.found,
                progress=lambda spot: progress(spot, inspecting.inspection),
                save=lambda inspection: note(context, inspection),
                stopping=stopping.is_set,
            )
            try:
                inspection = inspecting.through()
            finally:
                try:
                    on_record = record_now(context, inspecting.inspection)
                except RecordError as error:
                    on_record, fault = False, error
        code = _exit_code(inspection) if fault is None else fault.exit_code
        if as_json:
            put_json(_summary(inspection, printer.titles, on_record, code))
        else:
            printer.end(inspection, on_record)
        if fault is not None:  # raised last, so that the person sees what was found
            raise fault
    return code


def _exit_code(inspection: "Inspection") -> int:
    if inspection.needs_a_person:
        return FOUND
    return NOT_ALL if inspection.cut_short else 0


def _summary(inspection: "Inspection", titles: "dict[VisitId, str]", on_record: bool, code: int) -> dict[str, object]:
    from agent.pipeline.inspect_record import body_of

    body = body_of(inspection, "").as_json()
    found = [
        {"what": what.value, "visit": visit, "title": visit and titles.get(visit), "place": spot.value, "count": number}
        for (what, visit, spot), number in sorted(inspection.found.items(), key=str)
    ]
    left_out = ("by", "found")
    return {
        "event": "summary",
        **{name: value for name, value in body.items() if name not in left_out},
        "found": found,
        "on_record": on_record,
        "exit_code": code,
    }


# --- What is printed -------------------------------------------------------------------------------------------------

_NOT_KNOWN = {
    "no permission": "{files} could not be checked, because this program is not allowed to read {them}",
    "in the cloud only": "{files} {are} only in the cloud; nothing was downloaded",
    "kept in a form of its own": "a program stores pictures there in a form that cannot be searched",
    "on the network": "{folders} on a network drive or in a cloud {were} not searched",
    "behind a link": "{links} to somewhere else {were} not followed",
    "unreadable": "{files} could not be read",
    "the school share": "the school's own folder was left out",
}


class _Printer:
    """Prints findings as they come (as JSON, or by name if the user asked for names), and the outcome in words."""

    def __init__(self, context: "Context", names: bool, as_json: bool) -> None:
        register = context.registers.current()
        self.titles = {} if register is None else {visit.id: visit.title for visit in register.visits}
        self._names = names
        self._json = as_json

    def found(self, finding: "Finding") -> None:
        """Print one finding, at once."""
        if self._json:
            named = {"file": finding.path} if self._names else {}
            title = finding.visit and self.titles.get(finding.visit)
            about = {"what": finding.what.value, "place": finding.spot.value, "visit": finding.visit, "title": title}
            put_json({"event": "found", **about, **named})
        elif self._names:
            visit = self._title(finding.visit) if finding.visit else "visit not certain"
            click.echo(f"{_WHAT[finding.what.value]} ({visit}): {printable(str(finding.path))}")

    def end(self, inspection: "Inspection", on_record: bool) -> None:
        """Print what was searched, what was found, what is not known, and what to do next."""
        from agent.pipeline.inspect import What

        looked = counted(inspection.files.total(), "file")
        places = counted(len(inspection.files), "kind of place", "kinds of places")
        click.echo(f"Looked at {looked} in {places}, in {_length(inspection.seconds)}.")
        if inspection.cut_short:
            click.echo("The inspection was stopped before it had looked everywhere.")
        self._table(inspection)
        unsure, on_their_way = inspection.count(What.UNSURE), inspection.count(What.ON_ITS_WAY)
        if not inspection.needs_a_person:
            where = "so far" if inspection.cut_short else "where this program could look"
            click.echo(f"Nothing was found {where}.")
        if unsure:
            places_of = Counter({spot: n for (what, _, spot), n in inspection.found.items() if what is What.UNSURE})
            where = ", ".join(f"{number} in {spot.value}" for spot, number in places_of.items())
            click.echo(f"{counted(unsure, 'photo')} may be from a visit: {where}.")
        if on_their_way:
            click.echo(f"{counted(on_their_way, 'photo')} in the watched folders will be sent or removed by a run.")
        self._not_known(inspection)
        self._next_steps(inspection)
        click.echo(
            "The inspection is on record."
            if on_record
            else "The inspection goes on the school's record with the next run."
        )

    def _table(self, inspection: "Inspection") -> None:
        from agent.pipeline.inspect import What

        rows = [
            (self._title(visit), spot.value, str(number), _WHAT[what.value])
            for (what, visit, spot), number in sorted(inspection.found.items(), key=str)
            if what in {What.COPY, What.PHOTO}
        ]
        if rows:
            put_table("", ("visit", "place", "photos", "what each is"), rows)

    def _title(self, visit: "VisitId | None") -> str:
        return "–" if visit is None else self.titles.get(visit, visit)

    def _not_known(self, inspection: "Inspection") -> None:
        lines = [
            f"  {spot.value}: {_why(why.value, number)}"
            for (spot, why), number in sorted(inspection.not_known.items())
            if number
        ]
        click.echo("Not known:")
        for line in lines:
            click.echo(line)
        click.echo("  phones, back-ups, and what a cloud keeps on its servers: this program cannot look there")

    def _next_steps(self, inspection: "Inspection") -> None:
        from agent.pipeline.inspect import What

        if inspection.count(What.COPY):
            click.echo(
                "The originals of the copies were sent and checked. Delete the copies where they are, then empty the "
                "bin."
            )
        if inspection.count(What.PHOTO):
            click.echo("To send the photos that are not known to be sent, move them into your photo folder.")
        if inspection.needs_a_person and not self._names:
            click.echo("`photo-agent inspect --names` shows which files they are.")


_WHAT = {
    "copy": "copy of a photo that was sent",
    "photo": "photo of the visit, not known to be sent",
    "unsure": "may be from a visit",
    "on its way": "will be sent or removed by a run",
}


def _why(why: str, number: int) -> str:
    one = number == 1
    return _NOT_KNOWN[why].format(
        files=counted(number, "file or folder", "files or folders"),
        folders=counted(number, "folder"),
        links=counted(number, "link"),
        them="it" if one else "them",
        are="is" if one else "are",
        were="was" if one else "were",
    )


def _length(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


# --- On a terminal ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _progress(as_json: bool) -> "Iterator[Callable[[Spot, Inspection], None]]":
    """On a terminal, a line that shows the place being searched, the files looked at and the findings so far."""
    if as_json or not sys.stderr.isatty():
        yield lambda _spot, _inspection: None
        return
    from rich.console import Console

    console = Console(stderr=True)
    said = 0.0
    with console.status("looking …") as status:

        def show(spot: "Spot", inspection: "Inspection") -> None:
            nonlocal said
            now = time.monotonic()
            if now - said >= 0.2:
                said = now
                files, found = counted(inspection.files.total(), "file"), inspection.found.total()
                status.update(f"{spot.value}: {files} looked at, {found} found. Ctrl-C stops.")

        yield show


@contextlib.contextmanager
def _stopped_by(stopping: threading.Event) -> Iterator[None]:
    """Ctrl-C or the end of the session stops the inspection, which still goes on record; Ctrl-C again ends at once."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        if stopping.is_set():
            raise KeyboardInterrupt
        stopping.set()

    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if stopping.is_set():
        say("Stopped, as you asked.")

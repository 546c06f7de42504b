"""Following a run: a progress bar on a terminal, plain lines elsewhere, JSON on request."""

import contextlib
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from agent.cli.session import printable, put_json, say
from agent.counting import counted
from agent.pipeline.events import Event

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Follower(Protocol):
    """An audience of runs that also takes events from another process, as JSON, and the summary at the end."""

    def event(self, event: Event) -> None:
        """Take a step of a run in this process."""
        ...

    def expect(self, files: int, size: int) -> None:
        """Take the number of photos, and their bytes, that are about to be sent."""
        ...

    def advance(self, size: int) -> None:
        """Take the number of bytes that have just arrived."""
        ...

    def log_event(self, event: Mapping[str, object]) -> None:
        """Take a step of a run in another process, as JSON."""
        ...

    def end(self, summary: Mapping[str, object]) -> None:
        """Take the summary."""
        ...


class Json:
    """Prints one JSON object per line. Progress in bytes is left out, because the events say enough."""

    def event(self, event: Event) -> None:
        """Print a line."""
        self.log_event(event.as_json())

    def expect(self, files: int, size: int) -> None:
        """Do nothing."""

    def advance(self, size: int) -> None:
        """Do nothing."""

    def log_event(self, event: Mapping[str, object]) -> None:
        """Print a line."""
        if event["event"] not in {"expect", "advance"}:
            put_json(event)

    def end(self, summary: Mapping[str, object]) -> None:
        """Print the last line."""
        put_json(summary)


class Lines:
    """Prints plain lines to standard error and the outcome to standard output. Also the base of the progress bar.

    When the same thing happened to many photos, one line at the end gives their number. A notice is printed once.
    """

    def __init__(self) -> None:
        self._photos_by_problem: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._notices: set[str] = set()

    def event(self, event: Event) -> None:
        """Print what a person has to know: failures, and notices about the whole run."""
        self.log_event(event.as_json())

    def expect(self, files: int, size: int) -> None:
        """Print that sending begins, if there is anything to send."""
        if not files:
            return
        self.note(f"Sending {counted(files, 'photo')}, {megabytes(size)}.")

    def advance(self, size: int) -> None:
        """Do nothing: the total is printed at the end."""

    def log_event(self, event: Mapping[str, object]) -> None:
        """Print failures and notices about the whole run; everything else is counted at the end."""
        match event["event"]:
            case "notice":
                text = str(event["text"])
                if text not in self._notices:
                    self._notices.add(text)
                    self.note(text)
            case "damaged" | "failed" as what:
                self._photos_by_problem[what, str(event["reason"])].add(str(event["id"]))
            case "expect":
                self.expect(_number(event, "files"), _number(event, "bytes"))
            case "advance":
                self.advance(_number(event, "bytes"))

    def note(self, text: str) -> None:
        """Print one line for the person at the keyboard."""
        say(text)

    def print_problems(self) -> None:
        """Print one line for each problem, with the photo or the number of photos."""
        problems, self._photos_by_problem = self._photos_by_problem, defaultdict(set)
        for (what, reason), photos in problems.items():
            which = f"Photo {next(iter(photos))}" if len(photos) == 1 else f"{len(photos)} photos"
            if what == "damaged":
                is_are, was_were = ("is", "was") if len(photos) == 1 else ("are", "were")
                self.note(f"{which} {is_are} damaged ({reason}) and {was_were} sent anyway.")
            else:
                self.note(f"{which}: {reason}")

    def end(self, summary: Mapping[str, object]) -> None:
        """Print what was done, what is left, and what to do about it."""
        self.print_problems()
        print(in_words(summary))  # noqa: T201  # the result


class Bar(Lines):
    """A progress bar on a terminal, with files, bytes, rate and time left."""

    def __init__(self, progress: "Progress") -> None:
        super().__init__()
        self._progress = progress
        self._task: TaskID | None = None
        self._proven = 0

    def event(self, event: Event) -> None:
        """Count proven photos, and print what a person has to know."""
        self.log_event(event.as_json())

    def log_event(self, event: Mapping[str, object]) -> None:
        """Do the same with an event from another process."""
        if event["event"] == "proven" and self._task is not None:
            self._proven += 1
            self._progress.update(self._task, proven=self._proven)
        super().log_event(event)

    def expect(self, files: int, size: int) -> None:
        """Show a new bar; an earlier run's bar is taken away."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._proven = 0
        self._task = self._progress.add_task("sending", total=max(size, 1), proven=0, files=files)

    def advance(self, size: int) -> None:
        """Let the bar grow."""
        if self._task is not None:
            self._progress.advance(self._task, size)

    def note(self, text: str) -> None:
        """Print a line above the bar."""
        self._progress.console.print(text, markup=False)


@contextlib.contextmanager
def follower(as_json: bool) -> Iterator[Follower]:
    """The follower that suits the output: JSON, plain lines or a progress bar."""
    if as_json:
        yield Json()
    elif not sys.stderr.isatty():
        lines = Lines()
        try:
            yield lines
        finally:
            lines.print_problems()
    else:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        columns = (
            SpinnerColumn(),
            TextColumn("{task.fields[proven]}/{task.fields[files]} photos proven"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True, get_time=time.monotonic) as progress:
            bar = Bar(progress)
            try:
                yield bar
            finally:
                bar.print_problems()


def in_words(summary: Mapping[str, object]) -> str:
    """The summary of a run for a tired teacher: what happened, what is left, what to do."""
    done, left = ("proven", "removed", "damaged", "bytes"), ("review", "waiting", "not_removed", "refused", "away")
    number = {name: _number(summary, name) for name in (*done, *left, "left_alone")}
    seconds = summary["seconds"]
    lines = []
    if number["proven"]:
        took = f" in {seconds:.0f} s" if isinstance(seconds, float) and seconds >= 1 else ""
        size = megabytes(number["bytes"])
        lines.append(
            f"{_photos(number['proven'])} sent and checked ({size}{took}), "
            f"{number['removed']} removed from this laptop."
        )
    elif number["removed"]:
        lines.append(f"{_photos(number['removed'])} sent earlier and now removed from this laptop.")
    else:
        lines.append("Nothing was sent.")
    lines += _visits(summary)
    if number["left_alone"]:
        lines.append(f"{counted(number['left_alone'], 'file')} not from a visit: left alone.")
    if number["damaged"]:
        lines.append(f"{_photos(number['damaged'])} damaged, but sent anyway: the card may be failing, so replace it.")
    why = "`photo-agent status` says why. The next run tries again."
    if unsent := number["waiting"] - number["not_removed"]:
        lines.append(f"{_photos(unsent)} not sent yet: {why}")
    if number["not_removed"]:
        lines.append(f"{_photos(number['not_removed'])} sent, but not removed from this laptop yet: {why}")
    if number["away"]:
        lines.append(
            f"{_photos(number['away'])} cannot be reached: a card, a disk or a folder is missing. Connect it, or "
            "stop waiting with `photo-agent review dismiss`."
        )
    if number["review"]:
        lines.append(f"{_photos(number['review'])} waiting for you to decide: `photo-agent review list`.")
    if number["refused"]:
        lines.append(f"{_photos(number['refused'])} cannot be sent: `photo-agent status` says why.")
    if summary.get("stopped"):
        lines.append("Stopped, as you asked. Nothing was lost.")
    return "\n".join(lines)


def megabytes(size: int) -> str:
    """A number of bytes, in MB or GB."""
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def _visits(summary: Mapping[str, object]) -> Iterator[str]:
    """A line for each visit whose photos were sent."""
    visits = summary.get("visits")
    for visit in visits if isinstance(visits, list) else ():
        if isinstance(visit, Mapping):
            title = printable(str(visit.get("title") or visit.get("id")))
            yield f"  {title}: {_photos(_number(visit, 'proven'))}"


def _photos(count: int) -> str:
    return counted(count, "photo")


def _number(event: Mapping[str, object], name: str) -> int:
    value = event.get(name, 0)
    return value if isinstance(value, int) else 0

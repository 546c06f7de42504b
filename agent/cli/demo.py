"""`demo`: the whole job, explained step by step."""

import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli.paths import NEW_FOLDER
from agent.cli.session import json_option, put_json
from agent.errors import UsageError

if TYPE_CHECKING:
    from agent.demo.story import DemoResult, Outcome

CHAPTERS = {
    "removed": ("Sent, proven and removed here", "green"),
    "private": ("Private: left alone, byte for byte", "blue"),
    "review": ("Held back: a person decides", "yellow"),
}


@click.command("demo")
@click.option("--keep", type=NEW_FOLDER, help="Use this folder, and leave everything in it.")
@json_option
def command(keep: Path | None, as_json: bool) -> int:
    """See the whole job done with sample photos and a temporary SFTP server. Nothing else is touched."""
    from agent.demo import demo_missing

    if missing := demo_missing():
        raise UsageError(missing)
    from agent.demo.story import play, report

    if keep is not None:
        _must_be_new(keep)
        result = play(keep.absolute())
        report(keep.absolute())
    else:
        with tempfile.TemporaryDirectory(prefix="photo-agent-demo-") as folder:
            result = play(Path(folder).resolve())
    if as_json:
        for event in result.events:
            put_json(event.as_json())
        for outcome in result.outcomes:
            put_json(_as_json(outcome))
        put_json(result.summary.as_json())
    else:
        _print_story(result, keep)
    return 0 if all(outcome.as_expected for outcome in result.outcomes) else 1


def _must_be_new(keep: Path) -> None:
    try:
        keep.mkdir(parents=True, exist_ok=True)
        empty = not any(keep.iterdir())
    except OSError as fault:
        raise click.UsageError(f"{keep} cannot be used: {fault.strerror}. Name another folder.") from fault
    if not empty:
        raise click.UsageError(f"{keep} is not empty; name a new folder.")


def _as_json(outcome: "Outcome") -> dict[str, object]:
    return {
        "event": "outcome",
        "file": outcome.sample.name,
        "about": outcome.sample.about,
        "became": outcome.became,
        "expected": outcome.sample.expected,
        "as_expected": outcome.as_expected,
        "on_share": outcome.remote,
        "reasons": list(outcome.reasons),
    }


def _print_story(result: "DemoResult", keep: Path | None) -> None:
    click.echo("A teacher is back from the Science Museum. The camera's photos are in the import folder:")
    click.echo("some are of the visit, some are private, and some are not easy to judge.\n")
    click.echo("The demo started an SFTP server on this computer, pinned its host key and read the visits from it.")
    click.echo(f"Then it ran once over {len(result.outcomes)} photos, as “sync now” does:\n")
    for became, (title, colour) in CHAPTERS.items():
        outcomes = [outcome for outcome in result.outcomes if outcome.became == became]
        click.secho(f"{title} ({len(outcomes)})", fg=colour, bold=True)
        for outcome in outcomes:
            _print_outcome(outcome)
        click.echo()
    for outcome in result.outcomes:
        if not outcome.as_expected:
            click.secho(f"NOT AS IT SHOULD BE: {outcome.sample.name} became {outcome.became}", fg="red", bold=True)
    summary = result.summary
    click.echo("Every photo was read back from the share before it was removed here, and the demo checked once more:")
    click.echo("without the visit's tag, the copy on the share is the original, byte for byte.")
    click.echo(f"{summary.removed} removed, {summary.review} held back, {summary.bytes / 1e6:.1f} MB sent in", nl=False)
    click.echo(f" {summary.seconds:.1f} s; {result.entries} entries on record.")
    if keep is None:
        click.echo("\nTo keep everything and look around in it, use --keep FOLDER.")
    else:
        _print_what_to_try(keep)


def _print_what_to_try(keep: Path) -> None:
    """Commands that can be pasted, also where the program is not on the PATH or a folder has a space in its name."""
    keep = keep.absolute()
    on_path, own = shutil.which("photo-agent"), shutil.which("photo-agent", path=str(Path(sys.executable).parent))
    if on_path and (own is None or Path(on_path).samefile(own)):
        words = ["photo-agent"]
    else:
        words = [own] if own else [sys.executable, "-m", "agent.cli"]
    words += ["--config", str(keep / "laptop" / "agent.toml")]
    begin = subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
    click.echo(f"\nEverything is in {keep}: the laptop with its import folder, the share, and IT's report. Try:")
    for command in ("open", "review list", "log show"):
        click.echo(f"  {begin} {command}")
    click.echo("The demo's server has ended, so `sync` and `doctor` cannot reach the share.")
    click.echo(f"IT's report, for a browser: {keep / 'report' / 'index.html'}")


def _indented(text: str, by: int, width: int) -> str:
    """The text, with its further lines indented a little more; a width below 40 columns leaves it in one line."""
    if width < 40:
        return " " * by + text
    begin = " " * by
    return textwrap.fill(
        text,
        width,
        initial_indent=begin,
        subsequent_indent=f"{begin}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _print_outcome(outcome: "Outcome") -> None:
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    click.echo(_indented(f"{outcome.sample.name} – {outcome.sample.about}", 2, width))
    for reason in outcome.reasons:
        click.echo(_indented(reason, 6, width))
    if outcome.remote is not None:
        click.echo(f"      → {outcome.remote}")

"""`explain`: what is known about a file, what would be done with it, and why."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli.paths import ANY
from agent.cli.session import json_option, local, printable, put_json, say, settings_file, stages_of, taken_words
from agent.errors import UsageError

if TYPE_CHECKING:
    from agent.pipeline.explain import Explanation, SentPhoto
    from agent.settings import Settings


@click.command("explain")
@click.argument("files", nargs=-1, required=True, type=ANY)
@json_option
@click.pass_context
def command(ctx: click.Context, files: tuple[Path, ...], as_json: bool) -> int:
    """Show what is known about each FILE (or every file in a folder), what would be done with it, and why.

    Changes nothing. The exit code is 2 if a FILE does not exist; the others are still shown.
    """
    from agent.pipeline.explain import explain, sent_from

    missing = False
    with _settings(ctx) as settings, stages_of(settings) as context:
        for named in files:
            if not _is_there(named):
                sent = sent_from(context, named)
                if sent is not None:
                    _put_sent(named, sent, settings, as_json=as_json)
                else:
                    missing = True
                    say(f"There is no file {printable(str(named))}, and no file of that name has been sent.")
                continue
            for path in _each(named):
                explained = explain(context, path)
                if as_json:
                    put_json(explained.as_json())
                else:
                    click.echo(_in_words(explained, settings))
    return UsageError.exit_code if missing else 0


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        pass  # the file is there, or its name is impossible here: the explanation says why it cannot be read
    return True


def _put_sent(path: Path, sent: "SentPhoto", settings: "Settings", *, as_json: bool) -> None:
    if as_json:
        put_json(
            {
                "file": path,
                "format": "unknown",
                **dict.fromkeys(("recorded", "offset", "taken", "camera", "origin", "place")),
                "decision": "visit",
                "visit": sent.visit,
                "reasons": [f"sent on {local(sent.at, settings)}, it is at {sent.name}"],
                "sent": sent.at,
                "name": sent.name,
                "removed": sent.removed_at,
            }
        )
        return
    removed = "" if sent.removed_at is None else f", and was removed from here on {local(sent.removed_at, settings)}"
    click.echo(f"{printable(str(path))}\n  sent on {local(sent.at, settings)}{removed}\n  it is at {sent.name}")


@contextlib.contextmanager
def _settings(ctx: click.Context) -> "Iterator[Settings]":
    """The settings in use. A laptop that has none yet explains photos as if the register were empty."""
    from agent.errors import SettingsError
    from agent.settings import load, settings_for_nobody

    try:
        file = settings_file(ctx)
    except SettingsError:
        say("This laptop has no settings yet, so no visit is known. `photo-agent init` makes them.")
        with tempfile.TemporaryDirectory() as folder:
            yield settings_for_nobody(Path(folder))
        return
    yield load(file)


_ORIGINS = {
    "camera": "made by a camera",
    "received": "received from somebody, or downloaded",
    "screen": "a picture of a screen",
    "edited": "saved by a program",
    "not known": "not known whether a camera made it",
}


def _each(named: Path) -> "list[Path]":
    if not named.is_dir():
        return [named]
    files = sorted(one for one in named.rglob("*") if one.is_file())
    if not files:
        say(f"There are no files in {printable(str(named))}.")
    return files


def _in_words(explained: "Explanation", settings: "Settings") -> str:
    visit, capture = explained.decision and explained.decision.visit, explained.capture
    sent = explained.sent
    coming = "it would be sent, checked and then removed here"
    if sent is not None:
        coming = f"it was sent on {local(sent.at, settings)} to {sent.name}, and is still here"
    verdicts = {
        "visit": f"from {visit}: {coming}",
        "private": "private: it is left alone",
        "review": "it waits for you to decide",
        "not-a-photo": "not a photo: it is left alone",
    }
    lines = [printable(str(explained.path)), f"  {verdicts[explained.verdict.value]}"]
    lines += [f"  · {printable(reason)}" for reason in explained.reasons]
    if capture is not None:
        taken = taken_words(explained.taken, capture.level, settings)
        lines.append(
            f"  format {capture.format}, taken {taken}, certainty {capture.level.value} "
            "(from A, the best, to X, not known)"
        )
        if (camera := capture.camera) is not None:
            words = " ".join(part for part in (camera.make, camera.model) if part)
            lines.append(f"  camera {printable(words) or 'not known'}")
        if capture.is_photo:
            lines.append(f"  {_ORIGINS[capture.origin.value]} ({printable(capture.origin_basis)})")
    return "\n".join(lines)

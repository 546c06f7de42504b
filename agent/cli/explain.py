"""`explain`: what is known of a file, what would be done with it, and why."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli.session import json_option, local, printable, put_json, settings_of, stages_of

if TYPE_CHECKING:
    from agent.pipeline.explain import Explanation
    from agent.settings import Settings


@click.command("explain")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
@click.pass_context
def command(ctx: click.Context, files: tuple[Path, ...], as_json: bool) -> int:
    """What is known of each FILE (a folder: of all in it), what would be done with it, and why. Touches nothing."""
    from agent.pipeline.explain import explain

    settings = settings_of(ctx)
    with stages_of(settings) as stages:
        for path in _each(files):
            told = explain(stages, path)
            if as_json:
                put_json(told.as_json())
            else:
                click.echo(_in_words(told, settings))
    return 0


_ORIGINS = {
    "camera": "made by a camera",
    "received": "received from somebody, or downloaded",
    "screen": "a picture of a screen",
    "edited": "written by a program",
    "not known": "not known what made it",
}


def _each(files: tuple[Path, ...]) -> "list[Path]":
    paths: list[Path] = []
    for path in files:
        paths += sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    return paths


def _in_words(told: "Explanation", settings: "Settings") -> str:
    verdicts = {
        "visit": f"of the visit {told.decision and told.decision.visit}: would be sent, proven, then removed here",
        "private": "private: left alone",
        "review": "held: a person decides",
        "not-a-photo": "no photo: left alone",
    }
    lines = [printable(str(told.path)), f"  {verdicts[told.verdict.value]}"]
    lines += [f"  · {printable(reason)}" for reason in told.reasons]
    if told.capture is not None:
        taken = local(told.taken, settings)
        lines.append(f"  format {told.capture.format}, taken {taken}, evidence level {told.capture.level.value}")
        camera = told.capture.camera
        if camera is not None:
            words = " ".join(part for part in (camera.make, camera.model) if part)
            lines.append(f"  camera {printable(words) or 'not known'}")
        if told.capture.is_photo:
            lines.append(f"  {_ORIGINS[told.capture.origin.value]} ({printable(told.capture.origin_basis)})")
    return "\n".join(lines)

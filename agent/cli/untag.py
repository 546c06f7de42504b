"""`untag`: restore the original photo, byte for byte."""

from pathlib import Path

import click

from agent.cli.paths import FILE, NEW_FILE
from agent.cli.session import json_option, put_json


@click.command("untag")
@click.argument("file", type=FILE)
@click.option(
    "-o",
    "--output",
    "out",
    type=NEW_FILE,
    help="The file to write; default: a new file beside FILE.",
)
@json_option
def command(file: Path, out: Path | None, as_json: bool) -> int:
    """Remove the visit's tag from FILE (a photo from the share, or its .xmp), to get the original back byte for byte.

    The original is written beside FILE as NAME.original.EXT, or to the file that -o names. An existing file is never
    overwritten.
    """
    from agent.pipeline.untag import untag_file

    target = out or file.with_name(f"{file.stem}.original{file.suffix}")
    done = untag_file(file, target)
    if as_json:
        put_json({"file": str(target) if done.written else None, "visit": done.visit, "transfer": done.transfer})
    elif done.written:
        click.echo(f"The original is in {target}. Its SHA-256 is the one named in the tag.")
    else:
        click.echo("This file holds only a tag, so there is no original to restore.")
    return 0

"""`witness`: on one of IT's machines, check how each device's record has changed since the last look."""

import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli.paths import FILE, FOLDER, NEW_FOLDER, folder_argument
from agent.cli.session import json_option, printable, put_json, say, settings_of

if TYPE_CHECKING:
    from agent.audit import HeldFile, VerifierKey, Watch

LOOK_AGAIN = 10.0
"""Seconds before a record that seems damaged is checked again: its device may be publishing at this moment."""


@click.command("witness")
@folder_argument
@click.option("--share", is_flag=True, help="Read directly from the server that this machine's agent.toml names.")
@click.option(
    "--keys",
    required=True,
    type=FILE,
    help="The laptops' log keys, one per line.",
)
@click.option(
    "--state",
    type=NEW_FOLDER,
    help="The folder for what the witness remembers; it must not be on the share.",
)
@click.option("--name", help="The witness's name in cosignatures; default: witness/ and the host's name.")
@click.option(
    "--silence-days",
    type=click.FloatRange(min=0),
    default=3,
    show_default=True,
    help="Report devices that have been silent for longer than this; 0: do not report silence.",
)
@click.option(
    "--visits",
    type=FOLDER,
    help="The folder of the visits, if it is not DIR/visits.",
)
@click.option("--retired", multiple=True, metavar="VISIT", help="A visit whose files IT removed on purpose.")
@click.option(
    "--gather",
    is_flag=True,
    help="Then gather the files of each whole record into bundles, by month and year; DIR must be writable.",
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    directory: Path | None,
    share: bool,
    keys: Path,
    state: Path | None,
    name: str | None,
    silence_days: float,
    visits: Path | None,
    retired: tuple[str, ...],
    gather: bool,
    as_json: bool,
) -> int:
    """Compare the records on a share with what this witness saw before, and cosign those that are whole.

    DIR is the share as this machine sees it, or a copy. With --share instead, this machine's account must be able to
    read the whole share. Reports forks, rollbacks, silence, files without an entry and entries without a file. The exit
    codes are those of `log verify`, and 15 if only the share and the record disagree.
    """
    if share == (directory is not None):
        raise click.UsageError("Give either a folder or --share.")
    if gather and share:
        raise click.UsageError(
            "--gather cannot be used with --share. Run it on the server or where the share is mounted, and give DIR."
        )
    from agent import audit
    from agent.cli.copies import keys_in
    from agent.settings.places import state_folder

    audit.keep_off(directory, state, "What a witness remembers")
    enrolled = keys_in(keys)
    witness = audit.Witness(state or state_folder() / "witness", name or audit.default_name())
    with contextlib.nullcontext((directory, _wait, None)) if directory else _fetched(ctx) as (folder, again, listed):
        watch = witness.look(
            folder,
            enrolled,
            now=audit.utc_now(),
            max_silence=timedelta(days=silence_days) if silence_days else None,
            visits=visits,
            retired=retired,
            pause=again,
            listed=None if visits else listed,
        )
    if as_json:
        for one in watch.as_json():
            put_json(one)
    else:
        for line in watch.lines():
            click.echo(printable(line))
    if gather and directory is not None:
        _gather(directory, enrolled, watch, as_json=as_json)
    say(f"This witness signs with {witness.key}")
    return watch.exit_code


def _gather(directory: Path, keys: "Sequence[VerifierKey]", watch: "Watch", *, as_json: bool) -> None:
    """Gather the records that have just been found whole. A record that cannot be gathered is reported."""
    from agent import audit

    whole = {one.report.device for one in watch.devices if one.cosigned is not None}
    done = False
    for one in audit.gather_records(directory, keys, now=audit.utc_now(), devices=whole):
        done = done or bool(one.files or one.trouble)
        if as_json:
            put_json(one.as_json())
        else:
            for line in one.lines():
                click.echo(printable(line))
    if not done:
        say("There was nothing to gather: no whole record has several files from a month that is over.")


def _wait() -> None:
    time.sleep(LOOK_AGAIN)


@contextlib.contextmanager
def _fetched(ctx: click.Context) -> "Iterator[tuple[Path, Callable[[], None], Callable[[], Mapping[str, HeldFile]]]]":
    """A folder with the records from the server, a function to fetch them again, and one to list the photos."""
    from agent.audit import HeldFile
    from agent.pipeline.context import server_of, wall_clock
    from agent.pipeline.fetch import fetch_records, visits_there
    from agent.share import open_share

    settings = settings_of(ctx)
    with (
        tempfile.TemporaryDirectory(prefix="photo-agent-witness-") as name,
        open_share(server_of(settings), clock=wall_clock) as connection,
    ):
        folder = Path(name) / "share"

        def fetch() -> None:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            fetch_records(connection, folder, settings.device.name)

        def again() -> None:
            _wait()
            fetch()

        fetch()
        yield folder, again, lambda: {name: HeldFile(None, size_known=False) for name in visits_there(connection)}

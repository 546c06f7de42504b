"""`log verify` and the commands that go with it: the log key and its rotation, and erasing an entry."""

import contextlib
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli.copies import copy_of, enrolled, key_option, share_option, why
from agent.cli.paths import FILE, FOLDER, folder_argument
from agent.cli.session import json_option, put_json, say, settings_of, stages_of
from agent.errors import UsageError

if TYPE_CHECKING:
    from agent.audit import Note, Report, VerifierKey
    from agent.settings import Settings

LARGEST_SEEN = 64 * 1024 * 1024
"""Bytes read at most of a file with checkpoints; a publication has eight megabytes at most."""


@click.command("verify")
@folder_argument
@share_option
@key_option
@click.option(
    "--seen",
    "seen_files",
    metavar="FILE",
    multiple=True,
    type=FILE,
    help="An earlier checkpoint, or a file with checkpoints; the record must still contain everything they cover.",
)
@click.option(
    "--max-silence",
    metavar="DAYS",
    type=click.FloatRange(min=0, min_open=True),
    help="Report laptops that have been silent for longer than this.",
)
@json_option
@click.pass_context
def verify(
    ctx: click.Context,
    directory: Path | None,
    share: bool,
    key_files: tuple[Path, ...],
    seen_files: tuple[Path, ...],
    max_silence: float | None,
    as_json: bool,
) -> int:
    """Prove that the record is whole: this laptop's, a copied folder's (of one device or of all), or the share's.

    Exit codes: 0 whole and signed · 10 altered · 11 truncated or rolled back · 12 signature missing or wrong ·
    13 forked · 14 heartbeat missing. Only --share needs the network.
    """
    from agent import audit

    keys = enrolled(ctx, key_files)
    silence = None if max_silence is None else timedelta(days=max_silence)
    seen = [note for file in seen_files for note in _checkpoints_in(file)]
    with copy_of(ctx, directory, share) as folder:
        if folder is None:
            reports = _own(settings_of(ctx), keys, seen, silence)
        else:
            reports = audit.verify_copy(folder, keys, now=audit.utc_now(), max_silence=silence, seen=seen)
    _print_reports(reports, as_json=as_json)
    if not reports:
        say("There is no record here.")
        return 12
    return audit.exit_code(reports)


def _print_reports(reports: "list[Report]", *, as_json: bool) -> None:
    """Print one line of JSON per device for scripts, or some lines for people."""
    for report in reports:
        if as_json:
            put_json(report.as_json())
        else:
            for line in report.lines():
                click.echo(line)


def _own(
    settings: "Settings", keys: "list[VerifierKey]", seen: "list[Note]", silence: timedelta | None
) -> "list[Report]":
    """This laptop's own records, one for each name that it has had. Each must still hold everything it published."""
    from agent import audit
    from agent.errors import RecordError
    from agent.journal import Journal
    from agent.pipeline.former import former_records, published_up_to
    from agent.pipeline.places import journal_file, log_key, record_folder
    from agent.record import Record

    with contextlib.ExitStack() as stack:
        journal = None
        if journal_file(settings).exists():
            journal = stack.enter_context(Journal.open(journal_file(settings), read_only=True))

        def report(record: Record, trusted: "list[VerifierKey]", longest: timedelta | None) -> "Report":
            published = None if journal is None else published_up_to(journal, record.device)
            known = [] if published is None else [audit.Note("what was published", published.encode())]
            evidence = audit.of_laptop(record.files, record.device, record.seals(), [*seen, *known])
            return audit.verify(evidence, trusted, audit.utc_now(), longest)

        reports = [report(Record.open(record_folder(settings), settings.device.name), keys, silence)]
        for former in former_records(settings):
            with contextlib.suppress(RecordError):  # if this record has no key of its own, only the given keys count
                keys = [*keys, log_key(settings, former.device).load().key]
            reports.append(report(former, keys, None))
        return reports


@click.command("key")
@json_option
@click.pass_context
def key(ctx: click.Context, as_json: bool) -> int:
    """Show the public log key of this laptop, for IT to enrol."""
    from agent.pipeline.places import log_key

    settings = settings_of(ctx)
    public = log_key(settings).load().key
    if as_json:
        put_json({"device": settings.device.name, "key": str(public), "kept_in": log_key(settings).description})
    else:
        click.echo(str(public))
    return 0


@click.command("rotate-key")
@click.option("--lost", is_flag=True, help="The old key is gone; IT must enrol the new one.")
@click.option("--reason", default="", help="Why, for the record.")
@click.pass_context
def rotate_key(ctx: click.Context, lost: bool, reason: str) -> int:
    """Sign with a new key from now on. The old key signs the change. Prints the new public key."""
    from agent.pipeline.lock import only_writer
    from agent.pipeline.places import log_key
    from agent.record.rotation import rotate

    settings = settings_of(ctx)
    with only_writer(settings), stages_of(settings) as context:
        new = rotate(context.record, log_key(settings), at=context.clock(), reason=reason, lost=lost)
    click.echo(str(new.key))
    say(
        "IT must enrol this key. The old one is lost, so it cannot vouch for the new one."
        if lost
        else "The next run sends the new key."
    )
    return 0


@click.command("erase")
@click.argument("entry", type=click.IntRange(min=0))
@click.option("--reason", default="", help="Why, for the record.")
@click.confirmation_option(prompt="The entry cannot be brought back. Erase it?")
@click.pass_context
def erase(ctx: click.Context, entry: int, reason: str) -> int:
    """Erase entry number ENTRY of this laptop's record (GDPR, article 17).

    A new entry says that this was done. After the next run, IT erases the copy on the server with `log erase-copy`.
    """
    from agent.pipeline.lock import only_writer
    from agent.pipeline.places import log_key
    from agent.record.rotation import signer_of

    settings = settings_of(ctx)
    with only_writer(settings), stages_of(settings) as context:
        try:
            context.record.erase(entry, at=context.clock(), reason=reason)
        except ValueError as fault:
            raise UsageError(f"{fault}; `photo-agent log show` lists the entries.") from fault
        context.record.seal(signer_of(context.record, log_key(settings)))
    say(
        "The entry was erased on this laptop. After the next run, IT erases it on the server with "
        "`photo-agent log erase-copy`."
    )
    return 0


@click.command("erase-copy")
@click.argument("directory", metavar="DIR", type=FOLDER)
@key_option
@click.pass_context
def erase_copy(ctx: click.Context, directory: Path, key_files: tuple[Path, ...]) -> int:
    """For IT, on the server: also erase from the published records the entries that devices have erased.

    The devices' signed records say which ones. DIR is the share, its record/ folder, or one device's folder in it. A
    copy that does not verify is left alone.
    """
    from agent import audit

    done = list(audit.erase_copy(directory, enrolled(ctx, key_files), now=audit.utc_now()))
    for one in done:
        if one.entries is None:
            _print_reports([one.report], as_json=False)
        else:
            click.echo(f"{one.report.device}: {one.entries} {'entry' if one.entries == 1 else 'entries'} erased")
    return audit.exit_code([one.report for one in done])


def _checkpoints_in(file: Path) -> "list[Note]":
    """The checkpoints in a file. A file without any proves nothing, so it must not count as checked."""
    from agent import audit
    from agent.record.checkpoint import read_checkpoint
    from agent.record.note import NoteFault, split_note

    def is_one(note: "Note") -> bool:
        try:
            read_checkpoint(split_note(note.content)[0])
        except NoteFault:
            return False
        return True

    notes = audit.notes_in(file.name, _content_of(file))
    if not any(map(is_one, notes)):
        raise click.UsageError(f"There is no checkpoint in {file}.")
    return notes


def _content_of(file: Path) -> bytes:
    """The bytes of a checkpoint, or of a publication or bundle with checkpoints."""
    from agent.files.named import read_named

    try:
        return read_named(file, LARGEST_SEEN)
    except OSError as fault:
        raise click.UsageError(f"The checkpoint {file} cannot be read: {why(fault)}.") from fault

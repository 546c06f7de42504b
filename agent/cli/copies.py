"""The records that IT's commands read (this laptop's, a copied folder or the share) and the keys that IT enrolled."""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli.paths import FILE
from agent.cli.session import say, settings_of

if TYPE_CHECKING:
    from datetime import datetime

    from agent.audit import Entry, VerifierKey
    from agent.settings import Settings

share_option = click.option(
    "--share", is_flag=True, help="Read the records on the share: those of all laptops that this account can read."
)
key_option = click.option(
    "--key",
    "key_files",
    metavar="FILE",
    multiple=True,
    type=FILE,
    help="The devices' log keys, one per line, as `init` or `log key` printed them. May be given several times.",
)


LARGEST_KEYS = 10_000_000
"""Bytes: enough for the keys of a hundred thousand laptops."""


def why(fault: Exception) -> str:
    """What was wrong with a file, without its name or the system's error number."""
    return (fault.strerror if isinstance(fault, OSError) else None) or str(fault)


def keys_in(file: Path) -> "list[VerifierKey]":
    """The log keys in a file that IT named. If it cannot be read, UsageError names the file and says why."""
    from agent import audit
    from agent.errors import UsageError
    from agent.files.named import read_named

    try:
        return audit.read_keys(read_named(file, LARGEST_KEYS).decode("utf-8"))
    except UnicodeDecodeError as fault:
        raise UsageError(f"The keys in {file} cannot be read: it is not a text file.") from fault
    except (OSError, ValueError) as fault:
        raise UsageError(f"The keys in {file} cannot be read: {why(fault)}.") from fault


def settings_if_any(ctx: click.Context) -> "Settings | None":
    """The settings in use; None on an IT machine without any. Raises SettingsError if they are wrong."""
    from agent.cli.session import settings_file
    from agent.errors import SettingsError

    if ctx.find_root().obj is None:
        try:
            settings_file(ctx)
        except SettingsError:
            return None
    return settings_of(ctx)


def zone_of(settings: "Settings | None") -> tzinfo:
    """The time zone for times that are shown: the device's zone, or UTC without settings."""
    return UTC if settings is None else settings.zone


def enrolled(ctx: click.Context, key_files: Sequence[Path]) -> "list[VerifierKey]":
    """The keys in these files, and this laptop's own key if it has one. A UsageError names the file and the line."""
    from agent.errors import RecordError
    from agent.pipeline.places import log_key

    keys: list[VerifierKey] = []
    for file in key_files:
        keys += keys_in(file)
    settings = settings_if_any(ctx)
    if settings is not None:
        # An IT technician's own laptop may have no key; then only the keys in the files count.
        with contextlib.suppress(RecordError):
            keys.append(log_key(settings).load().key)
    return keys


@contextlib.contextmanager
def copy_of(ctx: click.Context, directory: Path | None, share: bool) -> Iterator[Path | None]:
    """The folder to read: `directory`, or a copy fetched from the share; None for this laptop's own record."""
    if directory is not None and share:
        raise click.UsageError("Give either a folder or --share, not both.")
    if not share:
        yield directory
        return
    from agent.pipeline.context import server_of, wall_clock
    from agent.pipeline.fetch import fetch_records
    from agent.share import open_share

    with tempfile.TemporaryDirectory(prefix="photo-agent-record-") as name:
        settings = settings_of(ctx)
        with open_share(server_of(settings), clock=wall_clock) as connection:
            fetch_records(connection, Path(name), settings.device.name)
        yield Path(name)


def warn_of(folder: Path | None, keys: "Sequence[VerifierKey]") -> int:
    """Print what is wrong with a copy, and return the exit code for it."""
    if folder is None:
        return 0
    from agent import audit

    reports = audit.verify_copy(folder, keys, now=audit.utc_now())
    for report in reports:
        if report.findings:
            for line in report.lines():
                say(line)
    return audit.exit_code(reports)


def entries_of(
    ctx: click.Context,
    folder: Path | None,
    keys: "Sequence[VerifierKey]",
    *,
    since: "datetime | None" = None,
    visit: str | None = None,
    device: str | None = None,
) -> "Iterator[Entry]":
    """The entries of this laptop's record, or of a copy of one or many."""
    from agent import audit

    if folder is None:
        from agent.pipeline.former import own_entries

        entries = own_entries(settings_of(ctx))
    else:
        entries = audit.copied_entries(folder, keys)
    return audit.chosen(entries, since=since, visit=visit, device=device)

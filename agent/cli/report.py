"""`report`: for IT, turn the records on a share into pages that a web server or a file share can show."""

from collections.abc import Mapping
from datetime import UTC, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli.copies import keys_in, settings_if_any
from agent.cli.paths import FILE, FOLDER, NEW_FOLDER
from agent.cli.session import json_option, printable, put_json, say
from agent.cli.zones import known_zone
from agent.errors import UsageError

if TYPE_CHECKING:
    from agent.audit.report import Clock, Keeping, VisitWords
    from agent.settings import Settings

LARGEST_RETENTION = 1_000_000
"""Bytes read at most of a file with the table [retention]."""


@click.command("report")
@click.argument("directory", metavar="DIR", type=FOLDER)
@click.option("--keys", required=True, type=FILE, help="The devices' enrolled log keys, one per line.")
@click.option(
    "--out",
    metavar="FOLDER",
    required=True,
    type=NEW_FOLDER,
    help="The folder for the pages: a new one, or that of an earlier report.",
)
@click.option(
    "--mhl", is_flag=True, help="Also write an ASC-MHL manifest of each visit's files; this reads every file."
)
@click.option(
    "--visits", type=FILE, help="The visits register, for titles and dates; default: DIR/register/visits.csv."
)
@click.option(
    "--audit",
    metavar="FOLDER",
    type=NEW_FOLDER,
    help="The folder with the results of spot checks; default: this user's usual one.",
)
@click.option("--retention", type=FILE, help="A TOML file with a table [retention]; default: the table in agent.toml.")
@click.option(
    "--sign", type=FILE, help="A reviewer's Ed25519 key, as ssh-keygen makes it, to sign each certificate with."
)
@click.option(
    "--timezone",
    metavar="ZONE",
    callback=known_zone,
    help="The time zone of the times on the pages, such as Europe/London.",
)
@click.option(
    "--silence-days",
    metavar="DAYS",
    type=click.FloatRange(min=0, min_open=True),
    default=3,
    show_default=True,
    help="Days after which a silent laptop is reported.",
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    directory: Path,
    keys: Path,
    out: Path,
    mhl: bool,
    visits: Path | None,
    audit: Path | None,
    retention: Path | None,
    sign: Path | None,
    timezone: str | None,
    silence_days: float,
    as_json: bool,
) -> int:
    """Make pages from the records on a share: the school, a certificate for each visit, and each laptop.

    DIR is the share as this machine sees it, or a copy. Only verified entries count. The same facts are beside each
    page as .json and .csv, and in photo-agent.prom for a monitoring system. Open FOLDER/index.html.

    The report is made even if a record is not whole; the exit code is then that of `log verify`, otherwise 0. Silent
    laptops appear only on the pages.
    """
    from agent.audit import exit_code, utc_now
    from agent.audit.findings import RecordFault
    from agent.audit.report import Asked, ReviewerKey, make_report, read_checks
    from agent.settings.places import state_folder

    settings = settings_if_any(ctx)
    enrolled = keys_in(keys)
    clock = _clock(timezone, settings)
    checks, unread = read_checks(audit or state_folder() / "audit")
    asked = Asked(
        now=utc_now(),
        clock=clock,
        visits=_visits(visits, directory, clock, settings),
        keeping=_keeping(retention, settings),
        spot_checks=checks,
        unread_checks=unread,
        silence=timedelta(days=silence_days),
        signer=None if sign is None else ReviewerKey.read(sign),
    )
    if not as_json:
        say(f"Verifying the records in {directory} …")
    made = make_report(directory, enrolled, out, asked, mhl=mhl, progress=_nothing if as_json else _say_printable)
    damaged = [one for one in made.reports if any(each.damage is not RecordFault.SILENT for each in one.findings)]
    if as_json:
        first = str((out / "index.html").absolute())
        put_json(
            {
                "report": first,
                "sentence": made.sentence,
                "visits": made.visits,
                "devices": made.devices,
                "not_whole": [one.device for one in damaged],
                "files_not_as_recorded": made.not_as_recorded if mhl else None,
            }
        )
    else:
        click.echo(made.sentence)
        if mhl and made.not_as_recorded:
            click.echo(
                f"Files left out of the manifests, because no verified entry has their bytes: {made.not_as_recorded}"
            )
        click.echo(f"Open {out / 'index.html'}")
    return exit_code(damaged)


def _say_printable(text: str) -> None:
    say(printable(text))


def _nothing(_text: str) -> None:
    """Print nothing: scripts want only the result."""


def _clock(zone: str | None, settings: "Settings | None") -> "Clock":
    from zoneinfo import ZoneInfo

    from agent.audit.report import Clock

    if zone is not None:
        return Clock(ZoneInfo(zone), zone)
    return Clock(UTC, "UTC") if settings is None else Clock(settings.zone, settings.device.timezone)


def _visits(
    given: Path | None, share: Path, clock: "Clock", settings: "Settings | None"
) -> "Mapping[str, VisitWords] | None":
    """The visits in the list that was given, or in the one on the share; None if neither can be read."""
    from agent.audit.report import visit_words
    from agent.pipeline.renew import read_local, rules_of
    from agent.register import Rules, read_visits

    file = given or share / "register" / "visits.csv"
    raw = read_local(given) if given is not None else _on_share(share)
    if raw is None:
        return None
    rules = Rules(clock.name) if settings is None else rules_of(settings)
    read = read_visits(raw, kind="ics" if file.suffix.lower() == ".ics" else "csv", rules=rules)
    if any(fault.severity == "error" for fault in read.faults):
        say(f"{file}: some lines could not be read. `photo-agent visits check FILE` shows which.")
    return visit_words(read.visits)


def _on_share(share: Path) -> bytes | None:
    """The list on the share, where any file may be a link to anything; None if it cannot be read."""
    from agent.files.beneath import Beneath, NotPlain
    from agent.pipeline.renew import LARGEST

    try:
        with Beneath(share) as copy, copy.open(("register", "visits.csv"), LARGEST) as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, NotPlain) as fault:
        what = fault if isinstance(fault, NotPlain) else f"cannot be read: {fault.strerror}"
        say(f"The visits register {share / 'register' / 'visits.csv'} {what}. The pages show the visits' ids instead.")
        return None


def _keeping(file: Path | None, settings: "Settings | None") -> "Keeping":
    import tomllib

    from pydantic import TypeAdapter, ValidationError

    from agent.audit.report import Keeping
    from agent.files.named import read_named
    from agent.settings.tables_for_it import RetentionSettings

    if file is None:
        said = RetentionSettings() if settings is None else settings.retention
    else:
        try:
            text = read_named(file, LARGEST_RETENTION).decode("utf-8")
            said = TypeAdapter(RetentionSettings).validate_python(tomllib.loads(text)["retention"])
        except (OSError, ValueError, KeyError, ValidationError) as fault:
            raise UsageError(
                f"{file} has no valid table [retention]. The keys of that table are days, visits and hold."
            ) from fault
    of_visits = {visit: int(days) for visit, _, days in (one.rpartition("=") for one in said.visits)}
    return Keeping(said.days or None, of_visits, frozenset(said.hold))

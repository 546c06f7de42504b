"""`spot-check`: for IT, draw a sample of transfers that nobody could choose, and examine it to the byte."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli.copies import settings_if_any
from agent.cli.paths import FILE, FOLDER, NEW_FILE, NEW_FOLDER, folder_argument
from agent.cli.session import WholeSentences, json_option, printable, put_json, say
from agent.cli.sharephotos import Place, records_at
from agent.cli.zones import known_zone
from agent.errors import UsageError

if TYPE_CHECKING:
    from agent.audit import VerifierKey
    from agent.audit.spotcheck import Seen, Size
    from agent.record.note import Signer
    from agent.register import Rules

LOOK_AGAIN = 10.0
"""Seconds before a record that seems damaged is checked again: its device may be publishing at this moment."""

_share_option = click.option(
    "--share", is_flag=True, help="Instead of DIR: read directly from the server that this machine's agent.toml names."
)
_keys_option = click.option(
    "--keys",
    required=True,
    metavar="FILE",
    type=FILE,
    help="The laptops' log keys, one per line.",
)
_state_option = click.option(
    "--state",
    metavar="FOLDER",
    type=NEW_FOLDER,
    help="The folder for the reviewer's key and the results; it must not be on the share.",
)
_reviewer_option = click.option("--reviewer", metavar="NAME", help="The reviewer's name; default: the user's name.")


@click.group("spot-check", cls=WholeSentences)
def command() -> None:
    """For IT: draw a sample of transfers that nobody could choose, and examine it to the byte."""


@command.command("draw")
@folder_argument
@_share_option
@_keys_option
@click.option(
    "--seed", metavar="S", help="Text that decides the draw; somebody else gives it after the witness has looked."
)
@click.option(
    "--commit",
    metavar="F",
    type=NEW_FILE,
    help="Draw nothing yet: write a new secret to F, and print the commitment to give away.",
)
@click.option(
    "--reveal",
    metavar="F",
    multiple=True,
    type=FILE,
    help="Draw by the secret in F. Give it several times if several people committed.",
)
@click.option("--sample", metavar="N", type=click.IntRange(min=1), help="How many transfers to draw.")
@click.option("--confidence", metavar="P", help="With --max-error: how sure to be, in percent.  [default: 95]")
@click.option(
    "--max-error",
    metavar="P",
    help="Draw enough transfers to show that at most this many percent are wrong, such as 1%.",
)
@click.option("--out", metavar="DRAW", type=NEW_FILE, help="The file to write the draw to.")
@click.option(
    "--witness",
    metavar="FOLDER",
    type=FOLDER,
    help="Draw only from what this witness has already seen.",
)
@_reviewer_option
@_state_option
@json_option
@click.pass_context
def draw(
    ctx: click.Context,
    directory: Path | None,
    share: bool,
    keys: Path,
    seed: str | None,
    commit: Path | None,
    reveal: tuple[Path, ...],
    sample: int | None,
    confidence: str | None,
    max_error: str | None,
    out: Path | None,
    witness: Path | None,
    reviewer: str | None,
    state: Path | None,
    as_json: bool,
) -> int:
    """Draw transfers by lot, and write the signed draw to a file before anything is shown.

    DIR is the share as this machine sees it, or a copy of its records. Transfers are drawn from the checkpoints that
    the witness has seen; without --witness, this command first looks as a witness itself. Each device and each visit is
    drawn at least once. The transfers with the lowest SHA-256 of seed, record and index are drawn, so that anybody can
    repeat the draw.

    To make sure that neither IT nor staff can choose, commit first, give the commitment away, and reveal after the
    laptops' next run.
    """
    from agent import audit
    from agent.audit import spotcheck

    if (seed is not None) + (commit is not None) + bool(reveal) != 1:
        raise click.UsageError("Give one of --seed, --commit and --reveal.")
    if commit is None and out is None:
        raise click.UsageError("Name the file to write with --out.")
    size = _size(sample, confidence, max_error, needed=seed is not None)
    now = audit.utc_now()
    place = _state(state)
    for path, what in ((state, "The reviewer's key"), (commit, "The secret"), (out, "The draw")):
        audit.keep_off(directory, path, what)
    signer = spotcheck.ReviewerKey.load_or_make(place)
    who = _reviewer(reviewer)
    with records_at(ctx, directory, share) as at:
        enrolled = _enrolled(keys)
        seen, code = (spotcheck.seen_by(witness), 0) if witness is not None else _look(at, enrolled, now)
        at.registers(place / "registers", ())  # the examination will need the register as it is now
        if commit is not None:
            return _commit(commit, seen, size, who, signer, now, as_json=as_json)
        commitments = [spotcheck.read_commitment(file) for file in reveal]
        agreed = size if size is not None and not commitments else spotcheck.agreed_size(commitments, size)
        with audit.opened_copy(at.folder) as copy:
            population = spotcheck.freeze(copy, enrolled, seen)
            if population.size == 0 and code:
                say("Nothing was drawn. First find out what happened to the records.")
                return code
            known = spotcheck.known_already(place, commitments)
            made = spotcheck.make(
                population,
                seen,
                agreed,
                seed=seed,
                commitments=commitments,
                reviewer=who,
                now=now,
                notes=[] if known is None else [known],
            )
    assert out is not None  # noqa: S101  # checked above
    spotcheck.remember(place, commitments, made.id)
    spotcheck.write(out, made, signer)
    if as_json:
        put_json(made.as_json())
    else:
        for line in made.lines():
            click.echo(printable(line))
        click.echo(f"The draw is in {out}. Examine it with `photo-agent spot-check examine {out} DIR --keys {keys}`.")
    say(f"This reviewer signs with {signer.key}")
    return 0


@command.command("examine")
@click.argument("drawn", metavar="DRAW", type=FILE)
@folder_argument
@_share_option
@_keys_option
@click.option(
    "--out",
    metavar="RESULT",
    type=NEW_FILE,
    help="The file to write the result to; default: among the results in --state.",
)
@click.option(
    "--registers",
    metavar="FOLDER",
    multiple=True,
    type=FOLDER,
    help="Older registers (visits*, cameras*) besides the one on the share: each photo is judged by the register of "
    "its time.",
)
@click.option("--timezone", metavar="ZONE", callback=known_zone, help="The laptops' time zone, e.g. Europe/London.")
@click.option(
    "--dates", type=click.Choice(("day-first", "month-first", "iso")), help="The order of dates in the register."
)
@click.option("--retired", multiple=True, metavar="VISIT", help="A visit whose files IT removed on purpose.")
@click.option("--trust", metavar="FILE", multiple=True, type=FILE,
              help="The public key of another reviewer, who made the draw.")  # fmt: skip
@_reviewer_option
@_state_option
@json_option
@click.pass_context
def examine(
    ctx: click.Context,
    drawn: Path,
    directory: Path | None,
    share: bool,
    keys: Path,
    out: Path | None,
    registers: tuple[Path, ...],
    timezone: str | None,
    dates: str | None,
    retired: tuple[str, ...],
    trust: tuple[Path, ...],
    reviewer: str | None,
    state: Path | None,
    as_json: bool,
) -> int:
    """Examine the drawn transfers to the byte, and the share for files without an entry; sign and save the result.

    Each transfer is checked for its entry in the signed record, its files in the visit's folder on the share, their
    bytes, the original without the tag, the time of capture (judged by the register of its time) and the removal on
    record. The share is checked for files without an entry, and for visits without any. Exit code 16 if something is
    wrong.
    """
    from agent import audit
    from agent.audit import spotcheck
    from agent.pipeline.rereading import reread_photos

    for path, what in ((state, "The reviewer's key"), (out, "The result")):
        audit.keep_off(directory, path, what)
    made, key = spotcheck.read(drawn)
    place = _state(state)
    known = [*spotcheck.known_keys(place), *(one for file in trust for one in _enrolled(file))]
    if key not in known:
        raise UsageError(
            f"{drawn} was signed by {key}, which is not this machine's reviewer. If that reviewer is trusted, give "
            "their public key with --trust."
        )
    signer = spotcheck.ReviewerKey.load_or_make(place)
    now = audit.utc_now()
    with records_at(ctx, directory, share) as at, audit.opened_copy(at.folder) as copy:
        files = at.registers(place / "registers", registers)
        with reread_photos(files, _rules(ctx, timezone, dates), now) as reading, _progress(len(made.drawn)) as done:
            means = spotcheck.Means(
                copy=copy,
                keys=_enrolled(keys),
                photos=at.photos,
                reading=reading,
                reviewer=_reviewer(reviewer),
                now=now,
                retired=frozenset(retired),
                done=done,
            )
            outcome = spotcheck.examine(made, drawn.read_bytes(), means)
    result = spotcheck.write_result(out or place / spotcheck.FOLDER / f"{made.id}.json", outcome, signer)
    if as_json:
        put_json(outcome.as_json())
    else:
        for line in outcome.lines():
            click.echo(printable(line))
    say(f"The signed result is in {result}.")
    return outcome.exit_code


# --- what both commands need -----------------------------------------------------------------------------------------


def _look(at: Place, keys: "Sequence[VerifierKey]", now: datetime) -> "tuple[Seen, int]":
    """Let this machine's witness look. Returns what it has seen and an exit code; faults go to standard error."""
    from agent import audit
    from agent.audit import spotcheck
    from agent.settings.places import state_folder

    folder = state_folder() / "witness"
    name = audit.name_of_witness(folder) or audit.default_name()
    pause = (lambda: None) if at.connection is not None else (lambda: time.sleep(LOOK_AGAIN))
    looked = audit.Witness(folder, name).look_at_records(at.folder, keys, now=now, pause=pause)
    for watched in looked:
        if watched.troubles:
            for line in watched.lines():
                say(printable(line))
    return spotcheck.seen_by(folder), audit.exit_code(watched.report for watched in looked)


def _commit(
    file: Path, seen: "Seen", size: "Size | None", who: str, signer: "Signer", now: datetime, *, as_json: bool
) -> int:
    from agent.audit import spotcheck

    made = spotcheck.commit(file, seen.checkpoints, size, who, signer, now)
    if as_json:
        put_json({"commitment": made.hash, "at": made.at.isoformat(), "reviewer": who})
    else:
        click.echo(made.hash)
        say(
            "Give this commitment to somebody else now, such as the headteacher. Keep the file secret until the "
            f"laptops have sent photos again, then draw with --reveal {file}."
        )
    return 0


def _enrolled(file: Path) -> "list[VerifierKey]":
    from agent.cli.copies import keys_in

    return keys_in(file)


def _state(given: Path | None) -> Path:
    from agent.settings.places import state_folder

    return given or state_folder() / "audit"


def _reviewer(given: str | None) -> str:
    from agent.audit.spotcheck import default_reviewer

    name = default_reviewer() if given is None else given.strip()
    if not name.isprintable() or not 0 < len(name) <= 100:
        raise UsageError("A reviewer's name is one line of 1 to 100 characters.")
    return name


def _size(sample: int | None, confidence: str | None, max_error: str | None, *, needed: bool) -> "Size | None":
    from agent.audit.spotcheck import Size

    if sample is None and max_error is None and confidence is None and not needed:
        return None
    return Size.asked(sample, confidence, max_error)


def _rules(ctx: click.Context, timezone: str | None, dates: str | None) -> "Rules":
    """How the laptops read the register: by the given options, else by these settings, else in this machine's zone."""
    from datetime import timedelta

    from agent.cli.init import system_zone
    from agent.register import Order, Rules

    settings = settings_if_any(ctx)
    zone = timezone or (None if settings is None else settings.device.timezone) or system_zone() or "UTC"
    order = dates or ("day-first" if settings is None else settings.register.dates)
    return Rules(zone, Order(order), timedelta(days=36_500))


@contextlib.contextmanager
def _progress(number: int) -> Iterator[Callable[[int], object]]:
    """Show a bar on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=number, label="Examining", file=sys.stderr) as bar:
        yield lambda done: bar.update(done - bar.pos)

"""What prevents sending, in a teacher's words: what happened, that the photos stay, and one thing to do.

Only the worst problem is shown, with details for IT. Nothing here names a photo.
"""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from agent.errors import ShareRefused
from agent.journal import State
from agent.language import plural, text
from agent.pipeline.cards import Phase, cards
from agent.pipeline.clocks import age, known_wrong
from agent.pipeline.context import Context
from agent.pipeline.damage import so_far
from agent.pipeline.journal_keys import REGISTER_REFUSAL, UNPUBLISHED
from agent.pipeline.misgivings import not_named, not_understood
from agent.pipeline.overdue import WAITING, is_overdue
from agent.pipeline.renew import no_register
from agent.pipeline.status import is_running, share_trouble
from agent.pipeline.unconfirmed import failed_files, unconfirmed

LITTLE_ROOM = 200_000_000
"""Free bytes on the journal's disk below which a person is asked to make room."""

DAMAGE_IS_NEWS = timedelta(days=14)
"""How long a damaged photo is mentioned after it was sent."""


class Grade(IntEnum):
    """How serious a problem is: it will pass by itself, a person should act, or stop and tell IT."""

    CALM = 0
    ASK = 1
    STOP = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """`what` happened, and what to `do`; `details` are for IT. `retry` says whether trying again now can help."""

    grade: Grade
    what: str
    stays: str
    do: str
    details: str = ""
    retry: bool = False
    start: bool = False
    away: bool = False  # the only problem: the school network cannot be reached from here


def worst(context: Context) -> Problem | None:
    """The most serious problem; None if there are none."""
    return max(problems(context), key=lambda problem: problem.grade, default=None)


def problems(context: Context) -> Iterator[Problem]:
    """All problems; within one grade, those that a person can solve come first."""
    yield from _of_the_share(context)
    if not is_running(context.settings):
        yield Problem(
            Grade.ASK,
            text("School photos is not running."),
            text("New photos are only sent while it runs. Nothing is lost."),
            text("start it, or tell IT if it stops again."),
            start=True,
        )
    yield from _of_the_disk(context)
    yield from _of_the_clock(context)
    yield from _of_the_register(context)
    yield from _of_cards(context)
    yield from _of_unconfirmed_photos(context)
    yield from _of_photos(context)
    yield from _of_the_record(context)


def _of_the_disk(context: Context) -> Iterator[Problem]:
    with contextlib.suppress(OSError):
        if shutil.disk_usage(context.settings.state_dir).free < LITTLE_ROOM:
            yield Problem(
                Grade.ASK,
                text("This laptop’s disk is nearly full."),
                text("We need some room to keep track of the photos. They stay on this laptop."),
                text("make room: empty the bin, or move large files. If you cannot, tell IT."),
            )


def _of_cards(context: Context) -> Iterator[Problem]:
    over = next((card for card in cards(context) if card.phase is Phase.TOO_MANY), None)
    if over is not None and is_running(context.settings):
        yield Problem(
            Grade.ASK,
            text(
                "A card holds more than %(most)s photos. We do not look through so many.", most=format(over.photos, ",")
            ),
            text("Nothing on the card was sent or changed."),
            text("copy the photos of your visit from it into your photo folder. If they are too many, tell IT."),
            f'photo-agent sync "{over.plugged.top}"',
        )


def _of_unconfirmed_photos(context: Context) -> Iterator[Problem]:
    count = len(unconfirmed(context))
    if not count:
        return
    files = failed_files(context)
    details = f"The server could not write these files to its disk: {', '.join(files)}. " if files else ""
    yield Problem(
        Grade.ASK,
        not_safe_yet(count),
        text("The school network has not confirmed that the photos are saved there. They stay on this laptop too."),
        text("tell IT, and do not format the camera’s card yet."),
        details + "photo-agent doctor",
    )


def not_safe_yet(count: int) -> str:
    """The sentence about so many photos that the server has not confirmed to be on its disk."""
    return plural(
        "1 photo has arrived on the school network, but is not safe there yet.",
        "%(count)s photos have arrived on the school network, but are not safe there yet.",
        count,
    )


def _of_photos(context: Context) -> Iterator[Problem]:
    refused = context.journal.counts()[State.REFUSED]
    if refused:
        yield Problem(
            Grade.ASK,
            plural("1 photo cannot be sent as it is.", "%(count)s photos cannot be sent as they are.", refused),
            text("The file is empty, or it could not be read: copying it may have been cut short."),
            text("import it from the camera again."),
        )
    damage = so_far(context)
    if damage is not None and age(damage.last, context.clock()) < DAMAGE_IS_NEWS:
        yield Problem(
            Grade.ASK,
            plural(
                "1 photo was sent, but it is damaged.",
                "%(count)s photos were sent, but they are damaged.",
                damage.photos,
            ),
            text("What is left of the picture is safe. The camera’s card may be failing."),
            text("do not use that card again, and tell IT."),
        )
    overdue = sum(is_overdue(context, one) for one in context.journal.tracked_photos(*WAITING))
    if overdue:
        yield Problem(
            Grade.ASK,
            plural("1 photo should have left by now.", "%(count)s photos should have left by now.", overdue),
            text("The photos stay on this laptop."),
            text("tell IT."),
            retry=True,
        )


def _of_the_record(context: Context) -> Iterator[Problem]:
    unpublished = context.journal.fact(UNPUBLISHED)
    if unpublished is not None:
        yield Problem(
            Grade.CALM,
            text("The school’s record does not have the newest notes of this laptop yet."),
            text("Nothing is lost: the notes stay on this laptop and will be sent again."),
            text("nothing today. If you read this again tomorrow, tell IT."),
            unpublished,
            retry=True,
        )


def _of_the_share(context: Context) -> Iterator[Problem]:
    trouble = share_trouble(context)
    if trouble is None:
        return
    if trouble.other_identity:
        yield Problem(
            Grade.STOP,
            text("Stop: this is not the school’s photo server as we know it."),
            text(
                "The server answered with another identity. It may be a new server, or somebody pretending. "
                "Nothing was sent to it. The photos stay on this laptop."
            ),
            text(
                "tell IT today, by phone or in person. You cannot mend this yourself, and you have done nothing wrong."
            ),
            trouble.why,
        )
    elif trouble.exit_code == ShareRefused.exit_code:
        yield Problem(
            Grade.STOP,
            text("Stop: the school network does not accept this laptop."),
            text("Nothing is sent. The photos stay on this laptop."),
            text("tell IT. They can let this laptop in again."),
            trouble.why,
        )
    else:
        yield Problem(
            Grade.CALM,
            text("This laptop cannot reach the school network from here."),
            text("That is normal at home. The photos stay on this laptop."),
            text("nothing. We try again by ourselves, and at once when you are back in school."),
            trouble.why,
            retry=True,
            away=True,
        )


def _of_the_clock(context: Context) -> Iterator[Problem]:
    wrong = known_wrong(context)
    if wrong is not None:
        yield Problem(
            Grade.ASK,
            text("This laptop’s clock does not agree with the school network’s."),
            text("Photos are still sent, but we may ask you about more of them than usual."),
            text("check this laptop’s date and time, and set them right. If they are right, tell IT."),
            wrong,
            retry=True,
        )


def _of_the_register(context: Context) -> Iterator[Problem]:
    refusal = context.journal.fact(REGISTER_REFUSAL)
    register = context.registers.current()
    if register is None:
        yield Problem(
            Grade.ASK,
            text("We have not been able to read the visits list yet."),
            text("Nothing is sent until then. The photos stay on this laptop."),
            text("nothing, if this laptop was set up today. Otherwise tell the visits coordinator."),
            refusal or "",
            retry=True,
        )
    elif excuse := no_register(context, register):
        yield Problem(
            Grade.ASK,
            text("The visits list is too old."),
            text("Nothing is sent until we can read a new one. The photos stay on this laptop."),
            text("connect to the school network. If you are connected, tell the visits coordinator."),
            excuse,
            retry=True,
        )
    elif refusal:
        yield Problem(
            Grade.ASK,
            text("The new visits list looks wrong, so we use the last good one."),
            text("Photos of visits that are only on the new list wait."),
            text("tell the visits coordinator."),
            refusal,
        )
    elif words := not_understood(context.registers.faults()):
        yield Problem(
            Grade.ASK,
            text("A part of the visits list cannot be read."),
            text("Photos that may belong to it wait on this laptop. All others are sent."),
            text("tell the visits coordinator."),
            words,
        )
    elif words := not_named(register, context.settings.device.staff):
        yield Problem(
            Grade.ASK,
            text("Your name is not in the visits list."),
            text("Photos that were taken during a visit wait on this laptop."),
            text("tell the visits coordinator, unless you have not been on a visit."),
            words,
        )

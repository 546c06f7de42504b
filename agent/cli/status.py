"""`status`: the photos that wait, since when and why; the register, the share and the service."""

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from agent import __version__
from agent.cli.session import json_option, local, printable, put_json, put_table, settings_of, stages_of
from agent.counting import counted
from agent.errors import ShareRefused

if TYPE_CHECKING:
    from agent.pipeline.inspect_record import LastInspection
    from agent.pipeline.receivers import Receiver
    from agent.pipeline.status import ShareTrouble, Status, WaitingPhoto
    from agent.settings import Settings


STATES = {
    "found": "just found",
    "settled": "just found",
    "decided": "to be sent",
    "sent": "to be checked",
    "proven": "sent, still here",
    "recorded": "sent, still here",
    "review": "waiting for you",
    "refused": "cannot be sent",
}
"""What a teacher reads for each state of a photo; `--json` prints the state itself."""


@click.command("status")
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> int:
    """Show which photos are waiting, since when and why, and the state of the register, the share and the service.

    The exit code is 6 while the share refuses this laptop, and 2 while something is wrong with the register, because
    visits may be missing from it. It is 5 while the share cannot be reached, if photos are waiting or the register has
    never been read.
    """
    from agent.pipeline.headline import headline_of
    from agent.pipeline.status import status

    settings = settings_of(ctx)
    with stages_of(settings) as context:
        tracked = status(context)
        sentence = headline_of(context)
    if as_json:
        put_json(_as_json(tracked))
    else:
        _show(tracked, settings, sentence)
    return tracked.exit_code


def _as_json(status: "Status") -> dict[str, object]:
    return {
        "counts": {state.value: count for state, count in status.counts.items()},
        "overdue": status.overdue,
        "waiting": [
            {
                "id": one.tracked.id,
                "file": one.tracked.photo.main.path,
                "state": one.tracked.state.value,
                "since": one.since,
                "visit": one.tracked.decision and one.tracked.decision.visit,
                "reason": one.reason,
                "again_at": one.tracked.not_before,
                "overdue": one.overdue,
                "away": one.tracked.away,
            }
            for one in status.waiting
        ],
        "register": {
            "version": status.register_version,
            "visits": status.register_visits,
            "read_at": status.register_read_at,
            "trouble": status.register_trouble,
        },
        "share": {
            "last_reached": status.share_last_reached,
            "trouble": status.share_trouble and status.share_trouble.why,
            "trouble_since": status.share_trouble and status.share_trouble.since,
        },
        "record": {"trouble": status.record_trouble},
        "clock": {"trouble": status.clock_trouble},
        "need_a_person": status.needs_a_person,
        "exit_code": status.exit_code,
        "service": {"running": status.running},
        "version": __version__,
        "cards": list(status.cards),
        "damaged": {
            "photos": 0 if status.damage is None else status.damage.photos,
            "last": None if status.damage is None else status.damage.last,
        },
        "inspection": status.inspection
        and {
            "at": status.inspection.began_at,
            "findings": status.inspection.findings,
            "unsure": status.inspection.unsure,
            "cut_short": status.inspection.cut_short,
            "on_record": status.inspection.on_record,
        },
        "forwarding": [
            {
                "receiver": one.name,
                "where": one.description,
                "waiting": one.waiting,
                "oldest": one.oldest,
                "last_received": one.received_at,
                "fault": one.fault,
                "fault_since": one.fault_since,
            }
            for one in status.forwarding
        ],
    }


def _inspection(one: "LastInspection", settings: "Settings") -> str:
    found = f"{one.findings} found" if one.findings else "nothing found"
    unsure = f", {one.unsure} may be from a visit" if one.unsure else ""
    return f"{local(one.began_at, settings)}, {found}{unsure}{' (stopped early)' if one.cut_short else ''}"


def _forwarding(one: "Receiver", settings: "Settings") -> str:
    text = f"to {one.description}: last taken {local(one.received_at, settings)}, "
    text += f"{one.waiting} wait, the oldest of {local(one.oldest, settings)}" if one.waiting else "nothing waits"
    return text if one.fault is None else f"{text} – since {local(one.fault_since, settings)}: {one.fault}"


def _show(status: "Status", settings: "Settings", headline: str) -> None:
    from agent.journal import State

    click.echo(_in_one_sentence(status, headline))
    register = f"{counted(status.register_visits, 'visit')}, read {local(status.register_read_at, settings)}"
    if status.register_version is None:
        register = "not read yet"
    click.echo(f"register  {register}" + (f" – {status.register_trouble}" if status.register_trouble else ""))
    at = status.share_last_reached
    reached = "not reached yet" if at is None else f"last reached {local(at, settings)}"
    click.echo(f"share     {settings.share.host}, {reached}")
    if status.record_trouble is not None:
        click.echo(f"record    {status.record_trouble}")
    if status.clock_trouble is not None:
        click.echo(f"clock     {status.clock_trouble}")
    if (trouble := status.share_trouble) is not None:
        what = "refused" if trouble.exit_code == ShareRefused.exit_code else "away"
        click.echo(f"          {what} since {local(trouble.since, settings)}: {trouble.why}")
        click.echo(f"          {_what_happens_next(status, trouble)}")
    click.echo(f"service   {'running' if status.running else 'not running'}")
    click.echo(f"version   {__version__}")
    for one in status.forwarding:
        click.echo(f"forward   {_forwarding(one, settings)}")
    for said in status.cards:
        click.echo(f"card      {printable(said)}")
    removed, review = status.counts.get(State.REMOVED, 0), status.counts.get(State.REVIEW, 0)
    private = status.counts.get(State.PRIVATE, 0)
    gone = f"{removed} sent and removed in the last 30 days"
    click.echo(f"photos    {gone}, {review} waiting for you, {private} private (left alone)")
    if status.damage is not None:
        last = local(status.damage.last, settings)
        click.echo(
            f"damaged   {status.damage.photos} of those sent, the last {last}: the card may be failing, replace it"
        )
    if status.inspection is not None:
        click.echo(f"inspected {_inspection(status.inspection, settings)}")
    if here := len(status.waiting) + len(status.asked):
        late = f", {status.overdue} overdue" if status.overdue else ""
        put_table(
            f"{counted(here, 'photo')} here{late}",
            ("photo", "visit", "state", "since", "why"),
            _rows(status, settings),
        )


def _in_one_sentence(status: "Status", headline: str) -> str:
    """The first sentence of the staff page, and how to open the page if somebody has to answer."""
    need = status.needs_a_person
    if not need:
        return headline
    if headline.endswith((" need you.", " needs you.")):
        return f"{headline.removesuffix('.')}: photo-agent open"
    return f"{headline} {counted(need, 'photo')} need{'s' if need == 1 else ''} you: photo-agent open"


def _what_happens_next(status: "Status", trouble: "ShareTrouble") -> str:
    if trouble.exit_code == ShareRefused.exit_code:
        return "Nothing is sent until IT has fixed this. The photos stay on this laptop."
    if status.running:
        return "The photos stay on this laptop. The service tries again by itself every few minutes."
    return (
        "The photos stay on this laptop. Nothing will try again by itself: start the service, or run "
        "`photo-agent sync`."
    )


def _rows(status: "Status", settings: "Settings") -> Iterator[tuple[str, str, str, str, str]]:
    """A row for each visit, state and reason. A row for a single photo shows the photo's id and name."""
    groups: defaultdict[tuple[str, str, str], list[WaitingPhoto]] = defaultdict(list)
    for one in (*status.waiting, *status.asked):
        tracked = one.tracked
        visit = (tracked.decision and tracked.decision.visit) or "–"
        state = STATES.get(tracked.state.value, tracked.state.value) + (" (overdue)" if one.overdue else "")
        groups[visit, state, one.reason or ""].append(one)
    for (visit, state, reason), photos in groups.items():
        first = photos[0].tracked
        which = f"{first.id} {first.photo.main.path.name}" if len(photos) == 1 else counted(len(photos), "photo")
        yield which, visit, state, local(min(one.since for one in photos), settings), reason

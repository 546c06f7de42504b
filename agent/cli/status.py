"""`status`: what waits, since when and why; the register, the share, the service."""

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from agent.cli.session import json_option, local, put_json, put_table, settings_of, stages_of
from agent.pipeline.counting import counted

if TYPE_CHECKING:
    from agent.pipeline.receivers import Receiver
    from agent.pipeline.status import Status, WaitingPhoto
    from agent.settings import Settings


STATES = {
    "found": "just found",
    "settled": "just found",
    "decided": "to be sent",
    "sent": "to be checked",
    "proven": "to be removed",
    "review": "waiting for you",
    "refused": "cannot be sent",
}
"""What a teacher reads for a photo's state; `--json` has the state itself."""


@click.command("status")
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> int:
    """Show which photos wait, since when and why, and the state of the register, the share and the service.

    Exit code 2 while something is wrong with the register: visits may be missing from it.
    """
    from agent.pipeline.status import status

    settings = settings_of(ctx)
    with stages_of(settings) as context:
        tracked = status(context)
    if as_json:
        put_json(_as_json(tracked))
    else:
        _show(tracked, settings)
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
        "need_a_person": status.needs_a_person,
        "exit_code": status.exit_code,
        "service": {"running": status.running},
        "damaged": {
            "photos": 0 if status.damage is None else status.damage.photos,
            "last": None if status.damage is None else status.damage.last,
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


def _forwarding(one: "Receiver", settings: "Settings") -> str:
    text = f"to {one.description}: last taken {local(one.received_at, settings)}, "
    text += f"{one.waiting} wait, the oldest of {local(one.oldest, settings)}" if one.waiting else "nothing waits"
    return text if one.fault is None else f"{text} – since {local(one.fault_since, settings)}: {one.fault}"


def _show(status: "Status", settings: "Settings") -> None:
    from agent.journal import State

    click.echo(_in_one_sentence(status))
    register = f"{counted(status.register_visits, 'visit')}, read {local(status.register_read_at, settings)}"
    if status.register_version is None:
        register = "not read yet"
    click.echo(f"register  {register}" + (f" – {status.register_trouble}" if status.register_trouble else ""))
    click.echo(f"share     {settings.share.host}, last reached {local(status.share_last_reached, settings)}")
    if status.record_trouble is not None:
        click.echo(f"record    {status.record_trouble}")
    if (trouble := status.share_trouble) is not None:
        click.echo(f"          since {local(trouble.since, settings)}: {trouble.why}")
        click.echo("          Photos wait on this laptop and are sent when the share can be used again.")
    click.echo(f"service   {'running' if status.running else 'not running'}")
    for one in status.forwarding:
        click.echo(f"forward   {_forwarding(one, settings)}")
    for said in status.cards:
        click.echo(f"card      {said}")
    removed, review = status.counts.get(State.REMOVED, 0), status.counts.get(State.REVIEW, 0)
    private = status.counts.get(State.PRIVATE, 0)
    gone = f"{removed} sent and removed in the last 30 days"
    click.echo(f"photos    {gone}, {review} waiting for you, {private} private (left alone)")
    if status.damage is not None:
        last = local(status.damage.last, settings)
        click.echo(
            f"damaged   {status.damage.photos} of those sent, the last {last}: the card may be failing, replace it"
        )
    if status.waiting:
        late = f", {status.overdue} overdue" if status.overdue else ""
        put_table(
            f"{counted(len(status.waiting), 'photo')} here{late}",
            ("photo", "visit", "state", "since", "why"),
            _rows(status, settings),
        )


def _in_one_sentence(status: "Status") -> str:
    sentences = []
    if status.to_go:
        sentences.append(f"{counted(len(status.to_go), 'photo')} not sent yet.")
    if need := status.needs_a_person:
        sentences.append(f"{counted(need, 'photo')} need{'s' if need == 1 else ''} you: `photo-agent review list`.")
    return " ".join(sentences) or "Nothing is waiting."


def _rows(status: "Status", settings: "Settings") -> Iterator[tuple[str, str, str, str, str]]:
    """A row for each visit, state and reason; a photo that is alone in it by its id and name."""
    groups: defaultdict[tuple[str, str, str], list[WaitingPhoto]] = defaultdict(list)
    for one in status.waiting:
        tracked = one.tracked
        visit = (tracked.decision and tracked.decision.visit) or "–"
        state = STATES.get(tracked.state.value, tracked.state.value) + (" (overdue)" if one.overdue else "")
        groups[visit, state, one.reason or ""].append(one)
    for (visit, state, reason), photos in groups.items():
        first = photos[0].tracked
        which = f"{first.id} {first.photo.main.path.name}" if len(photos) == 1 else counted(len(photos), "photo")
        yield which, visit, state, local(min(one.since for one in photos), settings), reason

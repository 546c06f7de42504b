"""`review`: answer for the photos that wait for a person."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from agent.cli.session import WholeSentences, json_option, put_json, put_table, say, settings_of, stages_of, taken_words
from agent.model.ids import PhotoId, VisitId

if TYPE_CHECKING:
    from agent.pipeline.context import Context
    from agent.pipeline.review import ReviewItem
    from agent.settings import Settings

all_like = click.option(
    "--all-like",
    "like",
    metavar="ID",
    help="Also all photos from the same folder and camera that wait for the same reason and have the same likeliest "
    "visit.",
)


@click.group("review", cls=WholeSentences)
def command() -> None:
    """Decide about the photos that are waiting for you."""


@command.command("list")
@json_option
@click.pass_context
def list_held(ctx: click.Context, as_json: bool) -> int:
    """Show the photos that are waiting for you, why, and which visits they may be from, the likeliest first."""
    from agent.pipeline.review import away, held

    settings = settings_of(ctx)
    with stages_of(settings) as context:
        waiting, apart = held(context), len(away(context))
    if as_json:
        for one in waiting:
            put_json(_as_json(one))
        return 0
    if apart:
        photos = "1 photo waits" if apart == 1 else f"{apart} photos wait"
        say(
            f"{photos} for a card, a disk or a folder that is not connected: "
            "`photo-agent review dismiss` stops waiting."
        )
    if not waiting:
        click.echo("No photos are waiting for you.")
        return 0
    put_table("", ("id", "file", "taken", "why it waits", "likeliest visit"), (_row(one, settings) for one in waiting))
    say(
        "To send a photo: `photo-agent review assign ID VISIT`. To leave it alone: `photo-agent review private ID`. "
        "Both take several IDs, or `--all-like ID` for all photos of a kind. `photo-agent review undo ID` takes an "
        "answer back."
    )
    return 0


def _as_json(one: "ReviewItem") -> dict[str, object]:
    tracked, decision = one.tracked, one.tracked.decision
    taken = None if decision is None or one.not_after is not None else decision.taken
    return {
        "id": tracked.id,
        "file": tracked.photo.main.path,
        "state": tracked.state.value,
        "taken": taken and taken.earliest,
        "not_after": one.not_after,
        "reasons": list(decision.reasons) if decision else [tracked.reason],
        "candidates": list(one.candidates),
        "visits": [
            {"id": proposal.visit.id, "title": proposal.visit.title, "why": list(proposal.why)}
            for proposal in one.proposals
        ],
    }


def _row(one: "ReviewItem", settings: "Settings") -> tuple[str, str, str, str, str]:
    decision = one.tracked.decision
    taken = taken_words(decision.taken, decision.level, settings) if decision else "–"
    first, others = one.proposals[:1], one.candidates[1:]
    visits = "".join(f"{proposal.visit.id}: {', '.join(proposal.why)}" for proposal in first)
    visits += f"; or {', '.join(others)}" if others else ""
    if one.tracked.state.value == "refused":
        visits = "cannot be sent: import the photo from the camera again"
    return one.tracked.id, one.tracked.photo.main.path.name, taken, one.tracked.reason or "", visits


@command.command("assign")
@click.argument("words", nargs=-1, metavar="[ID]... [VISIT]")
@click.option("--visit", "visit", metavar="VISIT", help="The visit; then every word is a photo's id.")
@all_like
@json_option
@click.pass_context
def assign(ctx: click.Context, words: tuple[str, ...], visit: str | None, like: str | None, as_json: bool) -> int:
    """Say that the photos with these IDs are from VISIT. The next run sends them and then removes them here."""
    from agent.pipeline.review import assign as settle

    *photos, last = [*words, visit] if visit is not None else words or ("",)
    if not last:
        raise click.UsageError("Name the photos and the visit: `photo-agent review assign ID VISIT`.")
    with stages_of(settings_of(ctx)) as context:
        for photo in _chosen(context, photos, like):
            after = settle(context, photo, VisitId(last))
            if as_json:
                put_json({"id": after.id, "state": after.state.value, "visit": last})
            else:
                click.echo(f"Photo {photo} will be sent to {last} with the next run.")
    return 0


@command.command("dismiss")
@click.argument("photos", metavar="[ID]...", nargs=-1)
@json_option
@click.pass_context
def dismiss(ctx: click.Context, photos: tuple[str, ...], as_json: bool) -> int:
    """Stop waiting for photos whose card, disk or folder will not come back: for these IDs, or for all such photos."""
    from agent.pipeline.review import dismiss as settle

    with stages_of(settings_of(ctx)) as context:
        count = settle(context, [PhotoId(photo) for photo in photos])
    if as_json:
        put_json({"dismissed": count})
    elif not count:
        click.echo("No photos are waiting for a card, a disk or a folder.")
    else:
        photos_are = "1 photo was" if count == 1 else f"{count} photos were"
        click.echo(f"{photos_are} taken off the list. If the card comes back after all, its photos will be sent.")
    return 0


@command.command("private")
@click.argument("photos", nargs=-1, metavar="[ID]...")
@all_like
@json_option
@click.pass_context
def private(ctx: click.Context, photos: tuple[str, ...], like: str | None, as_json: bool) -> int:
    """Say that the photos with these IDs are private. They are left alone from now on."""
    from agent.pipeline.review import keep_private

    with stages_of(settings_of(ctx)) as context:
        private_photos = _chosen(context, photos, like)
        keep_private(context, *private_photos)
    for photo in private_photos:
        if as_json:
            put_json({"id": photo, "state": "private"})
        else:
            click.echo(f"Photo {photo} is private and stays where it is.")
    if not as_json:
        say("To take this back, run `photo-agent review undo FILE` with the photo's file.")
    return 0


@command.command("undo")
@click.argument("answers", nargs=-1, required=True, metavar="ID|FILE...")
@json_option
@click.pass_context
def undo(ctx: click.Context, answers: tuple[str, ...], as_json: bool) -> int:
    """Take an answer back, until the photo has been sent. For a photo that you said is private, give its file."""
    from agent.pipeline.undo import undo as take_back

    with stages_of(settings_of(ctx)) as context:
        for what in answers:
            done = take_back(context, what)
            if as_json:
                known = done.tracked
                put_json({"id": known and known.id, "state": known and known.state.value, "answer": what})
            elif done.in_review:
                click.echo(f"{what} is waiting for your answer again.")
            else:
                click.echo(f"Your answer about {what} was taken back. The next run looks at the photo again.")
    return 0


def _chosen(context: "Context", photos: Sequence[str], like: str | None) -> list[PhotoId]:
    from agent.pipeline.review import chosen

    return chosen(context, [PhotoId(photo) for photo in photos], None if like is None else PhotoId(like))

"""`review`: settle the photos that wait for a person."""

import click

from agent.cli.session import json_option, local, put_json, put_table, say, settings_of, stages_of
from agent.model import PhotoId, VisitId


@click.group("review")
def command() -> None:
    """Settle the photos that wait for a person."""


@command.command("list")
@json_option
@click.pass_context
def list_held(ctx: click.Context, as_json: bool) -> int:
    """Photos that wait, why, and the visits they may belong to."""
    from agent.pipeline.review import away, held

    settings = settings_of(ctx)
    with stages_of(settings) as stages:
        waiting, apart = held(stages), len(away(stages))
    if as_json:
        for one in waiting:
            standing = one.standing
            put_json(
                {
                    "id": standing.id,
                    "file": standing.photo.main.path,
                    "state": standing.state.value,
                    "taken": standing.decision and standing.decision.taken and standing.decision.taken.earliest,
                    "reasons": list(standing.decision.reasons) if standing.decision else [standing.reason],
                    "candidates": list(one.candidates),
                }
            )
        return 0
    if apart:
        photos = "1 photo waits" if apart == 1 else f"{apart} photos wait"
        say(f"{photos} for a card, a disk or a folder that is not there: `photo-agent review dismiss` stops waiting.")
    if not waiting:
        click.echo("Nothing waits for review.")
        return 0
    put_table(
        "",
        ("id", "file", "taken", "why", "perhaps"),
        (
            (
                one.standing.id,
                one.standing.photo.main.path.name,
                local(one.standing.decision.taken if one.standing.decision else None, settings),
                one.standing.reason or "",
                ", ".join(one.candidates),
            )
            for one in waiting
        ),
    )
    say("`photo-agent review assign ID VISIT` sends one with a visit; `photo-agent review private ID` leaves it alone.")
    return 0


@command.command("assign")
@click.argument("photo", metavar="ID")
@click.argument("visit")
@json_option
@click.pass_context
def assign(ctx: click.Context, photo: str, visit: str, as_json: bool) -> int:
    """Photo ID belongs to VISIT: it is sent with the next run, and then removed here."""
    from agent.pipeline.review import assign as settle

    with stages_of(settings_of(ctx)) as stages:
        after = settle(stages, PhotoId(photo), VisitId(visit))
    if as_json:
        put_json({"id": after.id, "state": after.state.value, "visit": visit})
    else:
        click.echo(f"photo {photo} goes to {visit} with the next run")
    return 0


@command.command("dismiss")
@click.argument("photos", metavar="[ID]...", nargs=-1)
@json_option
@click.pass_context
def dismiss(ctx: click.Context, photos: tuple[str, ...], as_json: bool) -> int:
    """Stop waiting for photos whose card, disk or folder will not come back: all of them, or those with these IDs."""
    from agent.pipeline.review import dismiss as settle

    with stages_of(settings_of(ctx)) as stages:
        count = settle(stages, [PhotoId(photo) for photo in photos])
    if as_json:
        put_json({"dismissed": count})
    elif not count:
        click.echo("No photo waits for a card, a disk or a folder.")
    else:
        what = "1 photo is" if count == 1 else f"{count} photos are"
        click.echo(f"{what} not waited for any more. If a card comes back all the same, its photos are sent.")
    return 0


@command.command("private")
@click.argument("photo", metavar="ID")
@json_option
@click.pass_context
def private(ctx: click.Context, photo: str, as_json: bool) -> int:
    """Photo ID is private: it is left alone from now on."""
    from agent.pipeline.review import keep_private

    with stages_of(settings_of(ctx)) as stages:
        keep_private(stages, PhotoId(photo))
    if as_json:
        put_json({"id": photo, "state": "private"})
    else:
        click.echo(f"photo {photo} is private and stays where it is")
    return 0

"""`attest`: a member of staff states that no photos of a visit are left outside this laptop."""

import sys

import click

from agent.cli.session import json_option, put_json, say, settings_of, stages_of
from agent.model.ids import VisitId

QUESTIONS = {
    "phone": "your phone's photos",
    "bin": "“Recently deleted”, or the bin on your phone",
    "cloud": "cloud copies (iCloud, Google Photos, OneDrive)",
    "messages": "chats and messages",
    "card": "the camera's card and its built-in memory",
}
"""How each place of agent/record/words.py is called in the question."""

WORDS = ("none-left", "had-none", "not-looked")
word = click.Choice(WORDS)


@click.command("attest")
@click.argument("visit")
@click.option("--phone", type=word, help="The phone's photos.")
@click.option("--bin", "bin_", type=word, help="“Recently deleted”, or the phone's bin.")
@click.option("--cloud", type=word, help="Cloud copies.")
@click.option("--messages", type=word, help="Chats and messages.")
@click.option("--card", type=word, help="The camera's card and built-in memory.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    visit: str,
    phone: str | None,
    bin_: str | None,
    cloud: str | None,
    messages: str | None,
    card: str | None,
    as_json: bool,
) -> int:
    """State that no copies of VISIT's photos are left where this laptop cannot look.

    You are asked about each place that you do not name by an option. The statement goes on record as your word, and is
    not mixed with what the program checked itself.
    """
    from agent.pipeline.attest import attest
    from agent.record.words import Place, Word

    given = {"phone": phone, "bin": bin_, "cloud": cloud, "messages": messages, "card": card}
    asking = sys.stdin.isatty()
    for place, answer in given.items():
        if answer is None and asking:
            given[place] = click.prompt(f"Photos of this visit: {QUESTIONS[place]}", type=word, err=True)
    words = {Place(place): Word(answer.replace("-", " ")) for place, answer in given.items() if answer is not None}
    with stages_of(settings_of(ctx)) as context:
        said = attest(context, VisitId(visit), words)
    if as_json:
        put_json({"visit": visit, "at": said.at, **{place.value: word.value for place, word in said.words.items()}})
    else:
        say("Your statement is saved. It goes on the school's record with the next run.")
    return 0

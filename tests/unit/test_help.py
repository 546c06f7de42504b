"""The help of every command: it begins with a verb, in a whole sentence, also where a group lists it."""

from collections.abc import Iterator

import click
import pytest

from agent.cli import cli


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


EVERY = [pytest.param(command, id=" ".join(path)) for path, command in commands(cli)]
NO_VERBS = {"The", "A", "An", "Every", "Who", "How", "Whether", "One", "Transfers", "This", "It"}


@pytest.mark.parametrize("command", EVERY)
def test_the_help_begins_with_a_verb_and_no_list_cuts_it_off(command: click.Command) -> None:
    first = (command.help or "").split()
    assert first
    assert first[0] not in NO_VERBS
    if isinstance(command, click.Group):
        _, _, listed = command.get_help(click.Context(command)).partition("Commands:")
        assert listed
        assert "..." not in listed

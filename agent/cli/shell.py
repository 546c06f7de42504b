"""`shell`: completion by Tab and the man page, both made from the commands themselves."""

import click

from agent.cli.session import WholeSentences

SHELLS = ("bash", "zsh", "fish")


@click.group("shell", cls=WholeSentences)
def command() -> None:
    """Print shell completion or the man page; the set-up scripts install both."""


@command.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> int:
    """Print the script with which SHELL completes commands and options when you press Tab."""
    from click.shell_completion import ShellComplete, get_completion_class

    from agent.cli import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"Completion is not available for {shell}.")
    made = kind(cli, {}, "photo-agent", "_PHOTO_AGENT_COMPLETE")
    # Bash's own class checks the version of bash on this computer, but another computer may read the file.
    click.echo(ShellComplete.source(made))
    return 0


@command.command("man")
def man() -> int:
    """Print the man page, for `man -l` or a man1 folder."""
    from agent import __version__
    from agent.cli import cli
    from agent.cli.manual import manual

    click.echo(manual(cli, __version__))
    return 0

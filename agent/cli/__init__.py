"""The command line. One module a group of commands, none with logic of its own.

A command's module, and what it needs, is imported when that command is called: `--help` has to answer at once.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

COMMANDS = {
    "init": "Set this laptop up: settings, keys, the server's host key.",
    "doctor": "Check everything that has to work, and say what to do.",
    "sync": "Send the visit photos now and see each through to its end.",
    "open": "Open the staff page in the browser.",
    "status": "Show which photos wait, since when and why.",
    "explain": "Show what is known about a file, what would be done with it, and why.",
    "review": "Decide about the photos that wait for you.",
    "inspect": "Look for photos of visits that should be gone from this laptop.",
    "attest": "State that no copies of a visit's photos are left elsewhere.",
    "visits": "Show or check the register of visits.",
    "cameras": "Show the cameras and who used them, or measure how wrong a camera's clock is.",
    "log": "Show and verify the record of transfers.",
    "report": "For IT: make pages of what the records say: the school, each visit, each laptop.",
    "witness": "For IT: watch over the records on the share.",
    "spot-check": "For IT: draw a sample of transfers that nobody could choose, and examine it.",
    "index": "For IT: the proven entries of a share as tables, for DuckDB or ClickHouse.",
    "untag": "Take the visit's tag out of a photo again.",
    "run": "Run the service in the foreground.",
    "service": "Start the program at log-in, or stop it.",
    "config": "Show, change or check the settings.",
    "shell": "Print the shell's completion, or the man page.",
    "demo": "Show the whole job with sample photos and a server of its own.",
}


def module_of(command: str) -> str:
    """The module that holds a command: a name of two words is one word there."""
    return f"agent.cli.{command.replace('-', '')}"


class LazyGroup(click.Group):
    """A group whose commands are listed without being imported."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """In the order a person meets them."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of module `agent.cli.NAME`."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(module_of(cmd_name))
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. A reader (head, less) that has seen enough is no fault: the rest is written to nowhere."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of `--help`, from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest right name for a wrong one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        from agent import __version__

        click.echo(f"photo-agent {__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done · 1 unexpected · 2 usage, settings or register · 3 not yet sent · 4 waits for review · "
    "5 share unreachable · 6 share refused · of records: 10 altered · 11 truncated or rolled back · 12 signature "
    "missing or wrong · 13 forked · 14 heartbeat missing · 15 share and record disagree · 16 a spot check "
    "found something wrong",
)
@click.option("--config", "config", type=click.Path(dir_okay=False), help="Settings file instead of the usual one.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.pass_context
def cli(ctx: click.Context, config: str | None) -> None:
    """Move the photos of school visits from this laptop to the school's share, prove them there, remove them here."""
    ctx.obj = config


def _sentence(message: str) -> str:
    """With a capital letter, as a sentence begins: parts of the program write messages that others put after a colon.

    A setting, a file or a laptop (share.port, visits.csv, laptop-17) at the beginning stays as it is written.
    """
    first = message.split(maxsplit=1)[0] if message.strip() else ""
    return message[:1].upper() + message[1:] if first.isalpha() else message


def main(arguments: Sequence[str] | None = None) -> Any:
    """Run a command and exit with its code; a fault that this program can explain is shown without a traceback."""
    from agent.cli import crash
    from agent.errors import AgentError

    crash.watch_over()
    for stream in (sys.stdout, sys.stderr):
        # A file name can hold what the terminal's encoding cannot: show it escaped rather than fail. Whoever reads a
        # pipe or a file gets UTF-8 everywhere; Windows would write its old code page there.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")
    try:
        code = cli.main(None if arguments is None else list(arguments), prog_name="photo-agent", standalone_mode=False)
    except click.ClickException as fault:
        fault.show()
        sys.exit(2)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(1)
    except AgentError as fault:
        click.echo(f"photo-agent: {_sentence(str(fault))}", err=True)
        sys.exit(fault.exit_code)
    sys.exit(code if isinstance(code, int) else 0)

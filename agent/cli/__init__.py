"""The command line: one module for each group of commands. The modules hold no logic of their own.

A command's module and everything it imports are loaded only when that command is called, because `--help` must answer
at once.
"""

import errno
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

COMMANDS = {
    "init": "Set this laptop up: settings, keys, the server's host key.",
    "doctor": "Check that everything works, and say how to fix what does not.",
    "sync": "Send the visit photos now, check each one on the share, and remove it here.",
    "open": "Open the staff page in the browser.",
    "status": "Show which photos are waiting, since when and why.",
    "explain": "Show what is known about a file, what would be done with it, and why.",
    "review": "Decide about the photos that are waiting for you.",
    "inspect": "Look for visit photos that should no longer be on this laptop.",
    "attest": "State that no copies of a visit's photos are left elsewhere.",
    "visits": "Show or check the register of visits.",
    "cameras": "Show the cameras and who used them, or measure how wrong a camera's clock is.",
    "log": "Show and verify the record of transfers.",
    "report": "For IT: make pages from the records, about the school, each visit and each laptop.",
    "witness": "For IT: watch over the records on the share.",
    "spot-check": "For IT: draw a sample of transfers by lot, so that nobody can choose it, and examine it.",
    "index": "For IT: turn a share's proven entries into tables, for DuckDB or ClickHouse.",
    "untag": "Remove the visit's tag from a photo, to get the original back.",
    "run": "Run the service in the foreground.",
    "service": "Start the program at log-in, or stop it.",
    "config": "Show, change or check the settings.",
    "shell": "Print shell completion or the man page.",
    "demo": "Show the whole job with sample photos and a temporary server.",
}


def module_of(command: str) -> str:
    """The module that holds a command. The hyphen of a two-word command is left out of the module's name."""
    return f"agent.cli.{command.replace('-', '')}"


class LazyGroup(click.Group):
    """A group that lists its commands without importing them."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The commands, in the order in which people need them."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of module `agent.cli.NAME`."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(module_of(cmd_name))
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. A reader such as `head` may stop reading early; the rest of the output is then dropped."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _write_no_more()
            return 0

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands for `--help`, from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but suggest the most similar command where the name is wrong."""
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
    epilog="Exit codes: 0 done · 1 unexpected fault · 2 usage, settings or register · 3 photos not yet sent · 4 photos "
    "waiting for review · 5 share unreachable · 6 share refused · for records: 10 altered · 11 truncated or rolled "
    "back · 12 signature missing or wrong · 13 forked · 14 heartbeat missing · 15 share and record disagree · 16 a "
    "spot check found something wrong",
)
@click.option("--config", "config", type=click.Path(dir_okay=False), help="Settings file instead of the usual one.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.pass_context
def cli(ctx: click.Context, config: str | None) -> None:
    """Move the photos of school visits from this laptop to the school's share, and check every byte there."""
    ctx.obj = config


def _write_no_more() -> None:
    """Drop what standard output still holds, so that Python does not try to write it as the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_about_output(fault: OSError) -> bool:
    """Whether the output cannot be written, as on a full disk: the commands write nothing else themselves."""
    import traceback
    from pathlib import Path

    if fault.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO} or fault.filename is not None:
        return False
    *_, last = traceback.extract_tb(fault.__traceback__)
    return Path(last.filename).parent.name in {"click", "rich", "cli"} or last.name == "write_csv"


def _sentence(message: str) -> str:
    """The message, beginning with a capital letter: many messages are written so that they can also follow a colon.

    A message that begins with a setting, a file or a laptop (share.port, visits.csv, laptop-17) is left as it is.
    """
    first = message.split(maxsplit=1)[0] if message.strip() else ""
    return message[:1].upper() + message[1:] if first.isalpha() else message


def _load_quickly() -> None:
    """Most of what a short command takes is loading: no garbage is looked for then, and no plugins."""
    gc.set_threshold(50_000, 20, 20)
    # Pydantic would read what every installed package says of itself; and no other package has a say in our settings.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def main(arguments: Sequence[str] | None = None) -> Any:
    """Run a command and exit with its code; a fault that this program can explain is shown without a traceback."""
    _load_quickly()
    from agent.cli import crash
    from agent.errors import AgentError

    crash.watch_over()
    for stream in (sys.stdout, sys.stderr):
        # A file name can hold characters that the terminal cannot show: escape them rather than fail. Pipes and files
        # get UTF-8 on every system; Windows would otherwise write them in its old code page.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")
    try:
        code = cli.main(None if arguments is None else list(arguments), prog_name="photo-agent", standalone_mode=False)
    except click.ClickException as fault:
        fault.show()
        sys.exit(2)
    except click.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(1)
    except AgentError as fault:
        click.echo(f"photo-agent: {_sentence(str(fault))}", err=True)
        sys.exit(fault.exit_code)
    except OSError as fault:
        if not _is_about_output(fault):
            raise
        _write_no_more()
        click.echo(f"photo-agent: The output cannot be written: {fault.strerror}.", err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)

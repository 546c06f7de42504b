"""`doctor`: one line for each thing that has to work."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli.paths import NEW_FILE
from agent.cli.session import json_option, printable, put_json, say, settings_file, settings_of, stages_of

if TYPE_CHECKING:
    from agent.model.removal import Known


@click.command("doctor")
@json_option
@click.option(
    "--server-report",
    type=NEW_FILE,
    help="Write into this file what the share's server can do, for IT's ticket.",
)
@click.pass_context
def command(ctx: click.Context, as_json: bool, server_report: Path | None) -> int:
    """Check that everything works, and say how to fix what does not.

    Exit codes: 0 nothing fails; 2 the register has a fault; 3 something on this laptop or writing to the share fails;
    5 the share cannot be reached; 6 the share refuses this laptop, or its host key is not the pinned one.
    """
    from agent.pipeline.doctor import examine
    from agent.pipeline.doctor_finding import CheckResult, exit_code
    from agent.settings.sources import overruled

    settings = settings_of(ctx)
    not_used = [one.key for one in overruled(settings_file(ctx))]
    findings = []
    with stages_of(settings) as context:
        if server_report is not None:
            from agent.pipeline.serverreport import report

            _write(server_report, report(context))
            say(f"The report on the server is in {server_report}.")
        for found in examine(context, lambda: _service(ctx), not_used):
            findings.append(found)
            if as_json:
                put_json({"check": found.check, "result": found.mark.value, "text": found.text, "do": found.advice})
                continue
            colour = {CheckResult.OK: "green", CheckResult.WARN: "yellow", CheckResult.FAIL: "red"}[found.mark]
            click.echo(f"{click.style(found.mark.value.ljust(4), fg=colour)}  {found.check}: {_shown(found.text)}")
            if found.advice and found.mark is not CheckResult.OK:
                click.echo(f"      → {_shown(found.advice)}")
    return exit_code(findings)


def _write(file: Path, content: str) -> None:
    try:
        file.write_text(content, encoding="utf-8")
    except OSError as fault:
        raise click.UsageError(f"{file} cannot be written: {fault.strerror}. Name another file.") from fault


def _shown(text: str) -> str:
    """The text for a terminal: a folder's or a card's name may hold control characters."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _service(ctx: click.Context) -> "tuple[bool, Known]":
    from agent.cli.service import service_of

    status = service_of(ctx).status()
    return status.installed, status.running

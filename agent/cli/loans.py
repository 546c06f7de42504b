"""`cameras loans`: who had which of the school's cameras and cards, and when, as far as the record shows."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli.copies import copy_of, enrolled, entries_of, key_option, settings_if_any, share_option, warn_of, zone_of
from agent.cli.paths import folder_argument
from agent.cli.session import for_spreadsheets, json_option, put_json, put_table, say

if TYPE_CHECKING:
    from datetime import tzinfo

    from agent.audit.loans import Loan


@click.command("loans")
@folder_argument
@share_option
@key_option
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="For a spreadsheet; cells that look like formulas are made safe.")
@click.pass_context
def loans(
    ctx: click.Context, directory: Path | None, share: bool, key_files: tuple[Path, ...], as_json: bool, as_csv: bool
) -> int:
    """List who sent photos from which camera's card, and when.

    Reads the record of this laptop, of a copied folder (DIR), or of the whole share. A copy is verified first: faults
    go to standard error, and the exit code is that of `log verify`. The record shows when a card was put in, not when
    a camera was handed out.
    """
    if as_json and as_csv:
        raise click.UsageError("Give only one of --json and --csv.")
    from agent.audit import loans as lent

    with copy_of(ctx, directory, share) as folder:
        keys = [] if folder is None else enrolled(ctx, key_files)
        code = warn_of(folder, keys)
        found = lent.loans(entries_of(ctx, folder, keys))
    if as_csv:
        out = for_spreadsheets()
        lent.write_loans_csv(found, out)
        out.flush()
    elif as_json:
        for loan in found:
            put_json(lent.loan_to_json(loan))
    elif not found:
        say("This record shows no photos that were sent from a card.")
    else:
        _table(found, zone_of(settings_if_any(ctx)))
    return code


def _table(found: "list[Loan]", zone: "tzinfo") -> None:
    put_table(
        "1 loan" if len(found) == 1 else f"{len(found)} loans",
        ("camera", "card", "who", "laptop", "first card put in", "last", "cards", "photos"),
        (
            (
                one.camera or "not known",
                " ".join(filter(None, (one.card, one.serial))) or "not known",
                one.staff,
                one.device,
                f"{one.first.astimezone(zone):%d %b %Y %H:%M}",
                f"{one.last.astimezone(zone):%d %b %Y %H:%M}",
                str(one.times),
                str(one.photos),
            )
            for one in found
        ),
    )

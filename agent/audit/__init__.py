"""IT's side of the record: proving that copies are whole, watching them grow, and showing what they say.

`evidence` is what there is of one device's record. `verify` proves that it is whole, or lists what is wrong in
`findings`. `witness` remembers the last state it saw; `gathering` joins many files into few. `verified` passes on
proven entries as they are read: `index` stores them as tables, `report` makes pages for IT. `spotcheck` draws a sample
and examines it. `erasing` erases on the server what was erased on a laptop. `show` turns entries into rows, CSV and
JSON; `visits` adds up one visit. A copy of the share is treated as hostile until it is proven.
"""

from agent.audit.copied import copied_entries
from agent.audit.erasing import Erased, erase_copy
from agent.audit.evidence import Note, notes_in, of_laptop, opened_copy
from agent.audit.findings import Report, exit_code
from agent.audit.gathering import Gathered, gather_records
from agent.audit.holdings import HeldFile
from agent.audit.onshare import is_on_share, keep_off
from agent.audit.show import (
    ENTRY_COLUMNS,
    TransferRow,
    entry_columns,
    entry_to_json,
    row_to_ecs,
    to_json,
    to_rows,
    write_csv,
    write_entries_csv,
)
from agent.audit.verified import verified_entries
from agent.audit.verify import utc_now, verify, verify_copy
from agent.audit.visits import VisitSum, sum_up
from agent.audit.witness import Watch, Witness, default_name, name_of_witness
from agent.record.entry import Entry, chosen
from agent.record.keys import read_keys
from agent.record.note import VerifierKey

__all__ = [
    "ENTRY_COLUMNS",
    "Entry",
    "Erased",
    "Gathered",
    "HeldFile",
    "Note",
    "Report",
    "TransferRow",
    "VerifierKey",
    "VisitSum",
    "Watch",
    "Witness",
    "chosen",
    "copied_entries",
    "default_name",
    "entry_columns",
    "entry_to_json",
    "erase_copy",
    "exit_code",
    "gather_records",
    "is_on_share",
    "keep_off",
    "name_of_witness",
    "notes_in",
    "of_laptop",
    "opened_copy",
    "read_keys",
    "row_to_ecs",
    "sum_up",
    "to_json",
    "to_rows",
    "utc_now",
    "verified_entries",
    "verify",
    "verify_copy",
    "write_csv",
    "write_entries_csv",
]

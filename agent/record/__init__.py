"""The record: what was transferred and removed, so that it shows if it is changed.

The pipeline appends an entry when a photo is proven on the share, before it is removed here, and another when it is
gone. `schema` says what an entry may say (nothing private), `entry` makes its line (canonical JSON under a hash, linked
to the line before), `Record` keeps the lines durably and proves them whole, `show` turns them into rows, CSV and ECS.
"""

from agent.record.entry import Draft, Entry
from agent.record.record import Record
from agent.record.schema import JSON, Kind
from agent.record.show import TransferRow, to_ecs, to_json, to_rows, write_csv

__all__ = ["JSON", "Draft", "Entry", "Kind", "Record", "TransferRow", "to_ecs", "to_json", "to_rows", "write_csv"]

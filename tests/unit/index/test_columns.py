"""The index's columns are fields of the record's bodies, with the values that those have."""

import pytest

from agent.audit.index.tables import ENTRIES, FILES, Column, Of
from agent.record.bodies import BODIES, HeldFile, said_of
from agent.record.values import Value

EXAMPLES: dict[Of, object] = {Of.COUNT: 3, Of.FLAG: True, Of.TIME: "2026-03-14T17:00:00+00:00"}
OWN = {"device", "entry", "hash", "kind", "recorded_at", "share_at", "bytes", "erased_entry"}
"""Columns that come from elsewhere than a body's field of that name."""

SUMMED = {"files", "leftovers"}
"""Columns that count a body's list."""


def of(value: Value) -> Of:
    """What kind of column holds this value."""
    if value.check("x") is None:
        return Of.TEXT
    return next((kind for kind, example in EXAMPLES.items() if value.check(example) is None), Of.TEXT)


@pytest.mark.parametrize("column", ENTRIES.columns, ids=lambda column: column.name)
def test_each_column_of_entries_is_a_field_of_a_body(column: Column) -> None:
    fields = [said_of(body)[column.name].value for body in BODIES.values() if column.name in said_of(body)]
    if column.name not in OWN:
        assert fields
        assert column.name in SUMMED or {of(value) for value in fields} == {column.of}


def test_the_columns_of_files_are_the_fields_of_a_file() -> None:
    columns = {column.name: column.of for column in FILES.columns if column.name not in {"device", "entry", "visit"}}
    assert columns == {name: of(said.value) for name, said in said_of(HeldFile).items()}

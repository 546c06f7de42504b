"""The list of loans: who had which camera and card, from entries alone."""

import io
from datetime import UTC, datetime, timedelta

from agent.audit import Entry
from agent.audit.loans import Loan, loan_to_json, loans, write_loans_csv
from agent.model.ids import Sha256
from agent.record import JSON, EntryKind

START = datetime(2026, 3, 14, 17, 0, tzinfo=UTC)


def entry(number: int, staff: str, cameras: list[JSON], *, device: str = "laptop-17", **more: JSON) -> Entry:
    at = START + timedelta(days=number)
    body: dict[str, JSON] = {"staff": staff, "put_in_at": at.isoformat(), "photos": 10, "cameras": cameras, **more}
    return Entry(
        index=number,
        device=device,
        event=f"card-{number}",
        kind=EntryKind.CARD,
        at=at,
        body=body,
        hash=Sha256("0" * 64),
    )


def test_a_loan_lasts_until_somebody_else_has_the_camera() -> None:
    found = loans(
        [
            entry(0, "j.smith", ["School Nikon"], serial="AAAA"),
            entry(3, "j.smith", ["School Nikon"], serial="AAAA"),
            entry(5, "k.jones", ["School Nikon"], device="laptop-18"),
            entry(9, "j.smith", ["School Nikon"]),
            entry(1, "k.jones", ["School Canon"], device="laptop-18"),
        ]
    )
    assert [(one.camera, one.staff, one.times, (one.last - one.first).days) for one in found] == [
        ("School Canon", "k.jones", 1, 0),
        ("School Nikon", "j.smith", 2, 3),
        ("School Nikon", "k.jones", 1, 0),
        ("School Nikon", "j.smith", 1, 0),
    ]
    assert found[1].photos == 20


def test_a_card_of_no_known_camera_is_listed_by_itself_and_last() -> None:
    found = loans([entry(0, "j.smith", [], serial="BBBB", label="EOS"), entry(1, "j.smith", ["School Nikon"])])
    assert [(one.camera, one.card, one.serial) for one in found] == [("School Nikon", "", ""), ("", "EOS", "BBBB")]
    assert loan_to_json(found[0])["serial"] is None


def test_the_table_for_a_spreadsheet_runs_no_formula() -> None:
    out = io.StringIO()
    write_loans_csv([Loan("=cmd", "@x", "1", "j.smith", "laptop-17", START, START, 1, 2)], out)
    assert out.getvalue().splitlines()[1].startswith("'=cmd,'@x,1,j.smith,laptop-17,2026-03-14T17:00:00+00:00")

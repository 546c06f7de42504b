"""If a line of a register fails in an unforeseen way, this is reported, and all other lines are read."""

import pytest

from agent.register import Rules, calendar, cameras, read_cameras, read_visits, visits

CSV = b"""id,title,starts,ends
museum,Museum,2026-03-14 09:00,2026-03-14 16:30
strange,Strange,2026-03-15 09:00,2026-03-15 16:30
farm,Farm,2026-04-20 09:00,2026-04-20 15:00
"""
EVENT = (
    "BEGIN:VEVENT\r\nUID:{0}\r\nSUMMARY:{0}\r\nDTSTART:20260314T0{1}0000Z\r\nDTEND:20260314T1{1}0000Z\r\nEND:VEVENT\r\n"
)
ICS = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{}END:VCALENDAR\r\n"


@pytest.mark.parametrize("kind", ["csv", "ics"])
def test_an_unreadable_visit_is_reported_and_others_are_used(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    owner, name = (visits, "_visit") if kind == "csv" else (calendar._Event, "visit")
    raw = CSV
    if kind == "ics":
        names = ("museum", "strange", "farm")
        raw = ICS.format("".join(EVENT.format(one, n) for n, one in enumerate(names))).encode()
    step = getattr(owner, name)

    def broken(row, *rest, **more):
        if "strange" in (str(row) if kind == "csv" else row.id):
            raise OverflowError("Zoe's birthday")
        return step(row, *rest, **more)

    monkeypatch.setattr(owner, name, broken)
    found = read_visits(raw, kind=kind, rules=Rules("Europe/London"))
    assert [str(visit.id) for visit in found.visits] == ["museum", "farm"]
    (fault,) = (one for one in found.faults if one.severity == "error")
    assert "OverflowError" in fault.message
    assert "Zoe" not in fault.message
    assert fault.line == (3 if kind == "csv" else 10)


def test_an_unreadable_camera_is_reported_and_others_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    step = cameras._camera

    def broken(row, *rest):
        if row.cells["label"] == "B":
            raise RecursionError
        return step(row, *rest)

    monkeypatch.setattr(cameras, "_camera", broken)
    found = read_cameras(
        b"label,make,model,serial,owner,clock_ahead_seconds\nA,Canon,R6,1,school,0\nB,Canon,R6,2,school,0\n"
    )
    assert [camera.label for camera in found.cameras] == ["A"]
    assert any("RecursionError" in fault.message for fault in found.faults)

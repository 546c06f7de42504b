"""The cameras register: the columns of config/README.md. Make and model as `explain` shows them."""

import re
from datetime import timedelta
from functools import partial

from agent.model.register import RegisteredCamera
from agent.register import cells
from agent.register.faults import Fault, Notes, contained_line, doubled
from agent.register.reading import CamerasReading
from agent.register.sheet import Columns, Row, read_sheet

COLUMNS = Columns(
    "cameras",
    needed=("label",),
    optional=("make", "model", "serial", "owner", "clock_ahead_seconds"),
    meant={
        "camera": "label", "name": "label", "id": "label", "brand": "make", "manufacturer": "make", "type": "model",
        "serial_number": "serial", "serial_no": "serial", "owned_by": "owner", "clock": "clock_ahead_seconds",
        "clock_ahead": "clock_ahead_seconds", "clock_error": "clock_ahead_seconds", "ahead": "clock_ahead_seconds",
        "offset": "clock_ahead_seconds", "clock_offset": "clock_ahead_seconds",
    },
)  # fmt: skip

LARGEST_CLOCK_ERROR = 100 * 366 * 86400
"""Seconds: a camera that woke up in 1970 is 56 years behind."""


def read_cameras(raw: bytes) -> CamerasReading:
    """Read cameras.csv. Never raises on bad content; lines with an error or a repeated label are left out as faults."""
    sheet = read_sheet(raw, COLUMNS)
    read = [(contained_line(row.notes, partial(_camera, row, sheet.separator)), row) for row in sheet.rows]
    doubled([(cells.key(row.cells.get("label", "")), row.notes) for _, row in read], "label")
    cameras = [(camera, row) for camera, row in read if camera and not row.notes.failed()]
    _tell_twins(cameras)
    faults: list[Fault] = [*sheet.faults, *(fault for _, row in read for fault in row.notes.faults)]
    lost = [row.notes.line for _, row in read if row.notes.failed() and not _runs_right(row)]
    return CamerasReading(tuple(camera for camera, _ in cameras), tuple(faults), tuple(lost))


def _camera(row: Row, separator: str) -> RegisteredCamera | None:
    notes, cell = row.notes, row.cells
    if notes.failed() and not cell.get("label"):
        return None
    label = cells.printable(cell["label"], 80)
    if not label:
        notes.error("label", "the camera has no label")
    elif re.search(r"[;|]", label):
        notes.error("label", "a label cannot contain ; or |, which separate labels in the visits register")
    values = {name: cell.get(name, "") for name in ("label", "make", "model", "serial", "owner")}
    sound = [cells.is_value(value, name, notes) for name, value in values.items()]
    serial = values["serial"]
    if re.fullmatch(r"[0-9]+[.,]?[0-9]*[eE][+-]?[0-9]+", serial):
        notes.error("serial", "a spreadsheet has rounded this serial: give the cell the format Text and type it again")
    if not serial and not (values["make"] and values["model"]):
        notes.error("serial", "the camera cannot be recognised: give its serial, or its make and model")
    elif not (values["make"] and values["model"]):
        notes.warning("model", "without make and model, the camera is not recognised in files without a serial")
    owner = cells.key(values["owner"]) or "staff"
    if owner not in {"school", "staff"}:
        notes.error("owner", f"“{cells.printable(owner, 40)}” is neither school nor staff")
    ahead = _clock_ahead(cell.get("clock_ahead_seconds", ""), separator, notes)
    if notes.failed() or not all(sound):
        return None
    return RegisteredCamera(label, values["make"] or None, values["model"] or None, serial or None, owner, ahead)


def _clock_ahead(cell: str, separator: str, notes: Notes) -> timedelta:
    seconds = cells.number(cell, "clock_ahead_seconds", notes, separator=separator) or 0.0
    if abs(seconds) > LARGEST_CLOCK_ERROR:
        notes.error("clock_ahead_seconds", "a clock cannot be wrong by more than a century: is this in seconds?")
        return timedelta(0)
    return timedelta(seconds=seconds)


def _runs_right(row: Row) -> bool:
    """Whether a row that was left out for another reason certainly gives no clock error."""
    if not {fault.column for fault in row.notes.faults if fault.severity == "error"} <= set(COLUMNS.known):
        return False  # not valid CSV, a cell too many, or a column whose name only looks like the clock's
    return row.cells.get("clock_ahead_seconds", "") in {"", "0"}


def _tell_twins(cameras: list[tuple[RegisteredCamera, Row]]) -> None:
    """Warn of cameras that files cannot tell apart; matching then corrects neither clock."""
    seen: dict[tuple[str, ...], Notes] = {}
    for camera, row in cameras:
        by_serial = ("serial", cells.key(camera.serial)) if camera.serial else None
        names = by_serial or ("model", cells.key(camera.make or ""), cells.key(camera.model or ""))
        if names in seen:
            row.notes.warning(names[0], f"files cannot tell this camera from the one on line {seen[names].line}")
        seen.setdefault(names, row.notes)

"""One camera's line in cameras.csv, added or brought up to date; all else of the file stays, byte for byte.

The school keeps this file in a spreadsheet of its own: its encoding, its separator, its line ends, the order of its
columns and whatever else stands in it are theirs. What was written is read back as the agent reads it, and refused
unless it says of this camera what was meant and of every other what it said before.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from agent.errors import RegisterError
from agent.files.durable import replace_file
from agent.model import Camera, RegisteredCamera
from agent.register.cameras import COLUMNS, read_cameras
from agent.register.cells import key, printable
from agent.register.identify import identify
from agent.register.sheet import plain, read_sheet
from agent.register.text import decode

NEW = (",".join(COLUMNS.known) + "\r\n").encode()
"""What a cameras register begins with where there was none."""

CLOCK = "clock_ahead_seconds"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Amended:
    """The file as it is to be, the line in it as it is to be, and the line as it was; None where it was added."""

    content: bytes
    line: str
    before: str | None


@dataclass(frozen=True, slots=True)
class _Record:
    """A row of the file as it stands there, its line end included, and its cells' places in it."""

    text: str
    spans: tuple[tuple[int, int], ...]

    @property
    def end(self) -> str:
        """Its line end."""
        match = re.search(r"(\r\n|\n|\r)\Z", self.text)
        return match[1] if match else ""


def clock_line(camera: RegisteredCamera) -> str:
    """The camera's line under the columns of `COLUMNS.known`, for a person to put in."""
    return _joined([_cells(camera).get(name, "") for name in COLUMNS.known], ",")


def named(camera: Camera, ahead: timedelta, *, label: str | None = None, owner: str = "staff") -> RegisteredCamera:
    """A line for a camera that has none: labelled by its make and model where no `label` is given."""
    make, model, serial = (printable(word or "", 80) for word in (camera.make, camera.model, camera.serial))
    described = model if key(model).startswith(key(make)) else f"{make} {model}"
    if serial:
        described = f"{described} {serial[-4:]}"
    plain_label = " ".join(re.sub(r"[;|]", " ", label or described).split())
    return RegisteredCamera(plain_label, make or None, model or None, serial or None, owner, ahead)


def amend(
    raw: bytes,
    camera: Camera,
    ahead: timedelta,
    *,
    label: str | None = None,
    suggested: str | None = None,
    owner: str | None = None,
) -> Amended:
    """`raw` with this camera's clock error; its line is found as photos find it, by serial, else by make and model.

    With `label`, the camera of that label is meant. `suggested` (a label) and `owner` are for a new line. Raises
    RegisterError where the file is no cameras register, or where it is not certain which line is meant.
    """
    raw = raw if raw.strip() else NEW
    text, _ = decode(raw, "cameras")
    sheet = read_sheet(raw, COLUMNS)
    fault = next((fault for fault in sheet.faults if fault.severity == "error"), None)
    if sheet.workbook:
        raise RegisterError("this is a workbook, which is not written to: put the line into it by hand")
    if text is None or fault is not None:
        raise RegisterError(f"this is no cameras register: {fault}")
    # Excel's order to itself, which is no row of the table.
    directive = re.match(r"(?:sep=[,;\t](?:\r\n|\n|\r))?", text, re.IGNORECASE)
    table = text[directive.end() :] if directive else text
    records = list(_records(table, sheet.separator))
    head = sheet.header - 1
    places = {plain(name): at for at, name in enumerate(_values(records[head])) if name}
    found = _row_of(records, head, places, camera, label)
    if found is None:
        new = named(camera, ahead, label=label or suggested, owner=owner or "staff")
        at, records = _appended(records, head, places, new, sheet.separator)
        before = None
    else:
        at, before = found, records[found].text.rstrip("\r\n")
        records[at] = _with_clock(records[at], places, ahead, sheet.separator)
    content = _encoded(text[: len(text) - len(table)] + "".join(record.text for record in records), raw)
    _verify(raw, content, camera, ahead, label)
    return Amended(content, records[at].text.rstrip("\r\n"), before)


def amend_file(
    path: Path,
    camera: Camera,
    ahead: timedelta,
    *,
    label: str | None = None,
    suggested: str | None = None,
    owner: str | None = None,
) -> Amended:
    """`amend` for a file, made where it is absent; replaced whole, so that a crash leaves the old or the new one."""
    target = path.resolve()
    try:
        mode = target.stat().st_mode if target.exists() else None
        raw = b"" if mode is None else target.read_bytes()
        amended = amend(raw, camera, ahead, label=label, suggested=suggested, owner=owner)
        if amended.content != raw:
            replace_file(target, amended.content)
            target.chmod(0o644 if mode is None else mode & 0o777)
    except OSError as fault:
        raise RegisterError(f"{path} cannot be read or written: {fault.strerror}") from fault
    return amended


def _records(text: str, separator: str) -> Iterator[_Record]:
    """Every row with its exact text; rows with line breaks inside quotes are one."""
    lines = _LINE.findall(text)
    reader = csv.reader(iter(lines), delimiter=separator)
    read = 0
    while read < len(lines):
        try:
            next(reader)
        except csv.Error as fault:
            raise RegisterError(f"this is no cameras register: line {read + 1}: {fault}") from fault
        row = "".join(lines[read : reader.line_num])
        read = reader.line_num
        yield _Record(row, tuple(_spans(row, separator)))


def _spans(row: str, separator: str) -> Iterator[tuple[int, int]]:
    """Where each cell of a row begins and ends, quotes included (RFC 4180)."""
    length = len(row.rstrip("\r\n"))
    cell = re.compile(rf'"(?:[^"]|"")*"[^{re.escape(separator)}\r\n]*|[^{re.escape(separator)}\r\n]*')
    at = 0
    while True:
        match = cell.match(row, at)
        end = match.end() if match else at
        yield at, end
        if end >= length:
            return
        at = end + 1


def _values(record: _Record) -> list[str]:
    """Its cells as they are read: without quotes, spaces around them, and marks that nobody sees."""
    values = (record.text[start:end] for start, end in record.spans)
    return [
        (value[1:-1].replace('""', '"') if value[:1] == value[-1:] == '"' else value).strip().strip("\ufeff\u200b")
        for value in values
    ]


def _row_of(
    records: list[_Record], head: int, places: Mapping[str, int], camera: Camera, label: str | None
) -> int | None:
    """Which record is this camera's; None where it has none yet."""
    rows: dict[int, RegisteredCamera] = {}
    for at, record in enumerate(records[head + 1 :], start=head + 1):
        values = _values(record)
        cell = {name: values[place] if place < len(values) else "" for name, place in places.items()}
        if any(values):
            rows[at] = RegisteredCamera(
                cell["label"], cell.get("make") or None, cell.get("model") or None, cell.get("serial") or None
            )
    meant = identify(camera, tuple(rows.values())).cameras
    mine = [at for at, row in rows.items() if any(row is one for one in meant)]
    if label is not None:
        labelled = [at for at, row in rows.items() if key(row.label) == key(label)]
        if labelled and labelled[0] not in mine:
            raise RegisterError(f"line {labelled[0] + 1} is labelled “{label}” and is of another camera")
        if mine and not labelled:
            raise RegisterError(f"line {mine[0] + 1} is of this camera already, labelled “{rows[mine[0]].label}”")
        mine = labelled
    if len(mine) > 1:
        lines = " and ".join(str(at + 1) for at in mine)
        raise RegisterError(f"lines {lines} may both be of this camera: say which with --label")
    return mine[0] if mine else None


def _with_clock(record: _Record, places: Mapping[str, int], ahead: timedelta, separator: str) -> _Record:
    if CLOCK not in places:
        raise RegisterError(f"the file has no column {CLOCK}: add it, then try again")
    place, text = places[CLOCK], record.text
    if place >= len(record.spans):  # a row that ends early
        body, missing = text[: len(text) - len(record.end)], place - len(record.spans) + 1
        return _Record(f"{body}{separator * missing}{_seconds(ahead)}{record.end}", ())
    start, end = record.spans[place]
    return _Record(text[:start] + _seconds(ahead) + text[end:], ())


def _appended(
    records: list[_Record], head: int, places: Mapping[str, int], camera: RegisteredCamera, separator: str
) -> tuple[int, list[_Record]]:
    """The records with a new one after the last that is not blank, and where it stands."""
    cells = _cells(camera)
    for name, value in cells.items():
        if value and name not in places and not (name == "owner" and value == "staff"):
            raise RegisterError(f"the file has no column {name}: add it, then try again")
    columns = {place: name for name, place in places.items()}
    width = len(records[head].spans)
    line_end = records[head].end or "\r\n"
    row = _joined([cells.get(columns.get(place, ""), "") for place in range(width)], separator) + line_end
    last = max(at for at, record in enumerate(records) if any(_values(record)))
    kept = list(records)
    if not kept[last].end:
        if len(kept[last].spans) < width:
            raise RegisterError("the file seems to be cut off: its last line is short and has no line end")
        kept[last] = replace(kept[last], text=kept[last].text + line_end)
    return last + 1, [*kept[: last + 1], _Record(row, ()), *kept[last + 1 :]]


def _cells(camera: RegisteredCamera) -> dict[str, str]:
    return {
        "label": camera.label,
        "make": camera.make or "",
        "model": camera.model or "",
        "serial": camera.serial or "",
        "owner": camera.owner,
        CLOCK: _seconds(camera.clock_ahead),
    }


def _seconds(ahead: timedelta) -> str:
    return str(round(ahead.total_seconds()))


def _joined(cells: list[str], separator: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="").writerow(cells)
    return out.getvalue()


def _encoded(text: str, like: bytes) -> bytes:
    """The text in the encoding of `like`, its byte order mark included."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8")):
        if like.startswith(mark):
            return mark + text.encode(encoding)
    try:
        like.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return text.encode("cp1252")
        except UnicodeEncodeError:
            raise RegisterError(
                "the file is in Windows-1252, which cannot write this camera's name: save it as CSV UTF-8 first"
            ) from None
    return text.encode("utf-8")


def _verify(raw: bytes, content: bytes, camera: Camera, ahead: timedelta, label: str | None) -> None:
    """That the new file says of this camera what was meant, and of every other what it said before."""
    old, new = read_cameras(raw).cameras, read_cameras(content).cameras
    mine = [one for one in identify(camera, new).cameras if label is None or key(one.label) == key(label)]
    if len(mine) == 1 and round(mine[0].clock_ahead.total_seconds()) == round(ahead.total_seconds()):
        name = key(mine[0].label)
        others = [one for one in new if key(one.label) != name]
        if others == [one for one in old if key(one.label) != name]:
            return
    raise RegisterError(
        "the line cannot be put into this file without another being read otherwise: choose another --label, or check "
        "the file with `photo-agent visits check` and put the line in by hand"
    )

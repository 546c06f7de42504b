"""The text of a register: its encoding, or what the file is if it is not text.

It may be UTF-8 with or without a byte order mark, UTF-16, Windows-1252, or the Mac's own encoding, which Excel for Mac
writes as plain "CSV". A guess is reported, because a name with the wrong letters is another person's.
"""

import re

from agent.register.faults import Fault, Notes, Which

WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How .xlsx and .ods begin (both are ZIP files), and how the old .xls does."""

_HOW = "in Excel choose Save As, CSV UTF-8"
_MARKUP = (
    (re.compile(r"<\?xml.{0,2000}?(?:<Workbook|office:spreadsheet)", re.DOTALL | re.IGNORECASE),
     f"this is an XML spreadsheet, not a CSV file: {_HOW}, or save it as .xlsx"),
    (re.compile(r"<\?xml", re.IGNORECASE), f"this is XML, not a CSV file: {_HOW}"),
    (re.compile(r"<(?:!doctype|!--|html|head|body|table|meta|style|script|div)", re.IGNORECASE),
     f"this is a web page (HTML), not a spreadsheet: {_HOW}; if it asks to log in, download the file again"),
    (re.compile(r"%PDF-"), f"this is a PDF, not a spreadsheet: {_HOW}"),
    (re.compile(r"\{\\rtf"), f"this is a text document (RTF), not a spreadsheet: {_HOW}"),
    (re.compile(r"(?:https?|webcals?)://\S+\s*\Z", re.IGNORECASE),
     "this is a link, not the calendar: laptops do not fetch calendars from the internet; the server has to do it"),
)  # fmt: skip
_MAC_ONLY = re.compile(
    rb"[A-Za-z][\x81\x87\x88\x89\x8d\x8f\x90\x98\x9d]|[A-Za-z][\x8a\x8e\x9a\x9f](?:[a-z,;\s\"]|\Z)|[a-z]\xd5[A-Za-z]"
)
"""Bytes that are not letters in Windows-1252, or capitals inside a word (MŸller), and that are letters on a Mac."""
GARBLED = re.compile("\ufffd|Ã[\x80-\xbfŒœŠšŸŽžƒ€‚„…†‡ˆ‰‹‘’“”•–—˜™›]|â€[™˜œ\x9d“”]|Â[£°é©®]")
"""UTF-8 that was once read as Windows-1252 and saved that way: MÃ¼ller."""


def decode(raw: bytes, register: Which) -> tuple[str | None, tuple[Fault, ...]]:
    """The text of a register; None, with the error, if it has none."""
    notes = Notes(1, register)
    if not raw.strip():
        notes.error(None, "the file is empty: save the list again")
    elif raw.startswith(WORKBOOK):
        notes.error(None, f"this is a workbook, not a text file: {_HOW}")
    text = None if notes.failed() else _text(raw.rstrip(b"\x1a"), notes)  # as old programs end a file
    if text is None:
        return None, tuple(notes.faults)
    what = next((words for form, words in _MARKUP if form.match(text.lstrip())), None)
    if what is not None:
        notes.error(None, what)
    elif "\0" in text:
        notes.error(None, f"this is not text: there are zero bytes in it; {_HOW}")
    return None if notes.failed() else text, tuple(notes.faults)


def _text(raw: bytes, notes: Notes) -> str | None:
    marked = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else None
    encoding = marked or _unmarked(raw) or "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as fault:
        notes.line = 1 + raw.count(b"\n", 0, fault.start)
    if encoding == "utf-8-sig" and b"\0" not in raw:
        mac = bool(_MAC_ONLY.search(raw))
        try:
            text = raw.decode("mac_roman" if mac else "cp1252")
        except UnicodeDecodeError:
            text, mac = raw.decode("mac_roman"), True
        if sum(character.isprintable() or character.isspace() for character in text) == len(text):
            whose = "as Excel for Mac writes it (Mac Roman)" if mac else "as Windows-1252"
            notes.warning(None, f"not in UTF-8, read {whose}: check names with accents, or save as CSV UTF-8")
            return text
    notes.error(None, f"this is neither a workbook nor text in UTF-8, or it is damaged: {_HOW}")
    return None


def _unmarked(raw: bytes) -> str | None:
    """UTF-16 without its mark, recognised because every other byte of plain letters is zero."""
    head = raw[:400]
    if len(head) < 8 or len(raw) % 2:
        return None
    for encoding, zeros, letters in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if 10 * zeros.count(0) >= 9 * len(zeros) and 0 not in letters:
            return encoding
    return None

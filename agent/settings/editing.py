"""Changing agent.toml in place: one key gets a new value, and every other line stays as the person wrote it.

The change is made in the text, because TOML libraries lose the comments when they write. The result is then read back,
and only returned if it means exactly the change.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.errors import SettingsError, UsageError
from agent.files.durable import replace_file
from agent.settings.reading import parse
from agent.settings.sources import is_machines, machine_layer, read_text
from agent.settings.tables import Settings
from agent.settings.writing import keys, toml

Key = tuple[str, str]
"""A table of agent.toml and a key in it."""


def key_named(text: str) -> Key:
    """The table and key that "share.port" names. UsageError, with the existing names, if there is no such key."""
    table, _, name = text.partition(".")
    known = keys()
    if name not in known.get(table, {}):
        raise UsageError(
            f"There is no setting {text!r}. `photo-agent config show` lists them all; write a setting like share.port."
        )
    return table, name


def typed(key: Key, text: str) -> Any:
    """The value that a person typed, converted to the type of the key. UsageError if that is impossible."""
    table, name = key
    kind = keys()[table][name].get("type")
    if kind in {None, "string"}:
        return text
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as fault:
        if kind == "array":
            return [text]
        wanted = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}[str(kind)]
        raise UsageError(f"{table}.{name} must be {wanted}; {text!r} is not.") from fault
    return [str(value)] if kind == "array" and not isinstance(value, list) else value


def with_values(path: Path, changes: Mapping[Key, Any]) -> tuple[str, Settings]:
    """The text of the settings file with these values, and the resulting settings. Nothing is written.

    If the machine's file gives the other settings, the file at `path` need not exist yet. UsageError if IT has locked
    one of the keys. SettingsError if the file or a value is wrong, or if the file is written in a way that cannot be
    changed here.
    """
    machine = machine_layer()
    text = "" if machine is not None and not path.exists() else read_text(path)
    if machine is not None and not is_machines(path):
        for table, name in changes:
            if f"{table}.{name}" in machine.locked:
                raise UsageError(f"{table}.{name} is locked by IT, in {machine.file}. Nothing was changed.")
    before = parse(text, path) if path.exists() or not changes else None
    meant = tomllib.loads(text)
    for (table, name), value in changes.items():
        if meant.get(table, {}).get(name) == value:
            continue
        meant.setdefault(table, {})[name] = value
        text = _changed(text, table, name, value)
    if before is not None and not changes:
        return text, before
    after = parse(text, path, written=False)
    if tomllib.loads(text) != meant:
        raise SettingsError(
            f"{path} is written in a way that a command cannot change. Open it in an editor and change it there."
        )
    return text, after


def write(path: Path, text: str) -> None:
    """Replace the settings file by this text; its permissions stay. SettingsError if it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = path.stat().st_mode & 0o777 if path.exists() else None
        replace_file(path, text.encode())
        if mode is not None:
            path.chmod(mode)
    except OSError as fault:
        raise SettingsError(f"{path} could not be written: {fault.strerror or fault}. Nothing was changed.") from fault


def _changed(text: str, table: str, name: str, value: Any) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    line = f"{name} = {toml(value)}{newline}"
    lines = text.splitlines(keepends=True)
    heading = _first(lines, rf"\s*\[\s*{table}\s*\]\s*(#.*)?$", 0, len(lines))
    if heading is None:
        gap = [newline] if lines and not lines[-1].endswith("\n") else []
        return "".join([*lines, *gap, newline, f"[{table}]{newline}", line])
    begin = heading + 1
    end = _first(lines, r"\s*\[[\w .\"'-]+\]\s*(#.*)?$", begin, len(lines))
    end = len(lines) if end is None else end
    at = _first(lines, rf"\s*{name}\s*=", begin, end)
    if at is not None:
        return "".join([*lines[:at], line, *lines[_end_of_value(lines, at, end) :]])
    at = _first(lines, rf"#\s*{name}\s*=", begin, end)  # its default, as a comment
    if at is not None:
        return "".join([*lines[:at], line, *lines[at + 1 :]])
    return "".join([*lines[:begin], line, *lines[begin:]])


def _first(lines: list[str], pattern: str, begin: int, end: int) -> int | None:
    return next((at for at in range(begin, end) if re.match(pattern, lines[at].rstrip("\r\n"))), None)


def _end_of_value(lines: list[str], at: int, end: int) -> int:
    """The line after the value that begins in this line; a list may take several lines."""
    for after in range(at + 1, end + 1):
        try:
            tomllib.loads("".join(lines[at:after]))
        except tomllib.TOMLDecodeError:
            continue
        return after
    return at + 1

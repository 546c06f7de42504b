"""agent.toml read into `Settings`. Every fault of the file comes in one SettingsError, each with its table and key."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agent.errors import SettingsError
from agent.files.owner import may_speak_for_the_machine
from agent.settings.places import NOT_BELIEVED, machine_file
from agent.settings.tables import Settings

_WORDS: Mapping[str, str] = {
    "string_type": 'must be text in quotes, as in "text"',
    "int_type": "must be a whole number without quotes",
    "float_type": "must be a number without quotes",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false, without quotes",
    "tuple_type": 'must be a list in square brackets, as in ["~/Pictures/Camera Imports"]',
    "too_short": "must name at least one",
    "dataclass_type": "must be a table: a line [NAME] with its keys below it",
}
"""The messages for pydantic's kinds of fault; the others are worded from their limits or by `checks`."""


def load(path: Path) -> Settings:
    """The settings in the file at `path`. SettingsError names the file and all of its faults."""
    return parse(read_text(path), path)


def parse(text: str, path: Path, *, written: bool = True) -> Settings:
    """The settings in `text`; `path` is only for messages.

    `written` is False if the text is only about to be written: then a fault is in the given values, not in the file.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        hint = _backslash_hint(text, str(fault))
        raise SettingsError(f"{path} is not valid TOML: {fault}.{hint} Nothing was read from it.") from fault
    try:
        settings = Settings(**tables)
    except ValidationError as fault:
        raise _wrong(path, [_fault(tables, error) for error in fault.errors(include_url=False)], written) from fault
    if faults := list(_contradictions(settings)):
        raise _wrong(path, faults, written)
    return settings


def read_text(path: Path) -> str:
    """The text of a settings file. SettingsError if it cannot be read or believed."""
    try:
        with path.open("rb") as file:
            # This checks the very file that is read: another may have replaced it since it was found.
            if path == machine_file() and not may_speak_for_the_machine(file.fileno()):
                raise SettingsError(NOT_BELIEVED.format(path=path))
            content = file.read()
    except FileNotFoundError as fault:
        raise SettingsError(f"There is no settings file {path}. Run `photo-agent init` to make one.") from fault
    except OSError as fault:
        raise SettingsError(f"The settings file {path} cannot be read: {fault.strerror or fault}.") from fault
    try:
        return content.decode("utf-8-sig")  # Notepad writes a byte order mark first
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        raise SettingsError(
            f"{path} is not in UTF-8 (line {line} cannot be read). Open it in an editor and save it as UTF-8."
        ) from fault


def _backslash_hint(text: str, fault: str) -> str:
    place = fault.rpartition("line ")[2].partition(",")[0]
    lines = text.splitlines()
    if place.isdigit() and int(place) <= len(lines) and "\\" in lines[int(place) - 1]:
        return " Write Windows paths in single quotes, as in 'C:\\Users\\me\\Pictures\\Imports'."
    return ""


def _wrong(path: Path, faults: Sequence[str], written: bool) -> SettingsError:
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    listed = "\n".join(f"  {fault}" for fault in faults)
    if not written:
        return SettingsError(f"The settings would have {count}:\n{listed}\nNothing was written to {path}.")
    return SettingsError(f"{path} has {count}:\n{listed}\nCorrect the file, then run `photo-agent config validate`.")


def _fault(tables: Mapping[str, Any], error: Any) -> str:
    """One of pydantic's faults as "table.key: message"."""
    where = [str(part) for part in error["loc"] if not isinstance(part, int)]
    key = ".".join(where)
    kind: str = error["type"]
    limits: Mapping[str, Any] = error.get("ctx", {})
    match kind:
        case "missing":
            return f"{key}: is missing and has no default. {_describe(where)}"
        case "unexpected_keyword_argument":
            return f"{key}: {_unknown(where, tables)}"
        case "value_error":
            return f"{key}: {_shown(error['input'])} {limits['error']}"
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            ((_, limit),) = limits.items()
            relation = {"greater_than": "more than", "greater_than_equal": "at least", "less_than": "less than"}
            return f"{key}: {error['input']} must be {relation.get(kind, 'at most')} {limit:g}"
    return f"{key}: {_WORDS.get(kind, error['msg'])}"


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) and value.isprintable() else repr(value)


def _unknown(where: Sequence[str], tables: Mapping[str, Any]) -> str:
    """Says that a key does not exist, and which one may have been meant: here, or in the table where it belongs."""
    names = _names()
    if len(where) == 1:
        name = where[0]
        if homes := [table for table, keys in names.items() if name in keys]:
            return f"does not belong here; write it below the line [{homes[0]}]"
        near = difflib.get_close_matches(name, names, n=1)
        what = "unknown table" if isinstance(tables.get(name), dict) else "unknown key"
        return f"{what}; did you mean [{near[0]}]?" if near else f"{what}; the tables are {', '.join(names)}"
    table, name = where[0], where[-1]
    if near := difflib.get_close_matches(name.lower().replace("-", "_"), names[table], n=1):
        return f"unknown key; did you mean {table}.{near[0]}?"
    everywhere = {key: home for home, keys in names.items() for key in keys}
    if near := difflib.get_close_matches(name.lower().replace("-", "_"), everywhere, n=1, cutoff=0.8):
        return f"unknown key; did you mean {everywhere[near[0]]}.{near[0]}?"
    return f"unknown key; the keys of [{table}] are {', '.join(names[table])}"


def _names() -> dict[str, tuple[str, ...]]:
    """Every table with its keys."""
    from agent.settings.writing import keys  # only to explain a fault

    return {table: tuple(listed) for table, listed in keys().items()}


def _describe(where: Sequence[str]) -> str:
    from agent.settings.writing import description  # only to explain a fault

    return description(*where)


def _contradictions(settings: Settings) -> Iterator[str]:
    """Contradictions between values that are each allowed by themselves."""
    for place, folder in enumerate(settings.watch):
        for other in settings.watch[:place]:
            if folder == other:
                yield f'folders.watch: "{folder}" is named twice'
            elif other in folder.parents:
                yield f'folders.watch: "{folder}" is inside "{other}", which is watched with all folders in it'
            elif folder in other.parents:
                yield f'folders.watch: "{other}" is inside "{folder}", which is watched with all folders in it'
    own = {
        "device.state_dir": settings.state_dir,
        "share.key_file": settings.key_file,
        "share.known_hosts_file": settings.known_hosts_file,
    }
    for key, path in own.items():
        for folder in settings.watch:
            if path == folder or folder in path.parents:
                yield f'{key}: "{path}" is inside the watched folder "{folder}"; only photos belong in it'
    if settings.key_file == settings.known_hosts_file:
        yield "share.known_hosts_file: is the same file as share.key_file"
    for key, source in (("register.visits", settings.visits_file), ("register.cameras", settings.cameras_file)):
        if isinstance(source, Path) and any(folder in source.parents for folder in settings.watch):
            yield f'{key}: "{source}" is inside a watched folder; only photos belong in it'

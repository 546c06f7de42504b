"""Reading agent.toml into `Settings`. One SettingsError lists all faults of the file, each with its table and key."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agent.errors import SettingsError
from agent.settings.filling import filled_in
from agent.settings.sources import LOCKED, read_text, tables_in, with_machine
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
"""The messages for pydantic's kinds of fault. Messages for other faults come from their limits or from `checks`."""


def load(path: Path, *, anyone: bool = False, alone: bool = False) -> Settings:
    """The settings in the file at `path`. SettingsError names the file and all its faults.

    If the machine's file has `[locked]`, these settings are laid over the machine's. `anyone` accepts a file that is
    meant for other people's laptops, so it need not name the login that is used here. `alone` ignores the machine's
    file: the demo's settings must not lead to the school's own share.
    """
    return parse(read_text(path), path, anyone=anyone, alone=alone)


def parse(text: str, path: Path, *, written: bool = True, anyone: bool = False, alone: bool = False) -> Settings:
    """The settings in `text`, the content of the file at `path`.

    `written` is False if the text is not in the file yet: a fault is then in the given values, not in the file.
    """
    tables = tables_in(text, path)
    tables = filled_in(tables if alone else with_machine(tables, path), anyone=anyone)
    try:
        settings = Settings(**tables)
    except ValidationError as fault:
        raise _wrong(path, [_fault(tables, error) for error in fault.errors(include_url=False)], written) from fault
    if faults := [*_not_lockable(settings.locked.keys, tables), *_contradictions(settings)]:
        raise _wrong(path, faults, written)
    return settings


def _wrong(path: Path, faults: Sequence[str], written: bool) -> SettingsError:
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    listed = "\n".join(f"  {fault}" for fault in faults)
    if not written:
        return SettingsError(f"The settings would have {count}:\n{listed}\nNothing was written to {path}.")
    return SettingsError(f"{path} has {count}:\n{listed}\nCorrect the file, then run `photo-agent config validate`.")


def _fault(tables: Mapping[str, Any], error: Any) -> str:
    """One of pydantic's faults, as "table.key: message"."""
    where = [str(part) for part in error["loc"] if not isinstance(part, int)]
    key = ".".join(where)
    kind: str = error["type"]
    limits: Mapping[str, Any] = error.get("ctx", {})
    match kind:
        case "missing":
            return f"{key}: is missing and has no default value. {_describe(where)}"
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
    """The message that a key does not exist, with the key that may have been meant, in this table or another."""
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


_VARIABLE = re.compile(r"\$\{?\w|%\w+%")


def _not_lockable(keys: Sequence[str], tables: Mapping[str, Any]) -> Iterator[str]:
    """The faults in the list of locked keys."""
    known = (
        [f"{table}.{key}" for table, listed in _names().items() if table != LOCKED for key in listed] if keys else []
    )
    for key in keys:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "write it like share.host"
            yield f'locked.keys: "{key}" is not a setting; {hint}'
            continue
        table, _, name = key.partition(".")
        said = tables.get(table, {}).get(name, "")
        for value in said if isinstance(said, list) else [said]:
            if isinstance(value, str) and key != "share.path" and _VARIABLE.search(value):
                yield (
                    f'{key}: "{value}" contains a variable, which any user can change, so it cannot be locked; write '
                    "the full path, or ~ for the home folder"
                )


def _contradictions(settings: Settings) -> Iterator[str]:
    """Contradictions between values, each of which is allowed by itself."""
    for place, folder in enumerate(settings.watch):
        for other in settings.watch[:place]:
            if folder == other:
                yield f'folders.watch: "{folder}" is named twice'
            elif other in folder.parents:
                yield f'folders.watch: "{folder}" is inside "{other}", which is already watched with all folders in it'
            elif folder in other.parents:
                yield f'folders.watch: "{other}" is inside "{folder}", which is already watched with all folders in it'
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

"""The files that the settings come from: the machine's file, which IT maintains, and the user's own; and locked keys.

Usually only one file counts. If the machine's file has `[locked]`, the user's own file (or a named one) is laid over
it, and the listed keys keep the values of the machine's file. A locked key in another file is ignored, not refused,
because a laptop whose own file is older than the lock must keep working. `config show` shows it.
"""

import logging
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.errors import SettingsError
from agent.files.named import open_named
from agent.files.owner import may_speak_for_the_machine
from agent.settings.places import NAME, VARIABLE, config_folder, machine_file

log = logging.getLogger("photo-agent")

LOCKED = "locked"
LARGEST = 1_000_000
"""Bytes: hundreds of times the size of all settings."""

NOT_BELIEVED = (
    "{path} is not used, because only an administrator of this laptop may own and change it. "
    "Ask IT to put the file there again."
)


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine's file with `[locked]`: its tables as written, and the locked keys, as in "share.host"."""

    file: Path
    tables: Mapping[str, Any]
    locked: frozenset[str]


@dataclass(frozen=True, slots=True)
class Overruled:
    """A locked key that another file also sets, and the value there, which is not used."""

    key: str
    said: Any


def find_file(given: Path | None, environ: Mapping[str, str]) -> Path:
    """The settings file to use: `given`, else PHOTO_AGENT_CONFIG, else the machine's, else the user's.

    The machine's file comes first, so that nobody sets IT's settings aside by accident. If it has `[locked]`, the
    user's file is laid over it, and the user's file is returned. A machine's file that another user of this laptop
    could have written is ignored with a warning. A named file must exist. SettingsError if no file is found, with the
    places that were searched.
    """
    machines, own = machine_file(), own_file()
    believed = _is_there(machines) and _believed(machines)
    if given is not None:
        return _named(given, "by --config")
    if variable := environ.get(VARIABLE):
        return _named(Path(variable), f"by the variable {VARIABLE}")
    if believed:
        return own if own.is_file() and machine_layer() is not None else machines
    if own.is_file():
        return own
    looked_at = "\n".join(f"  {place}" for place in (machines, own))
    raise SettingsError(
        f"There is no settings file yet. These places were searched:\n{looked_at}\n"
        f"Run `photo-agent init` to make one, or name one with --config FILE or the variable {VARIABLE}."
    )


def own_file() -> Path:
    """The place of the user's own settings file, which may not exist."""
    return config_folder() / NAME


def file_to_change(path: Path) -> Path:
    """The file to write a person's change of `path` to: the user's own instead of a machine's file that locks keys."""
    return own_file() if machine_layer() is not None and is_machines(path) else path


def read_text(path: Path) -> str:
    """The text of a settings file. SettingsError if it cannot be read or must not be trusted."""
    try:
        with open_named(path) as file:
            # Check the very file that is read, because another may have taken its place since it was found.
            if path == machine_file() and not may_speak_for_the_machine(file.fileno()):
                raise SettingsError(NOT_BELIEVED.format(path=path))
            content = file.read(LARGEST + 1)
    except FileNotFoundError as fault:
        raise SettingsError(f"There is no settings file {path}. Run `photo-agent init` to make one.") from fault
    except OSError as fault:
        raise SettingsError(f"The settings file {path} cannot be read: {fault.strerror or fault}.") from fault
    if len(content) > LARGEST:
        raise SettingsError(f"{path} is larger than a settings file can be. Check that it is the right file.")
    try:
        return content.decode("utf-8-sig")  # Notepad puts a byte order mark first
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        raise SettingsError(
            f"{path} is not in UTF-8 (line {line} cannot be read). Open it in an editor and save it as UTF-8."
        ) from fault


def tables_in(text: str, path: Path) -> dict[str, Any]:
    """The tables in the text of a settings file, unchecked. SettingsError if it is not TOML; `path` is for messages."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        hint = _backslash_hint(text, str(fault))
        raise SettingsError(f"{path} is not valid TOML: {fault}.{hint} Nothing was read from it.") from fault


def machine_layer() -> Machine | None:
    """The machine's file if it can be trusted and has `[locked]`, else None. SettingsError if it is broken."""
    file = machine_file()
    if not _is_there(file) or not _believed(file, aloud=False):
        return None
    tables = tables_in(read_text(file), file)
    if LOCKED not in tables:
        return None
    # If this is not a table or not a list, checking the settings reports the fault.
    listed = tables[LOCKED].get("keys") if isinstance(tables[LOCKED], dict) else None
    keys = listed if isinstance(listed, list) else []
    locked = {key for key in keys if isinstance(key, str)}
    # The list of logins says who a person is. With another list, a locked "{login}" could be anybody.
    if "device.staff" in locked:
        locked.add("device.staff_file")
    return Machine(file, tables, frozenset(locked))


def is_machines(path: Path) -> bool:
    """Whether this is the machine's file, under any name."""
    machines = machine_file()
    try:
        return path == machines or path.samefile(machines)
    except OSError:
        return False


def with_machine(tables: dict[str, Any], path: Path) -> dict[str, Any]:
    """The tables of the file at `path`, laid over the machine's file if that locks keys.

    The machine's file under another name is laid over itself too, which usually changes nothing. But `tables` may have
    been read when the link led elsewhere.
    """
    machine = None if path == machine_file() else machine_layer()
    if LOCKED in tables and not is_machines(path) and (machine is not None or path == own_file()):
        raise SettingsError(
            f"{path} has a table [{LOCKED}], which is allowed only in the machine's file {machine_file()}. Remove it."
        )
    if machine is None:
        return tables
    together: dict[str, Any] = {
        name: dict(table) if isinstance(table, dict) else table for name, table in machine.tables.items()
    }
    for name, table in tables.items():
        below = together.setdefault(name, {})
        if name == LOCKED or not isinstance(below, dict):
            continue  # only the machine's file counts here; if it is not a table, checking reports that
        if isinstance(table, dict):
            below |= {key: value for key, value in table.items() if f"{name}.{key}" not in machine.locked}
        else:
            together[name] = table  # this should be a table, which checking reports
    return together


def overruled(path: Path) -> tuple[Overruled, ...]:
    """The locked keys for which the file at `path` has a value that differs from the machine's and is not used."""
    machine = None if is_machines(path) or not path.exists() else machine_layer()
    return () if machine is None else tuple(_overruled(tables_in(read_text(path), path), machine))


def _overruled(tables: Mapping[str, Any], machine: Machine) -> Iterator[Overruled]:
    for name, table in tables.items():
        fixed = machine.tables.get(name, {})
        for key, value in table.items() if isinstance(table, dict) else ():
            if f"{name}.{key}" in machine.locked and not (key in fixed and fixed[key] == value):
                yield Overruled(f"{name}.{key}", value)


def _is_there(machines: Path) -> bool:
    """Whether the machine's file exists. SettingsError if that cannot be found out, because the file may lock keys."""
    try:
        return stat.S_ISREG(machines.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as fault:
        raise SettingsError(
            f"The machine's settings file {machines} cannot be read: {fault.strerror or fault}. Ask IT to let all "
            "users open its folder and read it."
        ) from fault


def _believed(path: Path, *, aloud: bool = True) -> bool:
    try:
        with open_named(path) as file:
            believed = may_speak_for_the_machine(file.fileno())
    except OSError:
        return True  # the code that reads the file reports the fault
    if aloud and not believed:
        log.warning(NOT_BELIEVED.format(path=path))
    return believed


def _named(path: Path, how: str) -> Path:
    if path.is_dir():
        raise SettingsError(f"{path}, named {how}, is a folder. Name the file in it, usually {path / NAME}.")
    if not path.exists():
        raise SettingsError(f"There is no settings file {path}, named {how}. Run `photo-agent init` to make one.")
    return path


def _backslash_hint(text: str, fault: str) -> str:
    place = fault.rpartition("line ")[2].partition(",")[0]
    lines = text.splitlines()
    if place.isdigit() and int(place) <= len(lines) and "\\" in lines[int(place) - 1]:
        return " Write Windows paths in single quotes, as in 'C:\\Users\\me\\Pictures\\Imports'."
    return ""

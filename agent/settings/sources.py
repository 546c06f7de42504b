"""Which files the settings come from: the machine's, which IT keeps, and a person's own; and what IT locked.

One file counts alone, except where the machine's has `[locked]`: then it is the ground that a person's own file (or one
that was named) is laid on, and the keys it lists stay as the machine's file has them. A locked key in another file is
passed over, not refused: a laptop whose own file is older than the lock must go on working. `config show` says so.
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
"""Bytes: hundreds of times what all settings take."""

NOT_BELIEVED = (
    "{path} is not used: it must belong to an administrator of this laptop, and nobody else may be able to change it. "
    "Ask IT to put it there again."
)


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine's file where it has `[locked]`: its tables as written, and the locked keys, as "share.host"."""

    file: Path
    tables: Mapping[str, Any]
    locked: frozenset[str]


@dataclass(frozen=True, slots=True)
class Overruled:
    """A locked key that another file sets too: what that file says is not used."""

    key: str
    said: Any


def find_file(given: Path | None, environ: Mapping[str, str]) -> Path:
    """The settings file that counts: `given`, else PHOTO_AGENT_CONFIG, else the machine's, else the user's.

    The machine's comes before the user's so that what IT set for a laptop cannot be put aside by accident; where it has
    `[locked]`, the user's is laid on it, and is the one named here. One that another user of this laptop could have put
    there is not believed: it is passed over, with a warning. A file that was named must be there; SettingsError
    otherwise, with all the places looked at.
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
        f"There is no settings file yet. Looked for:\n{looked_at}\n"
        f"Run `photo-agent init` to make one, or name one with --config FILE or the variable {VARIABLE}."
    )


def own_file() -> Path:
    """Where the user's own settings file is, or would be."""
    return config_folder() / NAME


def file_to_change(path: Path) -> Path:
    """Where a person's change to the settings in `path` is written: not to the machine's file where that locks keys."""
    return own_file() if machine_layer() is not None and is_machines(path) else path


def read_text(path: Path) -> str:
    """The text of a settings file. SettingsError where it cannot be read or believed."""
    try:
        with open_named(path) as file:
            # Asked of the very file that is read: another may have taken its place since it was found.
            if path == machine_file() and not may_speak_for_the_machine(file.fileno()):
                raise SettingsError(NOT_BELIEVED.format(path=path))
            content = file.read(LARGEST + 1)
    except FileNotFoundError as fault:
        raise SettingsError(f"There is no settings file {path}. Run `photo-agent init` to make one.") from fault
    except OSError as fault:
        raise SettingsError(f"The settings file {path} cannot be read: {fault.strerror or fault}.") from fault
    if len(content) > LARGEST:
        raise SettingsError(f"{path} is larger than a settings file can be: is it the right file?")
    try:
        return content.decode("utf-8-sig")  # Notepad puts a byte order mark first
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        raise SettingsError(
            f"{path} is not in UTF-8 (line {line} cannot be read). Open it in an editor and save it as UTF-8."
        ) from fault


def tables_in(text: str, path: Path) -> dict[str, Any]:
    """The tables of a settings file's text, unchecked. SettingsError where it is not TOML; `path` is for messages."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        hint = _backslash_hint(text, str(fault))
        raise SettingsError(f"{path} is not valid TOML: {fault}.{hint} Nothing was read from it.") from fault


def machine_layer() -> Machine | None:
    """The machine's file, where there is one that is believed and has `[locked]`. SettingsError where it is broken."""
    file = machine_file()
    if not _is_there(file) or not _believed(file, aloud=False):
        return None
    tables = tables_in(read_text(file), file)
    if LOCKED not in tables:
        return None
    # What is no table, or no list, is a fault that checking the settings tells.
    listed = tables[LOCKED].get("keys") if isinstance(tables[LOCKED], dict) else None
    keys = listed if isinstance(listed, list) else []
    locked = {key for key in keys if isinstance(key, str)}
    # The list of logins decides who somebody is: with another list, a locked "{login}" would be anybody.
    if "device.staff" in locked:
        locked.add("device.staff_file")
    return Machine(file, tables, frozenset(locked))


def is_machines(path: Path) -> bool:
    """Whether this is the machine's file, by whatever name."""
    machines = machine_file()
    try:
        return path == machines or path.samefile(machines)
    except OSError:
        return False


def with_machine(tables: dict[str, Any], path: Path) -> dict[str, Any]:
    """What the file at `path` comes to on this machine: laid on the machine's where that locks keys.

    So is the machine's own by another name, which changes nothing: the link may have led elsewhere when `tables` were
    read.
    """
    machine = None if path == machine_file() else machine_layer()
    if LOCKED in tables and not is_machines(path) and (machine is not None or path == own_file()):
        raise SettingsError(
            f"{path} has a table [{LOCKED}], which counts only in the machine's file {machine_file()}. Take it out."
        )
    if machine is None:
        return tables
    together: dict[str, Any] = {
        name: dict(table) if isinstance(table, dict) else table for name, table in machine.tables.items()
    }
    for name, table in tables.items():
        below = together.setdefault(name, {})
        if name == LOCKED or not isinstance(below, dict):
            continue  # the machine's own word; where it is no table, checking says so
        if isinstance(table, dict):
            below |= {key: value for key, value in table.items() if f"{name}.{key}" not in machine.locked}
        else:
            together[name] = table  # no table where one belongs: checking says so
    return together


def overruled(path: Path) -> tuple[Overruled, ...]:
    """The locked keys to which the file at `path` gives another value than the machine's file; it is not used."""
    machine = None if is_machines(path) or not path.exists() else machine_layer()
    return () if machine is None else tuple(_overruled(tables_in(read_text(path), path), machine))


def _overruled(tables: Mapping[str, Any], machine: Machine) -> Iterator[Overruled]:
    for name, table in tables.items():
        fixed = machine.tables.get(name, {})
        for key, value in table.items() if isinstance(table, dict) else ():
            if f"{name}.{key}" in machine.locked and not (key in fixed and fixed[key] == value):
                yield Overruled(f"{name}.{key}", value)


def _is_there(machines: Path) -> bool:
    """Whether there is a machine's file. SettingsError where that cannot be known: it may lock something."""
    try:
        return stat.S_ISREG(machines.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as fault:
        raise SettingsError(
            f"The machine's settings file {machines} cannot be read: {fault.strerror or fault}. Ask IT to let "
            "everybody read it and open its folder."
        ) from fault


def _believed(path: Path, *, aloud: bool = True) -> bool:
    try:
        with open_named(path) as file:
            believed = may_speak_for_the_machine(file.fileno())
    except OSError:
        return True  # that it cannot be read is said by whoever reads it
    if aloud and not believed:
        log.warning(NOT_BELIEVED.format(path=path))
    return believed


def _named(path: Path, how: str) -> Path:
    if path.is_dir():
        raise SettingsError(f"{path}, named {how}, is a folder; name the file in it, usually {path / NAME}.")
    if not path.exists():
        raise SettingsError(f"There is no settings file {path}, named {how}. Run `photo-agent init` to make one.")
    return path


def _backslash_hint(text: str, fault: str) -> str:
    place = fault.rpartition("line ")[2].partition(",")[0]
    lines = text.splitlines()
    if place.isdigit() and int(place) <= len(lines) and "\\" in lines[int(place) - 1]:
        return " Write Windows paths in single quotes, as in 'C:\\Users\\me\\Pictures\\Imports'."
    return ""

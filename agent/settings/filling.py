"""`{login}` and `{host}` in agent.toml, so that one file serves all laptops of a school.

`device.staff = "{login}"` is whoever is logged in, by the name that the file `device.staff_file` has for that login.
In `device.name` and `share.user` both words are replaced, in small letters and with `-` for what a user's name on the
server may not have. The login is what the system says, not what a variable says that anybody can set.
"""

import csv
import hashlib
import io
import os
import re
import socket
import sys
import unicodedata
from pathlib import Path
from typing import Any

from agent.errors import SettingsError
from agent.files.named import open_named
from agent.files.owner import may_speak_for_the_machine
from agent.settings.places import expanded

LOGIN = "{login}"
HOST = "{host}"
_LONGEST = 32  # characters of a user's name on Linux; install/server/add-device.sh takes no longer one
LARGEST = 1 << 20  # bytes of the file of logins


def filled_in(tables: dict[str, Any], *, anyone: bool = False) -> dict[str, Any]:
    """The tables with the words in braces replaced. SettingsError where the login's name is not known.

    With `anyone`, a login that the file does not name stands for itself: whoever checks a file for others is not in it.
    """
    device, share = tables.get("device"), tables.get("share")
    filled = dict(tables)
    if isinstance(device, dict):
        filled["device"] = device = dict(device)
        if isinstance(name := device.get("name"), str):
            device["name"] = _replaced(name)
        if device.get("staff") == LOGIN:
            device["staff"] = _staff(login(), device.get("staff_file"), anyone=anyone)
    if isinstance(share, dict) and isinstance(user := share.get("user"), str):
        filled["share"] = share | {"user": _replaced(user)}
    return filled


def login() -> str:
    """The name that this user logged in by. SettingsError where the system does not know it."""
    try:
        if sys.platform == "win32":
            return os.getlogin()
        import pwd

        # winbind gives DOMAIN\\login, as whoami does on Windows.
        return pwd.getpwuid(os.geteuid()).pw_name.rpartition("\\")[2]
    except (KeyError, OSError) as fault:
        raise SettingsError(
            "The settings name the staff by their login, and this system does not say who is logged in. Ask IT."
        ) from fault


def _alike(name: str) -> str:
    """One spelling for a login, however it was typed: capitals do not count, nor how an accent is stored."""
    return unicodedata.normalize("NFC", name).casefold()


def _replaced(text: str) -> str:
    """With the words replaced: a name that a Linux server can give a user, which begins with no digit and is short."""
    if LOGIN not in text and HOST not in text:
        return text
    if LOGIN in text:
        text = text.replace(LOGIN, _for_a_server(login()))
    if HOST in text:
        text = text.replace(HOST, _for_a_server(socket.gethostname().partition(".")[0]))
    if text[0].isdigit():  # laptops are often called by their serial number
        text = f"laptop-{text}"
    if len(text) > _LONGEST:
        # Two long names that begin alike are still two.
        text = f"{text[: _LONGEST - 9].rstrip('-._')}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return text


def _for_a_server(name: str) -> str:
    return re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-") or "unnamed"


def _staff(who: str, file: object, *, anyone: bool) -> str:
    if not isinstance(file, str) or not file:
        return who
    path = expanded(file)
    names = _names(path)
    staff = names.get(_alike(who)) or names.get(_alike(who).partition("@")[0])
    if staff is None and not anyone:
        raise SettingsError(
            f"{path} has no line for the login “{who}”, so it is not known who this is. Ask IT to add it."
        )
    return who if staff is None else staff


def _names(path: Path) -> dict[str, str]:
    """By each login, in small letters, the name of its member of staff."""
    try:
        with open_named(path) as file:
            if not may_speak_for_the_machine(file.fileno()):
                raise SettingsError(
                    f"{path} is not used: it must belong to an administrator of this laptop, and nobody else may be "
                    "able to change it. Ask IT to put it there again."
                )
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise SettingsError(f"{path} is larger than 1 MB, which no list of logins is.")
        return _read(content.decode("utf-8-sig"), path)
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        why = (fault.strerror or str(fault)) if isinstance(fault, OSError) else "it is not a CSV file in UTF-8"
        raise SettingsError(f"The list of logins {path} (device.staff_file) cannot be read: {why}.") from fault


def _read(text: str, path: Path) -> dict[str, str]:
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    header = [cell.strip().casefold() for cell in next(rows, [])]
    if header.count("login") != 1 or header.count("staff") != 1:
        raise SettingsError(f"{path} must begin with a line that names its columns, each once: login,staff.")
    names: dict[str, str] = {}
    for row in rows:
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        # `whoami` on Windows gives DOMAIN\login, and that may have been copied.
        who, staff = _alike(cells.get("login", "").rpartition("\\")[2]), cells.get("staff", "")
        if not who and not staff:
            continue
        if not who or not staff:
            raise SettingsError(f"{path}, line {rows.line_num}: a login and a name belong on each line.")
        if names.setdefault(who, staff) != staff:
            raise SettingsError(f"{path}, line {rows.line_num}: the login “{who}” is there already, with another name.")
    return names

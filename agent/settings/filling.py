"""`{login}` and `{host}` in agent.toml, so that one file serves all laptops of a school.

`device.staff = "{login}"` means the person who is logged in, by the name that the file `device.staff_file` gives for
that login. In `device.name` and `share.user`, both words are replaced in small letters, with `-` for characters that a
user's name on the server must not have. The login comes from the system, not from a variable that a user can set.
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
_LONGEST = 32  # characters of a user's name on Linux, as install/server/add-device.sh checks
LARGEST = 1 << 20  # bytes of the file of logins, at most


def filled_in(tables: dict[str, Any], *, anyone: bool = False) -> dict[str, Any]:
    """The tables with the words in braces replaced. SettingsError if the file of logins does not name this login.

    With `anyone`, such a login is used as the name: a person who checks a file for other people is not in it.
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
    """The name under which this user is logged in. SettingsError if the system does not know it."""
    try:
        if sys.platform == "win32":
            return os.getlogin()
        import pwd

        # winbind gives DOMAIN\\login, as whoami does on Windows.
        return pwd.getpwuid(os.geteuid()).pw_name.rpartition("\\")[2]
    except (KeyError, OSError) as fault:
        raise SettingsError(
            "The settings use the login as the name of the staff, but this system does not say who is logged in. "
            "Ask IT."
        ) from fault


def _alike(name: str) -> str:
    """One spelling for a login, however it was typed: capitals and the encoding of accents do not matter."""
    return unicodedata.normalize("NFC", name).casefold()


def _replaced(text: str) -> str:
    """The text with both words replaced, as a user's name on a Linux server: short, and without a digit in front."""
    if LOGIN not in text and HOST not in text:
        return text
    if LOGIN in text:
        text = text.replace(LOGIN, _for_a_server(login()))
    if HOST in text:
        text = text.replace(HOST, _for_a_server(socket.gethostname().partition(".")[0]))
    if text[0].isdigit():  # laptops are often called by their serial number
        text = f"laptop-{text}"
    if len(text) > _LONGEST:
        # Two long names with the same beginning must stay different.
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
            f"{path} has no line for the login “{who}”, so it does not say whose laptop this is. Ask IT to add the "
            "login."
        )
    return who if staff is None else staff


def _names(path: Path) -> dict[str, str]:
    """The name of the member of staff for each login. Logins are in small letters."""
    try:
        with open_named(path) as file:
            if not may_speak_for_the_machine(file.fileno()):
                raise SettingsError(
                    f"{path} is not used, because only an administrator of this laptop may own and change it. "
                    "Ask IT to put the file there again."
                )
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise SettingsError(f"{path} is larger than 1 MB, so it cannot be a list of logins. Ask IT to correct it.")
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
        # The login may have been copied from `whoami` on Windows, which prints DOMAIN\login.
        who, staff = _alike(cells.get("login", "").rpartition("\\")[2]), cells.get("staff", "")
        if not who and not staff:
            continue
        if not who or not staff:
            raise SettingsError(f"{path}, line {rows.line_num}: each line needs a login and a name.")
        if names.setdefault(who, staff) != staff:
            raise SettingsError(f"{path}, line {rows.line_num}: an earlier line gives “{who}” another name.")
    return names

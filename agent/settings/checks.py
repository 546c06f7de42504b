"""Checks of the values in agent.toml, beyond their type. Each check returns the value or raises ValueError.

In the message that the user reads, the text of the ValueError follows the key's name. It says what is wrong and what
would be right: "must start with a /, as in /photos".
"""

import os
import re
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

from agent.files.home import home_folder
from agent.settings.places import expanded

DEVICE_NAME = r"^[A-Za-z0-9_-]([A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?$"
DEVICE_NAME_AS_WRITTEN = r"^[A-Za-z0-9_{-]([A-Za-z0-9._{}-]{0,78}[A-Za-z0-9_}-])?$"
"""The pattern for agent.toml, where the name may contain `{host}` and `{login}`."""
_NO_DEVICE = frozenset(
    ["con", "prn", "aux", "nul", *(f"com{digit}" for digit in range(1, 10)), *(f"lpt{digit}" for digit in range(1, 10))]
)
"""Names that Windows reserves for devices. They are not allowed because IT may open the share from Windows."""

_NO_ZONES = ("localtime", "posixrules", "Factory", "posix/", "right/")
"""Names in /usr/share/zoneinfo that are not IANA names: their meaning differs from machine to machine."""


def safe_device_name(user: str) -> str:
    """A device name made from a user's name, with `-` for characters that folders on the share must not have."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", user)[:64].strip("-.")
    return name if name and name.split(".", maxsplit=1)[0].lower() not in _NO_DEVICE else f"laptop-{name}".strip("-")


def device_name(value: str) -> str:
    """A folder name on the share that is safe on every system from which the share may be opened."""
    _no_braces(value)
    if not re.fullmatch(DEVICE_NAME[1:-1], value):
        raise ValueError(
            "may have only the letters A-Z and a-z, digits, '.', '_' and '-', at most 64 of them, and must not begin "
            "or end with a dot, because this laptop's folder on the share has this name"
        )
    if value.split(".", maxsplit=1)[0].lower() in _NO_DEVICE:
        raise ValueError("is a name that Windows reserves for itself; choose another name")
    return value


def staff(value: str) -> str:
    """A person's name as in the register, where `;` or `|` separate the names of a list."""
    value = plain(value)
    _no_braces(value)
    if ";" in value or "|" in value:
        raise ValueError("must name one person, as in the visits register, where ';' and '|' separate people")
    return value


def _no_braces(value: str) -> None:
    """Reject words in braces: those that agent.toml may use have been replaced already."""
    if "{" in value or "}" in value:
        raise ValueError(
            "has a word in braces that is not allowed here: {login} is the login, {host} is the laptop's name"
        )


def plain(value: str) -> str:
    """Text on one line that is not empty. Spaces around it are removed."""
    value = value.strip()
    if not value:
        raise ValueError("must not be empty")
    if not value.isprintable():
        raise ValueError("must not contain line breaks, tabs or invisible characters")
    return value


def zone(value: str) -> str:
    """A time zone's IANA name."""
    if value.startswith(_NO_ZONES):
        raise ValueError(f"is not an IANA time zone{_nearest_zone(value)}")
    try:
        ZoneInfo(value)
    except (ValueError, KeyError, OSError) as fault:  # a folder of zones ("Europe") is an OSError
        raise ValueError(f"is not an IANA time zone{_nearest_zone(value)}") from fault
    return value


def _nearest_zone(value: str) -> str:
    import difflib  # only to explain a fault
    from zoneinfo import available_timezones  # looks at hundreds of files

    names = {name.casefold(): name for name in available_timezones()}
    for wanted in (value, f"Europe/{value}"):
        if near := difflib.get_close_matches(wanted.casefold().replace(" ", "_"), sorted(names), n=1, cutoff=0.7):
            return f"; did you mean {names[near[0]]}?"
    return " such as Europe/London"


def host(value: str) -> str:
    """A server's name or address, without a user, a port or `sftp://`."""
    value = plain(value)
    if "/" in value:
        raise ValueError("must be only the server's name, without sftp:// or a path")
    if "@" in value:
        raise ValueError("must be only the server's name; write the user in share.user")
    if "[" in value or "]" in value:
        raise ValueError("must have an IPv6 address without brackets; write a port in share.port")
    if ":" in value:
        from ipaddress import ip_address  # few addresses have colons

        try:
            ip_address(value)
        except ValueError as fault:
            raise ValueError("must be only the server's name; write a port in share.port") from fault
    if any(character.isspace() for character in value) or value.startswith("-"):
        raise ValueError("is not a server's name or address")
    return value


def endpoint(value: str) -> str:
    """A server's name or address with its port, as in log.school.example:6514; or empty."""
    if not value:
        return value
    name, _, port = value.rpartition(":")
    if not name or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise ValueError("must be a server's name and its port, as in log.school.example:6514")
    if name.startswith("[") and name.endswith("]"):
        host(name[1:-1])
    elif ":" in name:
        raise ValueError("must have an IPv6 address in square brackets, as in [2001:db8::1]:6514")
    else:
        host(name)
    return value


def user(value: str) -> str:
    """A user name on the server."""
    value = plain(value)
    _no_braces(value)
    if any(character.isspace() or character in ":/@" for character in value) or value.startswith("-"):
        raise ValueError("is not a user name: it must not contain spaces, ':', '/' or '@', or begin with '-'")
    return value


def share_path(value: str) -> str:
    """An absolute path on the server, without `.` or `..`. A `/` at the end is removed."""
    if not value.startswith("/"):
        raise ValueError("must start with a /, as in /photos")
    if not value.isprintable() or "\\" in value:
        raise ValueError("must not contain line breaks, invisible characters or backslashes")
    parts = value.strip("/").split("/")
    if parts != [""] and any(part in {"", ".", ".."} for part in parts):
        raise ValueError("must not contain //, /./ or /../")
    return "/" + "/".join(part for part in parts if part)


def watched(value: str) -> str:
    """A folder that is small enough to search for photos: not a drive and not a whole home folder."""
    absolute(value)
    home = home_folder()
    for folder, its_home in (
        (expanded(value), home),
        (Path(os.path.realpath(expanded(value))), Path(os.path.realpath(home))),
    ):
        if folder == Path(folder.anchor):
            raise ValueError("is a whole drive: name the folder into which photos are imported")
        if folder == its_home:
            raise ValueError("is your whole home folder: name the folder in it into which photos are imported")
        if folder in its_home.parents:
            raise ValueError("contains whole home folders: name the folder into which photos are imported")
    return value


def absolute(value: str) -> str:
    """A path on this laptop that means the same from whatever folder the program is started; not empty."""
    if not value.strip():
        raise ValueError("must not be empty")
    if "\0" in value:
        raise ValueError("must not contain a NUL character")
    path = expanded(value)
    if not path.is_absolute():
        if value[0] in "$%~":
            raise ValueError(f"starts with {value[0]}, but that user or variable does not exist here")
        raise ValueError("must be a full path: begin it with the drive, with /, or with ~ for the home folder")
    return value


def absolute_or_empty(value: str) -> str:
    """A path on this laptop, or empty for the usual place."""
    return absolute(value) if value else value


def visits(value: str) -> str:
    """Where the visits register is: `share:…` or a local path, ending in .csv, .xlsx, .ods or .ics."""
    if re.match(r"(?i)(?:https?|webcals?|ftp)://", value):
        raise ValueError(
            "is a link, but laptops do not fetch calendars from the internet: let the server fetch the calendar into "
            "register/ (config/README.md explains how) and write share:register/visits.ics"
        )
    return _register_file(value, (".csv", ".xlsx", ".ods", ".ics"))


def cameras(value: str) -> str:
    """Where the cameras register is: `share:…` or a local path, ending in .csv, .xlsx or .ods; or empty."""
    return _register_file(value, (".csv", ".xlsx", ".ods")) if value else value


def _register_file(value: str, endings: tuple[str, ...]) -> str:
    if not value.lower().endswith(endings):
        raise ValueError(f"must end in {', '.join(endings[:-1])} or {endings[-1]}")
    if not value.startswith("share:"):
        return absolute(value)
    name = value.removeprefix("share:")
    if not name.isprintable() or "\\" in name:
        raise ValueError("must not contain line breaks, invisible characters or backslashes")
    if name.startswith("/") or ".." in PurePosixPath(name).parts or name != str(PurePosixPath(name)):
        raise ValueError("must name a file on the share, relative to share.path, as in share:register/visits.csv")
    return value

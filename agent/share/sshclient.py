"""How OpenSSH's client is called: as strict as this program itself, and without anything that the user set for ssh.

No settings file, agent, password, jump or forwarding; only this laptop's key; only a host key that is pinned. The keys
are given to it in a separate file, made for one connection, under one name (HostKeyAlias): only `hostkeys` reads
known_hosts, with its hashed names, ports, marks and encodings.
"""

import os
import re
import shutil
import stat
import sys
from pathlib import Path

from agent.share.algorithms import CIPHERS, MACS, host_key_algorithms
from agent.share.hostkeys import Pinned
from agent.share.server import Server

ALIAS = "the-share"
SPOKEN = re.compile(r"[A-Za-z0-9_.:-]+")
"""Host names that mean the same to ssh as to us: it gives `@`, `%` and other characters a special meaning."""
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+ \\-]*")  # later clients refuse others on the command line
_HARMLESS = re.compile(r'[^"\\$\x00-\x1f\x7f]+')  # in a path: characters without a special meaning for ssh
_KEPT = ("SYSTEMROOT", "SYSTEMDRIVE", "PROGRAMDATA", "USERPROFILE", "LOCALAPPDATA", "TEMP", "TMP")  # Windows needs them


def client() -> Path | None:
    """OpenSSH's client, if this system has it: the system's own, not the first one on the path."""
    if sys.platform == "win32":
        found = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "OpenSSH" / "ssh.exe"
        return found if found.is_file() else None
    named = shutil.which("ssh", path="/usr/bin:/usr/local/bin:/opt/homebrew/bin:/run/current-system/sw/bin:/bin")
    return None if named is None else Path(named)


def why_not(server: Server, known: Pinned) -> str | None:
    """Why OpenSSH's client cannot be used to connect there; None if it can."""
    if client() is None:
        return "OpenSSH's client is not installed here"
    if not host_key_algorithms(known):
        return "no host key is pinned for it to compare"
    for what, fits in (
        ("the server's name", SPOKEN.fullmatch(server.host) and not server.host.startswith("-")),
        ("the user's name", _USER.fullmatch(server.user)),
        ("the path of this laptop's key", harmless(server.key_file)),
    ):
        if not fits:
            return f"OpenSSH's client could misread {what}"
    return _unfit(server.key_file)


def _unfit(key_file: Path) -> str | None:
    try:
        about = key_file.stat()
    except OSError:
        return None  # paramiko reports what is wrong with it
    if not stat.S_ISREG(about.st_mode):
        return "this laptop's SSH key is not a file, and OpenSSH's client would wait for it"
    if sys.platform == "win32":  # the client checks access control lists itself
        return None
    if about.st_uid == os.getuid() and stat.S_IMODE(about.st_mode) & 0o077:
        return "other accounts of this laptop may read its SSH key, which OpenSSH's client does not accept"
    return None


def replaceable_by_others(folder: Path) -> bool:
    """Whether another account of this laptop could put a folder of its own in this one's place.

    Such an account could tell the client which host key to trust. The superuser can do everything anyway.
    """
    if sys.platform == "win32":  # each user has a temporary folder of their own
        return False
    trusted = {0, os.getuid()}
    for above in folder.resolve().parents:
        about = above.stat()
        if about.st_uid not in trusted:
            return True
        if about.st_mode & 0o022 and not about.st_mode & stat.S_ISVTX:
            return True
    return False


def known_hosts(known: Pinned) -> str:
    """A known_hosts file with the keys that `hostkeys.judge` accepts and that a server could show here; all ASCII."""
    revoked = {key.base64 for key in known.revoked}
    fit = [key for key in known.keys if key.base64 not in revoked and host_key_algorithms(Pinned((key,)))]
    return "".join(f"{ALIAS} {key.type} {key.base64}\n" for key in fit)


def command(program: Path, server: Server, known: Pinned, known_hosts_file: Path) -> list[str]:
    """The command line, for a `server` and the path of a `known_hosts_file` in which `why_not` finds nothing wrong."""
    pinned_file = _quoted(known_hosts_file)
    interval = max(1, round(server.timeout / 4))
    options = {
        "IdentityFile": _quoted(server.key_file),
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "AddKeysToAgent": "no",
        "BatchMode": "yes",
        "PreferredAuthentications": "publickey",
        "PubkeyAuthentication": "yes",
        "PasswordAuthentication": "no",
        "NumberOfPasswordPrompts": "0",
        "HostKeyAlias": ALIAS,
        "HostKeyAlgorithms": ",".join(host_key_algorithms(known)),
        "UserKnownHostsFile": pinned_file,
        "GlobalKnownHostsFile": pinned_file,
        "StrictHostKeyChecking": "yes",
        "CheckHostIP": "no",
        "VerifyHostKeyDNS": "no",
        "UpdateHostKeys": "no",
        "NoHostAuthenticationForLocalhost": "no",
        "Ciphers": ",".join(CIPHERS),
        "MACs": ",".join(MACS),
        "KexAlgorithms": "-*-sha1",
        "Compression": "no",
        "ConnectTimeout": str(max(1, int(server.timeout))),
        "ConnectionAttempts": "1",
        "ServerAliveInterval": str(interval),
        "ServerAliveCountMax": str(max(1, int(server.timeout / interval) - 1)),
        "TCPKeepAlive": "yes",
        "ControlMaster": "no",
        "ControlPath": "none",
        "ProxyCommand": "none",
        "ClearAllForwardings": "yes",
        "ForwardAgent": "no",
        "ForwardX11": "no",
        "PermitLocalCommand": "no",
        "CanonicalizeHostname": "no",
        "EscapeChar": "none",
        "RequestTTY": "no",
        "LogLevel": "DEBUG1",  # the lowest level that names the server's software
    }
    given = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    where = ["-p", str(server.port), "-l", server.user]
    return [str(program), "-F", "none", *given, *where, "-s", "--", server.host, "sftp"]


def environment() -> dict[str, str]:
    """The environment of the child: no agent, no program that asks for a password, messages in plain English."""
    return {"LC_ALL": "C"} | {
        name: os.environ[name] for name in _KEPT if name in os.environ and sys.platform == "win32"
    }


def harmless(path: Path) -> bool:
    """Whether ssh reads this path literally."""
    return _HARMLESS.fullmatch(_written(path)) is not None


def _written(path: Path) -> str:
    """The path as ssh is given it: absolute, and on Windows with the slashes that ssh understands."""
    return path.absolute().as_posix()


def _quoted(path: Path) -> str:
    return f'"{_written(path).replace("%", "%%")}"'

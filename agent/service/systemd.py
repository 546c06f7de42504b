"""Linux: a systemd user unit.

A unit may ask a *user's* manager for less than a system unit may. Everything that relies on a mount namespace
(ProtectSystem, ProtectHome, PrivateTmp, ReadWritePaths, PrivateDevices, ProtectKernel…, systemd.exec(5)) needs an
unprivileged user namespace. Several distributions forbid that, and the service would then fail to start with status
226; it would also hide file owners and later inserted cards from a program whose job is to look at both. So the unit
uses only what a process may impose on itself: no_new_privs, seccomp filters, limits.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from agent.errors import UsageError
from agent.files.home import home_folder
from agent.model.removal import Known
from agent.service.launch import DESCRIPTION, NAME, RESTART_SECONDS, Launch
from agent.service.port import ServiceStatus
from agent.service.system_tool import ask, run_or_raise

UNIT = f"{NAME}.service"
_CONDITION = ("ConditionResult", "ConditionTimestampMonotonic")

_UNIT = """\
# Written by `photo-agent service install`, which overwrites it; for changes use `systemctl --user edit {unit}`.
[Unit]
Description={description}
# The number of restarts is not limited: a visit photo must not wait for the next log-in.
StartLimitIntervalSec=0

[Service]
# The service counts as started once the program was found and executed.
Type=exec
ExecStart={command}
Restart=on-failure
RestartSec={restart}
# It ends after the current step, which may be sending a long video.
TimeoutStopSec=120

# Only the user may read the files it writes: photos, journal, keys.
UMask=0077
# A core dump would hold photos.
LimitCORE=0
# The person in front of the laptop comes first.
Nice=10
IOSchedulingClass=idle

# No setuid program can give it more rights; the filters below need this.
NoNewPrivileges=yes
# SFTP, and asking for names: files and links on this machine, IPv4, IPv6, the list of network interfaces.
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
# It does not need namespaces, real-time priority, foreign system calls or setuid files.
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
# No memory is made executable while it runs.
MemoryDenyWriteExecute=yes

[Install]
WantedBy=default.target
"""


def systemd_unit(launch: Launch) -> str:
    """The unit file (systemd.unit(5)) that starts `launch` at log-in."""
    program, *arguments = launch.line
    words = [_quoted(program), *(_quoted(argument).replace("$", "$$") for argument in arguments)]
    return _UNIT.format(unit=UNIT, description=DESCRIPTION, command=" ".join(words), restart=RESTART_SECONDS)


PACKAGED = Path("/usr/lib/systemd/user")
"""Where a Debian package puts its unit, for every user of the machine."""


def packaged_unit(launch: Launch) -> str:
    """The same for a package: it starts for each user who has settings, their own or the machine's."""
    settings = ("/etc/xdg/photo-agent/agent.toml", "%E/photo-agent/agent.toml")  # %E: the user's configuration folder
    conditions = "".join(f"ConditionPathExists=|{path}\n" for path in settings)
    unit = systemd_unit(launch).replace("[Unit]\n", f"[Unit]\n{conditions}", 1)
    return "\n".join(["# For changes use `systemctl --user edit` or drop-ins.", *unit.splitlines()[1:], ""])


def _quoted(word: str) -> str:
    """A word of a command line as systemd.service(5) reads it: C's escapes in double quotes, `%` doubled.

    A `$` starts a variable in every word but the program's own path, so only the caller can double it.
    """
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return escaped if re.fullmatch(r"[\w./:=@%+,$-]+", escaped) else f'"{escaped}"'


def unit_folder(environ: Mapping[str, str]) -> Path:
    """Where the user's own units are, by systemd.unit(5)."""
    configured = environ.get("XDG_CONFIG_HOME", "")
    base = Path(configured) if configured.startswith("/") else home_folder() / ".config"
    return base / "systemd" / "user"


class SystemdService:
    """The unit in `folder`, in the manager of the user's session; or the one that a package put into `packaged`."""

    def __init__(self, launch: Launch, folder: Path, packaged: Path = PACKAGED) -> None:
        self._launch = launch
        self._file = folder / UNIT
        self._packaged = packaged / UNIT

    @property
    def _installed(self) -> bool:
        return self._file.exists() or self._packaged.exists()

    def install(self) -> None:
        """See `Service.install`. A package's own unit is used if it starts the right thing."""
        self._need_session()
        if self._packaged.exists() and self._launch.config is None and not self._file.exists():
            run_or_raise(self._systemctl("unmask", UNIT), "let the service start at log-in")
            run_or_raise(self._systemctl("enable", UNIT), "let the service start at log-in")
            run_or_raise(self._systemctl("restart", UNIT), "start the service")
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        new = self._file.with_name(f".{UNIT}.new")
        new.write_text(systemd_unit(self._launch), "utf-8")
        new.replace(self._file)
        run_or_raise(self._systemctl("daemon-reload"), "make systemd read the new unit")
        run_or_raise(self._systemctl("enable", UNIT), "let the service start at log-in")
        run_or_raise(self._systemctl("restart", UNIT), "start the service")

    def uninstall(self) -> None:
        """See `Service.uninstall`. Also works without a session: without its files the service will not start again."""
        if self._session_fault() is None and self._file.exists():
            run_or_raise(self._systemctl("disable", "--now", UNIT), "stop the service")
        (self._file.parent / "default.target.wants" / UNIT).unlink(missing_ok=True)
        self._file.unlink(missing_ok=True)
        if self._session_fault() is None:
            run_or_raise(self._systemctl("daemon-reload"), "make systemd forget the unit")
            ask(self._systemctl("reset-failed", UNIT))  # fails if the unit had not failed, which does not matter
            if self._packaged.exists():  # it belongs to all users, so it is only switched off for this one
                run_or_raise(self._systemctl("mask", "--now", UNIT), "stop the service")

    def start(self) -> None:
        """See `Service.start`."""
        self._need_session()
        self._need_unit()
        run_or_raise(self._systemctl("start", UNIT), "start the service")

    def stop(self) -> None:
        """See `Service.stop`."""
        self._need_session()
        self._need_unit()
        run_or_raise(self._systemctl("stop", UNIT), "stop the service")

    def status(self) -> ServiceStatus:
        """See `Service.status`."""
        if not self._installed:
            return ServiceStatus(
                False, Known.NO, "The service is not installed. `photo-agent service install` sets it up."
            )
        if (fault := self._session_fault()) is not None:
            return ServiceStatus(True, Known.NOT_KNOWN, f"installed; it is not known whether it is running: {fault}")
        keys = ("ActiveState", "Result", "ExecMainStatus", "ActiveEnterTimestamp", "UnitFileState", *_CONDITION)
        answer = ask(self._systemctl("show", UNIT, f"--property={','.join(keys)}"), seconds=10)
        return _judged(dict(line.partition("=")[::2] for line in answer.output.splitlines()), answer.words)

    def _need_session(self) -> None:
        if (fault := self._session_fault()) is not None:
            raise UsageError(fault)

    def _need_unit(self) -> None:
        if not self._installed:
            raise UsageError("The service is not installed. Run `photo-agent service install` first.")

    def _session_fault(self) -> str | None:
        """Why systemd cannot be asked; None if it can."""
        by_hand = "Log in on the laptop itself, or start `photo-agent run` by hand."
        try:
            answer = ask(self._systemctl("show", "--property=Version"), seconds=10)
        except UsageError:
            return f"This Linux does not have systemd. {by_hand}"
        if answer.code == 0:
            return None
        return f"There is no systemd session for this user here ({answer.words}). {by_hand}"

    @staticmethod
    def _systemctl(*arguments: str) -> tuple[str, ...]:
        return ("systemctl", "--user", "--no-ask-password", *arguments)


def _judged(state: Mapping[str, str], words: str) -> ServiceStatus:
    """The status by the states that `systemctl show` reports for the unit; `words` is its whole output."""
    if state.get("UnitFileState") == "masked":
        return ServiceStatus(False, Known.NO, "switched off for this user; `photo-agent service install` sets it up.")
    at_log_in = "" if state.get("UnitFileState") == "enabled" else "; it will not start at log-in: install it again"
    code = state.get("ExecMainStatus", "not known")
    match state.get("ActiveState"):
        case "active":
            running, detail = Known.YES, f"running since {state.get('ActiveEnterTimestamp') or 'a time not known'}"
        case "activating":
            running, detail = Known.NO, f"ended with exit code {code}; will start again within {RESTART_SECONDS} s"
        case "failed":
            why = state.get("Result", "not known")
            running, detail = Known.NO, f"failed ({why}, exit code {code}); see `journalctl --user -u {NAME}`"
        case "inactive" if _condition_failed(state):
            detail = "not started: neither the machine nor this user has settings in the usual place"
            return ServiceStatus(True, Known.NO, detail + at_log_in)
        case "inactive" | "deactivating":
            running, detail = Known.NO, "stopped; starts at the next log-in" if not at_log_in else "stopped"
        case _:
            return ServiceStatus(True, Known.NOT_KNOWN, f"installed; systemctl said: {words}")
    return ServiceStatus(True, running, detail + at_log_in)


def _condition_failed(state: Mapping[str, str]) -> bool:
    """Whether a packaged unit found no settings when it was last to start. Before that, systemd says "no" too."""
    result, at = (state.get(key, "") for key in _CONDITION)
    return result == "no" and at not in {"", "0"}

"""macOS: a LaunchAgent in the user's graphical session, by launchd.plist(5) and launchctl(1)."""

import shlex
from pathlib import Path

from agent.errors import AgentError, UsageError
from agent.model.removal import Known
from agent.service.launch import NAME, RESTART_SECONDS, Launch
from agent.service.port import ServiceStatus
from agent.service.system_tool import ask, run_or_raise

LABEL = f"local.{NAME}"
PACKAGED = Path("/Library/LaunchAgents")
"""Where a package puts its agent, for every user of the Mac."""


def launch_agent(launch: Launch) -> bytes:
    """The property list that starts `launch` at log-in."""
    properties: dict[str, object] = {
        "Label": LABEL,
        "ProgramArguments": list(launch.line),
        "RunAtLoad": True,
        # Started again after a crash, but not after it ended normally (`service stop`).
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": RESTART_SECONDS,
        # The person in front of the laptop comes first.
        "ProcessType": "Background",
        "LowPriorityIO": True,
        "Nice": 10,
        # It ends after the current step, which may be sending a long video.
        "ExitTimeOut": 120,
        # A decimal number in the file: 0o077. Only the user may read its files.
        "Umask": 0o077,
        # A core dump would contain photos.
        "SoftResourceLimits": {"Core": 0},
        "HardResourceLimits": {"Core": 0},
        # Only at the desktop; not for a log-in by SSH.
        "LimitLoadToSessionType": "Aqua",
    }
    if launch.log_dir is not None:
        log = str(launch.log_dir / "service.log")
        properties |= {"StandardOutPath": log, "StandardErrorPath": log}
    import plistlib

    return plistlib.dumps(properties, sort_keys=False)


def packaged_agent(launch: Launch) -> bytes:
    """The same for a package, for every user of the Mac. Without settings it ends quietly until the next log-in.

    launchd cannot wait for a file to appear without restarting again and again, so a shell checks for settings first.
    """
    import plistlib

    file = "/Library/Application Support/photo-agent/agent.toml"
    looking = f'[ -e "{file}" ] || [ -e "$HOME{file}" ]'
    properties = plistlib.loads(launch_agent(launch))
    line = " ".join(shlex.quote(word) for word in launch.line)
    properties["ProgramArguments"] = ["/bin/sh", "-c", f"{looking} || exit 0; exec {line}"]
    return plistlib.dumps(properties, sort_keys=False)


def _first_values(printed: str) -> dict[str, str]:
    """`key = value` lines of launchctl print. The service's own come first; its parts repeat some of the names."""
    values: dict[str, str] = {}
    for line in printed.splitlines():
        key, equals, value = line.partition(" = ")
        if equals:
            values.setdefault(key.strip(), value.strip())
    return values


class LaunchAgent:
    """The agent in `folder`, in the graphical session of the user with the number `uid`.

    A package installs an agent for all users in `packaged`. If there is one, it is used instead.
    """

    def __init__(self, launch: Launch, folder: Path, uid: int, packaged: Path = PACKAGED) -> None:
        self._launch = launch
        self._packaged = packaged / f"{LABEL}.plist"
        self._file = folder / f"{LABEL}.plist"
        self._domain = f"gui/{uid}"
        self._target = f"{self._domain}/{LABEL}"

    def install(self) -> None:
        """See `Service.install`."""
        self._need_session()
        if self._listed == self._packaged and self._launch.config is None:
            self._unload()
            run_or_raise(("launchctl", "enable", self._target), "let the service start at log-in")
            self._load()
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        if self._launch.log_dir is not None:
            self._launch.log_dir.mkdir(parents=True, exist_ok=True)
        new = self._file.with_name(f".{LABEL}.new")
        new.write_bytes(launch_agent(self._launch))
        new.chmod(0o644)  # launchd refuses a list that others may write
        new.replace(self._file)
        self._unload()
        run_or_raise(("launchctl", "enable", self._target), "let the service start at log-in")
        self._load()

    def uninstall(self) -> None:
        """See `Service.uninstall`."""
        if self._loaded():
            self._unload()
        self._file.unlink(missing_ok=True)
        if self._packaged.exists():  # it belongs to all users, so it is only switched off for this one
            run_or_raise(("launchctl", "disable", self._target), "keep the service off at log-in")

    def start(self) -> None:
        """See `Service.start`."""
        self._need_session()
        self._need_list()
        if self._loaded():
            run_or_raise(("launchctl", "kickstart", self._target), "start the service")
        else:
            self._load()

    def stop(self) -> None:
        """See `Service.stop`. It is unloaded, because launchd would start a loaded service again."""
        self._need_session()
        self._need_list()
        self._unload()

    def status(self) -> ServiceStatus:
        """See `Service.status`."""
        if not self._listed.exists():
            return ServiceStatus(
                False, Known.NO, "The service is not installed. `photo-agent service install` sets it up."
            )
        try:
            answer = ask(("launchctl", "print", self._target), seconds=10)
        except AgentError as fault:
            return ServiceStatus(True, Known.NOT_KNOWN, f"installed; it is not known whether it is running: {fault}")
        if answer.code != 0:
            return ServiceStatus(True, Known.NO, "stopped; starts at the next log-in")
        state = _first_values(answer.output)
        if state.get("state") == "running":
            return ServiceStatus(True, Known.YES, f"running, process {state.get('pid', 'not known')}")
        last = state.get("last exit code", "not known")
        if state.get("state") == "spawn scheduled" and "never exited" in last:
            # macOS puts off what runs in the background: on a busy Mac, or one on battery, for more than some seconds.
            return ServiceStatus(True, Known.NOT_KNOWN, "macOS has not started it yet, and will do so by itself")
        return ServiceStatus(True, Known.NO, f"not running; last exit code {last}")

    @property
    def _listed(self) -> Path:
        """The list that counts: the user's own, else the package's."""
        return self._packaged if self._packaged.exists() and not self._file.exists() else self._file

    def _load(self) -> None:
        run_or_raise(("launchctl", "bootstrap", self._domain, str(self._listed)), "start the service")

    def _unload(self) -> None:
        answer = ask(("launchctl", "bootout", self._target))
        if answer.code != 0 and self._loaded():
            raise AgentError(f"Could not stop the service: launchctl said: {answer.words}")

    def _loaded(self) -> bool:
        return ask(("launchctl", "print", self._target), seconds=10).code == 0

    def _need_session(self) -> None:
        if ask(("launchctl", "print", self._domain), seconds=10).code != 0:
            raise UsageError(
                "This user has no desktop session here, so the service cannot be set up. "
                "Log in on the Mac itself, or start `photo-agent run` by hand."
            )

    def _need_list(self) -> None:
        if not self._listed.exists():
            raise UsageError("The service is not installed. Run `photo-agent service install` first.")

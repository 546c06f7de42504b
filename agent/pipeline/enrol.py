"""Setting a laptop up: the settings file, the two keys, the pinned host key, and what IT must enter on the server.

May be repeated: a key that is there is kept, a settings file is only replaced when that is asked for, and a host key is
pinned only when a person has said that it is the right one.
"""

import shlex
from dataclasses import dataclass
from pathlib import Path

from agent.errors import AgentError, HostKeyRefused, UsageError
from agent.files.durable import replace_file
from agent.pipeline.misgivings import names_in
from agent.pipeline.places import log_key
from agent.pipeline.renew import read_once
from agent.record.keys import ssh_line
from agent.settings import Settings
from agent.share import HostKey, make_key, pin, public_key


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What IT enters on the server: the device's name and user, and its two public keys."""

    device: str
    user: str
    ssh_key: str
    log_key: str

    @property
    def command(self) -> str:
        """The line that lets the laptop in, to be pasted on the server."""
        line = f"install/server/add-device.sh {self.device} '{self.ssh_key}'"
        # The script makes the user's name of the device's, unless it is told another.
        as_made = self.device.lower().replace(".", "-")
        return line if self.user == as_made else f"{line} --user {shlex.quote(self.user)}"


def write_settings(path: Path, text: str, *, replace: bool) -> None:
    """Write agent.toml for this user only. UsageError where there is one and it is not to be replaced."""
    if path.exists() and not replace:
        raise UsageError(f"there are settings already in {path}; --force replaces them (the keys are kept)")
    replace_file(path, text.encode())


def names_in_register(settings: Settings) -> tuple[str, ...] | None:
    """The staff that the visits register names; None where it cannot be read from here and now.

    Before IT has entered this laptop's key on the server, the share does not let it in: then nobody knows yet.
    """
    try:
        return names_in(read_once(settings))
    except AgentError:
        return None


def make_keys(settings: Settings) -> Enrolment:
    """Make the SSH key and the log key where they are missing."""
    name = settings.device.name
    return Enrolment(
        device=name,
        user=settings.share.user,
        ssh_key=_key(settings.key_file, f"photo-agent {name}"),
        log_key=ssh_line(log_key(settings).make().key, f"photo-agent log {name}"),
    )


def pin_if_confirmed(settings: Settings, key: HostKey, *, expected: str | None, confirmed: bool) -> None:
    """Pin the host key the server showed, if it is the expected one or a person confirmed it; else HostKeyRefused."""
    if expected is not None and expected.removeprefix("SHA256:").rstrip("=") != key.fingerprint.removeprefix("SHA256:"):
        raise HostKeyRefused(
            f"the server shows {key.fingerprint}, not the fingerprint that was given: nothing was pinned. "
            "Ask IT which is right before going on"
        )
    if expected is None and not confirmed:
        raise HostKeyRefused("the host key was not confirmed and so not pinned; run `photo-agent init` again to do so")
    pin(settings.known_hosts_file, settings.share.host, settings.share.port, key)


def _key(file: Path, comment: str) -> str:
    if file.exists():
        return f"{public_key(file)} {comment}"
    return make_key(file, comment)

"""Setting a laptop up: the two keys, the pinned host key, and what IT must enter on the server.

It may be repeated: an existing key stays, and a host key is pinned only when a person has confirmed it. Everything is
checked first (`check_keys`, `may_pin`); only then is anything written.
"""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent.errors import AgentError, HostKeyRefused, UsageError
from agent.files.durable import make_folder
from agent.pipeline.misgivings import names_in
from agent.pipeline.places import log_key
from agent.pipeline.renew import read_once
from agent.record.keys import ssh_line
from agent.settings import Settings
from agent.share import HostKey, judge, make_key, pin, pinned, public_key


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The data that IT enters on the server: the device's name and user, and its two public keys."""

    device: str
    user: str
    ssh_key: str
    log_key: str

    @property
    def command(self) -> str:
        """The line that lets the laptop in, to be pasted on the server."""
        line = f"install/server/add-device.sh {self.device} '{self.ssh_key}' --log-key '{self.log_key}'"
        # The script derives the user's name from the device's name, unless it is given another.
        as_made = self.device.lower().replace(".", "-")
        return line if self.user == as_made else f"{line} --user {shlex.quote(self.user)}"


def names_in_register(settings: Settings) -> tuple[str, ...] | None:
    """The staff named in the visits register; None if the register cannot be read now.

    The share does not let a laptop in until IT has entered its key on the server.
    """
    try:
        return names_in(read_once(settings))
    except AgentError:
        return None


def make_keys(settings: Settings) -> Enrolment:
    """Make the SSH key and the log key, if they are missing."""
    name = settings.device.name
    return Enrolment(
        device=name,
        user=settings.share.user,
        ssh_key=_key(settings.key_file, f"photo-agent {name}"),
        log_key=ssh_line(log_key(settings).make().key, f"photo-agent log {name}"),
    )


def check_keys(settings: Settings) -> None:
    """Raise if a key exists and cannot be used; a missing key is made later."""
    if settings.key_file.exists():
        public_key(settings.key_file)
    place = log_key(settings)
    if place.exists():
        place.load()


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Asks the person at the keyboard about a host key; where there is no such person, both functions answer at once.

    `new` is called for a server that is not known yet, and says whether the key is the right one. `changed` gets the
    key that the server shows now and the keys that it had before, and returns the fingerprint that IT gave; it may be
    empty.
    """

    new: Callable[[HostKey], bool]
    changed: Callable[[HostKey, tuple[HostKey, ...]], str]


def may_pin(settings: Settings, key: HostKey, *, given: str | None, confirmation: Confirmation) -> bool:
    """Whether to pin the key that the server shows; False if it is pinned already.

    `given` is the fingerprint from IT. Raises HostKeyRefused if the key differs from it, was revoked, or nobody
    confirmed it. A key that replaces another one is never confirmed by a yes: its fingerprint must come from IT.
    """
    server = settings.share
    known = pinned(settings.known_hosts_file, server.host, server.port)
    if key.base64 in {other.base64 for other in known.revoked}:
        judge(key, known, server.host, server.port)  # it refuses the key, and says why
    if given is not None and not _same(given, key):
        raise HostKeyRefused(
            f"The server at {server.host} shows {key.fingerprint}, which is not the fingerprint that was given. "
            "Nothing was written and nothing was pinned. Ask IT which of the two is right."
        )
    if key.base64 in {other.base64 for other in known.keys}:
        return False
    if given is not None:
        return True
    if known.keys:
        if _same(confirmation.changed(key, known.keys), key):
            return True
        before = ", ".join(other.fingerprint for other in known.keys)
        raise HostKeyRefused(
            f"The host key of {server.host} has changed: it was {before}, and now it is {key.fingerprint}. "
            "The new one was not pinned, and nothing was written. Ask IT whether the server really has a new key; if "
            "so, run `photo-agent init --host-key SHA256:…` with the fingerprint that IT gives you."
        )
    if not confirmation.new(key):
        raise HostKeyRefused(
            f"This laptop does not know the server at {server.host} yet. It shows {key.fingerprint} ({key.type}). "
            "Nobody confirmed it, so nothing was pinned and nothing was written. Ask IT for the server's fingerprint, "
            "then run `photo-agent init` again with --host-key SHA256:…"
        )
    return True


def pin_key(settings: Settings, key: HostKey) -> None:
    """Pin the server's host key. UsageError if this user may not write the file, as when IT gives it to all laptops."""
    file = settings.known_hosts_file
    try:
        make_folder(file.parent)
        pin(file, settings.share.host, settings.share.port, key)
    except OSError as fault:
        raise UsageError(
            f"{file} cannot be written: {fault.strerror}. The new host key was not pinned. If IT gives this file to "
            "all laptops, IT must put the server's new key into it."
        ) from fault


def _same(given: str, key: HostKey) -> bool:
    """Whether a fingerprint belongs to the key: with or without SHA256:, or as the whole line of `ssh-keygen -l`."""
    wanted = key.fingerprint.removeprefix("SHA256:")
    return any(word.removeprefix("SHA256:").rstrip("=") == wanted for word in given.split())


def _key(file: Path, comment: str) -> str:
    if file.exists():
        return f"{public_key(file)} {comment}"
    return make_key(file, comment)

"""Renews the register: fetches it from the share or reads it from a path; the store then checks it."""

import stat
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from agent.errors import LocalFault, RegisterError, ShareFault, contained
from agent.model.ids import RemoteName
from agent.model.register import Register, Visit
from agent.pipeline.clocks import age
from agent.pipeline.context import Context, server_of, wall_clock
from agent.register import Order, Rules, read_visits
from agent.settings import Settings

if TYPE_CHECKING:
    from agent.share import Share

LARGEST = 8 * 1024 * 1024
"""Bytes. A line has about 150, and `agent.register.sheet` limits the number of lines."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """The register now in use (None: there never was a good one), and why a newer one was refused.

    `was_read` is false if the file could not even be read.
    """

    register: Register | None
    refusal: str | None = None
    was_read: bool = True


def needs_share(context: Context) -> bool:
    """Whether the register is on the share."""
    settings = context.settings
    files = (settings.visits_file, settings.cameras_file or settings.cameras_beside)
    return any(not isinstance(file, Path) for file in files)


def read_once(settings: Settings) -> tuple[Visit, ...]:
    """The visits in the register now, without saving them. Raises as the share does, and RegisterError."""
    source = settings.visits_file
    if isinstance(source, Path):
        raw = read_local(source)
    else:
        from agent.share import open_share

        with open_share(server_of(settings), clock=wall_clock) as share:
            raw = _remote(source, share)
    return read_visits(raw, kind=kind_of(settings.register.visits), rules=rules_of(settings)).visits


def rules_of(settings: Settings) -> Rules:
    """The settings for reading the visits register."""
    longest = timedelta(days=settings.register.longest_visit_days)
    return Rules(settings.device.timezone, Order(settings.register.dates), longest)


def fetch_register(context: Context, *, force: bool = False) -> Renewal:
    """Renew with a connection of its own, if one is needed."""
    if not needs_share(context):
        return renew_register(context, None, force=force)
    with context.connect() as share:
        return renew_register(context, share, force=force)


def renew_register(context: Context, share: "Share | None", *, force: bool = False) -> Renewal:
    """Fetch both files and offer them to the store; if they are not accepted, the last good register remains in use.

    `force` accepts an unlikely register (one that has shrunk by more than half): for the EVC, who knows better. Raises
    ShareUnreachable and ShareRefused as the share does; `refusal` has any other fault in the files.
    """
    settings = context.settings
    was_read = False
    try:
        with contained("the register"):
            visits = _content(settings.visits_file, share)
            cameras = _cameras(context, share, force=force)
            was_read = True
            register = context.registers.offer(
                visits,
                kind_of(settings.register.visits),
                cameras,
                rules=rules_of(settings),
                now=context.clock(),
                force=force,
            )
    except (RegisterError, LocalFault) as fault:
        return Renewal(context.registers.current(), refusal=str(fault), was_read=was_read)
    return Renewal(register)


def kind_of(source: str) -> Literal["csv", "ics"]:
    """The register's format, by its ending."""
    return "ics" if source.lower().endswith(".ics") else "csv"


def no_register(context: Context, register: Register | None) -> str | None:
    """Why no photo can be decided now, or None."""
    if register is None:
        return "this laptop has not read the visits register yet, so photos wait until it has"
    old = age(register.read_at, context.clock())
    if old > timedelta(days=context.settings.register.max_age_days):
        return (
            f"the visits register was last read {old.days} days ago, too long ago: photos wait until it is read again"
        )
    return None


def _cameras(context: Context, share: "Share | None", *, force: bool) -> bytes | None:
    """The cameras register: the one named in the settings, else the one beside the visits, if there is one.

    If it has disappeared, that is an error: the known clock errors would be lost with it.
    """
    named = context.settings.cameras_file
    if named is not None:
        return _content(named, share)
    beside = context.settings.cameras_beside
    try:
        return beside.read_bytes() if isinstance(beside, Path) and not beside.exists() else _content(beside, share)
    except (FileNotFoundError, _NotOnShare):
        before = context.registers.current()
        if before is not None and before.cameras and not force:
            raise RegisterError(
                "the cameras register, cameras.csv beside the visits register, has disappeared. Ask the visits "
                "coordinator to put it back, or to confirm that with `photo-agent visits accept`"
            ) from None
        return None


class _NotOnShare(RegisterError):
    """There is no such file on the share."""


def _content(source: RemoteName | Path, share: "Share | None") -> bytes:
    return read_local(source) if isinstance(source, Path) else _remote(source, share)


def _remote(name: RemoteName, share: "Share | None") -> bytes:
    if share is None:
        raise LocalFault(f"the register {name} is on the share, which was not contacted this time")
    try:
        return share.read(name, LARGEST)
    except FileNotFoundError:
        raise _NotOnShare(
            f"there is no file {name} on the share; ask the visits coordinator to save it there"
        ) from None
    except ShareFault as fault:
        raise RegisterError(f"{name} on the share cannot be read: {fault}") from fault


def read_local(path: Path) -> bytes:
    """A register's file on this computer. RegisterError if it cannot be read, is not a file, or is far too large."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe would block
            raise RegisterError(f"the register {path} is not a regular file")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as fault:
        raise RegisterError(f"the register {path} cannot be read: {fault.strerror}") from fault
    if len(content) > LARGEST:
        raise RegisterError(f"the register {path} is larger than {LARGEST // 1024 // 1024} MiB: is it the right file?")
    return content

"""The last good register, which survives crashes and bad files and stays in force until a better one is accepted.

A register that is empty, unreadable, or suddenly much shorter is more likely a mistake than the truth, and accepting it
would leave visit photos on the laptop as private ones. So the last good one stays in force, and the reason is
remembered until a good one comes.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from agent.errors import RegisterError
from agent.model.ids import Sha256
from agent.model.register import Register, RegisteredCamera, Visit
from agent.register.cached import Cached
from agent.register.cameras import read_cameras
from agent.register.cells import key
from agent.register.exchanged import exchanged
from agent.register.faults import Fault
from agent.register.lengths import without_the_longest
from agent.register.opening import read_visits
from agent.register.overlap import zone_of
from agent.register.reading import CamerasReading, Kind, Rules, VisitsReading, cross_check
from agent.register.stored import StoredRegister, from_bytes, to_bytes
from agent.register.wording import day


class RegisterStore:
    """Two files in `folder`: `register.json`, the last good register, and `register-state.json`, when it was last
    confirmed and why a later one was refused. Each is replaced as a whole. Several processes may share the folder: each
    sees what another has written the next time it looks. Raises LocalFault if the disk cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self._register = Cached(folder / "register.json", from_bytes)
        self._state = Cached(folder / "register-state.json", _state_from)

    def current(self) -> Register | None:
        """The last good register; `read_at` is when it was last offered unchanged. None before the first good one."""
        stored = self._register.content()
        if stored is None:
            return None
        confirmed = self._state_of(stored.register.version).get("read_at")
        if confirmed is None:
            return stored.register
        return replace(stored.register, read_at=max(stored.register.read_at, datetime.fromisoformat(confirmed)))

    def faults(self) -> tuple[Fault, ...]:
        """The faults in the last good register: lines left out, and lines accepted with a warning."""
        stored = self._register.content()
        return stored.faults if stored else ()

    def refusal(self) -> str | None:
        """Why the register last offered was not accepted; None if it was, or if none was offered yet."""
        stored = self._register.content()
        refusal: str | None = self._state_of(stored.register.version if stored else None).get("refusal")
        if refusal is None and self._register.damaged:
            damage = self._register.damaged
            return f"the copy of the register on this laptop is damaged ({damage}); it will be fetched again"
        return refusal

    def offer(
        self, visits: bytes, kind: Kind, cameras: bytes | None, *, rules: Rules, now: datetime, force: bool = False
    ) -> Register:
        """Accept these files and store them durably, or raise RegisterError; then the last good register stays.

        `cameras` is None if the settings name no cameras register. `now` is aware. The same bytes again only renew
        `read_at`. `force` accepts what a person has looked at: fewer visits, a long one, day and month swapped, other
        cameras, a camera left out. It never accepts a register that is empty, unreadable, or contradicts itself.
        """
        last = self._register.content()
        try:
            offered = _believed(visits, kind, cameras, rules, now, last, force=force)
        except RegisterError as fault:
            self._say(last.register.version if last else None, self.current(), str(fault))
            raise
        if last is None or not last.same_but_for_its_age(offered):
            self._register.write(to_bytes(offered))
        self._say(offered.register.version, offered.register, None)
        return offered.register

    def _state_of(self, version: Sha256 | None) -> dict[str, Any]:
        """The state, if it belongs to this version: a crash can leave the state of another version behind."""
        state = self._state.content()
        return state if state and state.get("version") == version else {}

    def _say(self, version: Sha256 | None, register: Register | None, refusal: str | None) -> None:
        read_at = register.read_at.isoformat() if register else None
        state = {"version": version, "read_at": read_at, "refusal": refusal}
        if state != self._state.content():
            self._state.write(json.dumps(state).encode())


def _believed(
    visits: bytes,
    kind: Kind,
    cameras: bytes | None,
    rules: Rules,
    now: datetime,
    last: StoredRegister | None,
    *,
    force: bool,
) -> StoredRegister:
    """The register in these bytes. Raises RegisterError if it cannot be accepted after `last`."""
    version = version_of(visits, cameras)
    before = last.register if last else None
    # Bytes that were accepted once stay accepted, even if a later version of this program reads them better.
    same = before is not None and before.version == version
    accepted = force or (before is not None and same and before.accepted)
    reading = read_visits(visits, kind=kind, rules=rules)
    if reading.distrusted is not None:
        raise RegisterError(f"the new visits register is not used: {reading.distrusted}")
    if not accepted:
        reading = without_the_longest(reading, rules, before.visits if before else ())
    known = CamerasReading((), ()) if cameras is None else read_cameras(cameras)
    if not reading.visits:
        raise RegisterError(
            f"the new visits register is not used: {_first_error(reading, 'it contains no valid visit')}"
        )
    if cameras is not None and not known.cameras and (not cameras.strip() or _errors(known)):
        raise RegisterError(
            f"the new cameras register is not used: {_first_error(known, 'it contains no valid camera')}"
        )
    if not force and not same:
        _no_camera_lost(known, before.cameras if before and cameras is not None else ())
        if before and 2 * len(reading.visits) < len(before.visits):
            raise RegisterError(
                f"the new visits register is not used: it has {_visits(len(reading.visits))}, the last good one had "
                f"{len(before.visits)}; if that is right, accept it with `photo-agent visits accept`"
            )
        _not_exchanged(reading.visits, before.visits if before else ())
    register = Register(reading.visits, known.cameras, version, now.astimezone(UTC), reading.doubtful, accepted)
    lines = dict(zip((visit.id for visit in reading.visits), reading.lines, strict=True))
    labels = cross_check(register, lines) if cameras is not None else ()
    return StoredRegister(register, (*reading.faults, *labels, *known.faults))


def _not_exchanged(now: tuple[Visit, ...], before: tuple[Visit, ...]) -> None:
    """Raise RegisterError if a visit of the last good register has its day and month swapped."""
    if (found := exchanged(now, before)) is not None:
        visit, was = found
        zone, other = zone_of(visit.zone), zone_of(was.zone)
        raise RegisterError(
            f"the new visits register is not used: line {visit.line} has {visit.id} on "
            f"{day(visit.span.earliest.astimezone(zone))}, the last good one on "
            f"{day(was.span.earliest.astimezone(other))}: are day and month swapped? Correct the dates, or, if they "
            "are right, accept it with `photo-agent visits accept`"
        )


def _no_camera_lost(known: CamerasReading, before: tuple[RegisteredCamera, ...]) -> None:
    """Raise RegisterError if cameras vanished in a way that is probably a mistake, or a clock error was left out."""
    if known.lost:
        first = next(fault for fault in _errors(known) if fault.line == known.lost[0])
        raise RegisterError(
            f"the new cameras register is not used: a camera with a clock error would be left out ({first}); correct "
            "the line, or accept the rest with `photo-agent visits accept`"
        )
    labels = {key(camera.label) for camera in known.cameras}
    if before and not any(key(camera.label) in labels for camera in before):
        raise RegisterError(
            f"the new cameras register is not used: none of the {len(before)} cameras of the last good one is in it; "
            "if that is right, accept it with `photo-agent visits accept`"
        )


def version_of(visits: bytes, cameras: bytes | None) -> Sha256:
    """SHA-256 over both files' bytes, each after its length in eight bytes, so that no byte can change sides."""
    digest = sha256()
    for content in (visits, cameras or b""):
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return Sha256(digest.hexdigest())


def _errors(reading: VisitsReading | CamerasReading) -> list[Fault]:
    return [fault for fault in reading.faults if fault.severity == "error"]


def _first_error(reading: VisitsReading | CamerasReading, otherwise: str) -> str:
    errors = _errors(reading)
    if not errors:
        return otherwise
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{otherwise}; {errors[0]}{more}"


def _visits(number: int) -> str:
    return f"{number} valid visit" if number == 1 else f"{number} valid visits"


def _state_from(raw: bytes) -> dict[str, Any]:
    state = json.loads(raw)
    if not isinstance(state, dict):
        raise ValueError("it is not a state")  # noqa: TRY004 - `Cached` recognises a damaged file by ValueError
    if state.get("read_at") is not None:
        datetime.fromisoformat(str(state["read_at"]))
    return state

"""Everything that has to work on this laptop, checked one by one; a check that fails says what to do.

A check changes nothing but its own temporary file on the share, and one that cannot be made says so. Where the share
can be written to, photos that waited for IT may be sent again.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from agent.errors import AgentError, RecordError, ShareFault
from agent.folders import watch_limits
from agent.model import Known, Register
from agent.pipeline.clocks import age
from agent.pipeline.counting import counted
from agent.pipeline.facts import UNPUBLISHED
from agent.pipeline.former import published_up_to, unpublished
from agent.pipeline.forwarding import try_out
from agent.pipeline.importfolders import why_unfit
from agent.pipeline.invain import release
from agent.pipeline.misgivings import not_named, not_understood
from agent.pipeline.renew import LARGEST, needs_share, renew_register
from agent.pipeline.stages import Stages, log_key
from agent.record import published
from agent.record.publish import progress
from agent.record.seals import NOT_THE_SIGNER, current_key
from agent.share import Share

CLOCK_TOLERANCE = timedelta(minutes=2)
"""The server's answer is good to a second or so; a laptop further off than this gives wrong delays."""

ROOM_NEEDED = 200 * 1024 * 1024
"""Bytes that the journal, the record and their safety margin need on the laptop for years of visits."""


FORWARDING_LATE = timedelta(hours=1)
"""What waits for longer than this, though its receiver can be reached, waits for something else."""


class Mark(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doctor`."""

    check: str
    mark: Mark
    text: str
    advice: str = ""


def examine(stages: Stages, service: Callable[[], tuple[bool, Known]]) -> Iterator[Finding]:
    """All checks; `service` says whether the service is installed and whether it runs."""
    yield Finding("settings", Mark.OK, f"read; this is {stages.settings.device.name}")
    yield from _folders(stages)
    yield from _watching()
    yield _reading(stages)
    yield from _room(stages)
    yield from _record(stages)
    yield from _share(stages)
    yield from _forwarding(stages)
    yield from _service(service)
    yield _encryption(stages.settings.state_dir)


def _folders(stages: Stages) -> Iterator[Finding]:
    for number, folder in enumerate(stages.settings.watch, start=1):
        name = f"folder {number}"
        if not folder.is_dir():
            advice = "make it, put the card in, or correct folders.watch in agent.toml"
            yield Finding(name, Mark.WARN, f"{folder} is not there", advice)
            continue
        if not os.access(folder, os.R_OK | os.X_OK):
            yield Finding(name, Mark.FAIL, f"{folder} cannot be read", "give this user read permission")
        elif not os.access(folder, os.W_OK):
            yield Finding(name, Mark.FAIL, f"{folder} cannot be written, so nothing can be removed", "allow writing")
        else:
            yield Finding(name, Mark.OK, f"{folder} can be read and written")
        reason = why_unfit(stages.settings, folder)
        if reason is not None:
            yield Finding(
                f"{name} place",
                Mark.FAIL,
                f"{folder} {reason.removesuffix('.')}",
                "choose a folder of this laptop that is for imported photos alone",
            )


def _watching() -> Iterator[Finding]:
    limits = watch_limits()
    if limits is None:
        yield Finding("watching", Mark.OK, "this system sets no limit of its own")
    elif limits.free < 1000:
        advice = "raise fs.inotify.max_user_watches; until then the rescan finds new photos, only later"
        yield Finding("watching", Mark.WARN, f"only {limits.free} folders more can be watched", advice)
    else:
        yield Finding("watching", Mark.OK, f"{limits.free} folders more can be watched")


def _reading(stages: Stages) -> Finding:
    """Whether photos can be read apart from this program, and which limits this system holds that to."""
    try:
        imposed = stages.capture.imposed()
    except AgentError as fault:
        return Finding("reading", Mark.FAIL, str(fault), "no photo is read until this is settled")
    held = {"memory": imposed.memory, "processor time": imposed.processor, "time": imposed.wall}
    missing = [limit for limit, how in held.items() if how == "not"]
    watched = [limit for limit, how in held.items() if how == "watched"]
    if missing:
        text = f"photos are read in a process of its own, but this system sets it no limit on {', '.join(missing)}"
        return Finding("reading", Mark.WARN, text, "a photo made to do harm could slow this laptop down: tell IT")
    text = "photos are read in a process of its own, with limits on memory, processor time and time"
    if watched:
        text += f" (this system has none for {' and '.join(watched)}: the process watches itself)"
    if imposed.files == "not":
        text += "; this system cannot keep it from writing files"
    return Finding("reading", Mark.OK, text)


def _room(stages: Stages) -> Iterator[Finding]:
    free = shutil.disk_usage(stages.settings.state_dir).free
    if free < ROOM_NEEDED:
        yield Finding("disk", Mark.FAIL, f"{free // 1_000_000} MB free for the journal", "make room on this disk")
    else:
        yield Finding("disk", Mark.OK, f"{free // 1_000_000_000} GB free for the journal and the record")


def _record(stages: Stages) -> Iterator[Finding]:
    place, seals = log_key(stages.settings), []
    try:
        seals = stages.record.seals()
        key = place.load().key
        progress_made = progress(stages.record, published_up_to(stages.journal, stages.record.device))
        missing = unpublished(stages)
    except RecordError as fault:
        # Before the first signature a key may still be missing: `init` or the first run makes it.
        mark = Mark.FAIL if seals or place.exists() else Mark.WARN
        yield Finding("record", mark, str(fault), "until this is settled the record is not signed")
        return
    if seals and current_key(seals, [key]) is None:
        yield Finding("record", Mark.FAIL, NOT_THE_SIGNER, "let IT know of it")
        return
    signed = seals[-1].size if seals else 0
    text = f"{signed} entries signed, {progress_made.size} of them on the share; the log key is in {place.description}"
    trouble = stages.journal.fact(UNPUBLISHED)
    if trouble or progress_made.lost:
        yield Finding("record", Mark.FAIL, f"{text}. {trouble or ''}".strip(), "tell IT: until then it is not reviewed")
    elif missing:
        advice = "run `photo-agent sync`; if they are still there, tell IT"
        yield Finding("record", Mark.FAIL, f"{text}; {missing} are not on the share", advice)
    else:
        yield Finding("record", Mark.OK, text)


def _share(stages: Stages) -> Iterator[Finding]:
    where = f"{stages.settings.share.host}, port {stages.settings.share.port}"
    try:
        share = stages.connect()
    except AgentError as fault:
        yield Finding("share", Mark.FAIL, str(fault), "nothing is sent or removed until this is settled")
        yield from _register(stages, None)
        return
    with share:
        able = share.abilities()
        yield Finding("share", Mark.OK, f"{where}: host key as pinned, logged in ({able.software})")
        yield from _writing(stages, share)
        yield from _clock(stages, share)
        yield from _register(stages, share)


def _writing(stages: Stages, share: Share) -> Iterator[Finding]:
    try:
        share.try_out()
    except (ShareFault, FileNotFoundError) as fault:
        advice = "on the server, IT runs install/server/check-share.sh, which says what is wrong"
        yield Finding("share writing", Mark.FAIL, str(fault), advice)
    else:
        yield Finding("share writing", Mark.OK, "written, read back, named and removed a test file")
        waited = release(stages.journal)
        if waited:
            photos = "1 photo that waited" if waited == 1 else f"{waited} photos that waited"
            yield Finding("waiting for IT", Mark.OK, f"{photos} for IT will be sent again")
    folder = published.folder(stages.record.device)
    try:
        share.try_out(folder)
    except (ShareFault, FileNotFoundError) as fault:
        name, user = stages.record.device, stages.settings.share.user
        advice = f"on the server, IT runs `add-device.sh {name} …` for the user {user}, or device.name is corrected"
        yield Finding("share record", Mark.FAIL, f"the record cannot be written to {folder}: {fault}", advice)
    else:
        yield Finding("share record", Mark.OK, f"written, read back, named and removed a test file in {folder}")
    if share.abilities().fsync:
        yield Finding("share fsync", Mark.OK, "the server confirms that files are on its disk")
    elif stages.settings.share.allow_unsynced:
        advice = "photos are removed here all the same, as share.allow_unsynced says"
        yield Finding("share fsync", Mark.WARN, "the server cannot confirm that files are on its disk", advice)
    else:
        advice = "use OpenSSH's internal-sftp, or set share.allow_unsynced = true"
        offered = any("fsync@openssh.com" in text for name, text in share.abilities().details if name == "extensions")
        lacks = "offers fsync but refuses it" if offered else "has no fsync"
        yield Finding("share fsync", Mark.FAIL, f"the server {lacks}, so photos are sent but not removed", advice)
    free = share.space().free
    if free is None:
        yield Finding("share space", Mark.WARN, "the server does not say how much is free", "watch it on the server")
    elif free < 10_000_000_000:
        yield Finding("share space", Mark.WARN, f"{free / 1e9:.1f} GB free", "a trip can be 10 GB: make room")
    else:
        yield Finding("share space", Mark.OK, f"{free / 1e9:.0f} GB free")


def _clock(stages: Stages, share: Share) -> Iterator[Finding]:
    try:
        ahead = stages.clock() - share.now()
    except ShareFault as fault:
        yield Finding("clock", Mark.WARN, f"not compared with the server: {fault}")
        return
    if abs(ahead) > CLOCK_TOLERANCE:
        direction = "ahead of" if ahead > timedelta() else "behind"
        text = f"this laptop's clock is {abs(ahead.total_seconds()):.0f} s {direction} the server's"
        yield Finding("clock", Mark.WARN, text, "set it by the network")
    else:
        yield Finding("clock", Mark.OK, f"within {abs(ahead.total_seconds()):.0f} s of the server's")


def _register(stages: Stages, share: Share | None) -> Iterator[Finding]:
    if share is None and needs_share(stages):
        register, refusal = stages.registers.current(), None
    else:
        renewal = renew_register(stages, share)
        register, refusal = renewal.register, renewal.refusal
    if refusal is not None:
        advice = "correct the file; `photo-agent visits check FILE` names every fault"
        yield Finding("register", Mark.FAIL, refusal, advice)
    if register is None:
        yield Finding("register", Mark.FAIL, "none was ever read", "the visits coordinator puts one where settings say")
        return
    since = age(register.read_at, stages.clock())
    old = since > timedelta(days=stages.settings.register.max_age_days)
    visits, cameras = counted(len(register.visits), "visit"), counted(len(register.cameras), "camera")
    text = f"{visits}, {cameras}, renewed {counted(since.days, 'day')} ago"
    yield Finding("register", Mark.FAIL if old else Mark.OK, text, "connect to the school's network" if old else "")
    yield from _register_lines(stages, register)
    if share is not None or not needs_share(stages):
        yield from _cameras_aside(stages, share)


def _register_lines(stages: Stages, register: Register) -> Iterator[Finding]:
    advice = "the coordinator corrects them: `photo-agent visits check FILE` names every fault"
    faults = stages.registers.faults()
    if unread := not_understood(faults):
        yield Finding("register lines", Mark.FAIL, unread, advice)
    elif faults:
        text = f"{len(faults)} {'warning' if len(faults) == 1 else 'warnings'}, the first: {faults[0]}"
        yield Finding("register lines", Mark.WARN, text, advice)
    if unnamed := not_named(register, stages.settings.device.staff):
        advice = "correct device.staff in agent.toml, or the coordinator corrects the register"
        yield Finding("register staff", Mark.FAIL, unnamed, advice)


def _cameras_aside(stages: Stages, share: Share | None) -> Iterator[Finding]:
    """A cameras register in the usual place that the settings pass over."""
    settings = stages.settings
    beside = settings.cameras_beside
    if settings.cameras_file in {None, beside}:
        return
    try:
        there = (
            beside.is_file() if isinstance(beside, Path) else share is not None and bool(share.read(beside, LARGEST))
        )
    except (FileNotFoundError, ShareFault, OSError):
        return
    if there:
        text = "there is a cameras.csv beside the visits register, and it is not used: the settings name another file"
        yield Finding("cameras", Mark.WARN, text, "take register.cameras out of agent.toml, or the file away")


def _forwarding(stages: Stages) -> Iterator[Finding]:
    """Whether each log server that the settings name can be reached and trusted; nothing is sent to it."""
    for receiver, fault in try_out(stages):
        check = f"forwarding to {receiver.name}"
        waits = "1 entry waits for it" if receiver.waiting == 1 else f"{receiver.waiting} entries wait for it"
        advice = "photos do not wait for it, and nothing is lost: IT sees to the server, or to [forward] in agent.toml"
        trouble = fault or receiver.fault
        late = receiver.oldest is not None and age(receiver.oldest, stages.clock()) > FORWARDING_LATE
        if trouble is not None:
            yield Finding(check, Mark.WARN, f"{trouble} {waits}", advice)
        elif late:
            text = f"{receiver.description} can be reached, but {waits}, some since {receiver.oldest:%d %b %H:%M} UTC"
            yield Finding(check, Mark.WARN, text, "run `photo-agent sync`; if they still wait, tell IT")
        else:
            yield Finding(check, Mark.OK, f"{receiver.description} can be reached and trusted; {waits}")


def _service(service: Callable[[], tuple[bool, Known]]) -> Iterator[Finding]:
    try:
        installed, running = service()
    except AgentError as fault:
        yield Finding("service", Mark.WARN, str(fault), "start `photo-agent run` at log-in by other means")
        return
    if not installed:
        yield Finding("service", Mark.WARN, "not installed", "`photo-agent service install` starts it at log-in")
    elif running is Known.YES:
        yield Finding("service", Mark.OK, "installed and running")
    else:
        state = "not running" if running is Known.NO else "installed; whether it runs is not known"
        yield Finding("service", Mark.WARN, state, "`photo-agent service start`")


def _encryption(folder: Path) -> Finding:
    """Whether the disk is encrypted, as far as the system tells a user without rights."""
    known, how = _encrypted(folder)
    if known is Known.YES:
        return Finding("disk encryption", Mark.OK, how)
    if known is Known.NO:
        return Finding("disk encryption", Mark.WARN, how, "photos wait on this disk: IT should encrypt it")
    return Finding("disk encryption", Mark.WARN, "not known: this system does not tell", "IT can look it up")


def _encrypted(folder: Path) -> tuple[Known, str]:
    if sys.platform == "win32":
        return Known.NOT_KNOWN, ""  # manage-bde answers administrators only
    if sys.platform == "darwin":
        told = _output(["fdesetup", "status"])
        if "FileVault is On" in told:
            return Known.YES, "FileVault is on"
        return (Known.NO, "FileVault is off") if "FileVault is Off" in told else (Known.NOT_KNOWN, "")
    source = _output(["findmnt", "-no", "SOURCE", "-T", str(folder)]).strip()
    kinds = _output(["lsblk", "-sno", "TYPE", source.partition("[")[0]]) if source.startswith("/dev/") else ""
    if "crypt" in kinds.split():
        return Known.YES, "the disk is encrypted (dm-crypt)"
    return (Known.NO, "the disk is not encrypted") if kinds else (Known.NOT_KNOWN, "")


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""

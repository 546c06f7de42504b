"""Everything that has to work on this laptop, checked one by one; a check that fails says what to do.

A check changes nothing but its own temporary file on the share; where it cannot be made, it says so. Where the share
can be written to, photos that waited for IT may be sent again.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from agent.errors import AgentError, RecordError, ShareFault
from agent.folders import watch_limits
from agent.model import Known, Register
from agent.pipeline.cards import Phase, cards
from agent.pipeline.clocks import age
from agent.pipeline.context import Context
from agent.pipeline.counting import counted
from agent.pipeline.former import published_up_to, unpublished
from agent.pipeline.importfolders import why_unfit
from agent.pipeline.invain import release
from agent.pipeline.journal_keys import UNPUBLISHED
from agent.pipeline.misgivings import not_listed, not_named, not_understood
from agent.pipeline.places import log_key
from agent.pipeline.receivers import try_out
from agent.pipeline.renew import LARGEST, needs_share, renew_register
from agent.pipeline.status import is_running
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


class CheckResult(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doctor`."""

    check: str
    mark: CheckResult
    text: str
    advice: str = ""
    code: int = 3
    """The exit code of a failure: 2 for the register, 5 and 6 for the share, 3 for everything else."""


GRAVEST_FIRST = (6, 5, 2, 3)
"""Which exit code counts where several checks fail: without the share, nothing else can be put right."""


def exit_code(findings: Iterable[Finding]) -> int:
    """0, or the code of the gravest failure."""
    failed = {found.code for found in findings if found.mark is CheckResult.FAIL}
    return next((code for code in GRAVEST_FIRST if code in failed), 0)


def examine(
    context: Context, service: Callable[[], tuple[bool, Known]], overruled: Sequence[str] = ()
) -> Iterator[Finding]:
    """All checks; `service` says whether the service is installed and whether it runs.

    `overruled` are the settings of this laptop's own file that are not used, because IT locked them.
    """
    yield Finding(
        "settings", CheckResult.OK, f"the settings file is right; this laptop is {context.settings.device.name}"
    )
    if overruled:
        text = f"this user's own file says something else of {', '.join(overruled)}, which IT locked"
        yield Finding("settings locked", CheckResult.WARN, text, "take it out there; what IT set is used")
    yield from _folders(context)
    yield from _cards(context)
    yield from _watching()
    yield _reading(context)
    yield from _room(context)
    yield from _record(context)
    yield from _network(context)
    yield from _share(context)
    yield from _forwarding(context)
    yield from _service(service)
    yield _encryption(context.settings.state_dir)


def _folders(context: Context) -> Iterator[Finding]:
    for number, folder in enumerate(context.settings.watch, start=1):
        name = f"folder {number}"
        if not folder.is_dir():
            advice = "make the folder, connect its disk, or name another: `photo-agent config set folders.watch FOLDER`"
            yield Finding(name, CheckResult.FAIL, f"there is no folder {folder}", advice)
            continue
        if not os.access(folder, os.R_OK | os.X_OK):
            yield Finding(name, CheckResult.FAIL, f"{folder} cannot be read", "give this user permission to read it")
        elif not os.access(folder, os.W_OK):
            yield Finding(
                name,
                CheckResult.FAIL,
                f"{folder} cannot be written, so no photo can be removed from it",
                "give this user permission to write",
            )
        else:
            yield Finding(name, CheckResult.OK, f"{folder} can be read and written")
        reason = why_unfit(context.settings, folder)
        if reason is not None:
            yield Finding(
                f"{name} place",
                CheckResult.FAIL,
                f"{folder} {reason.removesuffix('.')}",
                "choose a folder of this laptop that is for imported photos alone",
            )


def _cards(context: Context) -> Iterator[Finding]:
    for card in cards(context) if is_running(context.settings) else ():
        if card.phase is Phase.TOO_MANY:
            yield Finding(
                "card",
                CheckResult.WARN,
                f"a card holds more than {card.photos:,} photos, so it was not looked through and nothing was sent",
                f'run `photo-agent sync "{card.plugged.top}"`, or copy the photos of the visit into a watched folder',
            )


def _watching() -> Iterator[Finding]:
    limits = watch_limits()
    if limits is None:
        yield Finding("watching", CheckResult.OK, "this system sets no limit on the number of watched folders")
    elif limits.free < 1000:
        advice = (
            "raise fs.inotify.max_user_watches; until then, new photos in other folders are found later, by the rescan"
        )
        yield Finding("watching", CheckResult.WARN, f"only {limits.free} more folders can be watched", advice)
    else:
        yield Finding("watching", CheckResult.OK, f"{limits.free} more folders can be watched")


def _reading(context: Context) -> Finding:
    """Whether photos can be read apart from this program, and which limits this system holds that to."""
    try:
        imposed = context.worker.imposed()
    except AgentError as fault:
        return Finding("reading", CheckResult.FAIL, str(fault), "tell IT; until this is put right, no photo is read")
    held = {"memory": imposed.memory, "processor time": imposed.processor, "time": imposed.wall}
    missing = [limit for limit, how in held.items() if how == "not"]
    watched = [limit for limit, how in held.items() if how == "watched"]
    if missing:
        text = f"photos are read in a separate process, but this system does not limit its {', '.join(missing)}"
        return Finding(
            "reading", CheckResult.WARN, text, "a photo made to do harm could slow this laptop down: tell IT"
        )
    text = "photos are read in a separate process, with limits on memory, processor time and time"
    if watched:
        text += f" (this system does not enforce the limit on {' and '.join(watched)}: the process watches itself)"
    if imposed.files == "not":
        text += "; this system cannot stop that process from writing files"
    return Finding("reading", CheckResult.OK, text)


def _room(context: Context) -> Iterator[Finding]:
    free = shutil.disk_usage(context.settings.state_dir).free
    if free < ROOM_NEEDED:
        yield Finding(
            "disk",
            CheckResult.FAIL,
            f"only {free // 1_000_000} MB are free for the journal and the record",
            "make room on this disk",
        )
    else:
        yield Finding("disk", CheckResult.OK, f"{free // 1_000_000_000} GB are free for the journal and the record")


def _record(context: Context) -> Iterator[Finding]:
    place, seals = log_key(context.settings), []
    try:
        seals = context.record.seals()
        key = place.load().key
        progress_made = progress(context.record, published_up_to(context.journal, context.record.device))
        missing = unpublished(context)
    except RecordError as fault:
        # Before the first signature a key may still be missing: `init` or the first run makes it.
        mark = CheckResult.FAIL if seals or place.exists() else CheckResult.WARN
        yield Finding("record", mark, str(fault), "tell IT; until this is put right, the record is not signed")
        return
    if seals and current_key(seals[-1], [key]) is None:
        yield Finding("record", CheckResult.FAIL, NOT_THE_SIGNER, "tell IT")
        return
    signed = seals[-1].size if seals else 0
    text = f"{counted(signed, 'entry', 'entries')} signed, {progress_made.size} of them on the share"
    text += f"; the log key is in {place.description}"
    trouble = context.journal.fact(UNPUBLISHED)
    if trouble or progress_made.lost:
        yield Finding(
            "record",
            CheckResult.FAIL,
            f"{text}. {trouble or ''}".strip(),
            "tell IT; until this is put right, nobody can review the record",
        )
    elif missing:
        advice = "run `photo-agent sync`; if they are still there, tell IT"
        yield Finding(
            "record",
            CheckResult.FAIL,
            f"{text}; {counted(missing, 'entry is', 'entries are')} not on the share yet",
            advice,
        )
    else:
        yield Finding("record", CheckResult.OK, text)


def _network(context: Context) -> Iterator[Finding]:
    if context.settings.share.when != "unmetered":
        return
    known = context.metered()
    if known is Known.YES:
        advice = "the service sends on another network; `photo-agent sync` sends now"
        yield Finding("network", CheckResult.WARN, "this network is metered, so photos wait", advice)
    elif known is Known.NO:
        yield Finding("network", CheckResult.OK, "this network is not metered, so photos are sent")
    else:
        advice = 'share.when = "unmetered" has no effect here'
        text = "this system does not say whether the network is metered, so photos are sent"
        yield Finding("network", CheckResult.WARN, text, advice)


def _share(context: Context) -> Iterator[Finding]:
    where = f"{context.settings.share.host}, port {context.settings.share.port}"
    try:
        share = context.connect()
    except AgentError as fault:
        advice = "until this is put right, no photo is sent or removed"
        yield Finding(
            "share", CheckResult.FAIL, str(fault), advice, fault.exit_code if fault.exit_code in {5, 6} else 3
        )
        yield from _register(context, None)
        return
    with share:
        able = share.abilities()
        yield Finding(
            "share", CheckResult.OK, f"{where}: its host key is the pinned one, and the login works ({able.software})"
        )
        by = next((how for what, how in able.details if what == "connected by"), "")
        if by:
            yield Finding("share transport", CheckResult.OK, f"the connection is made by {by}")
        yield from _writing(context, share)
        yield from _clock(context, share)
        yield from _register(context, share)


def _writing(context: Context, share: Share) -> Iterator[Finding]:
    try:
        share.try_out()
    except (ShareFault, FileNotFoundError) as fault:
        advice = "IT runs install/server/check-share.sh on the server, which says what is wrong"
        yield Finding("share writing", CheckResult.FAIL, str(fault), advice)
    else:
        yield Finding("share writing", CheckResult.OK, "a test file was written, read back, renamed and removed")
        waited = release(context.journal)
        if waited:
            photos = "1 photo that waited" if waited == 1 else f"{waited} photos that waited"
            yield Finding("waiting for IT", CheckResult.OK, f"{photos} for IT will be sent again")
    folder = published.folder(context.record.device)
    try:
        share.try_out(folder)
    except (ShareFault, FileNotFoundError) as fault:
        name, user = context.record.device, context.settings.share.user
        advice = f"IT runs `add-device.sh {name} …` for the user {user} on the server, or corrects device.name here"
        yield Finding("share record", CheckResult.FAIL, f"the record cannot be written to {folder}. {fault}", advice)
    else:
        yield Finding(
            "share record", CheckResult.OK, f"a test file was written, read back, renamed and removed in {folder}"
        )
    if share.abilities().fsync:
        yield Finding("share fsync", CheckResult.OK, "the server confirms that files are on its disk")
    elif context.settings.share.allow_unsynced:
        advice = "the settings (share.allow_unsynced) say that photos are removed from this laptop all the same"
        yield Finding("share fsync", CheckResult.WARN, "the server cannot confirm that files are on its disk", advice)
    else:
        advice = "IT uses OpenSSH's internal-sftp, or sets share.allow_unsynced = true"
        offered = any("fsync@openssh.com" in text for name, text in share.abilities().details if name == "extensions")
        lacks = "offers fsync but refuses it" if offered else "does not offer fsync"
        yield Finding(
            "share fsync", CheckResult.FAIL, f"the server {lacks}, so photos are sent but not removed", advice
        )
    free = share.space().free
    if free is None:
        yield Finding(
            "share space",
            CheckResult.WARN,
            "the server does not say how much space is free",
            "IT watches it on the server",
        )
    elif free < 10_000_000_000:
        yield Finding(
            "share space",
            CheckResult.WARN,
            f"only {free / 1e9:.1f} GB are free",
            "IT makes room: one trip can need 10 GB",
        )
    else:
        yield Finding("share space", CheckResult.OK, f"{free / 1e9:.0f} GB are free")


def _clock(context: Context, share: Share) -> Iterator[Finding]:
    try:
        ahead = context.clock() - share.now()
    except ShareFault as fault:
        yield Finding(
            "clock", CheckResult.WARN, f"this laptop's clock could not be compared with the server's: {fault}"
        )
        return
    if abs(ahead) > CLOCK_TOLERANCE:
        direction = "ahead of" if ahead > timedelta() else "behind"
        text = f"this laptop's clock is {abs(ahead.total_seconds()):.0f} seconds {direction} the server's"
        yield Finding("clock", CheckResult.WARN, text, "have the system set its clock from the network")
    else:
        yield Finding(
            "clock",
            CheckResult.OK,
            f"this laptop's clock agrees with the server's, to within {abs(ahead.total_seconds()) + 1:.0f} s",
        )


def _register(context: Context, share: Share | None) -> Iterator[Finding]:
    if share is None and needs_share(context):
        register, refusal = context.registers.current(), None
    else:
        renewal = renew_register(context, share)
        register, refusal = renewal.register, renewal.refusal
    if refusal is not None:
        advice = "the visits coordinator corrects it; `photo-agent visits check FILE` names every fault"
        yield Finding("register", CheckResult.FAIL, refusal, advice, 2)
    if register is None:
        yield Finding(
            "register",
            CheckResult.FAIL,
            "this laptop has never read a visits register",
            f"the visits coordinator saves it as {context.settings.register.visits}",
            2,
        )
        return
    since = age(register.read_at, context.clock())
    old = since > timedelta(days=context.settings.register.max_age_days)
    visits, cameras = counted(len(register.visits), "visit"), counted(len(register.cameras), "camera")
    when = f"{counted(since.days, 'day')} ago" if since.days else "today"
    text = f"{visits} and {cameras}, read {when}"
    if old:
        yield Finding("register", CheckResult.FAIL, text, "connect this laptop to the school's network", 2)
    else:
        yield Finding("register", CheckResult.OK, text)
    yield from _register_lines(context, register)
    if share is not None or not needs_share(context):
        yield from _cameras_aside(context, share)


def _register_lines(context: Context, register: Register) -> Iterator[Finding]:
    advice = "the coordinator corrects them: `photo-agent visits check FILE` names every fault"
    faults = context.registers.faults()
    if unread := not_understood(faults):
        yield Finding("register lines", CheckResult.FAIL, unread, advice, 2)
    elif faults:
        text = f"{len(faults)} {'warning' if len(faults) == 1 else 'warnings'}, the first: {faults[0]}"
        yield Finding("register lines", CheckResult.WARN, text, advice)
    if unnamed := not_named(register, context.settings.device.staff):
        advice = "IT corrects it (`photo-agent config set device.staff NAME`), or the visits coordinator the register"
        yield Finding("register staff", CheckResult.FAIL, unnamed, advice, 2)
    elif unlisted := not_listed(register, context.settings.device.staff):
        advice = "if that is a mistake, IT corrects the name (`photo-agent config set device.staff NAME`)"
        yield Finding("register staff", CheckResult.WARN, unlisted, advice)


def _cameras_aside(context: Context, share: Share | None) -> Iterator[Finding]:
    """A cameras register in the usual place that the settings pass over."""
    settings = context.settings
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
        text = "cameras.csv lies beside the visits register but is not used, because the settings name another file"
        yield Finding(
            "cameras", CheckResult.WARN, text, "IT takes register.cameras out of agent.toml, or moves the file away"
        )


def _forwarding(context: Context) -> Iterator[Finding]:
    """Whether each log server that the settings name can be reached and trusted; nothing is sent to it."""
    for receiver, fault in try_out(context):
        check = f"forwarding to {receiver.name}"
        waits = "1 entry waits for it" if receiver.waiting == 1 else f"{receiver.waiting} entries wait for it"
        advice = "photos do not wait for it, and nothing is lost; IT looks at the server, or at [forward] in agent.toml"
        trouble = fault or receiver.fault
        late = receiver.oldest is not None and age(receiver.oldest, context.clock()) > FORWARDING_LATE
        if trouble is not None:
            yield Finding(check, CheckResult.WARN, f"{trouble} {waits}", advice)
        elif late:
            text = f"{receiver.description} can be reached, but {waits}, some since {receiver.oldest:%d %b %H:%M} UTC"
            yield Finding(check, CheckResult.WARN, text, "run `photo-agent sync`; if they still wait, tell IT")
        else:
            yield Finding(check, CheckResult.OK, f"{receiver.description} can be reached and trusted; {waits}")


def _service(service: Callable[[], tuple[bool, Known]]) -> Iterator[Finding]:
    try:
        installed, running = service()
    except AgentError as fault:
        yield Finding(
            "service", CheckResult.WARN, str(fault), "have `photo-agent run` started at log-in in another way"
        )
        return
    if not installed:
        yield Finding(
            "service",
            CheckResult.WARN,
            "the service is not installed",
            "`photo-agent service install` starts it at log-in",
        )
    elif running is Known.YES:
        yield Finding("service", CheckResult.OK, "the service is installed and running")
    else:
        state = (
            "the service is not running"
            if running is Known.NO
            else "the service is installed; whether it runs is not known"
        )
        yield Finding("service", CheckResult.WARN, state, "`photo-agent service start` starts it")


def _encryption(folder: Path) -> Finding:
    """Whether the disk is encrypted, as far as the system tells a user without rights."""
    known, how = _encrypted(folder)
    if known is Known.YES:
        return Finding("disk encryption", CheckResult.OK, how)
    if known is Known.NO:
        return Finding(
            "disk encryption",
            CheckResult.WARN,
            how,
            "photos wait on this disk before they are sent, so IT should encrypt it",
        )
    return Finding(
        "disk encryption",
        CheckResult.WARN,
        "not known: this system does not say whether the disk is encrypted",
        "IT can look it up",
    )


def _encrypted(folder: Path) -> tuple[Known, str]:
    if sys.platform == "win32":
        return Known.NOT_KNOWN, ""  # manage-bde answers administrators only
    if sys.platform == "darwin":
        answer = _output(["fdesetup", "status"])
        if "FileVault is On" in answer:
            return Known.YES, "FileVault is on"
        return (Known.NO, "FileVault is off") if "FileVault is Off" in answer else (Known.NOT_KNOWN, "")
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

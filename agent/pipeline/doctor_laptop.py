"""What `doctor` checks on the laptop itself: folders, reading photos, disk, record, service, encryption."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from agent.counting import counted
from agent.errors import AgentError, RecordError
from agent.folders import watch_limits
from agent.model.removal import Known
from agent.pipeline.cards import Phase, cards
from agent.pipeline.context import Context
from agent.pipeline.doctor_finding import CheckResult, Finding
from agent.pipeline.former import published_up_to, unpublished
from agent.pipeline.importfolders import why_unfit
from agent.pipeline.journal_keys import UNPUBLISHED
from agent.pipeline.places import log_key
from agent.pipeline.status import is_running
from agent.record.publish import progress
from agent.record.seals import NOT_THE_SIGNER, current_key

ROOM_NEEDED = 200 * 1024 * 1024
"""Bytes that the journal, the record and their safety margin need on the laptop for years of visits."""


def import_folders(context: Context) -> Iterator[Finding]:
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


def cards_put_in(context: Context) -> Iterator[Finding]:
    """A card that the service did not look through because it has too many photos."""
    for card in cards(context) if is_running(context.settings) else ():
        if card.phase is Phase.TOO_MANY:
            yield Finding(
                "card",
                CheckResult.WARN,
                f"a card has more than {card.photos:,} photos, so it was not looked through and nothing was sent",
                f'run `photo-agent sync "{card.plugged.top}"`, or copy the photos of the visit into a watched folder',
            )


def watching() -> Iterator[Finding]:
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


def reading(context: Context) -> Finding:
    """Whether photos can be read in a separate process, and which limits this system puts on that process."""
    try:
        imposed = context.worker.imposed()
    except AgentError as fault:
        return Finding("reading", CheckResult.FAIL, str(fault), "tell IT; no photo is read until this is put right")
    held = {"memory": imposed.memory, "processor time": imposed.processor, "time": imposed.wall}
    missing = [limit for limit, how in held.items() if how == "not"]
    watched = [limit for limit, how in held.items() if how == "watched"]
    if missing:
        text = f"photos are read in a separate process, but this system does not limit its {', '.join(missing)}"
        return Finding("reading", CheckResult.WARN, text, "tell IT: a malicious photo could slow this laptop down")
    text = "photos are read in a separate process, with limits on memory, processor time and time"
    if watched:
        text += f" (this system does not enforce the limit on {' and '.join(watched)}: the process watches itself)"
    if imposed.files == "not":
        text += "; this system cannot stop that process from writing files"
    return Finding("reading", CheckResult.OK, text)


def room(context: Context) -> Iterator[Finding]:
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


def record(context: Context) -> Iterator[Finding]:
    place, seals = log_key(context.settings), []
    try:
        seals = context.record.seals()
        key = place.load().key
        progress_made = progress(context.record, published_up_to(context.journal, context.record.device))
        missing = unpublished(context)
    except RecordError as fault:
        # Before the first signature the key may still be missing: `init` or the first run makes it.
        mark = CheckResult.FAIL if seals or place.exists() else CheckResult.WARN
        yield Finding("record", mark, str(fault), "tell IT; the record is not signed until this is put right")
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
            "tell IT; nobody can review the record until this is put right",
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


def service_state(service: Callable[[], tuple[bool, Known]]) -> Iterator[Finding]:
    try:
        installed, running = service()
    except AgentError as fault:
        yield Finding("service", CheckResult.WARN, str(fault), "start `photo-agent run` at log-in in another way")
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
            else "the service is installed; whether it is running is not known"
        )
        yield Finding("service", CheckResult.WARN, state, "`photo-agent service start` starts it")


def encryption(folder: Path) -> Finding:
    """Whether the disk is encrypted, as far as the system tells a user without administrator rights."""
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

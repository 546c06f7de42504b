"""What `doctor` checks beyond the laptop: the network, the share, the clock against the share's, and log servers."""

from collections.abc import Iterator
from datetime import timedelta

from agent.counting import counted
from agent.errors import AgentError, ShareFault
from agent.model.removal import Known
from agent.pipeline.clocks import age, how_far
from agent.pipeline.context import Context
from agent.pipeline.doctor_finding import CheckResult, Finding
from agent.pipeline.doctor_register import register_findings
from agent.pipeline.invain import release
from agent.pipeline.receivers import try_out
from agent.pipeline.unconfirmed import failed_files
from agent.record import published
from agent.share import Share

CLOCK_TOLERANCE = timedelta(minutes=2)
"""The server's time is accurate to about a second; a laptop further off than this reports wrong delays."""

MOST_NAMED = 50
"""The most files that one finding names."""

FORWARDING_LATE = timedelta(hours=1)
"""Entries that have waited longer than this, though their log server can be reached, point to another fault."""


def network(context: Context) -> Iterator[Finding]:
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


def share_and_register(context: Context) -> Iterator[Finding]:
    where = f"{context.settings.share.host}, port {context.settings.share.port}"
    try:
        share = context.connect()
    except AgentError as fault:
        advice = "no photo is sent or removed until this is put right"
        yield Finding(
            "share", CheckResult.FAIL, str(fault), advice, fault.exit_code if fault.exit_code in {5, 6} else 3
        )
        yield from register_findings(context, None)
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
        yield from _record(context, share)
        yield from _disk(context, share)
        yield from _clock(context, share)
        yield from register_findings(context, share)


def _writing(context: Context, share: Share) -> Iterator[Finding]:
    try:
        share.try_out()
    except (ShareFault, FileNotFoundError) as fault:
        advice = "IT runs install/server/check-share.sh on the server, which says what is wrong"
        yield Finding("share writing", CheckResult.FAIL, str(fault), advice)
    else:
        if share.abilities().removes:
            yield Finding("share writing", CheckResult.OK, "a test file was written, read back, renamed and removed")
        else:
            text = "a test file was written, read back and renamed, but the server does not let this laptop remove it"
            advice = (
                "photos are sent all the same; small files called .uploading-… stay on the server until IT lets "
                "laptops remove their own files (install/guides/servers.md)"
            )
            yield Finding("share writing", CheckResult.WARN, text, advice)
        waited = release(context.journal)
        if waited:
            photos = "1 photo that waited" if waited == 1 else f"{waited} photos that waited"
            yield Finding("waiting for IT", CheckResult.OK, f"{photos} for IT will be sent again")


def _record(context: Context, share: Share) -> Iterator[Finding]:
    folder = published.folder(context.record.device)
    try:
        share.try_out(folder)
    except (ShareFault, FileNotFoundError) as fault:
        name, user = context.record.device, context.settings.share.user
        advice = f"IT runs `add-device.sh {name} …` for the user {user} on the server, or corrects device.name here"
        yield Finding("share record", CheckResult.FAIL, f"the record cannot be written to {folder}. {fault}", advice)
    else:
        done = "renamed and removed" if share.abilities().removes else "and renamed"
        yield Finding("share record", CheckResult.OK, f"a test file was written, read back, {done} in {folder}")


def _disk(context: Context, share: Share) -> Iterator[Finding]:
    if share.abilities().fsync:
        yield Finding("share fsync", CheckResult.OK, "the server confirms that files are on its disk")
    elif context.settings.share.allow_unsynced:
        advice = "photos are still removed from this laptop, because the settings allow it (share.allow_unsynced)"
        yield Finding("share fsync", CheckResult.WARN, "the server cannot confirm that files are on its disk", advice)
    else:
        advice = "IT uses OpenSSH's internal-sftp, or sets share.allow_unsynced = true"
        offered = any("fsync@openssh.com" in text for name, text in share.abilities().details if name == "extensions")
        lacks = "offers fsync but refuses it" if offered else "does not offer fsync"
        yield Finding(
            "share fsync", CheckResult.FAIL, f"the server {lacks}, so photos are sent but not removed", advice
        )
    yield from _failed_disk(context)
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


def _failed_disk(context: Context) -> Iterator[Finding]:
    files = failed_files(context)
    if files:
        more = f" and {len(files) - MOST_NAMED} more" if len(files) > MOST_NAMED else ""
        yield Finding(
            "share disk",
            CheckResult.FAIL,
            f"the server could not write {counted(len(files), 'file')} to its disk: {', '.join(files[:MOST_NAMED])}"
            f"{more}",
            "IT looks at that disk, and deletes these files on the server: the photos are still on this laptop, and "
            "the next run sends them again",
        )


def _clock(context: Context, share: Share) -> Iterator[Finding]:
    try:
        ahead = context.clock() - share.now()
    except ShareFault as fault:
        yield Finding(
            "clock", CheckResult.WARN, f"this laptop's clock could not be compared with the server's: {fault}"
        )
        return
    if abs(ahead) > CLOCK_TOLERANCE:
        text = f"this laptop's clock is {how_far(ahead)} the server's"
        yield Finding("clock", CheckResult.WARN, text, "have the system set its clock from the network")
    else:
        yield Finding(
            "clock",
            CheckResult.OK,
            f"this laptop's clock agrees with the server's, to within {abs(ahead.total_seconds()) + 1:.0f} s",
        )


def forwarding(context: Context) -> Iterator[Finding]:
    """Whether each log server named in the settings can be reached and trusted; nothing is sent to it."""
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

"""What `doctor` checks of the visits register: whether it can be read, how old it is, and what is wrong in it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from agent.counting import counted
from agent.errors import ShareFault
from agent.model.register import Register
from agent.pipeline.clocks import age
from agent.pipeline.context import Context
from agent.pipeline.doctor_finding import CheckResult, Finding
from agent.pipeline.misgivings import not_listed, not_named, not_understood
from agent.pipeline.renew import LARGEST, needs_share, renew_register
from agent.share import Share


def register_findings(context: Context, share: Share | None) -> Iterator[Finding]:
    if share is None and needs_share(context):
        register, refusal, was_read = context.registers.current(), None, True
    else:
        renewal = renew_register(context, share)
        register, refusal, was_read = renewal.register, renewal.refusal, renewal.was_read
    if refusal is not None:
        advice = "ask the visits coordinator to correct it; `photo-agent visits check FILE` names every fault"
        if not was_read:  # it says by itself who puts that right
            advice = "until then the last good one is used" if register is not None else "until then nothing is sent"
        yield Finding("register", CheckResult.FAIL, refusal, advice, 2)
    if register is None:
        yield Finding(
            "register",
            CheckResult.FAIL,
            "this laptop has never read a visits register",
            (
                "put the share right first: the register is on it"
                if share is None and needs_share(context)
                else f"ask the visits coordinator to save it as {context.settings.register.visits}"
            ),
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
    advice = "ask the visits coordinator to correct them; `photo-agent visits check FILE` names every fault"
    faults = context.registers.faults()
    if unread := not_understood(faults):
        yield Finding("register lines", CheckResult.FAIL, unread, advice, 2)
    elif faults:
        text = f"{len(faults)} {'warning' if len(faults) == 1 else 'warnings'}, the first: {faults[0]}"
        yield Finding("register lines", CheckResult.WARN, text, advice)
    if unnamed := not_named(register, context.settings.device.staff):
        advice = f"IT corrects the name {_where_the_name_is(context)}, or the coordinator corrects the register"
        yield Finding("register staff", CheckResult.FAIL, unnamed, advice, 2)
    elif unlisted := not_listed(register, context.settings.device.staff):
        advice = f"if that is a mistake, IT corrects the name {_where_the_name_is(context)}"
        yield Finding("register staff", CheckResult.WARN, unlisted, advice)


def _where_the_name_is(context: Context) -> str:
    """The place in which IT changes the name of this laptop's member of staff."""
    device = context.settings.device
    return f"in {device.staff_file}" if device.staff_file else "here (`photo-agent config set device.staff NAME`)"


def _cameras_aside(context: Context, share: Share | None) -> Iterator[Finding]:
    """A cameras register in the usual place that is not used because the settings name another file."""
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
        text = "there is a cameras.csv beside the visits register, but it is not used: the settings name another file"
        yield Finding(
            "cameras", CheckResult.WARN, text, "IT takes register.cameras out of agent.toml, or moves the file away"
        )

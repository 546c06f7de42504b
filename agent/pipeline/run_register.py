"""A run reads the register again when it begins, and records that it has changed."""

from collections.abc import Callable

from agent.model.ids import Sha256
from agent.model.register import Register
from agent.pipeline.context import Context
from agent.pipeline.journal_keys import REGISTER_ON_RECORD, REGISTER_REFUSAL
from agent.pipeline.renew import renew_register
from agent.record.bodies import RegisterChanged
from agent.share import Share


def renew(context: Context, share: Share | None, notice: Callable[[str], None]) -> None:
    """Read the register again; `share` is None if the register is not on it. If reading fails, the last good one is
    used.

    Raises ShareUnreachable and ShareRefused, as the share does.
    """
    renewal = renew_register(context, share)
    context.journal.set_fact(REGISTER_REFUSAL, renewal.refusal)
    if renewal.refusal:
        why = renewal.refusal.rstrip(".")
        said = f"T{why[1:]}" if why.startswith("the new ") else f"The visits register could not be used: {why}"
        notice(f"{said}." if renewal.register is None else f"{said}. The last good one is used instead.")
    if renewal.register is not None:
        _record_change(context, renewal.register)


def _record_change(context: Context, register: Register) -> None:
    """Record each change once, whoever fetched it: `doctor` and `visits accept` fetch the register too."""
    before = context.journal.fact(REGISTER_ON_RECORD)
    if before == register.version:
        return
    changed = RegisterChanged(
        register_version=register.version,
        previous_version=None if before is None else Sha256(before),
        visits=len(register.visits),
        cameras=len(register.cameras),
        read_at=register.read_at,
    )
    event = f"register-{register.version[:16]}-{register.read_at.isoformat(timespec='seconds')}"
    context.record.append(changed.draft(event, context.clock()))
    context.journal.set_fact(REGISTER_ON_RECORD, register.version)

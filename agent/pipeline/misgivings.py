"""Doubts about the register in use on this laptop, in sentences that `sync`, `status` and `doctor` show.

A line that was not understood may be a visit of this laptop's user, and a name that occurs nowhere is probably spelt
differently in the register. Until somebody has corrected it, photos that this could concern wait
(`agent.register.uncertain`).
"""

from collections.abc import Iterable

from agent.model.register import Register, Visit
from agent.pipeline.context import Context
from agent.register import Fault, nearest, occurs, staff_of


def misgivings(context: Context, register: Register | None) -> str | None:
    """The sentences; None if the register was understood and names this laptop's member of staff."""
    if register is None:
        return None
    said = [not_understood(context.registers.faults()), not_named(register, context.settings.device.staff)]
    return " ".join(words for words in said if words) or None


def not_understood(faults: tuple[Fault, ...]) -> str | None:
    """How many lines of the visits register were left out, and what is wrong with the first."""
    errors = [fault for fault in faults if fault.severity == "error" and fault.register == "visits"]
    lines = sorted({fault.line for fault in errors})
    if not lines:
        return None
    first = next(fault for fault in errors if fault.line == lines[0])
    if len(lines) == 1:
        return (
            f"One line of the visits register is not used ({first}): photos that may belong to it wait until the "
            "visits coordinator has corrected it."
        )
    return (
        f"{len(lines)} lines of the visits register are not used (the first: {first}): photos that may belong to them "
        "wait until the visits coordinator has corrected them."
    )


def not_named(register: Register, staff: str) -> str | None:
    """The sentence if this laptop's member of staff is not on any visit, with the name that may be meant."""
    if occurs(staff_of(register, staff), register.visits):
        return None
    names = names_in(register.visits)
    meant = nearest(staff, names)
    more = ", …" if len(names) > 8 else ""
    hint = f"is “{meant}” meant?" if meant else f"the names there are {', '.join(names[:8])}{more}."
    visits = "the one visit" if len(register.visits) == 1 else f"any of the {len(register.visits)} visits"
    return f"{staff} is not on {visits} in the register, so photos taken during them wait: {hint}"


def not_listed(register: Register, staff: str) -> str | None:
    """The sentence if no visit lists this laptop's member of staff by name, so that only visits for everybody count."""
    listing = [visit for visit in register.visits if visit.staff]
    if not listing or occurs(staff_of(register, staff), listing):
        return None
    meant = nearest(staff, names_in(listing))
    hint = f" Is “{meant}” meant?" if meant else ""
    return f"no visit in the register lists {staff} by name; visits without a list of staff are for everybody.{hint}"


def names_in(visits: Iterable[Visit]) -> tuple[str, ...]:
    """Every member of staff that the visits name, sorted."""
    return tuple(sorted({name for visit in visits for name in visit.staff}, key=str.casefold))

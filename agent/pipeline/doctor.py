"""Everything that has to work on this laptop, checked one by one; a check that fails says what to do.

A check changes nothing but its own temporary file on the share; where it cannot be made, it says so. Where the share
can be written to, photos that waited for IT may be sent again.
"""

from collections.abc import Callable, Iterator, Sequence

from agent.model import Known
from agent.pipeline.context import Context
from agent.pipeline.doctor_finding import CheckResult, Finding
from agent.pipeline.doctor_laptop import encryption, import_folders, reading, record, room, service_state, watching
from agent.pipeline.doctor_share import forwarding, network, share_and_register


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
    yield from import_folders(context)
    yield from watching()
    yield reading(context)
    yield from room(context)
    yield from record(context)
    yield from network(context)
    yield from share_and_register(context)
    yield from forwarding(context)
    yield from service_state(service)
    yield encryption(context.settings.state_dir)

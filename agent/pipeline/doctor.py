"""Everything that has to work on this laptop, checked one by one; a check that fails says what to do.

A check changes nothing but its own temporary file on the share; if it cannot be made, it says so. If the share can be
written to, photos that waited for IT may be sent again.
"""

from collections.abc import Callable, Iterator, Sequence

from agent.model.removal import Known
from agent.pipeline.context import Context
from agent.pipeline.doctor_finding import CheckResult, Finding
from agent.pipeline.doctor_laptop import (
    cards_put_in,
    encryption,
    import_folders,
    reading,
    record,
    room,
    service_state,
    watching,
)
from agent.pipeline.doctor_share import forwarding, network, share_and_register


def examine(
    context: Context, service: Callable[[], tuple[bool, Known]], overruled: Sequence[str] = ()
) -> Iterator[Finding]:
    """Make all checks. `service` says whether the service is installed and whether it is running.

    `overruled` are the settings in this laptop's own file that are ignored because IT locked them.
    """
    yield Finding(
        "settings", CheckResult.OK, f"the settings file is right; this laptop is {context.settings.device.name}"
    )
    if overruled:
        text = f"this user's own settings file also sets {', '.join(overruled)}, which IT has locked"
        yield Finding("settings locked", CheckResult.WARN, text, "remove it from that file; IT's value is used")
    yield from import_folders(context)
    yield from cards_put_in(context)
    yield from watching()
    yield reading(context)
    yield from room(context)
    yield from record(context)
    yield from network(context)
    yield from share_and_register(context)
    yield from forwarding(context)
    yield from service_state(service)
    yield encryption(context.settings.state_dir)

"""Whether the network is one to send over: the settings may keep the service from a metered one."""

from agent.model.removal import Known
from agent.pipeline.context import Context

METERED = (
    "This network is metered: what is sent over it is counted and may cost money. Photos wait for another network, as "
    "this laptop's settings say. “photo-agent sync”, or “Send now” on the page, sends them all the same."
)


def why_it_waits(context: Context) -> str | None:
    """Why the service sends nothing over this network; None where it does, also where nothing is known of it."""
    if context.settings.share.when != "unmetered":
        return None
    return METERED if context.metered() is Known.YES else None

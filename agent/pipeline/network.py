"""Whether photos may be sent over the present network: the settings may forbid the service to use a metered one."""

from agent.model.removal import Known
from agent.pipeline.context import Context

METERED = (
    "This network is metered: sending over it may cost money. As this laptop's settings say, photos wait for another "
    "network. To send them now, use “photo-agent sync”, or “Send now” on the page."
)


def why_it_waits(context: Context) -> str | None:
    """Why the service sends nothing over this network; None if it sends, or if the network's kind is not known."""
    if context.settings.share.when != "unmetered":
        return None
    return METERED if context.metered() is Known.YES else None

"""Photos that the share has given back byte for byte, but that its server has not confirmed to be on its disk.

They stay on this laptop, and do not count as safe: a power cut at the school could take what the server only has in its
memory.
"""

from collections import Counter
from collections.abc import Sequence

from agent.journal import TrackedPhoto
from agent.model.ids import PhotoId, RemoteName, VisitId
from agent.model.removal import Outcome
from agent.pipeline.context import Context
from agent.pipeline.diskfailed import disk_failed


def unconfirmed(context: Context) -> list[TrackedPhoto]:
    """These photos; if the settings allow a server that confirms nothing, only those that its disk failed to take."""
    failed = disk_failed(context.journal)
    allowed = context.settings.share.allow_unsynced
    if allowed and not failed:
        return []  # without reading the photos, which may be thousands on a card
    return [one for one in context.journal.unsynced() if not allowed or _names(one) & failed]


def unconfirmed_ids(context: Context) -> frozenset[PhotoId]:
    """Their ids."""
    return frozenset(one.id for one in unconfirmed(context))


def by_visit(context: Context) -> Counter[VisitId]:
    """How many they are, by visit."""
    return Counter(one.decision.visit for one in unconfirmed(context) if one.decision and one.decision.visit)


def staying(context: Context, recorded: Sequence[TrackedPhoto]) -> list[TrackedPhoto]:
    """Those of these photos that stay on their card, in or not, and of which the server is to be asked again.

    Nothing else would ask: they are not to be removed.
    """
    if context.settings.share.allow_unsynced:
        return []
    return [one for one in recorded if one.away is Outcome.KEPT and _names(one)]


def failed_files(context: Context) -> list[RemoteName]:
    """The files on the share that its disk failed to take, which IT has to delete there."""
    return sorted(disk_failed(context.journal))


def _names(tracked: TrackedPhoto) -> set[RemoteName]:
    return {proof.name for proof in tracked.proofs if not proof.synced}

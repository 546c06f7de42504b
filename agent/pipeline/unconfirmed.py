"""Photos that the share has given back byte for byte, but that its server has not confirmed to be on its disk.

They stay on this laptop, and do not count as safe: a power cut at the school could take what the server only has in its
memory.
"""

from collections import Counter

from agent.journal import TrackedPhoto
from agent.model.ids import PhotoId, RemoteName, VisitId
from agent.pipeline.context import Context
from agent.pipeline.diskfailed import disk_failed


def unconfirmed(context: Context) -> list[TrackedPhoto]:
    """These photos; if the settings allow a server that confirms nothing, only those that its disk failed to take."""
    return [one for one in context.journal.unsynced() if _unconfirmed_files(context, one)]


def unconfirmed_ids(context: Context) -> frozenset[PhotoId]:
    """Their ids."""
    return frozenset(one.id for one in unconfirmed(context))


def by_visit(context: Context) -> Counter[VisitId]:
    """How many they are, by visit."""
    return Counter(one.decision.visit for one in unconfirmed(context) if one.decision and one.decision.visit)


def failed_files(context: Context) -> list[RemoteName]:
    """The files on the share that its disk failed to take, which IT has to delete there."""
    return sorted(disk_failed(context.journal))


def _unconfirmed_files(context: Context, tracked: TrackedPhoto) -> set[RemoteName]:
    names = {proof.name for proof in tracked.proofs if not proof.synced}
    return names & disk_failed(context.journal) if context.settings.share.allow_unsynced else names

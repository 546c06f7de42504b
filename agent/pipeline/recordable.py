"""What every entry about a visit's photo needs to name: the visit, and the transfer of the photo to it."""

from agent.errors import RecordError
from agent.journal import TrackedPhoto
from agent.model.ids import TransferId, VisitId


def visit_of(tracked: TrackedPhoto) -> VisitId:
    """The visit that the photo is of. RecordError where the journal has none: the record may not be silent about it."""
    if tracked.decision is None or tracked.decision.visit is None:
        raise _incomplete(tracked, "visit")
    return tracked.decision.visit


def transfer_of(tracked: TrackedPhoto) -> TransferId:
    """The transfer of the photo to the share; RecordError likewise."""
    if tracked.transfer is None:
        raise _incomplete(tracked, "transfer")
    return tracked.transfer


def _incomplete(tracked: TrackedPhoto, lacking: str) -> RecordError:
    return RecordError(
        f"The record refused an entry about photo {tracked.id}, which lacks its {lacking}. This is a fault of "
        "photo-agent: tell IT."
    )

"""From the captures of a photo's files to one decision: the register's verdict, and reasons not to act on it.

The register decides by time, place and camera. This module adds what the register cannot know:

- *Origin.* Only a camera's own photo is assigned to a visit without asking. A picture from a messenger may be
anybody's, a screenshot is not a photo, and without signs of a camera the time cannot be trusted. If such a picture may
be of a visit, it is held. All pictures of one origin get the same reason, so that a teacher can answer for forty of
them at once. Outside every visit they are private, like everything else.
- *A photo of several files* is sent as one only if none of its members, judged alone, is private or in doubt for a
reason of its own. If the clock of a Live Photo's clip agrees with its picture, the clip gets its time, zone and camera
from the picture; a clip without a time needs Apple's identifier to belong to that picture. Any other difference counts
against it.
- *Damage.* A visit photo whose end is missing is still sent, and reported as damaged.

`agent.register.reach` determines about which pictures nobody is asked.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from agent.errors import LocalFault
from agent.folders import one_moment
from agent.formats import claims_to_be_a_photo
from agent.journal import TrackedPhoto
from agent.model.capture import Capture, Origin
from agent.model.decision import Decision, Verdict
from agent.model.register import Register
from agent.pipeline.context import Context
from agent.pipeline.damage import CUT_SHORT, damaged
from agent.pipeline.datedahead import earliest_look
from agent.register import decide

NOT_WHAT_IT_CLAIMS = (
    "its name says that it is a photo or a video, but its content is neither: it is damaged, or was not copied "
    "completely. If it is of a visit, copy it again from the camera or the card"
)
"""Why a file is refused if its name promises a picture but its content has no known format."""

LEFT_ALONE = "it shows a screen, and the school leaves such pictures alone"

_MORE = {
    Origin.RECEIVED: ", so somebody else may have taken it, at another time",
    Origin.SCREEN: ", not a photo",
    Origin.EDITED: ", so the time in it may not be when it was taken",
    Origin.NOT_KNOWN: ", so the time in it may not be when it was taken",
}


def judge(context: Context, capture: Capture, register: Register, seen_by: datetime) -> Decision:
    """The verdict on one file by itself."""
    device = context.settings.device
    decision = decide(capture, register, staff=device.staff, zone=device.timezone, seen_by=seen_by)
    decision = by_origin(decision, capture, screenshots=context.settings.folders.screenshots)
    if decision.verdict is Verdict.VISIT and not capture.complete:
        return damaged(decision, CUT_SHORT)
    return decision


def judge_photo(
    context: Context,
    capture: Capture,
    partners: Sequence[Capture | LocalFault],
    register: Register,
    looked_at: datetime,
    corrected: Callable[[datetime], datetime],
) -> Decision:
    """The verdict on a photo: that of its main file, if none of its partners, judged alone, contradicts it.

    `looked_at` is when this laptop first saw its files as they are, by its own clock; `corrected` is
    `clocks.seen_by`.
    """
    seen_by = corrected(earliest_look(context, (capture, *partners), looked_at))
    decision = judge(context, capture, register, seen_by)
    for partner in partners:
        if isinstance(partner, LocalFault):
            return _held(decision, "the other half of this Live Photo cannot be read")
        own = judge(context, _of_one_moment(capture, partner), register, seen_by)
        if (own.verdict, own.visit) != (decision.verdict, decision.visit):
            return _held(decision, f"the two halves of this Live Photo do not agree: of its clip alone, {_said(own)}")
    cut = any(isinstance(partner, Capture) and not partner.complete for partner in partners)
    return damaged(decision, CUT_SHORT) if cut and capture.complete and decision.verdict is Verdict.VISIT else decision


def by_origin(decision: Decision, capture: Capture, *, screenshots: str = "ask") -> Decision:
    """The decision, limited to what may be decided without a person for a file of this origin.

    `screenshots` is the school's setting for pictures of a screen: "ask" or "leave".
    """
    if capture.origin is Origin.CAMERA or decision.verdict not in {Verdict.VISIT, Verdict.REVIEW}:
        return decision
    if capture.origin is Origin.SCREEN and screenshots == "leave":
        return replace(decision, verdict=Verdict.PRIVATE, visit=None, reasons=(LEFT_ALONE,))
    if decision.verdict is Verdict.REVIEW and capture.origin in {Origin.NOT_KNOWN, Origin.EDITED}:
        return decision  # the problem with its time is the better reason
    return replace(
        decision, verdict=Verdict.REVIEW, visit=None, reasons=(why_not_by_itself(capture), *decision.reasons)
    )


def why_not_by_itself(capture: Capture) -> str:
    """Why a picture that did not come from a camera waits for a person; the same for all pictures of one origin."""
    return f"{capture.origin_basis}{_MORE.get(capture.origin, '')}: please say whether it is from a visit"


def spoken(decision: Decision, capture: Capture) -> str:
    """The reasons as one text. A photo held because of its origin gets only that reason, so that all such are alike."""
    alone = why_not_by_itself(capture)
    return alone if alone in decision.reasons else "; ".join(decision.reasons)


def is_remains(capture: Capture, tracked: TrackedPhoto) -> bool:
    """Whether a file may be the remains of a photo: its name promises one, and its content has no known format."""
    return not capture.is_photo and not capture.complete and claims_to_be_a_photo(tracked.photo.main.path)


def _of_one_moment(still: Capture, clip: Capture) -> Capture:
    """A Live Photo's clip prepared for judging: with its picture's time and camera if it certainly belongs to it.

    That is certain if the clip's own clock agrees with the picture, or if the clip has no time and both have one
    identifier.
    """
    bound = clip.content_id is not None and clip.content_id == still.content_id
    timeless = clip.taken is None and clip.recorded is None
    if not (one_moment(still, clip) or (bound and timeless)):
        return clip
    origin = still.origin if clip.origin is Origin.NOT_KNOWN else clip.origin
    return replace(
        still,
        format=clip.format,
        camera=clip.camera or still.camera,
        place=clip.place or still.place,
        also=(*still.also, *clip.also),
        complete=clip.complete,
        origin=origin,
        origin_basis=still.origin_basis if origin is still.origin else clip.origin_basis,
    )


def _held(decision: Decision, why: str) -> Decision:
    return replace(decision, verdict=Verdict.REVIEW, visit=None, reasons=(why, *decision.reasons))


def _said(own: Decision) -> str:
    return f"{'it is private' if own.verdict is Verdict.PRIVATE else 'it says'}: {'; '.join(own.reasons)}"

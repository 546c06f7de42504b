"""From what a photo's files say to one decision: the register's verdict, and what keeps it from being acted upon.

The register decides by time, place and camera. Here is what it cannot know:

- *Origin.* Only what a camera made is of a visit without a person. What a messenger brought may be anybody's, a
  screenshot is no photo, and where nothing shows a camera nothing vouches for the time. Whatever of these may be of a
  visit is held, for one and the same reason each, so that a teacher can settle forty of them with one answer. Outside
  every visit they are private, like everything else.
- *A photo of several files* goes as one only if no member of it, judged alone, is private or in doubt for a reason of
  its own. A Live Photo's clip whose own clock names its picture's moment has its time, zone and camera from there; a
  clip that has no time needs Apple's identifier to be that picture's. Everything else it says counts against it.
- *Damage.* A visit photo without its end goes all the same, and is said to be damaged.

Which pictures nobody is asked about is `agent.register.reach`.
"""

from collections.abc import Sequence
from dataclasses import replace

from agent.errors import LocalFault
from agent.folders import one_moment
from agent.formats import claims_to_be_a_photo
from agent.journal import TrackedPhoto
from agent.model.capture import Capture, Origin
from agent.model.decision import Decision, Verdict
from agent.model.register import Register
from agent.pipeline.context import Context
from agent.pipeline.damage import CUT_SHORT, damaged
from agent.register import decide

NOT_WHAT_IT_CLAIMS = (
    "its name says that it is a photo or a video, but what is in it is neither: it is damaged, or was not copied "
    "whole. If it is of a visit, copy it again from the camera or the card"
)
"""Why a file is refused whose name promises a picture and whose content is nobody's format."""

LEFT_ALONE = "it shows a screen, and the school leaves such pictures alone"

_MORE = {
    Origin.RECEIVED: ", so somebody else may have taken it, at another time",
    Origin.SCREEN: ", not a photo",
    Origin.EDITED: ", so the time in it may not be when it was taken",
    Origin.NOT_KNOWN: ", so the time in it may not be when it was taken",
}


def judge(context: Context, capture: Capture, register: Register) -> Decision:
    """The verdict on one file by itself."""
    device = context.settings.device
    decision = decide(capture, register, staff=device.staff, zone=device.timezone)
    decision = by_origin(decision, capture, screenshots=context.settings.folders.screenshots)
    if decision.verdict is Verdict.VISIT and not capture.complete:
        return damaged(decision, CUT_SHORT)
    return decision


def judge_photo(
    context: Context, capture: Capture, partners: Sequence[Capture | LocalFault], register: Register
) -> Decision:
    """The verdict on a photo: its main file's, if none of its partners, judged alone, has anything against it."""
    decision = judge(context, capture, register)
    for partner in partners:
        if isinstance(partner, LocalFault):
            return _held(decision, "the other half of this Live Photo cannot be read")
        own = judge(context, _of_one_moment(capture, partner), register)
        if (own.verdict, own.visit) != (decision.verdict, decision.visit):
            return _held(decision, f"the two halves of this Live Photo do not agree: of its clip alone, {_said(own)}")
    cut = any(isinstance(partner, Capture) and not partner.complete for partner in partners)
    return damaged(decision, CUT_SHORT) if cut and capture.complete and decision.verdict is Verdict.VISIT else decision


def by_origin(decision: Decision, capture: Capture, *, screenshots: str = "ask") -> Decision:
    """The decision as far as it may be made without a person, seeing what made the file.

    `screenshots` is what the school wants with pictures of a screen: "ask" or "leave".
    """
    if capture.origin is Origin.CAMERA or decision.verdict not in {Verdict.VISIT, Verdict.REVIEW}:
        return decision
    if capture.origin is Origin.SCREEN and screenshots == "leave":
        return replace(decision, verdict=Verdict.PRIVATE, visit=None, reasons=(LEFT_ALONE,))
    if decision.verdict is Verdict.REVIEW and capture.origin in {Origin.NOT_KNOWN, Origin.EDITED}:
        return decision  # what is wrong with its time says more
    return replace(
        decision, verdict=Verdict.REVIEW, visit=None, reasons=(why_not_by_itself(capture), *decision.reasons)
    )


def why_not_by_itself(capture: Capture) -> str:
    """Why what did not come from a camera waits for a person, alike for all that came the same way."""
    return f"{capture.origin_basis}{_MORE.get(capture.origin, '')}: please say whether it is from a visit"


def spoken(decision: Decision, capture: Capture) -> str:
    """The reasons as one; where it is held for how it came to be, that alone, so that all such have one reason."""
    alone = why_not_by_itself(capture)
    return alone if alone in decision.reasons else "; ".join(decision.reasons)


def is_remains(capture: Capture, tracked: TrackedPhoto) -> bool:
    """Whether this is what is left of a photo: a name that promises one, and a content that is nothing known."""
    return not capture.is_photo and not capture.complete and claims_to_be_a_photo(tracked.photo.main.path)


def _of_one_moment(still: Capture, clip: Capture) -> Capture:
    """A Live Photo's clip as it is to be judged: with its picture's time and camera where it is certainly its half.

    That is where the clip's own clock names the picture's moment, or it has no time and both have one identifier.
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

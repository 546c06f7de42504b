"""Whether a calendar event takes place and is agreed. Events that are cancelled, tentative, free, declined or marked as
private are not visits.

This is decided by the calendar's METHOD, the event's STATUS, CLASS and title, Outlook's "Show As"
(X-MICROSOFT-CDO-BUSYSTATUS; TRANSP says the same for other makers) and the replies of those invited (PARTSTAT). Outlook
and Google mark all-day events as free by default, so a message reports each such event that is skipped: it may well be
a visit.
"""

from agent.register import approval
from agent.register.contentlines import Component

_ASKS = frozenset({"COUNTER", "DECLINECOUNTER", "REFRESH"})
"""Methods of a calendar that proposes another time, or only asks (RFC 5546)."""
_AGREED = frozenset({"ACCEPTED", "COMPLETED", "IN-PROCESS"})


def why_off(event: Component, method: str) -> str:
    """Why the event is not a visit, in the words of `approval`; empty if it is one."""
    status = event.text("STATUS").upper()  # empty if the event has more than one
    if method == "CANCEL" or status in {"CANCELLED", "CANCELED"}:
        return approval.CANCELLED
    return approval.by_title(event.text("SUMMARY")) or _by_its_marks(event, status, asked=method in _ASKS)


def _by_its_marks(event: Component, status: str, *, asked: bool) -> str:
    shown = {one.value.strip().upper() for one in event.all("X-MICROSOFT-CDO-BUSYSTATUS")}
    if not shown:
        shown = {one.value.strip().upper() for one in event.all("X-MICROSOFT-CDO-INTENDEDSTATUS")}
    if asked or status == "TENTATIVE" or "TENTATIVE" in shown:
        return approval.TENTATIVE
    if any(one.value.strip().upper() in {"PRIVATE", "CONFIDENTIAL"} for one in event.all("CLASS")):
        return approval.PRIVATE
    if "FREE" in shown or any(one.value.strip().upper() == "TRANSPARENT" for one in event.all("TRANSP")):
        return approval.FREE
    answers = [one.parameter("PARTSTAT").upper() for one in event.all("ATTENDEE")]
    if any(answers) and not any(answer in _AGREED or not answer for answer in answers):
        return approval.DECLINED
    return ""

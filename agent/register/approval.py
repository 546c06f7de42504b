"""Whether a register line is a visit that takes place. Cancelled, tentative and free ones do not count; each says why.

Schools say it in the status, and Outlook, Google and people in the title: "Canceled: Zoo", "Canceled event: Zoo",
"Termin abgesagt: Zoo", "Zoo (postponed)". A cancellation is recognised at either end of the title.
"""

import re

CANCELLED = "which was cancelled"
TENTATIVE = "which is only tentative"
POSTPONED = "which was postponed"
DECLINED = "which nobody has accepted yet"
FREE = "which the calendar marks as free time"

_OFF = (
    r"cancel(?:l?ed)?|cancell?ation|canx|called off|not going ahead|entf[äa]llt|f[äa]llt aus|ausgefallen|afgelast|"
    r"abgesagt|storniert|annul(?:l?[ée]e?|lato|ato|owane)|geannuleerd|cancelad[oa]|cancellato|avlyst|aflyst|inst[äa]lld?t?|"
    r"peruttu|peruutettu|odwo[łl]ane|zru[šs]en[oa]|отмен[её]н[оа]?|declined|abgelehnt|rejected"
)
_LATER = r"postponed|verschoben|report[ée]e?"
_MAYBE = r"tentative|provisional|proposed|mit vorbehalt|vorl[äa]ufig|tbc|to be confirmed|draft|unconfirmed|pending"
_EVENT = r"(?:event|meeting|trip|visit|invitation|appointment|termin|besprechung|évènement|événement|evento|with note)"
_TITLE = tuple(
    (re.compile(rf"\s*[\[(*]*\s*(?:{words})\s*[\])*]*\s*(?:[:\-–—!/|]|$)|.*[\[(]\s*(?:{words})\b[^\])]*[\])]\s*$|"
                rf"\s*[\[(]\s*(?:{words})\s*[\])].*|.*\s[-–—:|]\s*(?:{words})\s*[!.]*\s*$|"
                rf"\s*(?:{_EVENT}\s+)*(?:{words})(?:\s+{_EVENT})*\s*:", re.IGNORECASE), why)
    for words, why in ((_OFF, CANCELLED), (_LATER, POSTPONED), (_MAYBE, TENTATIVE))
)  # fmt: skip
_FIRST_OR_LAST = re.compile(rf"\W*(?:{_OFF})\b(?!-).*|.*(?<!-)\b(?:{_OFF})\W*", re.IGNORECASE)

_STATUS = {
    "": "", "approved": "", "confirmed": "", "cancelled": CANCELLED, "canceled": CANCELLED, "abgesagt": CANCELLED,
    "tentative": TENTATIVE, "provisional": TENTATIVE, "pending": TENTATIVE, "planned": TENTATIVE, "draft": TENTATIVE,
    "proposed": TENTATIVE, "postponed": POSTPONED, "rejected": CANCELLED, "declined": CANCELLED,
}  # fmt: skip


def by_title(title: str) -> str:
    """Why a visit of this title does not take place; empty if the title does not say so."""
    if _FIRST_OR_LAST.fullmatch(title):
        return CANCELLED
    return next((why for form, why in _TITLE if form.match(title)), "")


def by_status(status: str) -> str | None:
    """The same, by the word in the status column, in lower case; None for an unknown word."""
    return _STATUS.get(status)

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
PRIVATE = "which the calendar marks as private"

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

AGREED = frozenset({"approved", "confirmed"})
"""In the status column: that the visit takes place, whatever a title or a note may mean."""
_STATUS: dict[str, str | None] = {
    "cancel": None,  # an order, perhaps not yet carried out
    "": "", "approved": "", "confirmed": "", "cancelled": CANCELLED, "canceled": CANCELLED, "abgesagt": CANCELLED,
    "tentative": TENTATIVE, "provisional": TENTATIVE, "pending": TENTATIVE, "planned": TENTATIVE, "draft": TENTATIVE,
    "proposed": TENTATIVE, "postponed": POSTPONED, "rejected": CANCELLED, "declined": CANCELLED,
}  # fmt: skip


_UNSURE = (
    r"canx|postpon\w*|resched\w*|re-?arrang\w*|tb[acd]|to be (?:confirmed|arranged|decided)|"
    r"pencil(?:l?ed)(?: in)?|(?:not|no longer) (?:happening|going|approved|confirmed|running|taking place|attending)|"
    r"withdrawn|placeholder|canc|cncld|see new date|(?:new )?date (?:to follow|changed)|"
    r"(?:did not|didn['’]t|will not|won['’]t) (?:run|go|happen|take place|attend)|moved to|on hold|do not use|"
    r"cancel(?:l?ed)? (?:due|owing|because)|await\w* (?:approval|confirmation|permission)|delayed until|"
    r"verschoben|abgesagt|storniert|entf[äa]llt|reporté[es]*|annulé[es]*|ganslo|gohiri\w*"
)
_FIRST_WORD = (
    r"provisional(?! (?:ira|irish|government|sinn|wing))|tentative|prov\.?|hold\s*[:–—-]|maybe|possibl[ey]|potential|"
    r"option(?:\s[0-9a-d])?\s*[:–—-]"
)
_CLOSES = r"off|deferred|abandoned|scrapped|delayed|moved|waiting list|n/a|void"
"""In brackets, or after a dash as the last words."""
_AT_AN_END = r"provisional|tentative|prov|hold|old date|draft|proposed|maybe|option(?:\s[0-9a-d])?"
_CROSSED_OUT = "[\u0335-\u0338❌✖✗✘🚫⛔🛑]"
"""A line through each letter, and signs for no."""
_PASSED_ON = re.compile(r"\s*(?:(?:fwd?|re|aw|wg|tr|rv|antw|doorst|update[d]?|reminder)\s*:\s*)+", re.IGNORECASE)
"""What programs put before the title of a message that was answered or passed on."""
_MAYBE_UNSURE = re.compile(
    rf"\b(?:{_UNSURE})\b|^\W*(?:{_FIRST_WORD})\s|[-–—(\[]\s*(?:{_AT_AN_END}|{_OFF})\b|\s(?:{_AT_AN_END})\W*$|"
    rf"^\?|[\s?(\[]\?|~~|[(\[](?:old|{_CLOSES})[)\]]|"
    rf"\s[-–—]\s*(?:{_CLOSES})\W*$|{_CROSSED_OUT}",
    re.IGNORECASE,
)
_BEGINS_UNSURE = re.compile(
    rf"\W*(?:\w+['’]\w )?(?:cancel(?:l?ed)?|{_UNSURE}|provisional|tentative)\b|\W*\?\W*$", re.IGNORECASE
)
_QUESTION = re.compile(
    r"(?:what|who|whose|how|why|where|when|which|is|are|am|can|could|do|does|did|will|would|should|was|were|has|have|"
    r"wer|wie|was|warum|wo|qui|que|quoi|où|pourquoi|comment|pwy|beth|sut|ble)\b.*\?",
    re.IGNORECASE,
)
_SET_PHRASES = re.compile(
    r"\b(?:maybe (?:tomorrow|baby|never)|possible worlds|potential (?:energy|difference|plus)|draft horses?|"
    r"provisional (?:driving )?licen[cs]es?|withdrawn (?:books?|stock|stamps?)|moved to tears|cancel culture|"
    r"cancell?(?:ed|ation) (?:stamps?|postmarks?)|tentative steps|draft picks?)\b",
    re.IGNORECASE,
)
"""Names of things and of plays, which say nothing of the visit itself."""
_MOST_READ = 200
"""Characters read at either end of a text."""


def unsure_by_title(title: str) -> bool:
    """Whether a title leaves open whether the visit takes place: “Zoo TBC”, “Zoo?”, “Zoo - moved to June”."""
    text = _ends(title).strip()
    text = _PASSED_ON.sub("", text, count=1) if _PASSED_ON.match(text) else text
    text = _SET_PHRASES.sub("_", text)
    return bool(_MAYBE_UNSURE.search(text)) or (text.endswith("?") and not _QUESTION.search(text))


def begins_unsure(note: str) -> bool:
    """Whether a note begins with such words; further on they may be about anything else."""
    return bool(_BEGINS_UNSURE.match(_ends(note)))


def _ends(text: str) -> str:
    return text if len(text) <= 2 * _MOST_READ else f"{text[:_MOST_READ]} {text[-_MOST_READ:]}"


def by_title(title: str) -> str:
    """Why a visit of this title does not take place; empty if the title does not say so."""
    title = _PASSED_ON.sub("", _ends(title), count=1) if _PASSED_ON.match(title) else _ends(title)
    title = _SET_PHRASES.sub("_", title)
    if _FIRST_OR_LAST.fullmatch(title):
        return CANCELLED
    return next((why for form, why in _TITLE if form.match(title)), "")


def by_status(status: str) -> str | None:
    """The same, by the status column, in lower case: its word, or its first one; None if that is unknown."""
    if status in _STATUS:
        return _STATUS[status]
    first = re.match(r"[a-z]+(?=[\s,:(–—-])", status)
    return by_title(status) or (_STATUS.get(first[0]) if first else None) or None

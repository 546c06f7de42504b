"""The text in the QR code: a second of true time, and how accurately it is known.

`VPA-CLOCK:1:20260314T101112Z:S:0.2` is 14 March 2026 10:11:12 UTC by the server's clock (S), accurate to 0.2 s. With
`L:` and nothing after it the server could not be asked, and it is the laptop's clock. The text uses only characters of
QR's alphanumeric mode (ISO/IEC 18004, table 5): the code stays small, so its squares are large.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Self

from agent.errors import LocalFault

MARK = "VPA-CLOCK:"
"""The beginning of every version of this text."""

COARSEST = timedelta(seconds=9.9)
"""A less accurate time is not shown as checked."""

_TEXT = re.compile(r"VPA-CLOCK:1:(\d{8}T\d{6})Z:(?:S:(\d\.\d)|(L):)", re.ASCII)

_NOT_OURS = "the QR code in the photo does not match this version's `photo-agent cameras clock --show`"


@dataclass(frozen=True, slots=True)
class ShownTime:
    """The time on the display for one second: `at` is aware and whole seconds; `within` is None if unchecked."""

    at: datetime
    within: timedelta | None

    def __post_init__(self) -> None:
        if self.at.tzinfo is None or self.at.microsecond:
            raise ValueError("the time shown is an instant of whole seconds")
        if self.within is not None and not timedelta(0) <= self.within <= COARSEST:
            raise ValueError("a checked time is known to within 9.9 seconds")

    @property
    def checked(self) -> bool:
        """Whether it is the server's time, and not just the laptop's."""
        return self.within is not None

    def text(self) -> str:
        """For the QR code; the uncertainty is rounded up."""
        when = self.at.astimezone(UTC).strftime("%Y%m%dT%H%M%S")
        if self.within is None:
            return f"{MARK}1:{when}Z:L:"
        return f"{MARK}1:{when}Z:S:{ceil(self.within / timedelta(seconds=0.1) - 1e-9) / 10:.1f}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """From a QR code that begins with `MARK`. Raises LocalFault for a text that this program does not write."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise LocalFault(_NOT_OURS)
        try:
            at = datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            raise LocalFault(_NOT_OURS) from None
        return cls(at, None if match[3] else timedelta(seconds=float(match[2])))

"""One finding of `doctor`, and the exit code that all of them come to."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class CheckResult(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doctor`."""

    check: str
    mark: CheckResult
    text: str
    advice: str = ""
    code: int = 3
    """The exit code of a failure: 2 for the register, 5 and 6 for the share, 3 for everything else."""


GRAVEST_FIRST = (6, 5, 2, 3)
"""Which exit code counts where several checks fail: without the share, nothing else can be put right."""


def exit_code(findings: Iterable[Finding]) -> int:
    """0, or the code of the gravest failure."""
    failed = {found.code for found in findings if found.mark is CheckResult.FAIL}
    return next((code for code in GRAVEST_FIRST if code in failed), 0)

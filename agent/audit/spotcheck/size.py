"""How large a draw should be: a fixed number, or as many as a claim needs. Pure."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from agent.audit.spotcheck.sampling import USUAL_CONFIDENCE, as_number, at_most_wrong, percent, sample_for
from agent.errors import UsageError


@dataclass(frozen=True, slots=True)
class Size:
    """`sample` transfers; if that is None, as many as prove `max_error` with this confidence (both as parts of one)."""

    sample: int | None = None
    confidence: Fraction = USUAL_CONFIDENCE
    max_error: Fraction | None = None

    @classmethod
    def asked(cls, sample: int | None, confidence: str | None, max_error: str | None) -> Self:
        """From what a person typed. UsageError if it does not give exactly one size."""
        if (sample is None) == (max_error is None):
            raise UsageError("Give either --sample N, or --max-error such as 1% (with --confidence, 95 without it).")
        try:
            sure = USUAL_CONFIDENCE if confidence is None else percent(confidence)
            return cls(sample, sure, None if max_error is None else percent(max_error))
        except ValueError as fault:
            raise UsageError(str(fault)) from fault

    def of(self, population: int) -> int:
        """How many transfers to draw from this many."""
        if self.max_error is not None:
            return sample_for(population, self.confidence, self.max_error)
        return min(self.sample or 0, population)

    def error(self, population: int) -> Fraction:
        """What is claimed if all are right: the error asked for, or the one that this many prove."""
        if self.max_error is not None:
            return self.max_error
        wrong = at_most_wrong(population, self.of(population), 0, self.confidence)
        return Fraction(wrong, max(population, 1))

    def as_json(self) -> dict[str, object]:
        """As JSON, with percentages as they were asked for."""
        error = None if self.max_error is None else as_number(self.max_error)
        return {"sample": self.sample, "confidence": as_number(self.confidence), "max_error": error}

    @classmethod
    def of_json(cls, said: object) -> Self:
        """From `as_json`. ValueError for anything else."""
        if not isinstance(said, dict):
            raise ValueError("this is not the size of a draw")  # noqa: TRY004  # one error for anything wrong in a file
        sample, error = said["sample"], said["max_error"]
        if sample is not None and (not isinstance(sample, int) or isinstance(sample, bool) or sample < 1):
            raise ValueError("a sample is a whole number from 1")
        if (sample is None) == (error is None):
            raise ValueError("this is not the size of a draw")
        return cls(sample, percent(str(said["confidence"])), None if error is None else percent(str(error)))

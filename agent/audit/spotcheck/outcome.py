"""The result of an examination, for people, scripts and the report."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from agent.audit.spotcheck.drawfile import Draw
from agent.audit.spotcheck.sampling import as_number
from agent.audit.spotcheck.words import proved
from agent.counting import counted

KIND = "spot-check"

FOUND_WRONG = 16
"""The exit code where a spot check found something wrong."""

MOST_LISTED = 1000
"""The most findings that are written in each list; the counts include all."""


class Check(StrEnum):
    """What is checked for each transfer."""

    ENTRY = "entry"
    FILE = "file"
    FOLDER = "folder"
    BYTES = "bytes"
    ORIGINAL = "original"
    TIME = "time"
    REMOVAL = "removal"


CHECK_WORDS = {
    Check.ENTRY: "Its entry is in the signed record",
    Check.FILE: "Its files are on the share",
    Check.FOLDER: "They are in their visit's folder",
    Check.BYTES: "Their bytes are those on record",
    Check.ORIGINAL: "The originals can be rebuilt from them",
    Check.TIME: "It was taken during its visit",
    Check.REMOVAL: "It was removed from the laptop",
}


class Answer(StrEnum):
    """The result of a check."""

    RIGHT = "right"
    WRONG = "wrong"
    NOT_KNOWN = "not known"
    BY_PERSON = "by a person's word"


class Wrong(StrEnum):
    """What can be wrong; the value is the name in reports."""

    FORGED = "forged entry"
    RECORD = "record damaged"
    NO_FILE = "entry without file"
    FOLDER = "wrong folder"
    BYTES = "wrong bytes"
    ORIGINAL = "wrong original"
    TIME = "wrong time"
    NOT_REMOVED = "not removed"
    NO_ENTRY = "no entry"
    NOT_BY_LOT = "not drawn by lot"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is wrong or not known, with its entry if it belongs to one."""

    kind: str
    detail: str
    origin: str | None = None
    index: int | None = None
    transfer: str | None = None
    visit: str | None = None

    def as_json(self) -> dict[str, object]:
        """For scripts; names no file."""
        return {
            "origin": self.origin,
            "index": self.index,
            "transfer": self.transfer,
            "visit": self.visit,
            "kind": str(self.kind),
            "detail": self.detail,
        }

    def line(self) -> str:
        """For people."""
        of = "" if self.origin is None else f" {self.origin.rpartition('/')[2]}"
        which = "" if self.index is None else f" entry {self.index}"
        transfer = "" if self.transfer is None else f", transfer {self.transfer[:12]}"
        visit = "" if self.visit is None else f", {self.visit}"
        return f"{self.kind}:{of}{which}{transfer}{visit}: {self.detail}"


@dataclass(slots=True)
class Item:
    """One transfer that was drawn: the result of each check, and what was found."""

    by_lot: bool
    answers: dict[Check, Answer] = field(default_factory=dict)
    wrong: list[Found] = field(default_factory=list)
    not_known: list[Found] = field(default_factory=list)

    @property
    def answer(self) -> Answer:
        """Wrong if anything is wrong; otherwise not known if anything is not known; otherwise right."""
        if self.wrong:
            return Answer.WRONG
        return Answer.NOT_KNOWN if self.not_known else Answer.RIGHT


@dataclass(frozen=True, slots=True)
class Stranger:
    """A file on the share that has no entry. `name` is None if this program would not give such a name."""

    visit: str | None
    name: str | None
    size: int | None
    modified: datetime | None
    detail: str

    def as_json(self) -> dict[str, object]:
        """For scripts."""
        return {
            "kind": str(Wrong.NO_ENTRY),
            "visit": self.visit,
            "name": self.name,
            "size": self.size,
            "modified": None if self.modified is None else self.modified.isoformat(),
            "detail": self.detail,
        }

    def line(self) -> str:
        """For people."""
        where = (
            "in a folder that belongs to no visit on record" if self.visit is None else f"in the folder of {self.visit}"
        )
        size = "" if self.size is None else f", {self.size:,} bytes"
        since = "" if self.modified is None else f", since {self.modified:%d %b %Y %H:%M} UTC"
        return f"{Wrong.NO_ENTRY}: a file {where}{size}{since}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that might be missing. It is not wrong by itself, but somebody should ask."""

    kind: str
    device: str
    visit: str
    detail: str

    def as_json(self) -> dict[str, object]:
        """For scripts."""
        return {"kind": self.kind, "device": self.device, "visit": self.visit, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Outcome:
    """An examined draw. `others` is what is wrong apart from the transfers drawn: with records, and with the draw
    itself.

    `files_drawn` of the share's files were drawn as well; `files_right` have an entry and match it. `strangers` are
    files without an entry, `strangers_in_all` how many there are.
    """

    draw: Draw
    draw_sha256: str
    examined_at: datetime
    reviewer: str
    items: Sequence[Item]
    others: Sequence[Found]
    files_drawn: int
    files_right: int
    strangers: Sequence[Stranger]
    strangers_in_all: int
    unknowns: Sequence[Found]
    gaps: Sequence[Gap]
    notes: Sequence[str]

    def count(self, answer: Answer, *, by_lot: bool = False) -> int:
        """How many transfers had this result; `by_lot`: without those added for a device or a visit."""
        return sum(one.answer is answer and (one.by_lot or not by_lot) for one in self.items)

    @property
    def findings(self) -> list[Found]:
        """Everything that is wrong, with transfers and with records."""
        return [*(found for one in self.items for found in one.wrong), *self.others]

    @property
    def exit_code(self) -> int:
        """16 if something is wrong; otherwise 0."""
        return FOUND_WRONG if self.findings or self.strangers_in_all else 0

    @property
    def checks(self) -> Mapping[Check, Mapping[Answer, int]]:
        """How often each check had each result."""
        return {
            check: {answer: sum(one.answers.get(check) is answer for one in self.items) for answer in Answer}
            for check in Check
        }

    @property
    def statement(self) -> str:
        """What it proves, in sentences."""
        draw = self.draw
        wrong, not_known = (self.count(one, by_lot=True) for one in (Answer.WRONG, Answer.NOT_KNOWN))
        text = proved(draw.population, draw.sample, wrong, not_known, draw.size.confidence)
        more = [one for one in self.items if not one.by_lot]
        if more:
            bad = sum(one.answer is Answer.WRONG for one in more)
            drawn = "was drawn" if len(more) == 1 else "were drawn"
            how = f"{bad:,} wrong" if bad else "none of them wrong" if len(more) > 1 else "not wrong"
            text += f" {len(more):,} more {drawn} so that each device and each visit is looked at: {how}."
        return text

    def as_json(self) -> dict[str, object]:
        """Everything, as it is signed and stored."""
        draw = self.draw
        unknowns = [*(found for one in self.items for found in one.not_known), *self.unknowns]
        return {
            "kind": KIND,
            "id": draw.id,
            "draw": draw.id,
            "drawn_at": draw.at.isoformat(),
            "examined_at": self.examined_at.isoformat(),
            "reviewer": self.reviewer,
            "drawn_by": draw.reviewer,
            "draw_sha256": self.draw_sha256,
            "seed": draw.seed,
            "by_commitment": bool(draw.commitments),
            "population": draw.population,
            "sample": draw.sample,
            "strata": draw.strata,
            "confidence": as_number(draw.size.confidence),
            "max_error": as_number(draw.max_error),
            "statement": self.statement,
            "examined": len(self.items),
            "right": self.count(Answer.RIGHT),
            "wrong": self.count(Answer.WRONG),
            "not_known": self.count(Answer.NOT_KNOWN),
            "checks": {
                check: {answer.value.replace(" ", "_").replace("'", ""): count for answer, count in counts.items()}
                for check, counts in self.checks.items()
            },
            "findings": [one.as_json() for one in self.findings[:MOST_LISTED]],
            "unknowns": [one.as_json() for one in unknowns[:MOST_LISTED]],
            "files_drawn": self.files_drawn,
            "files_right": self.files_right,
            "without_entry": self.strangers_in_all,
            "missing_entries": [one.as_json() for one in self.strangers[:MOST_LISTED]],
            "gaps": [one.as_json() for one in self.gaps[:MOST_LISTED]],
            "left_out": [{"device": device, "why": why} for device, why in draw.left_out],
            "notes": [*draw.notes, *self.notes],
            "exit_code": self.exit_code,
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        verdict = "SOMETHING IS WRONG" if self.exit_code else "nothing wrong was found"
        if not_known := self.count(Answer.NOT_KNOWN):
            verdict += f"; {not_known:,} of {len(self.items):,} could not be checked in full"
        yield f"Spot check {self.draw.id}: {verdict}."
        yield self.statement
        for check, counts in self.checks.items():
            parts = [f"{count:,} {answer}" for answer, count in counts.items() if count]
            yield f"  {CHECK_WORDS[check]}: {', '.join(parts) or 'not looked at'}"
        files = counted(self.files_drawn, "file", grouped=True)
        yield f"  {files} drawn from the share: {self.files_right:,} as recorded"
        yield from (f"  {one.line()}" for one in self.findings[:MOST_LISTED])
        yield from (f"  {one.line()}" for one in self.strangers[:MOST_LISTED])
        if self.strangers_in_all > len(self.strangers[:MOST_LISTED]):
            yield f"  and {self.strangers_in_all - MOST_LISTED:,} more files without an entry"
        unknowns = [*(found for one in self.items for found in one.not_known), *self.unknowns]
        yield from (f"  not known: {one.line()}" for one in unknowns[:MOST_LISTED])
        yield from (f"  ask: {one.device}, {one.visit}: {one.detail}" for one in self.gaps[:MOST_LISTED])
        yield from (f"  note: {note}" for note in (*self.draw.notes, *self.notes))

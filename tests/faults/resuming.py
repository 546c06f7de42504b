"""A long run that was ended goes on where it was: which tests have passed, for as long as the code stays the same."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

NOTES = ROOT / ".faults-passed"
"""The code's hash, and below it the name of each test that has passed."""


def code() -> str:
    """The SHA-256 of everything whose change makes a passed test worth nothing."""
    digest = hashlib.sha256()
    for folder in (ROOT / "agent", ROOT / "tests"):
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".py", ".c", ".toml", ".sh"}:
                digest.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Passed:
    """The tests that have passed, in a file; `known` is how many of its lines this run does not try again."""

    notes: Path
    known: int

    @classmethod
    def begun(cls, *, afresh: bool, notes: Path = NOTES) -> "Passed":
        """Those of an earlier run of the same code; none if there was none, or with `afresh`."""
        now = code()
        lines = notes.read_text().splitlines() if notes.exists() else []
        if afresh or lines[:1] != [now]:
            lines = [now]
        notes.write_text("".join(f"{line}\n" for line in lines))
        return cls(notes, len(lines) - 1)

    def names(self) -> frozenset[str]:
        """Those that this run leaves out: every process of it reads the same, whenever it starts."""
        return frozenset(self.notes.read_text().splitlines()[1 : self.known + 1])

    def add(self, names: Iterable[str]) -> None:
        """These have passed too."""
        with self.notes.open("a") as file:
            file.writelines(f"{name}\n" for name in names)

    def as_text(self) -> str:
        """For a variable of the environment."""
        return f"{self.known} {self.notes}"

    @classmethod
    def from_text(cls, text: str) -> "Passed":
        """Back from there."""
        known, _, notes = text.partition(" ")
        return cls(Path(notes), int(known))

"""Examining one transfer: its entry, every byte of its files, its time of capture, its removal."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.audit.holdings import VISITS, HeldFile
from agent.audit.lines import AHEAD
from agent.audit.spotcheck.claims import Claims
from agent.audit.spotcheck.drawfile import Proven
from agent.audit.spotcheck.outcome import Answer, Check, Found, Item, Wrong
from agent.audit.spotcheck.ports import Fetched, Rereading, SharePhotos
from agent.audit.spotcheck.transfers import Transfer, TransferredFile, read_transfer
from agent.audit.spotcheck.words import plain
from agent.errors import LocalFault, RecordError, ShareFault, Unforeseen, contained
from agent.files.beneath import NotPlain
from agent.model.decision import Verdict
from agent.record.entry import entry_of
from agent.record.leaf import ERASED_SALT, commit, erased_index, read_leaf_line
from agent.record.published import ORIGIN
from agent.record.tree import leaf_hash, verify_inclusion

SOON = timedelta(hours=24)
"""For how long after its transfer a photo may be on a laptop before the record must say something about it."""

MOST_ELSEWHERE = 5
"""The most files of the same name in other folders that are read."""


@dataclass(slots=True)
class Examiner:
    """What transfers are examined with. `chains` says, by device, under which names a laptop's record continues."""

    photos: SharePhotos
    reading: Rereading
    listing: Mapping[str, HeldFile]
    claims: Claims
    checkpoints: Mapping[str, tuple[int, bytes]]
    chains: Mapping[str, frozenset[str]]
    retired: frozenset[str]
    now: datetime
    _elsewhere: dict[str, list[str]] = field(default_factory=dict)

    def examine(self, proven: Proven) -> Item:
        """Make every possible check; if the entry is forged, nothing that it says is checked."""
        one = _Under(Item(by_lot=proven.drawn.why == "sample"), proven)
        try:
            with contained("a transfer"):
                self._examine(one)
        except Unforeseen as fault:  # it concerns this transfer only: the others continue
            one.not_known(Check.FILE, str(fault))
        return one.item

    def _examine(self, one: "_Under") -> None:
        transfer = self._entry(one)
        if transfer is None:
            return
        self._removal(one, transfer)
        if transfer.visit in self.retired:
            one.not_known(Check.FILE, "IT removed its visit's files")
            return
        with TemporaryDirectory(prefix="photo-agent-spot-check-") as name:
            self._files(one, transfer, Path(name))

    # --- the entry ---------------------------------------------------------------------------------------------------

    def _entry(self, one: "_Under") -> Transfer | None:
        drawn = one.proven.drawn.candidate
        size, root = self.checkpoints[drawn.origin]
        lines = self.claims.lines.get((drawn.origin, drawn.index), [])
        if not lines:
            one.wrong(Check.ENTRY, Wrong.RECORD, "its entry is no longer in the record")
            return None
        for line, leaf_line in lines:
            try:
                data, salt = read_leaf_line(leaf_line)
            except RecordError:
                continue
            leaf = leaf_hash(data)
            if leaf.hex() != drawn.hash or not verify_inclusion(drawn.index, size, leaf, one.proven.proof, root):
                continue
            text = line.removesuffix(b"\n")
            if erased_index(text) == drawn.index and salt == ERASED_SALT:
                one.not_known(Check.ENTRY, "it was erased on request after the draw")
                return None
            if commit(salt, text) == data:
                return self._read(one, text, leaf.hex())
        one.wrong(Check.ENTRY, Wrong.FORGED, "it is not the entry that the laptop signed and the witness saw")
        return None

    def _read(self, one: "_Under", text: bytes, leaf: str) -> Transfer | None:
        drawn = one.proven.drawn.candidate
        try:
            entry = entry_of(text, leaf)  # type: ignore[arg-type]  # it is a SHA-256
        except RecordError:
            entry = None
        transfer = None if entry is None else read_transfer(entry.body)
        if entry is None or transfer is None or ORIGIN + entry.device != drawn.origin or entry.index != drawn.index:
            one.wrong(Check.ENTRY, Wrong.FORGED, "it is signed, but it was not written by this program")
            return None
        one.right(Check.ENTRY)
        return transfer

    # --- the removal -------------------------------------------------------------------------------------------------

    def _removal(self, one: "_Under", transfer: Transfer) -> None:
        device = one.proven.drawn.candidate.origin.removeprefix(ORIGIN)
        chain = self.chains.get(device, frozenset({device}))
        said = [
            removal.outcome
            for removal in self.claims.removals.get((transfer.photo, transfer.transfer), [])
            if removal.device in chain
        ]
        if None in said:
            one.right(Check.REMOVAL)
        elif chain & self.claims.damaged:
            one.not_known(Check.REMOVAL, "the record is damaged, so what it says of the removal is not believed")
        elif said and said[-1] not in {"away", "read-only"}:
            one.not_known(Check.REMOVAL, f"the laptop did not remove it; the record says “{plain(str(said[-1]))}”")
        elif -AHEAD < self.now - transfer.proven_at < SOON:  # a transfer dated in the future is not recent
            one.not_known(Check.REMOVAL, "it was sent less than a day ago, and its removal is not on record yet")
        else:
            why = f": the record says “{plain(str(said[-1]))}”" if said else ": the record says nothing about it"
            one.wrong(Check.REMOVAL, Wrong.NOT_REMOVED, f"it is not known to be off the laptop{why}")

    # --- the files ---------------------------------------------------------------------------------------------------

    def _files(self, one: "_Under", transfer: Transfer, folder: Path) -> None:
        originals: dict[int, Path] = {}
        for number, file in enumerate(transfer.files):
            parts = file.name.split("/")
            if len(parts) != 3 or parts[:2] != [VISITS, transfer.visit]:
                one.wrong(Check.FOLDER, Wrong.FOLDER, "its entry names a file outside the folder of its visit")
            held, original = folder / f"held-{number}", folder / _neutral_name(file, number)
            fetched = self._fetched(one, file, held)
            if fetched is None:
                continue
            one.right(Check.FILE)
            one.right(Check.FOLDER)
            if not fetched.same:
                one.wrong(Check.BYTES, Wrong.BYTES, _which(number, "the share does not hold the bytes on record"))
                continue
            one.right(Check.BYTES)
            if self._original(one, transfer, file, number, fetched, held, original):
                originals[number] = original
        self._time(one, transfer, originals)

    def _fetched(self, one: "_Under", file: TransferredFile, target: Path) -> Fetched | None:
        """The file, if it can be read; if it is missing, this looks for it in other visits' folders."""
        try:
            return self.photos.fetch(file.name, file.held, target)
        except FileNotFoundError:
            elsewhere = self._found_elsewhere(file, target)
            if elsewhere is None:
                one.wrong(Check.FILE, Wrong.NO_FILE, "the share has no such file")
            else:
                one.right(Check.FILE)
                where = (
                    f"the folder of {elsewhere}"
                    if elsewhere in self.claims.visits
                    else "a folder that belongs to no visit on record"
                )
                one.wrong(Check.FOLDER, Wrong.FOLDER, f"its file is in {where}")
        except NotPlain as fault:
            one.wrong(Check.FILE, Wrong.NO_FILE, f"what is in its place {fault}")
        except (LocalFault, ShareFault, OSError) as fault:
            one.not_known(Check.FILE, _reason(fault))
        return None

    def _found_elsewhere(self, file: TransferredFile, target: Path) -> str | None:
        """The visit whose folder has a file of that name and content."""
        if not self._elsewhere:
            for name in self.listing:
                self._elsewhere.setdefault(name.rpartition("/")[2], []).append(name)
        for name in self._elsewhere.get(file.name.rpartition("/")[2], [])[:MOST_ELSEWHERE]:
            try:
                if name != file.name and self.photos.fetch(name, file.held, target).same:
                    return name.split("/")[1]
            except (LocalFault, ShareFault, OSError, NotPlain):
                continue
            finally:
                target.unlink(missing_ok=True)
        return None

    def _original(
        self,
        one: "_Under",
        transfer: Transfer,
        file: TransferredFile,
        number: int,
        fetched: Fetched,
        held: Path,
        original: Path,
    ) -> bool:
        """Whether the original is now at `original`."""
        if file.original == file.held:
            one.right(Check.ORIGINAL)
            if fetched.copied:
                held.replace(original)
            return fetched.copied
        if not fetched.copied:
            one.not_known(Check.ORIGINAL, _which(number, "it is too large to be fetched from the server"))
            return False
        try:
            rebuilt, visit = self.reading.rebuild(held, original)
        except Unforeseen as fault:
            one.not_known(Check.ORIGINAL, plain(str(fault)))
            return False
        except LocalFault:
            one.wrong(Check.ORIGINAL, Wrong.ORIGINAL, _which(number, "its tag cannot be taken out again"))
            return False
        finally:
            held.unlink(missing_ok=True)
        if visit != transfer.visit:
            one.wrong(Check.FOLDER, Wrong.FOLDER, f"its tag names another visit, {plain(visit)}")
        if rebuilt != file.original:
            one.wrong(
                Check.ORIGINAL, Wrong.ORIGINAL, _which(number, "what is left without its tag is not the original")
            )
            return False
        one.right(Check.ORIGINAL)
        return True

    # --- the time ----------------------------------------------------------------------------------------------------

    def _time(self, one: "_Under", transfer: Transfer, originals: Mapping[int, Path]) -> None:
        if transfer.by_person:
            one.item.answers[Check.TIME] = Answer.BY_PERSON
            return
        photo = originals.get(0)
        if photo is None:
            if not one.item.wrong:  # otherwise the reason was given already
                one.not_known(Check.TIME, "its file could not be fetched, so its time of capture was not read")
            return
        beside = [path for number, path in originals.items() if number > 0 and not self._is_ours(path)]
        try:
            said = self.reading.judge(photo, beside, transfer.staff, transfer.register_version)
        except LocalFault as fault:
            one.not_known(Check.TIME, _reason(fault))
            return
        if isinstance(said, str):
            one.not_known(Check.TIME, said)
        elif said.verdict is Verdict.REVIEW:
            one.not_known(Check.TIME, plain(f"its file alone is not enough to decide: {'; '.join(said.reasons)}"))
        elif said.verdict is Verdict.VISIT and said.visit == transfer.visit:
            one.right(Check.TIME)
        else:
            why = "; ".join(said.reasons)
            one.wrong(Check.TIME, Wrong.TIME, plain(f"by the register, it is not from this visit: {why}"))

    def _is_ours(self, path: Path) -> bool:
        """Whether this is a sidecar that this program made: it says nothing that the photo does not."""
        return path.suffix == ".xmp" and self.reading.transfer_in(path) is not None


@dataclass(frozen=True, slots=True)
class _Under:
    """A transfer under examination: every finding recorded about it names its entry."""

    item: Item
    proven: Proven

    def right(self, check: Check) -> None:
        """Right, unless it was found wrong or not known before."""
        self.item.answers.setdefault(check, Answer.RIGHT)

    def wrong(self, check: Check, kind: Wrong, detail: str) -> None:
        """Wrong, whatever else is right."""
        self.item.answers[check] = Answer.WRONG
        self.item.wrong.append(self._found(kind, detail))

    def not_known(self, check: Check, detail: str) -> None:
        """Not known, unless it is wrong."""
        if self.item.answers.get(check) is not Answer.WRONG:
            self.item.answers[check] = Answer.NOT_KNOWN
        self.item.not_known.append(self._found(check, detail))

    def _found(self, kind: str, detail: str) -> Found:
        of = self.proven.drawn.candidate
        return Found(kind, detail, of.origin, of.index, of.transfer, of.visit)


def _neutral_name(file: TransferredFile, number: int) -> str:
    """A name that says nothing about a time, with the ending that the file has on the share."""
    ending = file.name.rpartition("/")[2].partition(".")[2]
    safe = ending if re.fullmatch(r"[a-z0-9]{1,8}(?:\.[a-z0-9]{1,8})?", ending) else "bin"
    return (
        f"photo.{safe}"
        if number == 0
        else f"photo.{number}.{safe}"
        if safe.endswith("xmp")
        else f"photo-{number}.{safe}"
    )


def _which(number: int, text: str) -> str:
    return text if number == 0 else f"of its file {number + 1}, {text}"


def _reason(fault: Exception) -> str:
    """Why a file could not be read; a system's message may name the file, so only the kind of error is given."""
    if isinstance(fault, OSError):
        return f"it cannot be read: {fault.strerror or type(fault).__name__}"
    return plain(str(fault))

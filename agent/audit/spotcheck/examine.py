"""Examining a draw in both directions: from the record to the bytes on the share, and from the share to the record."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.audit.evidence import PublishedEvidence
from agent.audit.findings import RecordFault, Report
from agent.audit.holdings import SETTLING, HeldFile, is_under_way
from agent.audit.spotcheck.claims import Claims, Place, gather
from agent.audit.spotcheck.drawfile import Draw, repeats
from agent.audit.spotcheck.examining import Examiner
from agent.audit.spotcheck.frozen import freeze
from agent.audit.spotcheck.lots import draw_files
from agent.audit.spotcheck.numbering import numbering_gaps
from agent.audit.spotcheck.outcome import Check, Found, Gap, Item, Outcome, Stranger, Wrong
from agent.audit.spotcheck.ports import Fetched, Rereading, SharePhotos
from agent.audit.spotcheck.strangers import OnItsWay, Strangers
from agent.audit.spotcheck.words import plain
from agent.audit.verify import verify_all
from agent.errors import LocalFault, ShareFault
from agent.files.beneath import Beneath, NotPlain
from agent.model.files import Fingerprint
from agent.record.note import VerifierKey
from agent.record.published import ORIGIN, origin


@dataclass(frozen=True, slots=True)
class Means:
    """What an examination works with; `photos` is None if only the records are available.

    `retired` are visits whose files IT removed on purpose; `done` is called after each transfer with how many are done.
    """

    copy: Beneath
    keys: Sequence[VerifierKey]
    photos: SharePhotos | None
    reading: Rereading
    reviewer: str
    now: datetime
    retired: frozenset[str] = frozenset()
    done: Callable[[int], object] = lambda _: None


def examine(made: Draw, content: bytes, means: Means) -> Outcome:
    """Examine what was drawn; `content` is the draw's file. Raises as the copy and the share do."""
    listing, why_not = _listing(means.photos)
    files = draw_files((name for name in listing if not is_under_way(name)), made.seed, made.sample)
    seen = [one.as_note() for one in made.seen.checkpoints]
    evidences = list(verify_all(means.copy, means.keys, now=means.now, seen=seen))
    drawn = [one.drawn.candidate for one in made.drawn]
    claims = gather(
        evidences,
        {(one.origin, one.index) for one in drawn},
        frozenset(files),
        {one.transfer for one in drawn},
        {(one.origin.removeprefix(ORIGIN), one.visit) for one in drawn},
    )
    examiner = Examiner(
        photos=means.photos or _NoPhotos(),
        reading=means.reading,
        listing=listing,
        claims=claims,
        checkpoints={one.origin: (one.size, one.root) for one in made.seen.checkpoints},
        chains=_chains([report for _, report in evidences]),
        retired=means.retired,
        now=means.now,
    )
    items: list[Item] = []
    for one in made.drawn:
        items.append(examiner.examine(one))
        means.done(len(items))
    wrong_places = {(found.origin, found.index) for item in items for found in item.wrong}
    others = [*_of_the_draw(made, means), *_of_the_records(evidences, wrong_places)]
    unknowns = [] if why_not is None else [Found(Check.FILE, why_not)]
    right, wrong = _the_other_way(files, claims, examiner, {(one.origin, one.index) for one in drawn})
    others += wrong
    strangers = Strangers(claims, examiner.photos, means.reading, listing, means.now)
    without = list(_without_entry(listing, claims, strangers, unknowns))
    gaps, notes = _gaps(claims, means)
    if means.photos is not None:
        in_numbers, more = numbering_gaps(claims.sent, means.photos, means.reading)
        gaps, notes = [*gaps, *in_numbers], [*notes, *more]
    return Outcome(
        draw=made,
        draw_sha256=hashlib.sha256(content).hexdigest(),
        examined_at=means.now,
        reviewer=means.reviewer,
        items=items,
        others=others,
        files_drawn=len(files),
        files_right=right,
        strangers=without,
        strangers_in_all=len(without),
        unknowns=unknowns,
        gaps=gaps,
        notes=notes,
    )


def _listing(photos: SharePhotos | None) -> tuple[Mapping[str, HeldFile], str | None]:
    """The share's files; or nothing, and why."""
    if photos is None:
        return {}, "the share's photos are not in this folder, so no file was looked at"
    try:
        return photos.listing(), None
    except NotPlain as fault:
        return {}, f"the folder of the share's photos {fault}, so no file was looked at"
    except OSError as fault:
        return {}, f"the folder of the share's photos cannot be read: {fault.strerror}"


class _NoPhotos:
    """Stands in for a share that is not available."""

    def listing(self) -> Mapping[str, HeldFile]:
        return {}

    def fetch(self, name: str, expected: Fingerprint, target: Path) -> Fetched:  # noqa: ARG002
        raise ShareFault("the share's photos are not available")

    def fetch_small(self, name: str, target: Path, largest: int) -> bool:  # noqa: ARG002
        return False

    def fetch_head(self, name: str, target: Path, length: int) -> bool:  # noqa: ARG002
        return False


def _chains(reports: Sequence[Report]) -> dict[str, frozenset[str]]:
    """For each device, the names under which its record continues: a renamed laptop removes what it sent before."""
    after = {report.device: report.renamed_to for report in reports if report.renamed_to and not report.findings}
    renamings = {(former.name, report.device) for report in reports for former in report.formers if report.signed}
    chains = {}
    for report in reports:
        names = [report.device]
        while (name := after.get(names[-1])) is not None and (names[-1], name) in renamings and name not in names:
            names.append(name)
        chains[report.device] = frozenset(names)
    return chains


def _of_the_draw(made: Draw, means: Means) -> Iterator[Found]:
    """Whether the draw is what its seed gives. If a record can no longer be read as before, its own findings say so."""
    population = freeze(means.copy, means.keys, made.seen)
    if {record.seen.origin for record in population.records} == {one.origin for one in made.seen.checkpoints}:
        why = repeats(made, population)
        if why is not None:
            yield Found(Wrong.NOT_BY_LOT, why)


def _of_the_records(
    evidences: Sequence[tuple[PublishedEvidence, Report]], said: Collection[tuple[str | None, int | None]]
) -> Iterator[Found]:
    """What is wrong with the records, except for the entries in `said`, which were reported already."""
    for _, report in evidences:
        for finding in report.findings:
            if (origin(report.device), finding.index) in said:
                continue
            forged = finding.damage in {RecordFault.ALTERED, RecordFault.FORKED} or (
                finding.damage is RecordFault.UNSIGNED and finding.index is not None
            )
            yield Found(
                Wrong.FORGED if forged else Wrong.RECORD,
                plain(finding.text),
                plain(origin(report.device)),
                finding.index,
            )


def _the_other_way(
    files: Sequence[str], claims: Claims, examiner: Examiner, examined: Collection[Place]
) -> tuple[int, list[Found]]:
    """How many of the files drawn from the share match an entry; and those that no entry describes correctly.

    Trouble with a transfer that was itself examined is reported there.
    """
    right, wrong = 0, []
    for name in files:
        said = claims.held.get(name, [])
        if not said:
            continue  # without an entry: a complete search for those comes later
        with TemporaryDirectory(prefix="photo-agent-spot-check-") as folder:
            try:
                same = any(
                    examiner.photos.fetch(name, claim.file.held, Path(folder) / str(number)).same
                    for number, claim in enumerate(said)
                )
            except (LocalFault, ShareFault, OSError, NotPlain):
                continue  # it has disappeared meanwhile, or cannot be read: neither right nor wrong
        if same:
            right += 1
        elif not any(claim.place in examined for claim in said):
            (device, index), claim = said[0].place, said[0].transfer
            detail = "a file drawn from the share does not hold the bytes on record"
            wrong.append(Found(Wrong.BYTES, detail, device, index, claim.transfer, claim.visit))
    return right, wrong


def _without_entry(
    listing: Mapping[str, HeldFile], claims: Claims, strangers: Strangers, unknowns: list[Found]
) -> Iterator[Stranger]:
    doubtful = on_its_way = 0
    for name, file in sorted(listing.items()):
        if is_under_way(name) or claims.has_name(name):
            continue
        if claims.may_have_name(name):
            doubtful += 1
            continue
        found = strangers.judge(name, file)
        if isinstance(found, OnItsWay):
            on_its_way += 1
        else:
            yield found
    if doubtful:
        unknowns.append(Found(Wrong.NO_ENTRY, f"{doubtful} files on the share have entries in damaged records only"))
    if on_its_way:
        hours = int(SETTLING.total_seconds() // 3600)
        detail = f"{on_its_way} files came less than {hours} hours ago, and their entries may be on their way"
        unknowns.append(Found(Wrong.NO_ENTRY, f"{detail}: examine again tomorrow"))


def _gaps(claims: Claims, means: Means) -> tuple[list[Gap], list[str]]:
    """Visits that a device's member of staff took part in and for which none of their devices has an entry."""
    gaps: list[Gap] = []
    for device, (staff, since) in sorted(claims.staff.items()):
        if not staff:
            continue
        visits = means.reading.visits_of(staff, since - timedelta(days=1), means.now)
        if visits is None:
            return gaps, ["No visits register was available, so it is not known which visits have no entries."]
        gaps += [
            Gap(
                "no entries",
                plain(device),
                plain(visit),
                "a member of staff took part, but the records have no entry for it",
            )
            for visit in visits
            if (staff, visit) not in claims.visited
        ]
    return gaps, []

"""What must hold of a laptop and its share, whatever went wrong: one set of sentences for every test that attacks.

`hold` at every moment, also between a crash and the run that clears up behind it; `hold_after_a_quiet_run` when a run
was left in peace. Each broken one is an AssertionError that names the file.
"""

import functools
import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.errors import UsageError
from agent.model.removal import Outcome
from agent.record import EntryKind, Record
from agent.record.entry import Entry
from agent.removal.names import PRIVATE_PREFIX
from agent.tagging import untag
from tests.faults.verifying import enrolled_keys, verify_share
from tests.faults.world import World, as_it_is


@dataclass(frozen=True, slots=True)
class Moment:
    """Which files are where, at one moment."""

    here: Counter[str]
    rebuilt: frozenset[str]
    entries: tuple[Entry, ...]

    def of(self, kind: EntryKind) -> list[Entry]:
        """The entries of that kind."""
        return [entry for entry in self.entries if entry.kind is kind]


def hold(world: World, *, record_restored: bool = False) -> Moment:
    """At every moment."""
    moment = Moment(world.here(), originals_on(world.share), tuple(entries(world)))
    nothing_is_lost(world, moment)
    nothing_private_was_touched(world)
    nothing_on_the_share_was_changed(world)
    if not record_restored:
        only_what_was_proven_is_gone(world, moment)
        nothing_is_on_record_as_removed_that_is_here(world, moment)
        each_transfer_is_on_record_once(moment)
    return moment


def hold_after_a_quiet_run(world: World, code: int, *, record_restored: bool = False) -> Moment:
    """After an undisturbed run, everything possible is done, and everything else is reported."""
    moment = hold(world, record_restored=record_restored)
    assert code in {0, 4}, f"an undisturbed run ends with {code}"
    left = {name: count for name, count in world.visit.items() if moment.here[name]}
    assert not left, f"{sum(left.values())} visit photos are still here, and the run said nothing"
    strays = list(world.home.rglob(f"{PRIVATE_PREFIX}*"))
    assert not strays, "a folder of a removal was left behind"
    halves = [path.name for path in (world.share / "visits").rglob("*") if path.name.startswith(".")]
    assert not halves, f"left on the share: {halves}"
    if not record_restored:
        each_removal_counts_its_files(moment)
        the_record_is_published(world)
    return moment


# --- (a) nothing is lost ---------------------------------------------------------------------------------------------


def nothing_is_lost(world: World, moment: Moment) -> None:
    """Each visit photo's original bytes are here, or can be rebuilt from the share."""
    for content in world.visit:
        assert moment.here[content] or content in moment.rebuilt, f"{content[:12]} is nowhere"


def originals_on(share: Path) -> frozenset[str]:
    """SHA-256 of every file with a final name on the share, as it was before it was tagged."""
    found = set()
    for path in (share / "visits").rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            found.update(original_of(path.read_bytes()))
    return frozenset(found)


@functools.lru_cache(maxsize=4096)
def original_of(held: bytes) -> tuple[str, ...]:
    """The original of one file on the share; empty for a tag in a sidecar."""
    original = io.BytesIO()
    try:
        if untag(io.BytesIO(held), original).was_no_file:
            return ()
    except UsageError:  # it carries none
        return (hashlib.sha256(held).hexdigest(),)
    return (hashlib.sha256(original.getvalue()).hexdigest(),)


# --- (b) nothing is removed without a proof, nor said to be --------------------------------------------------------


def only_what_was_proven_is_gone(world: World, moment: Moment) -> None:
    """If fewer copies of a content are here than came, the record has the proof."""
    proven = {original for entry in moment.of(EntryKind.TRANSFERRED) for original in _originals(entry)}
    for content, came in world.visit.items():
        if moment.here[content] < came:
            assert content in proven, f"{content[:12]} is gone, and the record has no proof of it"


def nothing_is_on_record_as_removed_that_is_here(world: World, moment: Moment) -> None:
    """At least as many copies of each content are gone as the record says were removed."""
    of_photo = {entry.body["photo"]: set(_originals(entry)) for entry in moment.of(EntryKind.TRANSFERRED)}
    removed: Counter[str] = Counter()
    for entry in moment.of(EntryKind.REMOVED):
        photo = entry.body["photo"]
        assert photo in of_photo, "a photo was removed that was never transferred"
        removed.update(of_photo[photo])
    for content, times in removed.items():
        if content in world.visit:
            gone = world.visit[content] - moment.here[content]
            assert times <= gone, f"{content[:12]}: {times} removed by the record, but {gone} are gone"


def _originals(entry: Entry) -> list[str]:
    files = entry.body["files"]
    assert isinstance(files, list)
    return [str(file["original_sha256"]) for file in files if isinstance(file, dict)]


# --- (c) nothing private is touched ----------------------------------------------------------------------------------


def nothing_private_was_touched(world: World) -> None:
    """Bytes, mtime, name and inode are what they were."""
    for path, before in world.untouched.items():
        where = path
        if not path.exists() and path.is_relative_to(world.card):
            where = world.away / path.relative_to(world.card)
        assert where.exists(), f"{path.name} is gone, and nobody but its owner may take it"
        assert as_it_is(where) == before, f"{path.name} was changed"


# --- (d) nothing on the share is overwritten or deleted --------------------------------------------------------------


def nothing_on_the_share_was_changed(world: World) -> None:
    """Files with a final name at the last look are unchanged; new ones are remembered."""
    now = {
        path.relative_to(world.share).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in ("visits", "record", "register")
        for path in (world.share / folder).rglob("*")
        if path.is_file() and not path.name.startswith(".uploading-")
    }
    for name, content in world.on_share.items():
        if name.startswith("register/"):
            continue  # the coordinator's
        assert name in now, f"{name} was deleted on the share"
        assert now[name] == content, f"{name} was overwritten on the share"
    world.on_share.clear()
    world.on_share.update(now)


# --- (e) the record --------------------------------------------------------------------------------------------------


def entries(world: World) -> Iterator[Entry]:
    """All entries of this laptop's record, under all its names; a torn end is not an entry."""
    for device in world.devices:
        record = Record.open(world.state / "record", device)
        if record.files.entries.exists():
            yield from record.entries()


def each_transfer_is_on_record_once(moment: Moment) -> None:
    """One entry for each photo that was transferred, and at most one for its removal."""
    for kind in (EntryKind.TRANSFERRED, EntryKind.REMOVED):
        times = Counter(str(entry.body["photo"]) for entry in moment.of(kind))
        double = {photo: count for photo, count in times.items() if count > 1}
        assert not double, f"{kind} more than once: {double}"


def each_removal_counts_its_files(moment: Moment) -> None:
    """The record says of how many files a removal was."""
    members = {entry.body["photo"]: _members(entry) for entry in moment.of(EntryKind.TRANSFERRED)}
    for entry in moment.of(EntryKind.REMOVED):
        assert entry.body["files"] == members[entry.body["photo"]], f"files of {entry.body['photo']}, removed"


def nobody_else_took_anything_away(moment: Moment) -> None:
    """If only the program removed photos, the record says so for each one that is gone."""
    for entry in moment.of(EntryKind.NOT_REMOVED):
        assert entry.body["outcome"] not in {Outcome.GONE, Outcome.FOLDER_GONE}, f"{entry.body['photo']}, said gone"
    for entry in moment.of(EntryKind.REMOVED):
        assert "gone" not in entry.body, f"files of {entry.body['photo']}, said gone"


def _members(entry: Entry) -> int:
    """How many local files a transfer had: all that it sent, except tags made here, whose content is the tag's."""
    files = entry.body["files"]
    assert isinstance(files, list)
    names = {str(file["name"]) for file in files if isinstance(file, dict)}
    return len([name for name in names if not (name.endswith(".xmp") and name.removesuffix(".xmp") in names)])


def the_record_is_published(world: World) -> None:
    """IT's verifier finds the share's copy whole and signed by this laptop's key, with everything that is here."""
    config = world.home / "agent.toml"
    keys = enrolled_keys(config, world.home / "log-keys.txt")
    code, said = verify_share(config, keys, world.share / "record")
    assert code == 0, said
    device = world.devices[-1]
    record = Record.open(world.state / "record", device)
    assert record.verify() is not None
    published = [path.read_bytes() for path in sorted((world.share / "record" / device).glob("publication-*.txt"))]
    entries = record.files.entries.read_bytes()
    whole = b"".join(
        content[-(seal.end - seal.start) :] for content, seal in zip(published, record.seals(), strict=True)
    )
    assert whole == entries, "what is published is not what is here"

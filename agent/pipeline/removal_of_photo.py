"""The removal of one photo, member by member: what this program removed of it, and what was gone without it.

"Removed" is something this program did. A missing member counts as its doing only if the journal had it as about to be
removed, and it is no longer moved aside.
"""

import contextlib
from dataclasses import dataclass, field

from agent.errors import AgentError, LocalFault, RemovalRefused, contained
from agent.folders import look
from agent.journal import TrackedPhoto
from agent.model.removal import Leftover
from agent.pipeline.context import Context
from agent.removal import Unconfirmed, Vanished, find_leftovers, half_removed, remove, remove_thumbnails


def to_be_removed(tracked: TrackedPhoto) -> tuple[int, ...]:
    """The places of members removed before, and of those present now; the removal itself raises a LocalFault."""
    places = set(tracked.removing)
    for place, member in enumerate(tracked.photo.members):
        with contextlib.suppress(LocalFault):
            if look(member.file.path) is not None:
                places.add(place)
    return tuple(sorted(places))


@dataclass(slots=True)
class Removal:
    """The removal of one photo: which members this program removed, by their position in it, and which it did not.

    `before` are members that an earlier run had noted as about to be removed. `unseen` are members of `ours` whose
    removal a crash interrupted: the entry gives their number, because somebody else may have removed them.
    """

    tracked: TrackedPhoto
    before: frozenset[int]
    ours: set[int] = field(default_factory=set)
    unseen: set[int] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)
    thumbnails: int = 0
    leftovers: tuple[Leftover, ...] = ()
    fault: AgentError | None = None

    def take_away(self, context: Context) -> None:
        """Remove every member, the main file last, so that the remains after a crash can still be identified by its
        name.
        """
        main = self.tracked.photo.main
        try:
            with contained("a photo"):
                self.leftovers = find_leftovers(main.path, main, now=context.clock())
                for place in reversed(range(len(self.tracked.photo.members))):
                    self._member(place)
        except (LocalFault, RemovalRefused) as fault:
            self.fault = fault

    def _member(self, place: int) -> None:
        path = self.tracked.photo.members[place].file.path
        there = look(path)
        if there is not None:
            try:
                # When a card is put in again, the same file gets another device or inode number: only its content
                # counts.
                remove(there, self.tracked.fingerprints[place])
            except Vanished:
                self.lost.add(place)
            except Unconfirmed:
                self.ours.add(place)  # a later step failed; the next run checks whether the file is gone
                raise
            else:
                self.ours.add(place)
        elif place not in self.before:
            self.lost.add(place)
        elif half_removed(path.parent) or not path.parent.is_dir():
            raise LocalFault("A half-removed photo could not be put back yet. It will be tried again.")
        else:
            # An earlier run was about to remove it, its folder exists, and it is no longer moved aside.
            self.ours.add(place)
            self.unseen.add(place)
        self.thumbnails += remove_thumbnails(path)

    def known_to_be_ours(self) -> tuple[int, ...]:
        """Members that this program removed, for a removal that stopped half-way.

        A member that an earlier run was about to remove, and that still exists, is not included.
        """
        before = self.before - self.ours - self.lost
        return tuple(sorted(self.ours | {place for place in before if not self._is_there(place)}))

    def _is_there(self, place: int) -> bool:
        try:
            return look(self.tracked.photo.members[place].file.path) is not None
        except LocalFault:
            return False

    @property
    def done(self) -> bool:
        """Whether this program removed the photo."""
        return self.fault is None and 0 in self.ours

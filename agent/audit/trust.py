"""Which keys may sign which part of a log: those that IT enrolled, and those that these named as successors. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.audit.evidence import Note
from agent.record.checkpoint import Checkpoint, Rotation, read_checkpoint, read_rotation
from agent.record.note import NoteFault, VerifierKey, open_note


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """The log's name, the keys that are trusted for it, and the rotations between them.

    `unvouched` are rotations that the old key did not sign, for instance because it was lost.
    """

    origin: str
    keys: tuple[VerifierKey, ...]
    rotations: tuple[Rotation, ...]
    unvouched: frozenset[Rotation] = frozenset()

    def checkpoint(self, note: Note) -> tuple[Checkpoint, VerifierKey]:
        """The note's checkpoint, and the key that signed it. NoteFault, in words, if it is not trusted."""
        opened = open_note(note.content, self.keys)
        said = read_checkpoint(opened.text)
        if said.origin != self.origin:
            raise NoteFault(f"it belongs to another log, {said.origin!r}")
        if not opened.signed_by:
            raise NoteFault("it is not signed by any key that is enrolled for this device")
        key = next((one for one in opened.signed_by if self._may_sign(one, said.size)), None)
        if key is None:
            raise NoteFault(
                f"its key does not belong to this log at {said.size} entries: the device used another key then"
            )
        if note.name is not None and (opened.unknown or opened.repeated or len(opened.signed_by) > 1):
            # The device signs what it publishes once. Somebody else added a second signature.
            raise NoteFault("it has a signature that the device did not make")
        return said, key

    def _may_sign(self, key: VerifierKey, size: int) -> bool:
        begins = max((one.size for one in self.rotations if one.new == key), default=0)
        ends = min((one.size for one in self.rotations if one.old == key), default=size)
        return begins < size <= ends


def trusted(
    origin: str, enrolled: Iterable[VerifierKey], notes: Sequence[Note]
) -> tuple[TrustedKeys, list[tuple[Note, str]]]:
    """The keys that are trusted for this log, and the rotation notes that are not, each with the reason.

    A key that the old key names is trusted. So is an old key that the new key names: then everything that the old key
    signed must agree with what the new key signed later.
    """
    keys = [key for key in enrolled if key.name == origin]
    waiting: list[tuple[Note, Rotation, bool]] = []
    refused: list[tuple[Note, str]] = []
    for note in notes:
        try:
            rotation, by_old = read_rotation(note.content)
        except NoteFault as fault:
            refused.append((note, str(fault)))
            continue
        if rotation.origin != origin or {rotation.old.name, rotation.new.name} != {origin}:
            refused.append((note, "it belongs to another log"))
        else:
            waiting.append((note, rotation, by_old))
    rotations: list[Rotation] = []
    unvouched: set[Rotation] = set()
    grew = True
    while grew:
        grew = False
        for step in list(waiting):
            _, rotation, by_old = step
            if (rotation.old in keys and by_old) or rotation.new in keys:
                keys += [key for key in (rotation.old, rotation.new) if key not in keys]
                rotations.append(rotation)
                unvouched |= set() if by_old else {rotation}
                waiting.remove(step)
                grew = True
    refused += [(note, "it is not signed by any key that is enrolled for this device") for note, _, _ in waiting]
    return TrustedKeys(origin, tuple(keys), tuple(rotations), frozenset(unvouched)), refused

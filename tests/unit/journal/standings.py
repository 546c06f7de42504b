"""Photos that need no file, in every state with everything that the state needs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.journal import Journal, State, TrackedPhoto
from agent.model.decision import Decision, Verdict
from agent.model.files import Fingerprint, LocalFile, Member, Photo, Role
from agent.model.ids import RemoteName, Sha256, TransferId, VisitId
from agent.model.proof import Method, Proof, Receipt

AT = datetime(2026, 3, 14, 17, 0, tzinfo=UTC)
LATER = AT + timedelta(minutes=15)
VERSION = Sha256("a" * 64)

CONTENT = Fingerprint(Sha256("c" * 64), 1000)
DECISION = Decision(Verdict.VISIT, ("taken within Science Museum",), VERSION, VisitId("2026-science-museum"))
PROOF = Proof(
    RemoteName("visits/2026-science-museum/20260314-101112_eos-r6_cccccccccccc.jpg"),
    Fingerprint(Sha256("d" * 64), 3000),
    CONTENT,
    Method.READ_BACK,
    synced=True,
    at=AT,
)


def a_photo(name: str = "IMG_0001.JPG", *, size: int = 1000, mtime_ns: int = 5, inode: int = 7) -> Photo:
    path = Path("/home/j.smith/Camera Imports") / name
    return Photo((Member(LocalFile(path, size, mtime_ns, 1, inode), Role.MAIN),))


def with_sidecar(photo: Photo, *, mtime_ns: int = 5) -> Photo:
    sidecar = LocalFile(photo.main.path.with_suffix(".AAE"), 10, mtime_ns, 1, 8)
    return Photo((*photo.members, Member(sidecar, Role.SIDECAR)))


def complete(tracked: TrackedPhoto, state: State) -> TrackedPhoto:
    """The standing in `state`, with everything known that any state needs."""
    return replace(
        tracked,
        state=state,
        fingerprints=(CONTENT,),
        decision=DECISION,
        transfer=TransferId("e" * 32),
        proofs=(PROOF,),
        receipt=Receipt(3, Sha256("f" * 64)),
        reachable_at=AT,
        proven_at=AT,
        removed_at=AT,
    )


WAY: dict[State, tuple[State, ...]] = {
    State.FOUND: (),
    State.SETTLED: (State.SETTLED,),
    State.DECIDED: (State.SETTLED, State.DECIDED),
    State.SENT: (State.SETTLED, State.DECIDED, State.SENT),
    State.PROVEN: (State.SETTLED, State.DECIDED, State.SENT, State.PROVEN),
    State.RECORDED: (State.SETTLED, State.DECIDED, State.SENT, State.PROVEN, State.RECORDED),
    State.REMOVED: (State.SETTLED, State.DECIDED, State.SENT, State.PROVEN, State.RECORDED, State.REMOVED),
    State.GONE: (State.SETTLED, State.DECIDED, State.SENT, State.PROVEN, State.RECORDED, State.GONE),
    State.REVIEW: (State.SETTLED, State.REVIEW),
    State.REFUSED: (State.REFUSED,),
}


def bring(journal: Journal, state: State, name: str = "IMG_0001.JPG") -> TrackedPhoto:
    """A new photo that has come to `state` step by step."""
    tracked = journal.see(a_photo(name), AT, register_version=VERSION)
    assert tracked is not None
    for step in WAY[state]:
        tracked = complete(tracked, step)
        journal.save(tracked)
    return tracked

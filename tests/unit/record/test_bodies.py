"""Each kind of entry has one dataclass, and what it writes is byte for byte what was written before there were any."""

import ast
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from agent.model.ids import PhotoId, RemoteName, Sha256, TransferId, VisitId
from agent.model.removal import Known, Outcome
from agent.model.times import Level
from agent.record import bodies, words
from agent.record.bodies import BODIES, Body, needed_in, said_of
from agent.record.ecs import to_ecs
from agent.record.entry import entry_of, line_of
from agent.record.kinds import EntryKind
from agent.record.published_schema import table
from tests.unit.record.bodies import AT, sha
from tests.unit.record.logkeys import key_of

BEFORE = (Path(__file__).parent / "lines_of_before.jsonl").read_bytes().splitlines()
"""Entries as they were written by dicts: of each kind one that says all it may, then others as short as they come."""

BST = AT.astimezone(timezone(timedelta(hours=1)))
PHOTO, TRANSFER, ZOO = PhotoId("0a1b2c3d"), TransferId("0" * 32), VisitId("2026-zoo")
NAME = RemoteName("visits/2026-zoo/20260314-101112_eos-r6_0123456789ab.jpg")
KEY = str(key_of("laptop-17").key)


def digest(text: str) -> Sha256:
    return Sha256(sha(text))


REGISTER = digest("r")

FULL: tuple[Body, ...] = (
    bodies.Transferred(
        photo=PHOTO,
        transfer=TransferId(sha(PHOTO)[:32]),
        visit=VisitId("2026-science-museum"),
        register_version=digest("register"),
        decided_by=words.DecidedBy.RULES,
        staff="j.smith",
        level=Level.OWN_OFFSET,
        found_at=AT - timedelta(minutes=30),
        reachable_at=AT - timedelta(minutes=2),
        proven_at=AT,
        files=(
            bodies.HeldFile(
                name=RemoteName(f"visits/2026-science-museum/20260314-101112_eos-r6_{sha(PHOTO)[:12]}.jpg"),
                original_sha256=digest(PHOTO),
                original_size=4_000_000,
                held_sha256=digest(PHOTO + "tagged"),
                held_size=4_002_048,
                method="read-back",
                synced=True,
            ),
        ),
        copies=0,
        damage=words.Damage.END_MISSING,
    ),
    bodies.Removed(
        photo=PHOTO,
        transfer=TransferId(sha(PHOTO)[:32]),
        visit=VisitId("2026-science-museum"),
        files=1,
        copies=0,
        thumbnails=2,
        removed_at=AT + timedelta(seconds=3),
        leftovers=(bodies.LeftoverPlace(kind="snapshots", found=Known.NOT_KNOWN, detail=""),),
        unseen=1,
        gone=1,
        checked_at=AT,
    ),
    bodies.NotRemoved(photo=PHOTO, transfer=TRANSFER, visit=ZOO, outcome=Outcome.FOLDER_GONE, files=1, staff="j.smith"),
    bodies.ShareLost(photo=PHOTO, transfer=TRANSFER, visit=ZOO, found=words.Lost.GONE, names=(NAME,)),
    bodies.LeftOnShare(transfer=TRANSFER, visit=ZOO, names=(NAME,)),
    bodies.ReviewResolved(photo=PHOTO, visit=ZOO, staff="j.smith", register_version=REGISTER, private=0),
    bodies.RegisterChanged(register_version=digest("b"), previous_version=None, visits=14, cameras=3, read_at=AT),
    bodies.ShareRefused(host="h", expected="SHA256:a", seen="SHA256:b", reason="host key"),
    bodies.Refused(photo=PHOTO, visit=ZOO, transfer=TRANSFER, reason="too large"),
    bodies.Overdue(photo=PHOTO, visit=ZOO, found_at=AT, reachable_at=None, hours=26, reason="no space"),
    bodies.LeftoverReported(
        photo=PHOTO,
        transfer=TRANSFER,
        visit=ZOO,
        leftovers=(bodies.LeftoverPlace(kind="trash", found=Known.YES, detail="one"),),
    ),
    bodies.Inspected(
        inspection="a1",
        by="j.smith",
        files=900,
        drawn=30,
        findings=3,
        report_sha256=digest("report"),
        began_at=AT,
        seconds=61,
        cut_short=False,
        register_version=REGISTER,
        unsure=2,
        on_their_way=1,
        places=(bodies.LookedAt(place=words.Spot.DOWNLOADS, files=900),),
        found=(bodies.FoundThere(visit=ZOO, place=words.Spot.DOWNLOADS, copies=1, photos=2),),
        not_known=(bodies.NotLookedAt(place=words.Spot.TRASH, why=words.Why.NO_PERMISSION, count=1),),
    ),
    bodies.Attested(
        visit=ZOO,
        staff="j.smith",
        phone=words.Word.NONE_LEFT,
        bin=words.Word.NONE_LEFT,
        cloud=words.Word.NOT_LOOKED,
        messages=words.Word.HAD_NONE,
        card=words.Word.NONE_LEFT,
    ),
    bodies.CardSent(
        staff="j.smith", put_in_at=AT, photos=85, cameras=("School Nikon",), serial="1234-ABCD", label="EOS_DIGITAL"
    ),
    bodies.Heartbeat(version="0.1.0", waiting=1, review=2, refused=0, overdue=0, register_version=REGISTER),
    bodies.Enrolled(log_key=KEY, staff="j.smith", version="0.1.0"),
    bodies.KeyRotated(old_key=KEY, new_key=str(key_of("laptop-17", "new").key), reason="yearly"),
    bodies.Renamed(old_name="laptop-16", new_name="laptop-17", entries=6, root=digest("root")),
    bodies.Erased(entry=5, reason="asked for"),
)

SHORT: tuple[Body, ...] = (
    bodies.Transferred(
        photo=PHOTO,
        transfer=TRANSFER,
        visit=ZOO,
        register_version=REGISTER,
        decided_by=words.DecidedBy.PERSON,
        staff="j.smith",
        level=Level.IMPOSSIBLE,
        found_at=BST,
        reachable_at=None,
        proven_at=BST,
        files=(
            bodies.HeldFile(
                name=NAME,
                original_sha256=digest("o"),
                original_size=1,
                held_sha256=digest("h"),
                held_size=2,
                method="already-there",
                synced=False,
            ),
            bodies.HeldFile(
                name=RemoteName(NAME + ".xmp"),
                original_sha256=digest("x"),
                original_size=0,
                held_sha256=digest("x"),
                held_size=0,
                method="read-back",
                synced=True,
            ),
        ),
    ),
    bodies.Removed(photo=PHOTO, transfer=TRANSFER, visit=ZOO, files=2, thumbnails=0, removed_at=BST, leftovers=()),
    bodies.NotRemoved(photo=PHOTO, visit=ZOO, outcome=Outcome.AWAY),
    bodies.ShareLost(photo=PHOTO, transfer=TRANSFER, visit=ZOO, found=words.Lost.DIFFERENT, names=()),
    bodies.ReviewResolved(private=12),
    bodies.ReviewResolved(photo=PHOTO, visit=ZOO, staff="j.smith", register_version=REGISTER),
    bodies.RegisterChanged(
        register_version=digest("b"), previous_version=digest("a"), visits=0, cameras=0, read_at=BST
    ),
    bodies.ShareRefused(reason="login"),
    bodies.Refused(photo=PHOTO, visit=ZOO),
    bodies.Overdue(photo=PHOTO, visit=ZOO, found_at=BST, reachable_at=BST, hours=0),
    bodies.Inspected(
        inspection="a1",
        by="j.smith",
        began_at=BST,
        seconds=0,
        cut_short=True,
        register_version=REGISTER,
        files=0,
        findings=0,
        unsure=0,
        on_their_way=0,
        places=(),
        found=(),
        not_known=(),
    ),
    bodies.CardSent(staff="j.smith", put_in_at=BST, photos=0, cameras=()),
    bodies.Heartbeat(version="1", waiting=0, review=0, refused=0, overdue=0, register_version=None),
    bodies.KeyRotated(old_key=KEY, new_key=KEY),
    bodies.Renamed(old_name="a", new_name="b"),
    bodies.Erased(entry=0),
)


def test_every_kind_has_its_body_and_its_line_of_before() -> None:
    assert list(BODIES) == list(EntryKind) == [body.facts.kind for body in FULL]
    assert len(BEFORE) == len(FULL) + len(SHORT)


@pytest.mark.parametrize("body", FULL, ids=lambda body: body.facts.kind)
def test_an_entry_that_says_all_is_written_as_before(body: Body) -> None:
    index = FULL.index(body)
    assert line_of(body.draft(f"{body.facts.kind}-full", AT), "laptop-17", index, AT) == BEFORE[index]


@pytest.mark.parametrize("number", range(len(SHORT)), ids=[body.facts.kind for body in SHORT])
def test_an_entry_that_says_little_is_written_as_before(number: int) -> None:
    index = len(FULL) + number
    assert line_of(SHORT[number].draft("short", BST), "laptop-17", index) == BEFORE[index]


@pytest.mark.parametrize("line", BEFORE, ids=range(len(BEFORE)))
def test_entries_of_before_are_read(line: bytes) -> None:
    read = entry_of(line, digest(""))
    assert to_ecs(read)["event"]


def test_every_place_that_is_asked_about_is_a_field_of_the_statement() -> None:
    assert set(said_of(bodies.Attested)) == {"visit", "staff", *words.Place}


def test_writers_must_give_what_older_entries_may_lack() -> None:
    assert "version" not in needed_in(bodies.Heartbeat)
    with pytest.raises(TypeError, match="version"):
        bodies.Heartbeat(waiting=0, review=0, refused=0, overdue=0, register_version=None)  # type: ignore[call-arg]


FACTS_OF_BEFORE = {
    "transferred": (6, "file", "creation", "success"),
    "removed": (6, "file", "deletion", "success"),
    "not-removed": (6, "file", "info", "success"),
    "share-lost": (4, "file", "info", "failure"),
    "left-on-share": (4, "file", "info", "failure"),
    "review-resolved": (6, "file", "info", "success"),
    "register-changed": (5, "configuration", "change", "success"),
    "share-refused": (4, "network", "denied", "failure"),
    "refused": (4, "file", "info", "failure"),
    "overdue": (4, "file", "info", "unknown"),
    "leftover-reported": (4, "file", "info", "unknown"),
    "inspected": (5, "host", "info", "success"),
    "attested": (5, "host", "info", "unknown"),
    "card": (6, "host", "info", "success"),
    "heartbeat": (6, "host", "info", "success"),
    "enrolled": (5, "configuration", "creation", "success"),
    "key-rotated": (5, "configuration", "change", "success"),
    "renamed": (5, "configuration", "change", "success"),
    "erased": (5, "file", "change", "success"),
}
"""Severity in syslog, and category, type and outcome in ECS: rules of log servers depend on them."""


def test_what_log_servers_are_given_is_as_before() -> None:
    facts = {str(kind): body.facts for kind, body in BODIES.items()}
    found = {kind: (int(one.severity), one.ecs.category, one.ecs.type, one.ecs.outcome) for kind, one in facts.items()}
    assert found == FACTS_OF_BEFORE


def test_the_table_of_kinds_is_in_the_page_about_settings() -> None:
    page = (Path(__file__).parents[3] / "config" / "README.md").read_text("utf-8")
    assert table() in page, "put the output of agent.record.published_schema.table() there"


def test_every_writer_in_the_program_makes_a_body() -> None:
    """An inspection alone is drafted from JSON: it has waited in the journal, where another version may have put it."""
    agent = Path(__file__).parents[3] / "agent"
    drafting = {
        path.relative_to(agent).as_posix()
        for path in agent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Draft"
    }
    assert drafting == {"record/bodies/body.py", "pipeline/inspect_record.py"}

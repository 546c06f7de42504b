"""A card that is put in: looked through read only, offered, sent when a person says so, said to be finished."""

import hashlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agent.errors import JournalError
from agent.journal import CardSaid, Journal, State
from agent.pipeline.cardrules import why_not_offered
from agent.pipeline.cards import Card as Shown
from agent.pipeline.cards import Phase, cards
from agent.pipeline.context import Context, open_context
from agent.pipeline.lock import only_writer
from agent.pipeline.pausing import pause, resume
from agent.record import EntryKind
from agent.supervisor import RunNotices, Supervisor
from agent.volumes import linux, plugged_in
from tests.laptop import ON_VISIT, PRIVATE, VISITS, Laptop, jpeg, minutes, sha256
from tests.loopcards import Card, Reader, put_in_or_skip, reader_for

SOON = 40.0
"""Seconds by which anything has happened, however busy the machine."""


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    yield from reader_for(tmp_path, monkeypatch)


@dataclass
class Desk:
    """A laptop whose service runs in this process, and what its notices said."""

    laptop: Laptop
    lines: list[str] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)

    def show(self, text: str) -> None:
        self.lines.append(text)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        stopping = threading.Event()
        settings = self.laptop.settings

        def serve() -> None:
            with only_writer(settings), open_context(settings, sleep=stopping.wait) as context:
                notices = RunNotices(context, self)
                service = Supervisor(context, settings.watch, lambda: True, stopping, None, notices, self.told.append)
                service.run()

        service = threading.Thread(target=serve)
        service.start()
        try:
            yield
        finally:
            stopping.set()
            service.join(60)

    def ask(self, what: Callable[[Journal], Any]) -> Any:
        try:
            with Journal.open(self.laptop.home / "state" / "journal.sqlite3", read_only=True) as journal:
                return what(journal)
        except JournalError:
            return None

    def shown(self) -> list[Shown]:
        return self.ask(lambda journal: cards(_Only(journal))) or []

    def until(self, *phases: Phase, where: Callable[[Shown], bool] = lambda _: True) -> Shown:
        """The card that is shown, when it has come so far."""
        found: list[Shown] = []

        def come() -> bool:
            found[:] = [card for card in self.shown() if card.phase in phases and where(card)]
            return bool(found)

        wait(come, lambda: f"{self.shown()} {self.lines}")
        return found[0]

    def say(self, card: Shown, said: CardSaid) -> None:
        with Journal.open(self.laptop.home / "state" / "journal.sqlite3") as journal:
            journal.answer_card(card.id, said, card.put_in_at)

    def handled(self) -> None:
        wait(lambda: self.ask(lambda journal: journal.next_card_answer()) is None)


class _Only:
    """A context of which only the journal is asked."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal


def wait(what: Callable[[], object], why: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + SOON
    while not what():
        assert time.monotonic() < deadline, why() or "it has not happened"
        time.sleep(0.05)


@pytest.fixture
def desk(laptop: Laptop) -> Desk:
    laptop.configure(folders={"settle_seconds": 0.2})
    laptop.run()  # the register is here
    return Desk(laptop)


def filled(card: Card, visit: int = 3, private: int = 2, first: int = 0) -> Card:
    """The card with photos of the visit and others on it, taken out again."""

    def fill(card: Card) -> None:
        for n in range(first, first + visit):
            card.write(f"DCIM/100CANON/IMG_{n:04}.JPG", jpeg(ON_VISIT + minutes(n), seed=n))
        for n in range(first, first + private):
            card.write(f"DCIM/100CANON/IMG_9{n:03}.JPG", jpeg(PRIVATE + minutes(n), seed=900 + n))

    return put_in_or_skip(card, fill)


@pytest.fixture
def card(reader: Reader) -> Card:
    return filled(reader.card())


def content(card: Card) -> str:
    """All that is on the card: a print of its files, with what the file system says of each."""
    files = [(str(path), path.lstat().st_mtime_ns, path.lstat().st_size) for path in sorted(card.top.rglob("*"))]
    return hashlib.sha256(repr((files, card.holds())).encode()).hexdigest()


# --- the way of a card -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    ["ext4", pytest.param("exfat", marks=pytest.mark.slow), pytest.param("vfat", marks=pytest.mark.slow)],
)
def test_a_card_is_offered_sent_and_finished(desk: Desk, reader: Reader, kind: str) -> None:
    card = filled(reader.card(kind=kind))
    with desk.at_work():
        card.put_in()
        before = content(card)
        offer = desk.until(Phase.OFFERED)
        assert (offer.photos, offer.visits, offer.unsure) == (5, {"museum": 3}, 0)
        time.sleep(3)
        assert content(card) == before, "a look changes nothing"
        assert desk.laptop.on_share() == {}
        originals = {sha256(one) for name, one in card.holds().items() if "IMG_9" not in name}

        desk.say(offer, CardSaid.SEND)
        done = desk.until(Phase.DONE)

        assert (done.sent, done.kept, done.flushed) == (3, 0, True)
        assert sorted(card.holds()) == ["DCIM/100CANON/IMG_9000.JPG", "DCIM/100CANON/IMG_9001.JPG"]
        assert desk.laptop.originals_on_share() == originals
        card.take_out()
        wait(lambda: not desk.shown())
    assert desk.lines == [
        "A card holds 3 photos from a school visit. Click to send.",
        "3 photos are safe on the school network and removed from the card. You can take the card out.",
    ]


def test_a_cards_run_is_logged_in_sentences_and_told_as_any_other(
    desk: Desk, card: Card, caplog: pytest.LogCaptureFixture
) -> None:
    desk.laptop.configure(folders={"settle_seconds": 0.2}, device={"language": "cy"})
    with desk.at_work(), caplog.at_level("INFO", logger="photo-agent"):
        card.put_in()
        desk.say(desk.until(Phase.OFFERED), CardSaid.SEND)
        desk.until(Phase.DONE)
    assert desk.lines[0] == "Mae 3 llun o ymweliad ysgol ar gerdyn. Cliciwch i anfon.", "notices are for the teacher"
    lines = [one.getMessage() for one in caplog.records]
    assert sum(line.endswith("was removed from its folder.") for line in lines) == 3
    assert any(line.startswith("Sending 3 photos, ") for line in lines)
    assert not [line for line in lines if "{" in line or "IMG_" in line or str(card.top) in line]
    happened = [one["event"] for one in desk.told]
    assert [happened.count(what) for what in ("sent", "proven", "removed")] == [3, 3, 3]
    assert [one["removed"] for one in desk.told if one["event"] == "summary" and one["removed"]] == [3]


@pytest.mark.parametrize(
    ("remove", "locked", "says"),
    [
        ("ask", False, "sent and then removed from the card"),
        ("never", False, "sent and stay on the card too, as the settings say"),
        ("ask", True, "sent and stay on the card too, for it is locked"),
    ],
)
def test_a_preview_says_what_becomes_of_photos_on_a_card(
    desk: Desk, card: Card, capsys: pytest.CaptureFixture[str], remove: str, *, locked: bool, says: str
) -> None:
    from agent.cli.sync import command

    desk.laptop.configure(cards={"remove": remove})
    photo = desk.laptop.photo("IMG_5555.JPG")
    card.put_in(locked=locked)
    code = command.main(["--dry-run", str(card.top), str(photo)], standalone_mode=False, obj=str(desk.laptop.config))
    assert code == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"These would be {says}" in said
    assert "These would be sent and then removed from this laptop" in said


def test_an_inspection_takes_for_a_card_what_is_offered_as_one(desk: Desk, card: Card) -> None:
    from agent.pipeline.inspect_here import surroundings

    card.put_in()
    here, _ = surroundings(desk.laptop.settings)
    assert here.cards == [card.top]
    assert card.top not in here.disks
    card.reader.forgets(card)  # as the kernel says of a hard disk
    here, _ = surroundings(desk.laptop.settings)
    assert here.cards == []
    assert card.top in here.disks


@pytest.mark.slow
def test_not_now_leaves_the_card_and_it_is_offered_when_put_in_again(desk: Desk, card: Card) -> None:
    with desk.at_work():
        card.put_in()
        before = content(card)
        desk.say(desk.until(Phase.OFFERED), CardSaid.NOT_NOW)
        desk.until(Phase.DECLINED)
        assert content(card) == before
        card.take_out()
        wait(lambda: not desk.shown())
        card.put_in()
        desk.until(Phase.OFFERED)
        assert content(card) == before
    assert desk.laptop.on_share() == {}


@pytest.mark.slow
def test_a_card_with_too_many_photos_is_said_to_be_passed_over(
    desk: Desk, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.pipeline.cardlook.MOST", 4)
    monkeypatch.setattr("agent.pipeline.cardlook.judge_unseen", lambda *_: pytest.fail("a photo of it was read"))
    with desk.at_work():
        card.put_in()
        over = desk.until(Phase.TOO_MANY)
        assert (over.photos, over.visits) == (4, {})
        status = desk.laptop.command("status").stdout
        assert "A card holds more than 4 photos." in status.splitlines()[0]
        assert f'photo-agent sync "{card.top}"' in status
        found = [json.loads(line) for line in desk.laptop.command("doctor", "--json").stdout.splitlines()]
        assert [one["result"] for one in found if one["check"] == "card"] == ["warn"]
        assert desk.lines == ["A card holds too many photos for us to look through. Click to see."]
        assert len(card.holds()) == 5
        card.take_out()
        wait(lambda: not desk.shown())


def test_a_card_without_a_visits_photos_leaves_no_trace(desk: Desk, reader: Reader) -> None:
    card = filled(reader.card(label="OURHOLIDAY"), visit=0, private=4)
    with desk.at_work():
        card.put_in()
        time.sleep(6)
        assert desk.shown() == []
    assert desk.lines == []
    state = b"".join(path.read_bytes() for path in (desk.laptop.home / "state").rglob("*") if path.is_file())
    assert b"OURHOLIDAY" not in state
    assert b"100CANON" not in state


# --- whose yes it was ------------------------------------------------------------------------------------------------


def test_a_card_swapped_before_the_yes_is_asked_about_again(desk: Desk, card: Card, reader: Reader) -> None:
    other = filled(reader.card(), visit=4, first=50)
    with desk.at_work():
        card.put_in()
        offer = desk.until(Phase.OFFERED)
        card.take_out()
        other.put_in()  # the same serial number, label and size, at the same place
        before = content(other)
        desk.say(offer, CardSaid.SEND)
        desk.handled()
        again = desk.until(Phase.OFFERED, where=lambda one: one.id != offer.id)
        assert again.visits == {"museum": 4}
        assert content(other) == before
        desk.say(offer, CardSaid.SEND)  # the late answer once more: it is about what is not shown any more
        desk.handled()
        assert content(other) == before
    assert desk.laptop.on_share() == {}


def test_a_yes_to_what_was_shown_is_none_to_what_is_found_later(desk: Desk, card: Card) -> None:
    """The visits list has another visit now: the same card, with the same files, would lose more of them."""
    with desk.at_work():
        card.put_in()
        offer = desk.until(Phase.OFFERED)
        later = "evening,Evening walk,2026-03-13 18:00,2026-03-13 23:00,Europe/London,,,,,,\n"
        desk.laptop.register(VISITS + later)
        assert desk.laptop.command("sync").returncode == 0
        more = desk.until(Phase.OFFERED, where=lambda one: one.to_send == 5)
        desk.say(offer, CardSaid.SEND)
        desk.handled()
        time.sleep(1)
        assert len(card.holds()) == 5
        assert more.id != offer.id
        desk.say(more, CardSaid.SEND)
        assert desk.until(Phase.DONE).sent == 5
    assert desk.lines.count("A card holds 3 photos from a school visit. Click to send.") == 1


@pytest.mark.slow
def test_of_two_answers_given_at_once_the_first_counts(desk: Desk, card: Card) -> None:
    with desk.at_work():
        card.put_in()
        offer = desk.until(Phase.OFFERED)
        desk.say(offer, CardSaid.NOT_NOW)
        desk.say(offer, CardSaid.SEND)
        desk.handled()
        time.sleep(2)
        assert [one.phase for one in desk.shown()] == [Phase.DECLINED]
        assert len(card.holds()) == 5
        card.take_out()
        wait(lambda: not desk.shown())
        card.put_in()
        again = desk.until(Phase.OFFERED)
        for said in (CardSaid.SEND, CardSaid.NOT_NOW, CardSaid.SEND, CardSaid.ALWAYS, CardSaid.STOP_WAITING):
            desk.say(again, said)
        desk.handled()
        done = desk.until(Phase.DONE)
        assert (done.sent, done.always) == (3, False)
    assert len(desk.laptop.on_share()) == 3


@pytest.mark.slow
def test_an_offer_of_a_card_that_became_locked_is_another_offer(desk: Desk, card: Card) -> None:
    with desk.at_work():
        card.put_in()
        offer = desk.until(Phase.OFFERED)
        card.now_locked()
        locked = desk.until(Phase.OFFERED, where=lambda one: one.plugged.read_only)
        assert locked.id != offer.id
        desk.say(offer, CardSaid.SEND)
        desk.handled()
        time.sleep(1)
    assert desk.laptop.on_share() == {}
    assert len(desk.lines) == 1, "a notice once"


@pytest.mark.slow
def test_a_card_in_doubt_is_finished_when_it_was_answered(desk: Desk, reader: Reader) -> None:
    from agent.model import VisitId
    from agent.pipeline import answers

    card = put_in_or_skip(reader.card(), lambda card: card.write("DCIM/100CANON/IMG_0001.JPG", jpeg(None, seed=1)))
    with desk.at_work():
        card.put_in()
        offer = desk.until(Phase.OFFERED)
        assert (offer.to_send, offer.unsure) == (0, 1)
        desk.say(offer, CardSaid.SEND)
        waits = desk.until(Phase.DONE)
        assert (waits.sent, waits.unsure) == (0, 1)
        assert "A card is in. 1 photo on it needs your answer" in desk.laptop.command("status").stdout
        asked = desk.ask(lambda journal: [one.id for one in journal.tracked_photos(State.REVIEW)])
        desk.laptop.look(lambda context: answers.give(context, asked, VisitId("museum")))
        assert desk.laptop.command("sync").returncode == 0
        done = desk.until(Phase.DONE, where=lambda one: one.sent == 1)
        assert (done.unsure, done.kept, card.holds()) == (0, 0, {})
    assert [line for line in desk.lines if "card" in line] == [
        "A card may hold photos from a school visit. Click to see.",
        "1 photo is safe on the school network and removed from the card. You can take the card out.",
    ]


def test_photos_added_after_the_look_are_asked_about(desk: Desk, card: Card) -> None:
    with desk.at_work():
        card.put_in()
        offer = desk.until(Phase.OFFERED)
        card.write("DCIM/100CANON/IMG_0050.JPG", jpeg(ON_VISIT, seed=50))
        desk.say(offer, CardSaid.SEND)
        again = desk.until(Phase.OFFERED, where=lambda one: one.asked_again)
        assert again.visits == {"museum": 4}
        assert len(card.holds()) == 6


@pytest.mark.slow
def test_always_is_for_this_card_and_not_for_one_with_its_number(desk: Desk, card: Card, reader: Reader) -> None:
    with desk.at_work():
        card.put_in()
        desk.say(desk.until(Phase.OFFERED), CardSaid.ALWAYS)
        assert desk.until(Phase.DONE).always
        card.write("DCIM/100CANON/IMG_0070.JPG", jpeg(ON_VISIT, seed=70))
        card.take_out()
        wait(lambda: not desk.shown())

        card.put_in()  # new photos on the same card: sent without asking
        assert desk.until(Phase.DONE).sent == 1
        assert "DCIM/100CANON/IMG_0070.JPG" not in card.holds()
        card.take_out()
        wait(lambda: not desk.shown())

        clone = filled(reader.card(), first=30)
        clone.put_in()
        desk.until(Phase.OFFERED)
        assert len(clone.holds()) == 5


@pytest.mark.slow
def test_a_copy_from_before_the_last_time_is_asked_about(desk: Desk, card: Card, reader: Reader) -> None:
    with desk.at_work():
        card.put_in()
        desk.say(desk.until(Phase.OFFERED), CardSaid.ALWAYS)
        desk.until(Phase.DONE)
        card.write("DCIM/100CANON/IMG_0070.JPG", jpeg(ON_VISIT, seed=70))
        card.take_out()
        wait(lambda: not desk.shown())
        copy = reader.copy(card)
        card.put_in()
        desk.until(Phase.DONE)
        card.take_out()
        wait(lambda: not desk.shown())
        copy.put_in()
        desk.until(Phase.OFFERED)
        assert "DCIM/100CANON/IMG_0070.JPG" in copy.holds()


@pytest.mark.slow
def test_always_can_be_taken_back(desk: Desk, card: Card) -> None:
    with desk.at_work():
        card.put_in()
        desk.say(desk.until(Phase.OFFERED), CardSaid.ALWAYS)
        desk.say(desk.until(Phase.DONE), CardSaid.ASK_AGAIN)
        desk.until(Phase.DONE, where=lambda one: not one.always)
        assert not (card.top / ".photo-agent-card").exists()
        card.write("DCIM/100CANON/IMG_0070.JPG", jpeg(ON_VISIT, seed=70))
        card.take_out()
        wait(lambda: not desk.shown())
        card.put_in()
        desk.until(Phase.OFFERED)


@pytest.mark.slow
def test_two_cards_of_one_number_are_both_asked_about(desk: Desk, card: Card, reader: Reader) -> None:
    with desk.at_work():
        card.put_in()
        desk.say(desk.until(Phase.OFFERED), CardSaid.ALWAYS)
        desk.until(Phase.DONE)
        card.write("DCIM/100CANON/IMG_0070.JPG", jpeg(ON_VISIT, seed=70))
        card.take_out()
        wait(lambda: not desk.shown())
        twin = filled(reader.card("OTHER"), first=30)
        twin.put_in()
        desk.until(Phase.OFFERED)
        card.put_in()
        wait(lambda: [one.phase for one in desk.shown()] == [Phase.OFFERED] * 2)
        assert len(card.holds()) == 3
        assert len(twin.holds()) == 5


# --- taken out too soon ----------------------------------------------------------------------------------------------


def slow(desk: Desk) -> None:
    """A line on which forty photos take long enough to pull a card."""
    desk.laptop.configure(folders={"settle_seconds": 0.2}, share={"bandwidth_kib_per_s": 300})


def full(reader: Reader, **what: Any) -> Card:
    def fill(card: Card) -> None:
        for n in range(40):
            card.write(f"DCIM/100CANON/IMG_{n:04}.JPG", jpeg(ON_VISIT + minutes(n), seed=n, size=66_000))

    return put_in_or_skip(reader.card(**what), fill)


@pytest.mark.slow
def test_a_card_pulled_out_is_said_once_and_goes_on_when_it_is_back(
    desk: Desk, reader: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    slow(desk)
    card = full(reader)
    card.put_in()
    originals = {sha256(one) for one in card.holds().values()}
    with desk.at_work(), caplog.at_level("INFO", logger="photo-agent"):
        desk.say(desk.until(Phase.OFFERED), CardSaid.SEND)
        wait(lambda: len(desk.laptop.on_share()) > 8)
        card.take_out()
        out = desk.until(Phase.TAKEN_OUT)
        assert 0 < out.sent < 40 == out.to_send
        time.sleep(4)
        assert [line for line in desk.lines if "too soon" in line] == [
            "A card was taken out too soon. Nothing is lost: put it in again."
        ]
        assert not [one for one in caplog.records if "after a fault" in one.getMessage()]

        desk.laptop.configure(folders={"settle_seconds": 0.2})
        card.put_in()
        done = desk.until(Phase.DONE)
        assert (done.sent, done.to_send, done.kept) == (40, 40, 0)
        assert card.holds() == {}
    assert desk.laptop.originals_on_share() == originals
    assert len(desk.laptop.on_share()) == 40


@pytest.mark.slow
def test_a_card_that_comes_back_at_another_place_goes_on_there(desk: Desk, reader: Reader) -> None:
    slow(desk)
    card = full(reader)
    with desk.at_work():
        card.put_in()
        desk.say(desk.until(Phase.OFFERED), CardSaid.SEND)
        wait(lambda: len(desk.laptop.on_share()) > 8)
        card.take_out()
        desk.until(Phase.TAKEN_OUT)
        card.top = card.top.with_name("EOS_DIGITAL1")
        card.put_in()
        assert desk.until(Phase.DONE).sent == 40
        assert card.holds() == {}
    assert len(desk.laptop.on_share()) == 40


@pytest.mark.slow
def test_a_card_that_will_not_come_back_is_dismissed(desk: Desk, reader: Reader) -> None:
    slow(desk)
    card = full(reader)
    with desk.at_work():
        card.put_in()
        desk.say(desk.until(Phase.OFFERED), CardSaid.SEND)
        wait(lambda: len(desk.laptop.on_share()) > 8)
        card.take_out()
        out = desk.until(Phase.TAKEN_OUT)
        wait(lambda: desk.ask(lambda journal: len(journal.away())))
        desk.say(out, CardSaid.STOP_WAITING)
        wait(lambda: not desk.shown() and not desk.ask(lambda journal: len(journal.away())))
    assert desk.laptop.command("status").returncode in {0, 3}


@pytest.mark.slow
def test_a_copy_with_other_photos_gets_none_of_the_yes_of_a_card_that_is_out(desk: Desk, reader: Reader) -> None:
    """The same serial number, label, size and names of files, and other photos under them."""
    slow(desk)
    card = full(reader)

    def fill(card: Card) -> None:
        for n in range(40):
            card.write(f"DCIM/100CANON/IMG_{n:04}.JPG", jpeg(ON_VISIT + minutes(n), seed=500 + n, size=70_000 + n))

    other = put_in_or_skip(reader.card(), fill)
    with desk.at_work():
        card.put_in()
        desk.say(desk.until(Phase.OFFERED), CardSaid.SEND)
        wait(lambda: len(desk.laptop.on_share()) > 8)
        card.take_out()
        desk.until(Phase.TAKEN_OUT)
        other.put_in()
        offer = desk.until(Phase.OFFERED)
        assert offer.to_send == 40
        assert len(other.holds()) == 40


@pytest.mark.slow
@pytest.mark.parametrize("serial", ["1234-ABCD", ""])
def test_a_service_that_was_stopped_goes_on_with_the_card(desk: Desk, reader: Reader, serial: str) -> None:
    slow(desk)
    card = full(reader, serial=serial)
    card.put_in()
    with desk.at_work():
        desk.say(desk.until(Phase.OFFERED), CardSaid.SEND)
        wait(lambda: len(desk.laptop.on_share()) > 8)
    assert len(card.holds()) > 5
    desk.laptop.configure(folders={"settle_seconds": 0.2})
    with desk.at_work():
        assert desk.until(Phase.DONE, Phase.TAKEN_OUT).sent == 40, "it was not taken out"
        assert card.holds() == {}


@pytest.mark.slow
def test_a_yes_without_the_share_holds_until_it_is_back(desk: Desk, card: Card) -> None:
    with desk.at_work():
        card.put_in()
        offer = desk.until(Phase.OFFERED)
        desk.laptop.server.stop()  # type: ignore[attr-defined]  # tests' own server
        desk.say(offer, CardSaid.SEND)
        desk.until(Phase.SENDING)
        desk.handled()
        assert len(card.holds()) == 5
        desk.laptop.server.restart()  # type: ignore[attr-defined]
        assert desk.until(Phase.DONE).sent == 3


@pytest.mark.slow
def test_a_card_without_a_number_is_sent_and_never_always(desk: Desk, reader: Reader) -> None:
    card = filled(reader.card(serial=""))
    with desk.at_work():
        card.put_in()
        desk.say(desk.until(Phase.OFFERED), CardSaid.ALWAYS)
        done = desk.until(Phase.DONE)
        assert (done.sent, done.kept, done.always) == (3, 0, False)
    assert not (card.top / ".photo-agent-card").exists()


@pytest.mark.slow
def test_a_typed_sync_of_a_card_that_is_pulled_out_says_it_in_few_lines(desk: Desk, reader: Reader) -> None:
    slow(desk)
    card = full(reader)
    card.put_in()
    syncing = desk.laptop.start("sync", card.top)
    wait(lambda: len(desk.laptop.on_share()) > 8)
    card.take_out()
    said = "".join(syncing.communicate(timeout=60))
    assert "cannot be reached" in said
    assert len(said.splitlines()) < 30, said
    assert "Traceback" not in said


# --- cards that cannot be written to ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_locked_card_is_sent_kept_and_not_sent_twice(desk: Desk, card: Card) -> None:
    with desk.at_work():
        card.put_in(locked=True)
        offer = desk.until(Phase.OFFERED)
        assert offer.plugged.read_only
        desk.say(offer, CardSaid.SEND)
        done = desk.until(Phase.DONE)
        assert (done.sent, done.kept) == (3, 3)
        sent = desk.laptop.on_share()
        assert len(sent) == 3
        card.take_out()
        wait(lambda: not desk.shown())

        card.put_in(locked=True)
        again = desk.until(Phase.DONE)
        assert (again.sent, again.kept) == (3, 3)
        assert len(card.holds()) == 5
        assert desk.laptop.on_share() == sent
        card.take_out()
        wait(lambda: not desk.shown())

        card.put_in()
        wait(lambda: len(card.holds()) == 2)
        assert desk.laptop.on_share() == sent
    kept = desk.laptop.look(lambda context: list(context.record.entries(kinds={EntryKind.NOT_REMOVED})))
    assert {entry.body["outcome"] for entry in kept} <= {"read-only", "away"}


@pytest.mark.slow
def test_a_card_that_turns_read_only_midway_keeps_what_was_sent(desk: Desk, reader: Reader) -> None:
    slow(desk)
    card = full(reader)
    card.put_in()
    with desk.at_work():
        desk.say(desk.until(Phase.OFFERED), CardSaid.SEND)
        wait(lambda: len(card.holds()) < 38)
        card.now_locked()
        desk.laptop.configure(folders={"settle_seconds": 0.2})
        done = desk.until(Phase.DONE)
        assert done.sent == 40
        assert done.kept == len(card.holds()) > 0
        assert done.plugged.read_only


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_never_sends_and_leaves_all_on_the_card(desk: Desk, card: Card) -> None:
    desk.laptop.configure(folders={"settle_seconds": 0.2}, cards={"remove": "never"})
    with desk.at_work():
        card.put_in()
        desk.say(desk.until(Phase.OFFERED), CardSaid.SEND)
        done = desk.until(Phase.DONE)
        assert (done.sent, done.kept) == (3, 3)
        assert len(card.holds()) == 5
        card.take_out()
        wait(lambda: not desk.shown())
        card.put_in()
        time.sleep(6)
        assert desk.shown() == [], "what was sent is not offered again"
    assert len(desk.laptop.on_share()) == 3
    assert len(card.holds()) == 5
    kept = desk.laptop.look(lambda context: list(context.record.entries(kinds={EntryKind.NOT_REMOVED})))
    assert [entry.body["outcome"] for entry in kept] == ["kept"] * 3
    status = desk.laptop.command("status")
    assert status.returncode == 0, status.stdout
    assert run_over(desk, card).removed == 0, "a typed sync does not remove them either"
    assert len(card.holds()) == 5


def test_what_stayed_by_an_earlier_setting_stays_until_somebody_says_so(desk: Desk, card: Card) -> None:
    desk.laptop.configure(folders={"settle_seconds": 0.2}, cards={"remove": "never"})
    card.put_in()
    assert run_over(desk, card).exit_code == 0
    assert len(card.holds()) == 5
    desk.laptop.configure(folders={"settle_seconds": 0.2})
    desk.laptop.run()
    assert len(card.holds()) == 5
    assert run_over(desk, card).removed == 3
    assert len(card.holds()) == 2


def run_over(desk: Desk, card: Card) -> Any:
    from agent.pipeline.run import Run

    with only_writer(desk.laptop.settings), open_context(desk.laptop.settings) as context:
        return Run(context, (card.top,)).through()


@pytest.mark.slow
def test_always_in_the_settings_asks_nobody(desk: Desk, card: Card) -> None:
    desk.laptop.configure(folders={"settle_seconds": 0.2}, cards={"remove": "always"})
    with desk.at_work():
        card.put_in()
        assert desk.until(Phase.DONE).sent == 3
        assert len(card.holds()) == 2


@pytest.mark.slow
@pytest.mark.parametrize("remove", ["ask", "always"])
def test_a_pause_holds_for_cards_too_and_asks_all_the_same(desk: Desk, card: Card, remove: str) -> None:
    desk.laptop.configure(folders={"settle_seconds": 0.2}, cards={"remove": remove})
    desk.laptop.look(pause)
    with desk.at_work():
        card.put_in()
        if remove == "ask":
            desk.until(Phase.OFFERED)
        time.sleep(5)
        assert (desk.laptop.on_share(), len(card.holds())) == ({}, 5)
        desk.laptop.look(resume)
        if remove == "ask":
            desk.say(desk.until(Phase.OFFERED), CardSaid.SEND)
        assert desk.until(Phase.DONE).sent == 3


@pytest.mark.slow
def test_cards_are_not_looked_at_where_the_settings_say_so(desk: Desk, card: Card) -> None:
    desk.laptop.configure(folders={"settle_seconds": 0.2}, cards={"offer": False})
    with desk.at_work():
        card.put_in()
        time.sleep(5)
        assert desk.shown() == []


# --- on record -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_who_had_which_card_is_on_record(desk: Desk, card: Card) -> None:
    (desk.laptop.share / "register" / "cameras.csv").write_text(
        "label,make,model,serial,owner\nSchool Canon,Canon,EOS R6,,school\n", encoding="utf-8"
    )
    desk.laptop.run()
    with desk.at_work():
        card.put_in()
        desk.say(desk.until(Phase.OFFERED), CardSaid.SEND)
        desk.until(Phase.DONE)

    def entries(context: Context) -> list[Any]:
        return list(context.record.entries(kinds={EntryKind.CARD}))

    (entry,) = desk.laptop.look(entries)
    said = {name: entry.body[name] for name in ("staff", "serial", "label", "photos", "cameras")}
    assert said == {
        "staff": "j.smith",
        "serial": "1234-ABCD",
        "label": "EOS_DIGITAL",
        "photos": 3,
        "cameras": ["School Canon"],
    }
    loan = json.loads(desk.laptop.command("cameras", "loans", "--json").stdout)
    assert (loan["camera"], loan["serial"], loan["staff"], loan["device"], loan["photos"]) == (
        *("School Canon", "1234-ABCD", "j.smith", "laptop-17"),
        3,
    )
    table = desk.laptop.command("cameras", "loans").stdout
    assert "School Canon" in table
    assert "j.smith" in desk.laptop.command("cameras", "loans", "--csv").stdout
    copied = desk.laptop.command("cameras", "loans", desk.laptop.share, "--json")
    assert json.loads(copied.stdout) == loan, copied.stderr


def not_offered(desk: Desk) -> str | None:
    (plugged,) = plugged_in()
    return why_not_offered(desk.laptop.settings, plugged)


# --- hostile cards ---------------------------------------------------------------------------------------------------


def test_a_card_whose_dcim_is_a_link_is_not_looked_at(desk: Desk, reader: Reader) -> None:
    secret = desk.laptop.home / "Pictures"
    secret.mkdir()
    (secret / "IMG_1.JPG").write_bytes(jpeg(ON_VISIT))
    card = put_in_or_skip(reader.card(), lambda card: (card.top / "DCIM").symlink_to(secret))
    card.put_in()
    assert not_offered(desk) == "has no folder of a camera."


def test_a_link_beside_dcim_leads_nowhere(desk: Desk, reader: Reader) -> None:
    secret = desk.laptop.home / "Pictures"
    secret.mkdir()
    (secret / "IMG_1.JPG").write_bytes(jpeg(ON_VISIT, seed=77))

    def fill(card: Card) -> None:
        card.write("DCIM/100CANON/IMG_0001.JPG", jpeg(ON_VISIT))
        (card.top / "DCIM" / "101CANON").symlink_to(secret)

    card = put_in_or_skip(reader.card(), fill)
    with desk.at_work():
        card.put_in()
        offer = desk.until(Phase.OFFERED)
        assert offer.photos == 1
        desk.say(offer, CardSaid.SEND)
        desk.until(Phase.DONE)
    assert (secret / "IMG_1.JPG").exists()


def test_a_label_with_control_characters_is_only_text(desk: Desk, reader: Reader) -> None:
    card = filled(reader.card(label="\x1b[31mEOS\u202e\n/home/j"))
    with desk.at_work():
        card.put_in()
        desk.say(desk.until(Phase.OFFERED), CardSaid.SEND)
        desk.until(Phase.DONE)
    (entry,) = desk.laptop.look(lambda context: list(context.record.entries(kinds={EntryKind.CARD})))
    assert "label" not in entry.body


def test_a_disk_that_cannot_be_taken_out_is_not_offered(
    desk: Desk, card: Card, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    card.put_in()
    assert not_offered(desk) is None
    monkeypatch.setattr(linux, "_BLOCK", tmp_path / "no reader")
    assert plugged_in() == ()


def test_a_card_with_a_watched_folder_on_it_is_not_offered(desk: Desk, card: Card) -> None:
    desk.laptop.configure(folders={"settle_seconds": 0.2, "watch": [str(desk.laptop.imports), str(card.top)]})
    card.put_in()
    assert not_offered(desk) == "has a watched folder on it, whose photos leave by themselves."
    desk.laptop.run()
    assert len(card.holds()) == 2, "the settings name it"


@pytest.mark.slow
def test_a_card_mounted_below_a_watched_folder_is_offered_like_any_other(desk: Desk, card: Card) -> None:
    card.top = desk.laptop.imports / "EOS_DIGITAL"
    with desk.at_work():
        card.put_in()
        offer = desk.until(Phase.OFFERED)
        desk.laptop.photo("IMG_5555.JPG", seed=5)
        wait(lambda: len(desk.laptop.on_share()) == 1)
        assert len(card.holds()) == 5
        desk.say(offer, CardSaid.SEND)
        desk.until(Phase.DONE)
        assert len(card.holds()) == 2


def test_a_card_that_the_share_is_on_is_not_offered(desk: Desk, card: Card) -> None:
    card.put_in()
    assert not_offered(desk) is None
    for name in ("register", "record", "visits"):
        (card.top / name).mkdir()
    assert not_offered(desk) == "is the school's share itself."


def test_a_card_on_which_something_else_is_mounted_is_not_offered(card: Card) -> None:
    card.put_in()
    (card.top / "inside").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(card.top / "inside")], check=True)
    try:
        assert plugged_in() == ()
    finally:
        subprocess.run(["umount", str(card.top / "inside")], check=True)


def test_a_typed_sync_is_a_yes_and_ends_the_offer(desk: Desk, card: Card) -> None:
    with desk.at_work():
        card.put_in()
        desk.until(Phase.OFFERED)
        synced = desk.laptop.command("sync", card.top)
        assert synced.returncode == 0, synced.stderr
        assert len(card.holds()) == 2
        wait(lambda: not desk.shown())


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_card_with_fifty_thousand_files_is_looked_through_while_photos_go_on(
    desk: Desk, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "SOON", 500.0)
    one = jpeg(PRIVATE)

    def fill(card: Card) -> None:
        for n in range(50_000):
            card.write(f"DCIM/{n // 5000:03}CANON/IMG_{n % 5000:04}.JPG", one[:400] if n else jpeg(ON_VISIT))

    from tests import loopcards

    small = ["mkfs.ext4", "-q", "-F", "-m", "0", "-b", "1024", "-N", "60000", "-I", "128"]
    monkeypatch.setitem(loopcards.MAKE, "ext4", small)
    monkeypatch.setattr(loopcards, "MEGABYTES", 120)
    card = put_in_or_skip(reader.card(), fill)
    with desk.at_work():
        card.put_in()
        desk.until(Phase.LOOKING)
        photo = desk.laptop.photo("IMG_5555.JPG", seed=5)
        wait(lambda: not photo.exists())
        assert desk.until(Phase.OFFERED).photos == 50_000

"""Cards that are pulled out, locked, or out of reach while their photos are sent."""

import time

import pytest

from agent.journal import CardSaid
from agent.pipeline.cards import Phase
from agent.record import EntryKind
from tests.integration.pipeline.cards.desk import Desk, full, wait
from tests.laptop import ON_VISIT, jpeg, minutes, sha256
from tests.loopcards import Card, Reader, put_in_or_skip


@pytest.mark.slow
def test_a_card_pulled_out_is_reported_once_and_continues_later(
    desk: Desk, reader: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    desk.slow()
    card = full(reader)
    card.put_in()
    originals = {sha256(one) for one in card.holds().values()}
    with desk.at_work(), caplog.at_level("INFO", logger="photo-agent"):
        desk.begin_to_send()
        card.take_out()
        out = desk.until(Phase.TAKEN_OUT)
        assert 0 < out.sent < 40 == out.to_send
        time.sleep(4)
        assert [line for line in desk.lines if "too soon" in line] == [
            "A card was taken out too soon. Nothing is lost: put it in again."
        ]
        assert not [one for one in caplog.records if "after a fault" in one.getMessage()]

        desk.configure()
        card.put_in()
        done = desk.until(Phase.DONE)
        assert (done.sent, done.to_send, done.kept) == (40, 40, 0)
        assert card.holds() == {}
    assert desk.laptop.originals_on_share() == originals
    assert len(desk.laptop.on_share()) == 40


@pytest.mark.slow
def test_a_card_that_comes_back_at_another_place_continues(desk: Desk, reader: Reader) -> None:
    desk.slow()
    card = full(reader)
    with desk.at_work():
        card.put_in()
        desk.begin_to_send()
        card.take_out()
        desk.until(Phase.TAKEN_OUT)
        card.top = card.top.with_name("EOS_DIGITAL1")
        card.put_in()
        assert desk.until(Phase.DONE).sent == 40
        assert card.holds() == {}
    assert len(desk.laptop.on_share()) == 40


@pytest.mark.slow
def test_a_card_that_will_not_come_back_is_dismissed(desk: Desk, reader: Reader) -> None:
    desk.slow()
    card = full(reader)
    with desk.at_work():
        card.put_in()
        desk.begin_to_send()
        card.take_out()
        out = desk.until(Phase.TAKEN_OUT)
        wait(lambda: desk.ask(lambda journal: len(journal.away())))
        desk.say(out, CardSaid.STOP_WAITING)
        wait(lambda: not desk.shown() and not desk.ask(lambda journal: len(journal.away())))
    assert desk.laptop.command("status").returncode in {0, 3}


@pytest.mark.slow
def test_a_yes_does_not_pass_to_a_copy_with_other_photos(desk: Desk, reader: Reader) -> None:
    """The same serial number, label, size and names of files, and other photos under them."""
    desk.slow()
    card = full(reader)

    def fill(card: Card) -> None:
        for n in range(40):
            card.write(f"DCIM/100CANON/IMG_{n:04}.JPG", jpeg(ON_VISIT + minutes(n), seed=500 + n, size=70_000 + n))

    other = put_in_or_skip(reader.card(), fill)
    with desk.at_work():
        card.put_in()
        desk.begin_to_send()
        card.take_out()
        desk.until(Phase.TAKEN_OUT)
        other.put_in()
        offer = desk.until(Phase.OFFERED)
        assert offer.to_send == 40
        assert len(other.holds()) == 40


@pytest.mark.slow
@pytest.mark.parametrize("serial", ["1234-ABCD", ""])
def test_a_service_that_was_stopped_continues_with_the_card(desk: Desk, reader: Reader, serial: str) -> None:
    desk.slow()
    card = full(reader, serial=serial)
    card.put_in()
    with desk.at_work():
        desk.begin_to_send()
    assert len(card.holds()) > 5
    desk.configure()
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
def test_a_typed_sync_of_a_pulled_card_reports_it_in_few_lines(desk: Desk, reader: Reader) -> None:
    desk.slow()
    card = full(reader)
    card.put_in()
    syncing = desk.laptop.start("sync", card.top)
    wait(lambda: len(desk.laptop.on_share()) > 8)
    card.take_out()
    said = "".join(syncing.communicate(timeout=60))
    assert "cannot be reached" in said
    assert len(said.splitlines()) < 30, said
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_locked_card_is_sent_once_and_left_as_it_is(desk: Desk, card: Card) -> None:
    with desk.at_work():
        card.put_in(locked=True)
        offer = desk.until(Phase.OFFERED)
        assert offer.plugged.read_only
        desk.say(offer, CardSaid.SEND)
        done = desk.until(Phase.DONE)
        assert (done.sent, done.kept) == (3, 3)
        sent = desk.laptop.on_share()
        assert len(sent) == 3
        desk.take_out(card)

        card.put_in(locked=True)
        again = desk.until(Phase.DONE)
        assert (again.sent, again.kept) == (3, 3)
        assert len(card.holds()) == 5
        assert desk.laptop.on_share() == sent
        desk.take_out(card)

        card.put_in()
        wait(lambda: len(card.holds()) == 2)
        assert desk.laptop.on_share() == sent
    kept = desk.laptop.entries(EntryKind.NOT_REMOVED)
    assert {entry.body["outcome"] for entry in kept} <= {"read-only", "away"}


@pytest.mark.slow
def test_a_card_that_turns_read_only_midway_keeps_what_was_sent(desk: Desk, reader: Reader) -> None:
    desk.slow()
    card = full(reader)
    card.put_in()
    with desk.at_work():
        desk.say(desk.until(Phase.OFFERED), CardSaid.SEND)
        wait(lambda: len(card.holds()) < 38)
        card.now_locked()
        desk.configure()
        done = desk.until(Phase.DONE)
        assert done.sent == 40
        assert done.kept == len(card.holds()) > 0
        assert done.plugged.read_only

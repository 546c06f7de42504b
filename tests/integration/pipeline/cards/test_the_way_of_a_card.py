"""A card that is put in: looked through read only, offered, sent when a person says so, reported as finished."""

import json
import time

import pytest

from agent.journal import CardSaid
from agent.pipeline.cards import Phase
from agent.pipeline.inspect_here import surroundings
from agent.record import EntryKind
from tests import loopcards
from tests.integration.pipeline.cards import desk as desks
from tests.integration.pipeline.cards.desk import Desk, content, filled, wait
from tests.laptop import ON_VISIT, PRIVATE, jpeg, sha256
from tests.loopcards import Card, Reader, put_in_or_skip


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
        desk.take_out(card)
    assert desk.lines == [
        "A card holds 3 photos from a school visit. Click to send.",
        "3 photos are safe on the school network and removed from the card. You can take the card out.",
    ]


def test_a_cards_run_is_logged_in_sentences_like_any_other(
    desk: Desk, card: Card, caplog: pytest.LogCaptureFixture
) -> None:
    desk.configure(device={"language": "cy"})
    with desk.at_work(), caplog.at_level("INFO", logger="photo-agent"):
        card.put_in()
        desk.send()
    assert desk.lines[0] == "Mae 3 llun o ymweliad ysgol ar gerdyn. Cliciwch i anfon.", "notices are for the teacher"
    lines = [one.getMessage() for one in caplog.records]
    assert sum(line.endswith("was removed from its folder.") for line in lines) == 3
    assert any(line.startswith("Sending 3 photos, ") for line in lines)
    assert not [line for line in lines if "{" in line or "IMG_" in line or str(card.top) in line]
    happened = [one["event"] for one in desk.events]
    assert [happened.count(what) for what in ("sent", "proven", "removed")] == [3, 3, 3]
    assert [one["removed"] for one in desk.events if one["event"] == "summary" and one["removed"]] == [3]


@pytest.mark.parametrize(
    ("remove", "locked", "says"),
    [
        ("ask", False, "sent and then removed from the card"),
        ("never", False, "sent and stay on the card too, as the settings say"),
        ("ask", True, "sent and stay on the card too, because it is locked"),
    ],
)
def test_a_preview_says_what_will_happen_to_photos_on_a_card(
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


def test_an_inspection_counts_as_cards_those_that_are_offered(desk: Desk, card: Card) -> None:
    card.put_in()
    here, _ = surroundings(desk.laptop.settings)
    assert here.cards == [card.top]
    assert card.top not in here.disks
    card.reader.forgets(card)  # as the kernel says of a hard disk
    here, _ = surroundings(desk.laptop.settings)
    assert here.cards == []
    assert card.top in here.disks


@pytest.mark.slow
def test_not_now_leaves_the_card_until_it_is_put_in_again(desk: Desk, card: Card) -> None:
    with desk.at_work():
        card.put_in()
        before = content(card)
        desk.say(desk.until(Phase.OFFERED), CardSaid.NOT_NOW)
        desk.until(Phase.DECLINED)
        assert content(card) == before
        desk.take_out(card)
        card.put_in()
        desk.until(Phase.OFFERED)
        assert content(card) == before
    assert desk.laptop.on_share() == {}


@pytest.mark.slow
def test_a_card_with_too_many_photos_is_reported(desk: Desk, card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
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
        desk.take_out(card)


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_card_without_a_number_is_sent_and_never_always(desk: Desk, reader: Reader) -> None:
    card = filled(reader.card(serial=""))
    with desk.at_work():
        card.put_in()
        done = desk.send(CardSaid.ALWAYS)
        assert (done.sent, done.kept, done.always) == (3, 0, False)
    assert not (card.top / ".photo-agent-card").exists()


def test_a_typed_sync_is_a_yes_and_ends_the_offer(desk: Desk, card: Card) -> None:
    with desk.at_work():
        card.put_in()
        desk.until(Phase.OFFERED)
        synced = desk.laptop.command("sync", card.top)
        assert synced.returncode == 0, synced.stderr
        assert len(card.holds()) == 2
        wait(lambda: not desk.shown())


@pytest.mark.slow
def test_who_had_which_card_is_on_record(desk: Desk, card: Card) -> None:
    (desk.laptop.share / "register" / "cameras.csv").write_text(
        "label,make,model,serial,owner\nSchool Canon,Canon,EOS R6,,school\n", encoding="utf-8"
    )
    desk.laptop.run()
    with desk.at_work():
        card.put_in()
        desk.send()

    (entry,) = desk.laptop.entries(EntryKind.CARD)
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


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_photos_are_sent_while_a_card_with_50000_files_is_read(
    desk: Desk, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "SOON", 500.0)
    one = jpeg(PRIVATE)

    def fill(card: Card) -> None:
        for n in range(50_000):
            card.write(f"DCIM/{n // 5000:03}CANON/IMG_{n % 5000:04}.JPG", one[:400] if n else jpeg(ON_VISIT))

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

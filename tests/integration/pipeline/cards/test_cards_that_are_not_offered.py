"""Cards that are hostile, or are not cards: links, labels, disks, the share itself."""

import subprocess
from pathlib import Path

import pytest

from agent.journal import CardSaid
from agent.pipeline.cardrules import why_not_offered
from agent.pipeline.cards import Phase
from agent.record import EntryKind
from agent.volumes import linux, plugged_in
from tests.integration.pipeline.cards.desk import Desk, filled, wait
from tests.laptop import ON_VISIT, jpeg
from tests.loopcards import Card, Reader, put_in_or_skip


def not_offered(desk: Desk) -> str | None:
    (plugged,) = plugged_in()
    return why_not_offered(desk.laptop.settings, plugged)


def test_a_card_whose_dcim_is_a_link_is_not_looked_at(desk: Desk, reader: Reader) -> None:
    secret = desk.laptop.home / "Pictures"
    secret.mkdir()
    (secret / "IMG_1.JPG").write_bytes(jpeg(ON_VISIT))
    card = put_in_or_skip(reader.card(), lambda card: (card.top / "DCIM").symlink_to(secret))
    card.put_in()
    assert not_offered(desk) == "does not have a camera's folder on it."


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
        desk.send()
    (entry,) = desk.laptop.entries(EntryKind.CARD)
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
def test_a_card_mounted_below_a_watched_folder_is_offered(desk: Desk, card: Card) -> None:
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


def test_a_card_with_another_mount_on_it_is_not_offered(card: Card) -> None:
    card.put_in()
    (card.top / "inside").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(card.top / "inside")], check=True)
    try:
        assert plugged_in() == ()
    finally:
        subprocess.run(["umount", str(card.top / "inside")], check=True)

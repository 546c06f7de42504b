"""A teacher's way without a terminal, from "card in" to the certificate: each step one sentence and at most one click.

The service, the server, the card and the browser are real. What IT does at the end, IT does: the report of the record.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.journal import Journal
from agent.record import EntryKind
from agent.record.words import Place
from tests.integration.pipeline.cards.desk import Desk, filled, wait
from tests.laptop import Laptop
from tests.loopcards import Reader, reader_for
from tests.servers.fixtures import sshd  # noqa: F401  # the fixture behind `laptop`
from tests.servers.openssh import OpenSSH

PATIENCE = 40_000.0
"""Milliseconds for a step, however busy the machine."""


@pytest.fixture
def laptop(sshd: OpenSSH, tmp_path: Path) -> Laptop:  # noqa: F811  # the fixture imported above
    """Set up, with the register on a real server."""
    made = Laptop(tmp_path / "laptop", sshd)
    made.configure(folders={"settle_seconds": 0.2})
    made.run()
    return made


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    yield from reader_for(tmp_path, monkeypatch)


class Teacher:
    """Reads the page and clicks on it; each step is one sentence to read and at most one click."""

    def __init__(self, tab: Any) -> None:
        self._tab = tab
        self.clicks = 0
        tab.set_default_timeout(PATIENCE)

    def reads(self, sentence: str) -> None:
        """What the page shows without being loaded again."""
        self._tab.locator("main").get_by_text(sentence).first.wait_for()

    def clicks_on(self, kind: str, name: str, **where: Any) -> None:
        """Click once."""
        self._tab.get_by_role(kind, name=name, **where).first.click()
        self.clicks += 1


def test_a_teacher_needs_no_terminal_from_card_to_certificate(
    laptop: Laptop, reader: Reader, page: Any, browser: Any, tmp_path: Path
) -> None:
    card, desk = filled(reader.card()), Desk(laptop)
    with desk.at_work():
        tab = browser.new_page()
        tab.goto(page())
        teacher = Teacher(tab)

        card.put_in()
        teacher.reads("This card holds 5 photos, 3 from Science Museum.")
        teacher.clicks_on("button", "Send and remove from the card")
        teacher.reads("3 photos are safe on the school network and removed from the card.")
        teacher.reads("Everything has been written to the card. Eject it as usual, then take it out.")
        teacher.clicks_on("link", "What to do after Science Museum")
        card.take_out()

        teacher.reads("Nearly done: tell us below that no copies are left.")
        places = tab.locator("fieldset").all()
        assert len(places) == len(Place)
        for place in places:
            place.get_by_label("I looked: none left").check()
            teacher.clicks += 1
        teacher.clicks_on("button", "Put my word on record")
        teacher.reads("Your word is saved. It goes on the school’s record")
        teacher.reads("You are done with this visit.")
        # The next run comes by itself within minutes; a person who does not want to wait clicks.
        teacher.clicks_on("button", "Look for new photos now")
        teacher.reads("We are looking for new photos now.")
        wait(lambda: _attested(laptop))
        teacher.clicks_on("link", "All visits")
        teacher.reads("No copies are left elsewhere, as you told us")
        assert teacher.clicks == 5 + len(Place)
    assert desk.lines[-1].endswith("You can take the card out.")

    # IT, at another desk, with the share and the laptop's key.
    keys, out = tmp_path / "keys", tmp_path / "report"
    keys.write_text(laptop.command("log", "key").stdout)
    made = laptop.command("report", laptop.share, "--keys", keys, "--out", out)
    assert made.returncode == 0, made.stderr
    certificate = json.loads((out / "visits" / "museum.json").read_bytes())
    assert certificate["complete"], certificate["explanation"]
    assert (certificate["sent"], certificate["checked"], certificate["removed"]) == (3, 3, 3)
    assert [set(said["places"].values()) for said in certificate["statements"]] == [{"none left"}]
    tab.goto((out / "visits" / "museum.html").as_uri())
    assert "Complete on the laptop that took part." in tab.locator("main").inner_text()


def _attested(laptop: Laptop) -> bool:
    """Whether the share's record has the word: it was sent once nothing is left to publish."""
    with Journal.open(laptop.home / "state" / "journal.sqlite3", read_only=True) as journal:
        if not journal.facts("attestation on record "):
            return False
    return any(
        EntryKind.ATTESTED.value.encode() in path.read_bytes()
        for path in (laptop.share / "record").rglob("*")
        if path.is_file()
    )

"""A laptop at a desk with a card reader: its service at work, cards with photos, and a person who answers."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from agent.errors import JournalError
from agent.journal import CardSaid, Journal
from agent.pipeline.cards import Card as Shown
from agent.pipeline.cards import Phase, cards
from agent.pipeline.context import open_context
from agent.pipeline.lock import only_writer
from agent.supervisor import RunNotices, Supervisor
from tests.laptop import ON_VISIT, PRIVATE, Laptop, jpeg, minutes
from tests.loopcards import Card, Reader, put_in_or_skip

SOON = 40.0
"""Seconds by which anything has happened, however busy the machine."""


@dataclass
class Desk:
    """A laptop whose service runs in this process, with the notices and events of its service."""

    laptop: Laptop
    lines: list[str] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)

    def show(self, text: str) -> None:
        self.lines.append(text)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        stopping = threading.Event()
        settings = self.laptop.settings

        def serve() -> None:
            with only_writer(settings), open_context(settings, sleep=stopping.wait) as context:
                notices = RunNotices(context, self)
                service = Supervisor(context, settings.watch, lambda: True, stopping, None, notices, self.events.append)
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
        """Wait until a card in one of these phases is shown; that card."""
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

    def send(self, said: CardSaid = CardSaid.SEND) -> Shown:
        """Say yes to the card that is offered; the card when all is sent."""
        self.say(self.until(Phase.OFFERED), said)
        return self.until(Phase.DONE)

    def begin_to_send(self) -> None:
        """Say yes to a full card, and wait until some of its photos are on the share."""
        self.say(self.until(Phase.OFFERED), CardSaid.SEND)
        wait(lambda: len(self.laptop.on_share()) > 8)

    def take_out(self, card: Card) -> None:
        card.take_out()
        wait(lambda: not self.shown())

    def configure(self, **changes: dict[str, object]) -> None:
        """Change the settings; photos count as complete after a short time."""
        folders = {"settle_seconds": 0.2} | changes.pop("folders", {})
        self.laptop.configure(folders=folders, **changes)

    def slow(self) -> None:
        """Give the laptop a line on which forty photos take long enough to pull a card out."""
        self.configure(share={"bandwidth_kib_per_s": 300})


class _Only:
    """A context that has only a journal."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal


def wait(what: Callable[[], object], why: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + SOON
    while not what():
        assert time.monotonic() < deadline, why() or "it has not happened"
        time.sleep(0.05)


def filled(card: Card, visit: int = 3, private: int = 2, first: int = 0) -> Card:
    """Put photos of the visit and private ones on the card, and take it out again."""

    def fill(card: Card) -> None:
        for n in range(first, first + visit):
            card.write(f"DCIM/100CANON/IMG_{n:04}.JPG", jpeg(ON_VISIT + minutes(n), seed=n))
        for n in range(first, first + private):
            card.write(f"DCIM/100CANON/IMG_9{n:03}.JPG", jpeg(PRIVATE + minutes(n), seed=900 + n))

    return put_in_or_skip(card, fill)


def full(reader: Reader, **what: Any) -> Card:
    def fill(card: Card) -> None:
        for n in range(40):
            card.write(f"DCIM/100CANON/IMG_{n:04}.JPG", jpeg(ON_VISIT + minutes(n), seed=n, size=66_000))

    return put_in_or_skip(reader.card(**what), fill)


def content(card: Card) -> str:
    """A hash over everything on the card: its files, with the time and size that the file system gives."""
    files = [(str(path), path.lstat().st_mtime_ns, path.lstat().st_size) for path in sorted(card.top.rglob("*"))]
    return hashlib.sha256(repr((files, card.holds())).encode()).hexdigest()

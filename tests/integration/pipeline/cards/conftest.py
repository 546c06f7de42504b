"""A laptop at a desk, a card reader, and a card with photos that is not in yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.pipeline.cards.desk import Desk, filled
from tests.laptop import Laptop
from tests.loopcards import Card, Reader, reader_for


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    yield from reader_for(tmp_path, monkeypatch)


@pytest.fixture
def desk(laptop: Laptop) -> Desk:
    made = Desk(laptop)
    made.configure()
    laptop.run()  # the register is here
    return made


@pytest.fixture
def card(reader: Reader) -> Card:
    return filled(reader.card())

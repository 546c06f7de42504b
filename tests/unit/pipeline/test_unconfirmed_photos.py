"""Photos that the server has not confirmed to be on its disk: what is read to find them."""

from types import SimpleNamespace
from typing import Any, cast

from agent.pipeline.unconfirmed import unconfirmed


class Journal:
    """One of a card with thousands of photos, on a share that confirms nothing."""

    def __init__(self) -> None:
        self.facts = 0
        self.photos = [SimpleNamespace(proofs=[SimpleNamespace(name=f"{n}.jpg", synced=False)]) for n in range(2000)]
        self.failed: str | None = None
        self.read = False

    def fact(self, _: str) -> str | None:
        self.facts += 1
        return self.failed

    def unsynced(self) -> list[Any]:
        self.read = True
        return list(self.photos)


def found(journal: Journal, *, allowed: bool) -> int:
    share = SimpleNamespace(allow_unsynced=allowed)
    context = SimpleNamespace(journal=journal, settings=SimpleNamespace(share=share))
    return len(unconfirmed(cast("Any", context)))


def test_no_photo_is_read_if_the_settings_allow_them_and_no_disk_failed() -> None:
    journal = Journal()
    assert found(journal, allowed=True) == 0
    assert not journal.read


def test_the_failed_files_are_read_once_whatever_the_number_of_photos() -> None:
    journal = Journal()
    journal.failed = '["7.jpg"]'
    assert found(journal, allowed=True) == 1
    assert journal.facts == 1
    assert found(journal, allowed=False) == 2000

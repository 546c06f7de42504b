"""How much is taken ahead, and how long a stop may take."""

import pytest

from agent.model.delivery import Delivery, Outgoing
from agent.model.files import Fingerprint
from agent.model.ids import PhotoId, RemoteName, Sha256, TransferId
from agent.share import in_flight as module
from agent.share.in_flight import MOST, MOST_BYTES, InFlight, Patience


def of(size: int, n: int) -> Delivery:
    file = Outgoing(RemoteName(f"visits/v/{n}"), b"", Fingerprint(Sha256("0" * 64), size))
    return Delivery(TransferId(f"{n:032x}"), PhotoId("0"), (file,))


def test_no_more_photos_are_taken_than_can_be_told_of_soon() -> None:
    ahead = InFlight()
    for n in range(MOST):
        assert ahead.room
        ahead.took(of(1000, n))
    assert not ahead.room
    ahead.done(TransferId(f"{7:032x}"))
    assert ahead.room


def test_a_video_however_large_leaves_room_for_photos() -> None:
    ahead = InFlight()
    ahead.took(of(100 * MOST_BYTES, 0))
    assert ahead.room


def test_bytes_are_bounded_too() -> None:
    ahead = InFlight()
    for n in range(8):
        assert ahead.room
        ahead.took(of(MOST_BYTES, n))
    assert not ahead.room


def test_those_under_way_have_a_moment_once_asked_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE", 0.0)
    stop = False
    patience = Patience(lambda: stop)
    assert not patience.ended()
    stop = True
    patience.ended()
    assert patience.ended()

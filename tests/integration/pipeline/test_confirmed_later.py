"""A photo that stays on its card, sent when the server confirmed nothing: it is safe once the server has confirmed."""

from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from agent.journal import State
from agent.model.removal import Outcome
from agent.pipeline.context import Context
from agent.pipeline.unconfirmed import unconfirmed
from tests.laptop import Laptop
from tests.servers.others import Quirky


def leave_on_card(context: Context) -> None:
    recorded = context.journal.tracked_photos(State.RECORDED)
    context.journal.save(*(replace(one, away=Outcome.KEPT, not_before=None) for one in recorded))


@pytest.mark.parametrize("card_is_in", [True, False])
def test_the_server_is_asked_again_whether_the_card_is_in_or_not(tmp_path: Path, *, card_is_in: bool) -> None:
    with Quirky("ext=hardlink") as server:
        laptop = Laptop(tmp_path / "laptop", server)
        photo = laptop.photo("a.jpg")
        laptop.run()
        laptop.look(leave_on_card)
        assert len(laptop.look(unconfirmed)) == 1
        server.change("ext=fsync+hardlink")
        absence = None if card_is_in else Outcome.AWAY
        with patch("agent.pipeline.whereabouts.absence", lambda *_: absence):
            laptop.run(patient=True)
        assert laptop.look(unconfirmed) == []
        (tracked,) = laptop.tracked(State.RECORDED)
        assert tracked.away is Outcome.KEPT
        assert photo.exists()


def test_a_server_that_still_confirms_nothing_does_not_read_them_all_each_time(tmp_path: Path) -> None:
    with Quirky("ext=hardlink") as server:
        laptop = Laptop(tmp_path / "laptop", server)
        laptop.photo("a.jpg")
        laptop.run()
        laptop.look(leave_on_card)
        with patch("agent.share.sftp.SftpShare.still_holds", return_value=[]) as asked:
            laptop.run(patient=True)
        assert [call.args[0] for call in asked.call_args_list if call.args[0]] == []
        (tracked,) = laptop.tracked(State.RECORDED)
        assert tracked.not_before is not None
        assert len(laptop.look(unconfirmed)) == 1

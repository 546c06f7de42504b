"""A witness over a share that a laptop really published to."""

import os
import shutil
import time
from pathlib import Path

from agent.pipeline.publish import log_key
from agent.record.note import VerifierKey
from agent.record.verify import utc_now
from agent.record.witness import Trouble, Watch, Witness
from tests.laptop import Laptop


def _look(laptop: Laptop, state: Path) -> Watch:
    key: VerifierKey = log_key(laptop.settings).load().key
    return Witness(state, "witness/it").look(laptop.share, [key], now=utc_now())


def test_photo_by_photo_share_and_record_agree_and_an_older_share_is_told(laptop: Laptop, tmp_path: Path) -> None:
    state = tmp_path / "witness"
    laptop.photo("IMG_0001.JPG", seed=1)
    assert laptop.run().removed == 1
    first = _look(laptop, state)
    assert (first.exit_code, first.devices[0].troubles) == (0, ())
    assert first.holdings is not None
    assert first.holdings.right == len(laptop.on_share())
    backup = shutil.copytree(laptop.share / "record", tmp_path / "backup")

    laptop.photo("IMG_0002.JPG", seed=2)
    laptop.photo("CLIP.PNG", seed=3)  # a JPEG by its content, whatever it is called
    assert laptop.run().removed == 2
    second = _look(laptop, state)
    assert (second.exit_code, second.devices[0].seen) == (0, first.devices[0].cosigned)

    shutil.rmtree(laptop.share / "record")
    shutil.copytree(backup, laptop.share / "record")
    day_before_yesterday = time.time() - 2 * 86400
    for name in laptop.on_share():
        os.utime(laptop.share / name, (day_before_yesterday, day_before_yesterday))
    rolled_back = _look(laptop, state)
    assert {trouble for trouble, _ in rolled_back.devices[0].troubles} == {Trouble.ROLLBACK}
    assert rolled_back.exit_code == 11
    assert rolled_back.holdings is not None
    assert len(rolled_back.holdings.without_entry) >= 2  # what was sent since has no entry there

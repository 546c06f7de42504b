"""A witness over a share that a laptop really published to."""

import json
import os
import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from agent.audit.verify import utc_now
from agent.audit.witness import Watch, Witness, WitnessFinding
from agent.pipeline.places import log_key
from agent.record.note import VerifierKey
from tests.laptop import Laptop


def _look(laptop: Laptop, state: Path) -> Watch:
    key: VerifierKey = log_key(laptop.settings).load().key
    return Witness(state, "witness/it").look(laptop.share, [key], now=utc_now())


def test_share_and_record_agree_and_an_older_share_is_reported(laptop: Laptop, tmp_path: Path) -> None:
    state = tmp_path / "witness"
    laptop.photo("IMG_0001.JPG", seed=1)
    assert laptop.run().removed == 1
    first = _look(laptop, state)
    assert (first.exit_code, first.devices[0].troubles) == (0, ())
    assert first.holdings is not None
    assert first.holdings.right == len(laptop.on_share())
    backup = shutil.copytree(laptop.share / "record", tmp_path / "backup")

    laptop.photo("IMG_0002.JPG", seed=2)
    laptop.photo("CLIP.PNG", seed=3)  # a JPEG by its content, despite its name
    assert laptop.run().removed == 2
    second = _look(laptop, state)
    assert (second.exit_code, second.devices[0].seen) == (0, first.devices[0].cosigned)

    shutil.rmtree(laptop.share / "record")
    shutil.copytree(backup, laptop.share / "record")
    day_before_yesterday = time.time() - 2 * 86400
    for name in laptop.on_share():
        os.utime(laptop.share / name, (day_before_yesterday, day_before_yesterday))
    rolled_back = _look(laptop, state)
    assert {trouble for trouble, _ in rolled_back.devices[0].troubles} == {WitnessFinding.ROLLBACK}
    assert rolled_back.exit_code == 11
    assert rolled_back.holdings is not None
    assert len(rolled_back.holdings.without_entry) >= 2  # what was sent since has no entry there


def test_straight_from_the_server_it_tells_the_same(laptop: Laptop, tmp_path: Path) -> None:
    laptop.photo("IMG_0001.JPG", seed=1)
    laptop.photo("IMG_0002.JPG", seed=2)
    laptop.run()
    keys = tmp_path / "log-keys"
    keys.write_text(laptop.command("log", "key").stdout)

    def witness(*more: str) -> tuple[int, list[dict[str, Any]]]:
        done = laptop.command(
            "witness",
            "--share",
            "--keys",
            keys,
            "--state",
            tmp_path / "witness",
            "--name",
            "witness/it",
            *more,
            "--json",
        )
        assert "Traceback" not in done.stderr
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    code, (device, share) = witness()
    assert (code, device["cosigned"], share["agrees"], share["right"]) == (0, device["entries"], True, 2)
    backup = shutil.copytree(laptop.share / "record", tmp_path / "backup")
    first, _ = laptop.on_share()
    stray = laptop.share / "visits" / "museum" / "stray.jpg"
    stray.write_bytes(b"photo")
    assert witness()[0] == 0  # it may have come just now
    strangers = tmp_path / "witness" / "strangers.json"
    strangers.write_text(json.dumps({"visits/museum/stray.jpg": (utc_now() - timedelta(days=2)).isoformat()}))
    (laptop.share / first).unlink()
    code, (_, share) = witness()
    assert (code, share["without_entry"], share["without_file"]) == (15, ["visits/museum/stray.jpg"], [first])

    laptop.photo("IMG_0003.JPG", seed=3)
    laptop.run()
    assert witness()[0] == 15
    shutil.rmtree(laptop.share / "record")
    shutil.copytree(backup, laptop.share / "record")
    code, (device, _) = witness()
    assert (code, {one["trouble"] for one in device["findings"]}) == (11, {"rollback"})


def test_a_folder_and_the_share_exclude_one_another(laptop: Laptop, tmp_path: Path) -> None:
    keys = tmp_path / "log-keys"
    keys.touch()
    assert laptop.command("witness", "--keys", keys).returncode == 2
    assert laptop.command("witness", tmp_path, "--share", "--keys", keys).returncode == 2

"""A spot check of what a laptop really sent, over a mount and straight from the server."""

import json
import os
import time
from pathlib import Path
from typing import Any

from tests.laptop import Laptop


class At:
    """IT's machine: the laptop's public key, and a state of its own."""

    def __init__(self, laptop: Laptop, folder: Path) -> None:
        self.laptop = laptop
        self.keys = folder / "log-keys"
        self.keys.write_text(laptop.command("log", "key").stdout)
        self.state = folder / "it"
        self.draw = folder / "draw.json"

    def run(self, *words: str | Path) -> tuple[int, dict[str, Any]]:
        done = self.laptop.command(
            "spot-check", *words, "--keys", self.keys, "--state", self.state, "--json",
            env={"XDG_STATE_HOME": str(self.state)},
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        return done.returncode, json.loads(done.stdout) if done.stdout else {}


def test_what_a_laptop_sent_is_drawn_and_found_right_and_each_damage_is_named(laptop: Laptop, tmp_path: Path) -> None:
    for number in range(4):
        laptop.photo(f"IMG_{number}.jpg", seed=60 * number)
    assert laptop.run().removed == 4
    it = At(laptop, tmp_path)
    code, draw = it.run("draw", "--share", "--seed", "dice", "--max-error", "1%", "--out", it.draw)
    assert (code, draw["population"], draw["sample"]) == (0, 4, 4)
    for place in (laptop.share, "--share"):
        code, result = it.run("examine", it.draw, place)
        assert (code, result["right"], result["files_right"], result["findings"]) == (0, 4, 4, [])

    first, second, *_ = (laptop.share / name for name in laptop.on_share())
    first.write_bytes(first.read_bytes()[:-1] + b"\0")
    second.unlink()
    stray = laptop.share / "visits" / "museum" / "Emma.jpg"
    stray.write_bytes(b"photo")
    long_ago = time.time() - 2 * 86400
    os.utime(stray, (long_ago, long_ago))
    for place in (laptop.share, "--share"):
        code, result = it.run("examine", it.draw, place)
        assert (code, result["right"], result["wrong"], result["without_entry"]) == (16, 2, 2, 1)
        assert {one["kind"] for one in result["findings"]} == {"wrong bytes", "entry without file"}
        assert "Emma" not in json.dumps(result)


def test_a_draw_needs_a_folder_or_the_share_and_one_seed(laptop: Laptop, tmp_path: Path) -> None:
    it = At(laptop, tmp_path)
    for words in (("draw",), ("draw", laptop.share), ("draw", laptop.share, "--share", "--seed", "s", "--sample", "1")):
        assert it.run(*words)[0] == 2
    assert it.run("examine", tmp_path / "nothing", laptop.share)[0] == 2

"""A spot check of what a laptop really sent, over a mount and straight from the server."""

import json
import os
import time
from pathlib import Path
from typing import Any

from tests.integration.pipeline.test_nothing_private_gets_out import LONDON, PLACES, PRIVATE_WORD, VISIT_WORD, telling
from tests.laptop import ON_VISIT, PRIVATE, Laptop


class At:
    """IT's machine: the laptop's public key, and its own state."""

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


def test_nothing_private_is_in_a_draw_or_a_result(laptop: Laptop, tmp_path: Path) -> None:
    """Not of a visit photo, and not of what somebody put on the share by hand."""
    laptop.file(f"{VISIT_WORD}/{VISIT_WORD}.jpg", telling(VISIT_WORD, ON_VISIT, LONDON))
    laptop.file(f"{PRIVATE_WORD}.jpg", telling(PRIVATE_WORD, PRIVATE))
    assert laptop.run().removed == 1
    it = At(laptop, tmp_path)
    assert it.run("draw", laptop.share, "--seed", "dice", "--sample", "5", "--out", it.draw)[0] == 0
    (laptop.share / "visits" / "museum" / f"{PRIVATE_WORD}.jpg").write_bytes(telling(PRIVATE_WORD, PRIVATE))
    (laptop.share / "visits" / PRIVATE_WORD).mkdir()
    (laptop.share / "visits" / PRIVATE_WORD / "x.jpg").write_bytes(telling(PRIVATE_WORD, PRIVATE))
    for place in (laptop.share, "--share"):
        code, result = it.run("examine", it.draw, place)
        assert (code, result["right"], result["without_entry"]) == (16, 1, 2)
    words = (VISIT_WORD, PRIVATE_WORD, *PLACES)
    kept = [path.read_text("utf-8") for path in (it.draw, *it.state.rglob("*.json"))]
    assert len(kept) >= 3
    assert [word for word in words for text in kept if word in text] == []

"""`log verify` and its neighbours, as IT calls them: on a laptop, on a copy of the share, and on the share itself."""

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import programs
from tests.laptop import Laptop
from tests.unit.record.copies import spoil_signature

STATED = [word for place in ("phone", "bin", "cloud", "messages", "card") for word in (f"--{place}", "had-none")]


@pytest.fixture(autouse=True)
def fresh_key(laptop: Laptop) -> Iterator[None]:
    key = laptop.settings.key_file.with_name("log_ed25519")
    key.unlink(missing_ok=True)
    yield
    key.unlink(missing_ok=True)


@pytest.fixture
def after_a_trip(laptop: Laptop) -> Laptop:
    for number in range(3):
        laptop.photo(f"IMG_{number}.jpg", seed=number)
    laptop.run()
    return laptop


@pytest.fixture
def at_it(after_a_trip: Laptop, tmp_path: Path) -> Callable[..., tuple[int, list[dict[str, Any]]]]:
    """`log WORDS --json` on an IT machine, which has a copy of the share, the laptop's public key, and no settings."""
    shutil.copytree(after_a_trip.share, tmp_path / "copy")
    (tmp_path / "keys.txt").write_text(after_a_trip.command("log", "key").stdout)

    def run(*words: str | Path, key: bool = True) -> tuple[int, list[dict[str, Any]]]:
        after_a_trip.config.rename(aside := after_a_trip.config.with_suffix(".aside"))
        try:
            keys = ["--key", tmp_path / "keys.txt"] if key else []
            home = {**after_a_trip.environment, "XDG_CONFIG_HOME": str(tmp_path / "none")}
            done = programs.photo_agent(["log", *map(str, [*words, *keys]), "--json"], home)
        finally:
            aside.rename(after_a_trip.config)
        assert "Traceback" not in done.stderr
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    return run


def test_the_laptop_proves_its_own_record(after_a_trip: Laptop) -> None:
    done = after_a_trip.command("log", "verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert "laptop-17: whole and signed: 9 entries" in done.stdout


def test_a_laptop_that_has_published_nothing_yet_is_not_fine(laptop: Laptop) -> None:
    done = laptop.command("log", "verify", "--json")
    assert done.returncode == 12
    assert json.loads(done.stdout)["whole"] is False


@pytest.mark.parametrize("words", [("inspect",), ("attest", "museum", *STATED), ("log", "rotate-key")])
def test_the_record_is_signed_after_each_command_that_adds_to_it(after_a_trip: Laptop, words: tuple[str, ...]) -> None:
    assert after_a_trip.command(*words).returncode == 0
    assert after_a_trip.command("log", "verify").returncode == 0


def test_a_record_put_back_from_a_backup_is_reported_on_the_laptop(after_a_trip: Laptop) -> None:
    state = after_a_trip.home / "state" / "record"
    backup = shutil.copytree(state, after_a_trip.home / "backup")
    after_a_trip.photo("IMG_9.jpg", seed=9)
    after_a_trip.run()
    shutil.rmtree(state)
    backup.rename(state)
    assert after_a_trip.command("log", "verify").returncode == 11


def test_the_share_itself_is_verified(after_a_trip: Laptop) -> None:
    done = after_a_trip.command("log", "verify", "--share", "--json", "--max-silence", "2")
    (told,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, told["device"], told["whole"], told["signed"]) == (0, "laptop-17", True, 9)


def test_it_verifies_a_copy_without_settings_or_network(
    at_it: Callable[..., tuple[int, list[dict[str, Any]]]], tmp_path: Path
) -> None:
    code, (told,) = at_it("verify", tmp_path / "copy")
    assert (code, told["device"], told["entries"], told["signed"], told["findings"]) == (0, "laptop-17", 9, 9, [])
    assert at_it("verify", tmp_path / "copy" / "record" / "laptop-17")[0] == 0
    assert at_it("verify", tmp_path / "copy", key=False)[0] == 12
    seen = next((tmp_path / "copy" / "record" / "laptop-17").glob("publication-*"))
    assert at_it("verify", tmp_path / "copy", "--seen", seen)[0] == 0


def test_each_kind_of_damage_has_its_exit_code(
    at_it: Callable[..., tuple[int, list[dict[str, Any]]]], tmp_path: Path
) -> None:
    whole = tmp_path / "copy" / "record" / "laptop-17"

    def code(change: Callable[[Path], object], *words: str) -> int:
        damaged = shutil.copytree(whole, tmp_path / "damaged" / "laptop-17")
        change(damaged)
        found, _ = at_it("verify", tmp_path / "damaged", *words)
        shutil.rmtree(tmp_path / "damaged")
        return found

    def edit(folder: Path) -> None:
        path = one(folder, "publication")
        path.write_bytes(path.read_bytes().replace(b'"museum"', b'"farm22"'))

    def cut(folder: Path) -> None:
        path = one(folder, "publication")
        path.write_bytes(path.read_bytes()[:-200])

    assert code(lambda folder: None) == 0
    assert code(edit) == 10
    assert code(cut) == 11
    assert code(lambda folder: spoil_signature(one(folder, "publication"))) == 12
    assert code(lambda folder: None, "--max-silence", "0.0000001") == 14


def one(folder: Path, part: str) -> Path:
    (path,) = folder.glob(f"{part}-*")
    return path


def test_a_key_file_that_is_none_is_reported_with_its_line(after_a_trip: Laptop, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("\nnot a key\n")
    done = after_a_trip.command("log", "verify", "--key", tmp_path / "keys")
    assert done.returncode == 2
    assert "line 2" in done.stderr


def test_the_key_that_init_prints_is_the_one_that_signs(after_a_trip: Laptop, tmp_path: Path) -> None:
    from agent.pipeline.enrol import make_keys

    (tmp_path / "keys").write_text(make_keys(after_a_trip.settings).log_key + "\n")
    aside = after_a_trip.settings.key_file.with_name("log_ed25519").rename(tmp_path / "aside")
    done = after_a_trip.command("log", "verify", after_a_trip.share, "--key", tmp_path / "keys")
    assert (done.returncode, aside.exists()) == (0, True)


def test_the_key_is_rotated_and_everything_still_verifies_by_the_enrolled_one(
    after_a_trip: Laptop, at_it: Callable[..., tuple[int, list[dict[str, Any]]]], tmp_path: Path
) -> None:
    old = after_a_trip.command("log", "key").stdout
    new = after_a_trip.command("log", "rotate-key", "--reason", "yearly")
    assert new.returncode == 0
    assert new.stdout != old
    assert after_a_trip.command("log", "key").stdout == new.stdout
    after_a_trip.photo("IMG_9.jpg", seed=9)
    after_a_trip.run()
    assert after_a_trip.command("log", "verify").returncode == 0
    code, (told,) = at_it("verify", after_a_trip.share)
    assert (code, told["keys"]) == (0, [new.stdout.strip()])


def test_an_entry_is_erased_here_and_by_it_on_the_server(
    after_a_trip: Laptop, at_it: Callable[..., tuple[int, list[dict[str, Any]]]]
) -> None:
    shown = [json.loads(line) for line in after_a_trip.command("log", "show", "--json").stdout.splitlines()]
    gone = shown[0]
    assert after_a_trip.command("log", "erase", str(gone["index"]), "--yes", "--reason", "asked for").returncode == 0
    assert after_a_trip.command("log", "erase", "99", "--yes").returncode == 2
    after_a_trip.run()
    _, (told,) = at_it("verify", after_a_trip.share)
    assert (told["whole"], told["to_erase"]) == (True, [gone["index"]])
    done = after_a_trip.command("log", "erase-copy", after_a_trip.share)
    assert (done.returncode, done.stdout) == (0, "laptop-17: 1 entry erased\n")
    code, (told,) = at_it("verify", after_a_trip.share)
    assert (code, told["erased"], told["to_erase"]) == (0, 1, [])
    name = gone["name"].encode()
    everywhere = [path.read_bytes() for path in (after_a_trip.share / "record").rglob("*") if path.is_file()]
    everywhere += [path.read_bytes() for path in (after_a_trip.home / "state" / "record").rglob("*") if path.is_file()]
    assert not any(name in content for content in everywhere)


def test_a_copy_that_does_not_verify_is_not_erased_in(after_a_trip: Laptop) -> None:
    index = json.loads(after_a_trip.command("log", "show", "--json").stdout.splitlines()[0])["index"]
    after_a_trip.command("log", "erase", str(index), "--yes")
    after_a_trip.run()
    spoil_signature(max((after_a_trip.share / "record" / "laptop-17").glob("publication-*")))
    before = {path: path.read_bytes() for path in (after_a_trip.share / "record").rglob("*.txt")}
    assert after_a_trip.command("log", "erase-copy", after_a_trip.share).returncode == 12
    assert {path: path.read_bytes() for path in before} == before


# --- Showing ---


def test_show_is_the_same_from_the_laptop_a_copy_and_the_share(
    after_a_trip: Laptop, at_it: Callable[..., tuple[int, list[dict[str, Any]]]], tmp_path: Path
) -> None:
    here = [json.loads(line) for line in after_a_trip.command("log", "show", "--json").stdout.splitlines()]
    share = [json.loads(line) for line in after_a_trip.command("log", "show", "--share", "--json").stdout.splitlines()]
    code, copy = at_it("show", tmp_path / "copy")
    assert (len(here), code) == (3, 0)
    assert here == share == copy


def test_show_of_a_copy_that_is_not_whole_says_so_and_shows_what_is(
    at_it: Callable[..., tuple[int, list[dict[str, Any]]]], tmp_path: Path, after_a_trip: Laptop
) -> None:
    spoil_signature(one(tmp_path / "copy" / "record" / "laptop-17", "publication"))
    code, rows = at_it("show", tmp_path / "copy")
    assert (code, len(rows)) == (12, 3)
    done = after_a_trip.command("log", "show", tmp_path / "copy")
    assert (done.returncode, "NOT SIGNED" in done.stderr) == (12, True)


def test_entries_of_a_kind_are_shown_one_by_one_in_every_form(after_a_trip: Laptop) -> None:
    kinds = ("--kind", "removed", "--kind", "heartbeat")
    lines = after_a_trip.command("log", "show", *kinds, "--json").stdout.splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["removed"] * 3 + ["heartbeat"]
    table = after_a_trip.command("log", "show", *kinds, "--csv").stdout
    rows = list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff"))))
    assert [row["kind"] for row in rows] == ["removed"] * 3 + ["heartbeat"]
    assert "heartbeat" in after_a_trip.command("log", "show", *kinds).stdout
    ecs = after_a_trip.command("log", "show", *kinds, "--ecs").stdout.splitlines()
    assert json.loads(ecs[-1])["event"]["action"] == "heartbeat"
    assert after_a_trip.command("log", "show", "--kind", "teleported").returncode == 2


def test_a_visit_is_summed_up(after_a_trip: Laptop, at_it: Callable[..., Any], tmp_path: Path) -> None:
    told = json.loads(after_a_trip.command("log", "visit", "museum", "--json").stdout)
    assert (told["visit"], told["staff"], told["devices"]) == ("museum", ["j.smith"], ["laptop-17"])
    assert (told["found"], told["sent"], told["proven"], told["removed"], told["waiting"]) == (3, 3, 3, 3, 0)
    assert told["unresolved"] == {"not_removed": [], "overdue": [], "refused": []}
    assert told["delay_seconds"]["median"] is not None
    code, (copy,) = at_it("visit", "museum", tmp_path / "copy")
    assert (code, copy["sent"], copy["waiting"]) == (0, 3, None)
    words = after_a_trip.command("log", "visit", "museum").stdout
    assert "3 photos, 3 files" in words
    assert "Nothing is on record" in after_a_trip.command("log", "visit", "zoo").stdout


def test_doctor_says_how_the_record_stands_and_where_its_key_is(laptop: Laptop) -> None:
    def told() -> dict[str, Any]:
        lines = laptop.command("doctor", "--json").stdout.splitlines()
        return next(line for line in map(json.loads, lines) if line["check"] == "record")

    assert (told()["result"], "photo-agent init" in told()["text"]) == ("warn", True)
    laptop.run()
    assert told()["result"] == "ok"
    assert " signed" in told()["text"]
    assert "a file that only you can read" in told()["text"]
    laptop.settings.key_file.with_name("log_ed25519").unlink()
    assert told()["result"] == "fail"

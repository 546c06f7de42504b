"""The whole job by Windows' own Python against a real OpenSSH server."""

import json
import subprocess
import time
from pathlib import Path

import pytest

from tests.laptop import PRIVATE, sha256
from tests.windows.conftest import WindowsLaptop

CHECKOUT = Path(__file__).resolve().parents[2]
NAMES = ("IMG_1.JPG", "Größe 📷.jpg", "%USERNAME% ^.jpg", "写真.jpg", "a b & c.jpg")


def _events(output: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.splitlines()]


def test_visit_photos_are_sent_proven_and_removed(laptop: WindowsLaptop) -> None:
    originals = {sha256(laptop.photo(name, seed=number).read_bytes()) for number, name in enumerate(NAMES)}
    private = laptop.photo("private.jpg", PRIVATE)
    before = private.read_bytes(), private.stat().st_mtime_ns
    done = laptop.command("sync", "--json", timeout=120)
    assert done.returncode == 0, done.stderr
    assert _events(done.stdout)[-1]["removed"] == len(NAMES)
    assert laptop.originals_on_share() == originals
    assert [path.name for path in laptop.imports.iterdir()] == ["private.jpg"]
    assert (private.read_bytes(), private.stat().st_mtime_ns) == before


def test_what_goes_into_a_pipe_is_utf8(laptop: WindowsLaptop) -> None:
    photo = laptop.photo("Größe 写真.jpg")
    line = [*laptop.line("explain", "--json"), laptop.named(photo)]
    done = subprocess.run(line, capture_output=True, check=False, env=laptop.environment, timeout=60)
    assert json.loads(done.stdout.decode("utf-8"))["file"].endswith("Größe 写真.jpg")


def test_a_protected_photo_is_removed_too(laptop: WindowsLaptop) -> None:
    laptop.photo("DSC_0001.JPG").chmod(0o444)
    done = laptop.command("sync", timeout=120)
    assert done.returncode == 0, done.stderr
    assert not list(laptop.imports.iterdir())


def test_a_killed_run_is_finished_by_the_next(laptop: WindowsLaptop) -> None:
    originals = {sha256(laptop.photo(f"IMG_{n}.JPG", size=2_000_000, seed=n).read_bytes()) for n in range(12)}
    with laptop.start("sync") as run:
        deadline = time.monotonic() + 60
        while not laptop.on_share() and time.monotonic() < deadline:
            time.sleep(0.05)
        run.kill()
    done = laptop.command("sync", timeout=120)
    assert done.returncode == 0, done.stderr
    assert laptop.originals_on_share() == originals
    assert not list(laptop.imports.iterdir())


def test_the_demo_does_the_whole_job(windows_python: str, tmp_path: Path) -> None:
    command = [windows_python, "-m", "agent.cli", "demo"]
    done = subprocess.run(command, capture_output=True, check=False, cwd=CHECKOUT, timeout=120)
    said = done.stdout.decode("utf-8")
    assert done.returncode == 0, said + done.stderr.decode("utf-8", "replace")
    assert "6 removed" in said


def test_an_inspection_finds_copies_where_windows_says_they_are(laptop: WindowsLaptop) -> None:
    content = laptop.photo("IMG_1.JPG").read_bytes()
    assert laptop.command("sync", timeout=120).returncode == 0
    names = {"DOWNLOADS": "Eigene Downloads", "MYPICTURES": "Bilder", "PERSONAL": "Dokumente"}
    names |= {"DESKTOPDIRECTORY": "Desktop", "MYVIDEO": "Videos"}
    for name in names.values():
        (laptop.home / name).mkdir()
    (laptop.home / "Eigene Downloads" / "Größe (1).dat").write_bytes(content)
    known = {f"WIN_PD_OVERRIDE_{name}": laptop.named(laptop.home / folder) for name, folder in names.items()}
    done = laptop.command("inspect", "--json", timeout=120, env=known)
    *found, summary = _events(done.stdout)
    assert (done.returncode, summary["on_record"], summary["cut_short"]) == (4, True, False), done.stderr
    assert [(one["what"], one["visit"], one["place"]) for one in found] == [("copy", "museum", "downloads")]


@pytest.mark.parametrize("command", ["doctor", "status"])
def test_what_it_says_of_itself_names_no_fault_of_its_own(laptop: WindowsLaptop, command: str) -> None:
    done = laptop.command(command, timeout=120)
    assert "Traceback" not in done.stderr + done.stdout
    assert done.returncode in {0, 1, 3, 4}, done.stderr

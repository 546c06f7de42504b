"""What other programs read from a report: ASC-MHL manifests, judged by the ascmhl tool, and OpenMetrics."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.audit.report import Made
from agent.audit.report.mhl import c4
from tests.schoolrecords import School


def test_a_c4_id_is_as_the_standard_has_it() -> None:
    assert c4(hashlib.sha512(b"").digest()) == (
        "c459dsjfscH38cYeXXYogktxf4Cd9ibshE3BHUo6a58hBXmRQdZrAkZzsWcbWtDg5oQstpDuni4Hirj75GEmTc1sFT"
    )


@pytest.fixture
def listed(school: School, report: Callable[..., Made]) -> School:
    """Two files as recorded, one that was changed, one of somebody else's, one that is not there any more."""
    drafts = [one for n in range(4) for one in school.photo(f"a{n}", "2026-museum", school.day(3))]
    school.laptop("laptop-17", [*drafts, *school.heartbeats(3)])
    folder = school.share / "visits" / "2026-museum"
    changed, gone, *_ = sorted(folder.iterdir())
    changed.write_bytes(b"changed")
    gone.unlink()
    (folder / "strange.jpg").write_bytes(b"strange")
    assert report(mhl=True).not_as_recorded == 2
    return school


def test_only_files_that_are_as_recorded_are_in_a_manifest(listed: School) -> None:
    (manifest,) = (listed.home / "out" / "mhl" / "2026-museum" / "ascmhl").glob("*.mhl")
    names = set(re.findall(r">([^<]+\.jpg)</path>", manifest.read_text("utf-8")))
    there = {one.name for one in (listed.share / "visits" / "2026-museum").iterdir()}
    assert len(names) == 2
    assert names < there - {"strange.jpg"}
    assert not list((listed.share / "visits" / "2026-museum").glob("ascmhl*")), "nothing is written on the share"


def test_no_laptop_can_keep_anothers_file_out_of_a_manifest(school: School, report: Callable[..., Made]) -> None:
    photo = school.photo("a1", "2026-museum", school.day(3))
    school.laptop("laptop-17", [*photo, *school.heartbeats(3)])
    claimed = [{**one, "held_sha256": "0" * 64} for one in photo[0].body["files"]]  # type: ignore[union-attr]
    false = school.photo("b1", "2026-museum", school.day(3), files=claimed)
    school.laptop("laptop-66", [*false, *school.heartbeats(3)])
    report(mhl=True)
    (manifest,) = (school.home / "out" / "mhl" / "2026-museum" / "ascmhl").glob("*.mhl")
    assert str(claimed[0]["name"]).rpartition("/")[2] in manifest.read_text("utf-8")


@pytest.fixture(scope="session")
def ascmhl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tool's programs, in a separate virtual environment; ASCMHL names an existing one."""
    if given := os.environ.get("ASCMHL"):
        return Path(given)
    home = tmp_path_factory.mktemp("ascmhl")
    venv.create(home, with_pip=True)
    programs = home / ("Scripts" if sys.platform == "win32" else "bin")
    done = subprocess.run(
        [programs / "python", "-m", "pip", "install", "-q", "ascmhl"], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("the ascmhl tool could not be installed (pip: ascmhl)")
    return programs


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_ascmhl_tool_believes_a_manifest_and_sees_a_change(listed: School, ascmhl: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(listed.share / "visits" / "2026-museum", copy)
    (manifest,) = (listed.home / "out" / "mhl" / "2026-museum" / "ascmhl").glob("*.mhl")
    names = set(re.findall(r">([^<]+\.jpg)</path>", manifest.read_text("utf-8")))
    for file in copy.iterdir():
        if file.name not in names:
            file.unlink()
    shutil.copytree(manifest.parent, copy / "ascmhl")

    def judged(program: str, *words: str) -> int:
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        words = (*words, str(copy))
        return subprocess.run([ascmhl / program, *words], env=environment, capture_output=True, check=False).returncode

    assert judged("ascmhl", "diff") == 0
    assert judged("ascmhl-debug", "verify") == 0
    assert judged("ascmhl", "info") == 0
    with (copy / min(names)).open("ab") as file:
        file.write(b"more")
    assert judged("ascmhl-debug", "verify") != 0


def test_the_metrics_are_open_metrics(listed: School) -> None:
    """As the specification requires: a type and a help before each family, sorted families, an end."""
    lines = (listed.home / "out" / "photo-agent.prom").read_text("utf-8").splitlines()
    assert lines[-1] == "# EOF"
    family, seen = "", set()
    for line in lines[:-1]:
        if line.startswith("# TYPE "):
            family = line.split()[2]
            assert family not in seen
            seen.add(family)
        elif not line.startswith("# HELP "):
            found = re.fullmatch(r'([a-z0-9_]+)(\{device="[^"\\\n]*"\})? [0-9]+', line)
            assert found is not None, line
            assert found[1] == family
    assert 'photo_agent_record_whole{device="laptop-17"} 1' in lines
    assert 'photo_agent_first_opportunity_half_seconds{device="laptop-17"} 40' in lines


def test_the_metrics_name_no_visit_and_no_person(listed: School) -> None:
    text = (listed.home / "out" / "photo-agent.prom").read_text("utf-8")
    assert "museum" not in text
    assert "j.smith" not in text

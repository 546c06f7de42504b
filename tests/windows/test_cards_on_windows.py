"""A card in a drive that Windows calls removable, as Wine shows one."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.laptop import ON_VISIT, PRIVATE, jpeg, sha256
from tests.windows.conftest import WindowsLaptop

CHECKOUT = Path(__file__).resolve().parents[2]

SEEN = """
import json
from pathlib import Path
from agent.folders import looks_like_a_card
from agent.volumes import flush, glance, mounted, plugged_in
now, drive = mounted(), Path("E:/")
print(json.dumps({
    "in": [[str(one.top), one.id, one.label, one.read_only] for one in plugged_in()],
    "glance": glance() == glance(),
    "removable": [now.removable(drive / "DCIM"), now.removable(Path("C:/"))],
    "card": looks_like_a_card(drive),
    "flushed": flush(drive),
}))
"""


@pytest.fixture
def card(windows_python: str) -> Iterator[Path]:
    """What is in drive E:, with a camera's folder."""
    drive = Path(windows_python).parent / "card"
    if not drive.is_dir():
        pytest.skip("this Windows Python has no card reader (prepare it anew with tests/windows/windows-python.sh)")
    (drive / ".windows-serial").write_text("1234ABCD\n")
    (drive / ".windows-label").write_text("EOS_DIGITAL\n")
    folder = drive / "DCIM" / "100CANON"
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    for one in folder.iterdir():
        one.unlink()
    folder.rmdir()
    folder.parent.rmdir()


@pytest.mark.usefixtures("card")
def test_a_removable_drive_is_seen_with_its_label_and_number(windows_python: str) -> None:
    done = subprocess.run([windows_python, "-c", SEEN], capture_output=True, check=False, cwd=CHECKOUT, timeout=120)
    seen = json.loads(done.stdout.decode("utf-8") or done.stderr)
    # Wine does not open a drive as a device, as Windows does for some users: then no flush is reported.
    assert seen == {
        "in": [["E:\\", "1234abcd", "EOS_DIGITAL", False]],
        "glance": True,
        "removable": [True, False],
        "card": True,
        "flushed": False,
    }


def test_the_service_sends_from_a_card_where_it_need_not_ask(laptop: WindowsLaptop, card: Path) -> None:
    content, quiet = jpeg(ON_VISIT), subprocess.DEVNULL
    (card / "IMG_0001.JPG").write_bytes(content)
    (card / "IMG_0002.JPG").write_bytes(jpeg(PRIVATE))
    laptop.configure(folders={"settle_seconds": 0.2}, cards={"remove": "always"})
    # In a separate session, so that processes that Wine started for it can be ended with it.
    service = subprocess.Popen(
        laptop.line("run"), stdout=quiet, stderr=quiet, stdin=quiet, env=laptop.environment, start_new_session=True
    )
    try:
        deadline = time.monotonic() + 120
        while (card / "IMG_0001.JPG").exists() and time.monotonic() < deadline:
            time.sleep(0.2)
    finally:
        os.killpg(service.pid, signal.SIGKILL)
        service.wait(60)
    assert [path.name for path in card.iterdir()] == ["IMG_0002.JPG"]
    assert laptop.originals_on_share() == {sha256(content)}

"""The witness's systemd units, and those that gather, as systemd reads them."""

import shutil
import subprocess
from pathlib import Path

import pytest

SERVER = Path(__file__).resolve().parents[3] / "install" / "server"
UNITS = tuple(f"photo-agent-{what}.{kind}" for what in ("witness", "gather") for kind in ("service", "timer"))


def _verify(folder: Path) -> tuple[int, str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on this machine")
    units = [str(folder / name) for name in UNITS]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    return done.returncode, "\n".join(line for line in done.stderr.splitlines() if "photo-agent-" in line)


def test_systemd_finds_no_fault_with_them() -> None:
    assert _verify(SERVER) == (0, "")


def test_systemd_would_have_told_of_a_fault(tmp_path: Path) -> None:
    for name in UNITS:
        text = (SERVER / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace("OnCalendar=*-*-* 06:17", "OnCalendar=every morning"), "utf-8")
    assert "Failed to parse calendar" in _verify(tmp_path)[1]

"""Two commands need packages that a laptop does not: without them they say which, and nothing else breaks."""

import re
import subprocess
import sys

import pytest

from agent.clockcheck import drawer_missing
from agent.demo import demo_missing


@pytest.mark.parametrize("package", ["asyncssh", "piexif"])
def test_the_demo_without_its_packages_says_what_to_install(package: str) -> None:
    program = f"import sys; sys.modules[{package!r}] = None\nfrom agent.cli import main\nmain(['demo'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert re.search(r"-m pip install '?asyncssh[^ ]* '?piexif", done.stderr)
    assert "visit-photo-agent[" not in done.stderr, "that name on a package index may be somebody else's"
    assert "Traceback" not in done.stderr


def test_the_clock_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawer_missing() is None
    monkeypatch.setitem(sys.modules, "segno", None)
    assert "-m pip install" in str(drawer_missing())
    assert "segno<" in str(drawer_missing())


def test_nothing_is_missing_where_the_tests_run() -> None:
    assert demo_missing() is None

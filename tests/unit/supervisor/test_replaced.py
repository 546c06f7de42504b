"""A version that is installed over the running one is noticed, and nothing else is."""

from pathlib import Path

import pytest

import agent
from agent.supervisor.replaced import LONGEST, LOOK, Installed


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "__init__.py"
    file.write_text(Path(agent.__file__).read_text("utf-8"), "utf-8")
    return file


def test_the_running_version_is_not_another_one(source: Path) -> None:
    assert Installed().another(0.0) is None
    assert Installed(source).another(0.0) is None


def test_another_version_is_noticed_at_the_next_look(source: Path) -> None:
    installed = Installed(source)
    assert installed.another(100.0) is None
    source.write_text('__version__ = "9.9.9"\n', "utf-8")
    assert installed.another(100.0 + LOOK / 2) is None
    assert installed.another(100.0 + LOOK) == "9.9.9"


def test_an_upgrade_in_the_middle_is_not_another_version(source: Path) -> None:
    installed = Installed(source)
    source.unlink()
    assert installed.another(0.0) is None
    source.write_bytes(b"")
    assert installed.another(1000.0) is None
    source.write_bytes(b" " * LONGEST + b'\n__version__ = "9.9.9"\n')
    assert installed.another(2000.0) is None

"""What a service may start."""

import subprocess
import sys
from pathlib import Path

import pytest

from agent.errors import UsageError
from agent.service import Launch, this_program
from tests.platforms import posix_paths


@posix_paths
def test_the_settings_file_is_named_before_the_command() -> None:
    launch = Launch(("/bin/photo-agent",), Path("/etc/agent.toml"))
    assert launch.line == ("/bin/photo-agent", "--config", str(Path("/etc/agent.toml")), "run")
    assert Launch(("/bin/photo-agent",)).line == ("/bin/photo-agent", "run")


@pytest.mark.parametrize("path", ["agent.toml", "~/agent.toml"])
def test_a_path_that_depends_on_where_the_service_starts_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="full paths"):
        Launch((sys.executable,), Path(path))
    with pytest.raises(UsageError, match="full paths"):
        Launch(("python3",))


@posix_paths
@pytest.mark.parametrize("path", ["/a\nExecStart=/bin/sh", "/a\tb", "/a\udcff"])
def test_a_path_that_a_service_file_cannot_contain_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="control characters"):
        Launch((sys.executable,), Path(path))


def test_this_program_starts_from_any_folder(tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text("raise SystemExit('the wrong module')")
    done = subprocess.run([*this_program(), "--version"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

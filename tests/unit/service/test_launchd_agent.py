"""The LaunchAgent: a property list with the types that launchd demands, and launchctl asked in the right order."""

import plistlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import AgentError, UsageError
from agent.model.removal import Known
from agent.service import Launch, launch_agent, start
from agent.service.launchd import LABEL, LaunchAgent, packaged_agent
from tests.platforms import posix_paths

pytestmark = posix_paths

TYPES = {
    "Label": str,
    "ProgramArguments": list,
    "RunAtLoad": bool,
    "KeepAlive": dict,
    "ThrottleInterval": int,
    "ProcessType": str,
    "LowPriorityIO": bool,
    "Nice": int,
    "ExitTimeOut": int,
    "Umask": int,
    "SoftResourceLimits": dict,
    "HardResourceLimits": dict,
    "LimitLoadToSessionType": str,
    "StandardOutPath": str,
    "StandardErrorPath": str,
}

path_words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
"""What `Launch` accepts: no control characters, no lone surrogates."""


def test_every_key_has_the_type_that_launchd_demands(launch: Launch) -> None:
    properties = plistlib.loads(launch_agent(launch))
    assert {key: type(value) for key, value in properties.items()} == TYPES
    assert properties["Umask"] == 63
    assert properties["KeepAlive"] == {"SuccessfulExit": False}
    assert properties["RunAtLoad"] is True


def test_every_argument_reads_back_as_it_was(awkward: Launch) -> None:
    assert plistlib.loads(launch_agent(awkward))["ProgramArguments"] == list(awkward.line)


@given(path_words)
def test_any_path_reads_back_as_it_was(name: str) -> None:
    launch = Launch((sys.executable,), Path("/srv") / name)
    assert plistlib.loads(launch_agent(launch))["ProgramArguments"] == list(launch.line)


@pytest.mark.skipif(sys.platform != "darwin", reason="plutil is on macOS only")
def test_apples_own_tool_finds_no_fault_with_it(launch: Launch, tmp_path: Path) -> None:
    file = tmp_path / "agent.plist"
    file.write_bytes(launch_agent(launch))
    subprocess.run(["plutil", "-lint", str(file)], check=True)


# --- The service ------------------------------------------------------------------------------------------------------

LAUNCHCTL = """
case "$1" in
print) case "$2" in
  */*/*) [ -e loaded ] || exit 113
    printf 'gui/501/x = {\\n\\tstate = %s\\n\\tpid = 42\\n\\tlast exit code = %s\\n\\tendpoints = {\\n' \\
      "$(cat loaded)" "$(cat exit_code 2>/dev/null || echo 3)"
    printf '\\t\\tstate = none\\n\\t}\\n}\\n' ;;
  *) [ -e session ] ;;
  esac ;;
bootstrap) [ -e broken ] && { echo "Bootstrap failed: 5: Input/output error" >&2; exit 5; }; echo running > loaded ;;
bootout) [ -e loaded ] || exit 3; rm loaded ;;
esac
"""


@pytest.fixture
def service(launch: Launch, tmp_path: Path, stand_in: Callable[[str, str], Path]) -> LaunchAgent:
    (tmp_path / "session").touch()
    stand_in("launchctl", LAUNCHCTL)
    return LaunchAgent(launch, tmp_path / "LaunchAgents", 501, tmp_path / "packaged")


def test_a_packages_agent_is_used_and_no_second_one_written(
    service: LaunchAgent, launch: Launch, tmp_path: Path
) -> None:
    (tmp_path / "packaged").mkdir()
    usual = Launch(launch.command)
    (tmp_path / "packaged" / f"{LABEL}.plist").write_bytes(packaged_agent(usual))
    packaged = LaunchAgent(usual, tmp_path / "LaunchAgents", 501, tmp_path / "packaged")
    assert packaged.status().installed
    packaged.install()
    assert not (tmp_path / "LaunchAgents").exists()
    assert packaged.status().running is Known.YES
    packaged.uninstall()
    assert (tmp_path / "packaged" / f"{LABEL}.plist").exists(), "it is everybody's"
    assert _acts(tmp_path)[-1] == "disable"


def test_a_packages_agent_does_nothing_where_there_are_no_settings(tmp_path: Path) -> None:
    mark = tmp_path / "started"
    properties = plistlib.loads(packaged_agent(Launch(("/usr/bin/touch", str(mark)))))
    command = properties["ProgramArguments"]
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    assert subprocess.run(command, env=environment, check=False, cwd=tmp_path).returncode == 0
    assert not mark.exists()
    settings = tmp_path / "Library" / "Application Support" / "photo-agent"
    settings.mkdir(parents=True)
    (settings / "agent.toml").touch()
    subprocess.run(command, env=environment, check=True, cwd=tmp_path)
    assert mark.exists()


def _acts(tmp_path: Path) -> list[str]:
    calls = (tmp_path / "calls").read_text().splitlines()
    return [call.split()[0] for call in calls if not call.startswith("print")]


def test_installing_writes_the_list_for_its_owner_to_change_and_loads_it(
    service: LaunchAgent, launch: Launch, tmp_path: Path
) -> None:
    service.install()
    file = tmp_path / "LaunchAgents" / f"{LABEL}.plist"
    assert file.read_bytes() == launch_agent(launch)
    assert file.stat().st_mode & 0o022 == 0
    assert _acts(tmp_path) == ["bootout", "enable", "bootstrap"]
    assert service.status().running is Known.YES
    assert "42" in service.status().detail


def test_stopping_unloads_so_that_launchd_does_not_start_it_again(service: LaunchAgent, tmp_path: Path) -> None:
    service.install()
    service.stop()
    assert service.status() == service.status().__class__(True, Known.NO, "stopped; starts at the next log-in")
    service.stop()
    service.start()
    assert service.status().running is Known.YES
    service.start()
    assert _acts(tmp_path)[-1] == "kickstart"


def test_a_crash_is_shown_with_its_exit_code(service: LaunchAgent, tmp_path: Path) -> None:
    service.install()
    (tmp_path / "loaded").write_text("spawn scheduled")
    assert service.status().running is Known.NO
    assert "exit code 3" in service.status().detail


def test_a_start_that_macos_puts_off_is_no_failure(service: LaunchAgent, tmp_path: Path) -> None:
    service.install()
    (tmp_path / "loaded").write_text("spawn scheduled")
    (tmp_path / "exit_code").write_text("(never exited)")
    assert service.status().running is Known.NOT_KNOWN
    start(service, first_look=0, patience=0)


def test_uninstalling_leaves_no_file_and_may_be_repeated(service: LaunchAgent, tmp_path: Path) -> None:
    service.install()
    service.uninstall()
    service.uninstall()
    assert list((tmp_path / "LaunchAgents").iterdir()) == []
    assert not service.status().installed


def test_what_launchctl_complains_of_is_passed_on(service: LaunchAgent, tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    with pytest.raises(AgentError, match="Input/output error"):
        service.install()


def test_without_a_desktop_session_it_says_how_to_go_on(service: LaunchAgent, tmp_path: Path) -> None:
    (tmp_path / "session").unlink()
    with pytest.raises(UsageError, match="photo-agent run"):
        service.install()
    assert not (tmp_path / "LaunchAgents").exists()


def test_starting_an_uninstalled_service_says_so(service: LaunchAgent) -> None:
    for act in (service.start, service.stop):
        with pytest.raises(UsageError, match="service install"):
            act()

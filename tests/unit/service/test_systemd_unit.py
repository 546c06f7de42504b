"""The systemd unit: taken by systemd itself, and read back to the very words it was made of."""

import configparser
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import AgentError, UsageError
from agent.model.removal import Known
from agent.service import Launch, start, systemd_unit
from agent.service.systemd import UNIT, SystemdService, packaged_unit, unit_folder
from tests.platforms import posix_paths

pytestmark = posix_paths

path_words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
"""What `Launch` accepts: no control characters, no lone surrogates."""


def _sections(unit: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys have capitals
    parser.read_string(unit)
    return parser


def _words(line: str) -> list[str]:
    """A command line by systemd.service(5): words, quotes and C's escapes, then %% and, but for the first, $$."""
    words = []
    for match in re.finditer(r'"((?:\\.|[^"\\])*)"|(\S+)', line):
        raw = match.group(1) if match.group(1) is not None else match.group(2)
        word = re.sub(r"\\(.)", r"\1", raw).replace("%%", "%")
        words.append(word if not words else word.replace("$$", "$"))
    return words


def test_every_word_reads_back_as_it_was(awkward: Launch) -> None:
    assert _words(_sections(systemd_unit(awkward))["Service"]["ExecStart"]) == list(awkward.line)


@given(path_words)
def test_any_path_reads_back_as_it_was(name: str) -> None:
    launch = Launch((sys.executable,), Path("/srv") / name)
    line = _sections(systemd_unit(launch))["Service"]["ExecStart"]
    assert _words(line) == list(launch.line)
    assert "\n" not in line


def test_no_percent_or_dollar_is_left_for_systemd_to_replace(awkward: Launch) -> None:
    line = _sections(systemd_unit(awkward))["Service"]["ExecStart"]
    assert re.sub("%%", "", line).count("%") == 0
    assert re.sub(r"\$\$", "", line).count("$") == 0


def test_it_is_started_again_without_end_and_gives_way_to_the_person() -> None:
    service = _sections(systemd_unit(Launch((sys.executable,))))
    assert service["Service"]["Restart"] == "on-failure"
    assert service["Unit"]["StartLimitIntervalSec"] == "0"
    assert service["Service"]["IOSchedulingClass"] == "idle"
    assert service["Service"]["UMask"] == "0077"
    assert service["Install"]["WantedBy"] == "default.target"


def test_the_unit_needs_no_mount_namespace() -> None:
    keys = set(_sections(systemd_unit(Launch((sys.executable,))))["Service"])
    forbidden = r"Protect|Private|Read\w+Paths|Inaccessible|Bind|TemporaryFileSystem|CapabilityBoundingSet|DynamicUser"
    assert not [key for key in keys if re.match(forbidden, key)]


def _analyze(*arguments: str, runtime: Path) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on this machine")
    return subprocess.run(
        ["systemd-analyze", "--user", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"XDG_RUNTIME_DIR": str(runtime), "HOME": str(runtime), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )


def test_systemd_finds_no_fault_with_it(awkward: Launch, tmp_path: Path) -> None:
    unit = tmp_path / UNIT
    unit.write_text(systemd_unit(awkward), "utf-8")
    done = _analyze("verify", str(unit), runtime=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_detects_a_fault(launch: Launch, tmp_path: Path) -> None:
    unit = tmp_path / UNIT
    unit.write_text(systemd_unit(launch).replace("UMask=0077", "UMask=private"), "utf-8")
    assert "Failed to parse mode" in _analyze("verify", str(unit), runtime=tmp_path).stderr


def test_its_exposure_by_systemds_own_measure_does_not_grow(launch: Launch, tmp_path: Path) -> None:
    unit = tmp_path / UNIT
    unit.write_text(systemd_unit(launch), "utf-8")
    done = _analyze("security", "--offline=true", "--threshold=67", str(unit), runtime=tmp_path)
    assert done.returncode == 0, done.stdout  # 9.6 with no hardening at all; the remaining points need privileges


# --- The service ------------------------------------------------------------------------------------------------------

SYSTEMCTL = """
case "$*" in
*--property=Version*) [ -e session ] || { echo "Failed to connect to bus: No medium found" >&2; exit 1; } ;;
*restart*|*" start "*) echo active > state ;;
*" stop "*|*disable*) echo inactive > state ;;
*" show "*) echo "ActiveState=$(cat state)"; echo UnitFileState=enabled; echo ExecMainStatus=1; echo Result=exit-code
            echo "ActiveEnterTimestamp=Sun 2026-03-15 10:00:00 GMT"; cat condition 2>/dev/null ;;
esac
"""


@pytest.fixture
def service(launch: Launch, tmp_path: Path, stand_in) -> SystemdService:  # type: ignore[no-untyped-def]  # a fixture's
    (tmp_path / "session").touch()
    stand_in("systemctl", SYSTEMCTL)
    return SystemdService(launch, tmp_path / "units", tmp_path / "packaged")


@pytest.fixture
def packaged(launch: Launch, tmp_path: Path, service: SystemdService) -> SystemdService:
    """On a machine where a package brought the unit, for the settings in the usual place."""
    (tmp_path / "packaged").mkdir()
    usual = Launch(launch.command)
    (tmp_path / "packaged" / UNIT).write_text(packaged_unit(usual), "utf-8")
    return SystemdService(usual, tmp_path / "units", tmp_path / "packaged")


def test_a_packages_unit_starts_for_users_who_have_settings(launch: Launch) -> None:
    own, for_all = _sections(systemd_unit(launch)), packaged_unit(launch)
    conditions = [line for line in for_all.splitlines() if line.startswith("ConditionPathExists=|")]
    assert conditions == [
        "ConditionPathExists=|/etc/xdg/photo-agent/agent.toml",
        "ConditionPathExists=|%E/photo-agent/agent.toml",
    ]
    rest = "\n".join(line for line in for_all.splitlines() if line not in conditions)
    assert _sections(rest) == own


def test_a_packages_unit_is_used_and_no_second_one_written(packaged: SystemdService, tmp_path: Path) -> None:
    assert packaged.status().installed
    packaged.install()
    assert not (tmp_path / "units").exists()
    verbs = [line.split()[2] for line in (tmp_path / "calls").read_text().splitlines()]
    assert verbs[-3:] == ["unmask", "enable", "restart"]
    packaged.uninstall()
    assert (tmp_path / "packaged" / UNIT).exists(), "it is everybody's"
    assert "mask" in [line.split()[2] for line in (tmp_path / "calls").read_text().splitlines()]


def test_settings_elsewhere_need_a_unit_of_their_own(packaged: SystemdService, launch: Launch, tmp_path: Path) -> None:
    SystemdService(launch, tmp_path / "units", tmp_path / "packaged").install()
    assert (tmp_path / "units" / UNIT).read_text("utf-8") == systemd_unit(launch)


def test_installing_writes_the_unit_enables_and_starts_it(
    service: SystemdService, launch: Launch, tmp_path: Path
) -> None:
    assert not service.status().installed
    service.install()
    assert (tmp_path / "units" / UNIT).read_text("utf-8") == systemd_unit(launch)
    assert [path.name for path in (tmp_path / "units").iterdir()] == [UNIT]
    verbs = [line.split()[2] for line in (tmp_path / "calls").read_text().splitlines()]
    assert verbs == ["show", "daemon-reload", "enable", "restart"]
    assert service.status().running is Known.YES
    service.stop()
    assert service.status().running is Known.NO
    service.start()
    assert service.status().running is Known.YES


@pytest.mark.parametrize(
    ("state", "condition", "said"),
    [("failed", "yes", "exit code 1"), ("activating", "yes", "will start again"), ("inactive", "no", "has settings")],
)
def test_a_service_that_ends_at_once_is_not_reported_as_started(
    service: SystemdService, tmp_path: Path, stand_in: Callable[[str, str], Path], state: str, condition: str, said: str
) -> None:
    service.install()
    stand_in("systemctl", SYSTEMCTL.replace("echo active > state", f"echo {state} > state"))
    (tmp_path / "condition").write_text(f"ConditionResult={condition}\nConditionTimestampMonotonic=123456\n")
    with pytest.raises(AgentError, match=f"not running: .*{said}"):
        start(service, first_look=0, patience=0.1)


def test_a_unit_that_was_never_to_start_is_not_said_to_lack_settings(service: SystemdService, tmp_path: Path) -> None:
    """Its condition was not looked at yet, and systemd says "no" then too."""
    service.install()
    (tmp_path / "state").write_text("inactive")
    (tmp_path / "condition").write_text("ConditionResult=no\nConditionTimestampMonotonic=0\n")
    assert service.status().detail == "stopped; starts at the next log-in"


def test_a_service_that_runs_is_started(service: SystemdService) -> None:
    service.install()
    start(service, first_look=0, patience=0.1)


def test_uninstalling_leaves_no_file_and_may_be_repeated(service: SystemdService, tmp_path: Path) -> None:
    service.install()
    service.uninstall()
    service.uninstall()
    assert list((tmp_path / "units").iterdir()) == []
    assert not service.status().installed


@pytest.mark.parametrize(
    ("state", "running", "said"),
    [
        ("activating", Known.NO, "will start again within 60 s"),
        ("failed", Known.NO, "journalctl"),
        ("strange", Known.NOT_KNOWN, "systemctl said"),
    ],
)
def test_each_state_is_put_in_words(
    service: SystemdService, tmp_path: Path, state: str, running: Known, said: str
) -> None:
    service.install()
    (tmp_path / "state").write_text(state)
    assert service.status().running is running
    assert said in service.status().detail


def test_without_a_session_it_says_how_to_go_on_by_hand_and_writes_nothing(
    service: SystemdService, tmp_path: Path
) -> None:
    (tmp_path / "session").unlink()
    with pytest.raises(UsageError, match="photo-agent run"):
        service.install()
    assert not (tmp_path / "units").exists()


def test_without_a_session_an_installed_service_can_be_removed(service: SystemdService, tmp_path: Path) -> None:
    service.install()
    (tmp_path / "session").unlink()
    assert service.status().running is Known.NOT_KNOWN
    service.uninstall()
    assert not service.status().installed


def test_starting_an_uninstalled_service_says_so(service: SystemdService) -> None:
    for act in (service.start, service.stop):
        with pytest.raises(UsageError, match="service install"):
            act()


def test_a_linux_without_systemd_is_told_apart(launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="does not have systemd"):
        SystemdService(launch, tmp_path / "units", tmp_path / "packaged").install()


def test_a_relative_configuration_folder_is_not_believed(tmp_path: Path) -> None:
    assert unit_folder({"XDG_CONFIG_HOME": str(tmp_path)}) == tmp_path / "systemd" / "user"
    assert unit_folder({"XDG_CONFIG_HOME": "here"}) == Path.home() / ".config" / "systemd" / "user"

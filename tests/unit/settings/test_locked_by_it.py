"""`[locked]` in the machine's file: what a person's own file can and cannot change, and where that is said."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.errors import SettingsError, UsageError
from agent.settings import config_folder, find_file, load, places
from agent.settings.editing import with_values
from agent.settings.filling import login
from agent.settings.reading import parse
from agent.settings.sources import overruled
from tests import programs

pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="the machine's folder cannot be moved on a Mac")

MACHINE = """
[device]
staff = "j.smith"
timezone = "Europe/London"
[folders]
watch = ["~/Pictures/Camera Imports"]
[share]
host = "photos.school.example"
user = "laptop-17"
[removal]
keep_hours = 1
"""
LOCKED = MACHINE + '[locked]\nkeys = ["share.host", "share.port"]\n'


@pytest.fixture
def machine(tmp_path: Path) -> Callable[[str], Path]:
    """Writes the machine's file and says where."""

    def write(text: str) -> Path:
        path = tmp_path / "machine" / "photo-agent" / "agent.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def own(text: str) -> Path:
    path = config_folder() / "agent.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def photo_agent(*arguments: str) -> subprocess.CompletedProcess[str]:
    return programs.photo_agent(arguments, os.environ)


def test_an_own_file_changes_what_is_not_locked(machine: Callable[[str], Path]) -> None:
    machine(LOCKED)
    file = own('[removal]\nkeep_hours = 12\n[device]\nstaff = "m.jones"\n')
    assert find_file(None, {}) == file
    settings = load(file)
    assert (settings.removal.keep_hours, settings.device.staff) == (12, "m.jones")
    assert settings.share.host == "photos.school.example"


def test_a_locked_key_stays_as_the_machines_file_has_it(machine: Callable[[str], Path]) -> None:
    machine(LOCKED)
    file = own('[share]\nhost = "elsewhere.example"\nport = 2222\nuser = "mine"\n')
    settings = load(file)
    assert (settings.share.host, settings.share.user) == ("photos.school.example", "mine")
    assert settings.share.port == 22, "locked at its default, because the machine's file does not say"
    assert [one.key for one in overruled(file)] == ["share.host", "share.port"]


def test_a_locked_key_with_the_same_value_is_no_contradiction(machine: Callable[[str], Path]) -> None:
    machine(LOCKED)
    assert not overruled(own('[share]\nhost = "photos.school.example"\n'))


@pytest.mark.parametrize("how", ["--config", "variable"])
def test_a_file_that_was_named_does_not_get_round_the_lock(
    machine: Callable[[str], Path], tmp_path: Path, how: str
) -> None:
    machine(LOCKED)
    named = tmp_path / "mine.toml"
    named.write_text(MACHINE.replace("photos.school.example", "elsewhere.example"), encoding="utf-8")
    found = find_file(named, {}) if how == "--config" else find_file(None, {"PHOTO_AGENT_CONFIG": str(named)})
    assert load(found).share.host == "photos.school.example"


def test_without_locked_the_machines_file_counts_alone(machine: Callable[[str], Path]) -> None:
    file = machine(MACHINE)
    own("[removal]\nkeep_hours = 12\n")
    assert find_file(None, {}) == file
    assert load(file).removal.keep_hours == 1


def test_an_empty_locked_lets_the_own_file_change_everything(machine: Callable[[str], Path]) -> None:
    machine(MACHINE + "[locked]\n")
    assert load(own('[share]\nhost = "elsewhere.example"\n')).share.host == "elsewhere.example"


def test_locked_in_an_own_file_is_a_fault(machine: Callable[[str], Path]) -> None:
    file = own(LOCKED)
    with pytest.raises(SettingsError, match="only in the machine's file"):
        load(file)
    machine(LOCKED)
    with pytest.raises(SettingsError, match="only in the machine's file"):
        load(file)


@pytest.mark.parametrize(("key", "hint"), [("share.hots", "share.host"), ("host", "share.host"), ("locked.x", "not")])
def test_a_locked_key_that_does_not_exist_is_a_fault(machine: Callable[[str], Path], key: str, hint: str) -> None:
    file = machine(MACHINE + f'[locked]\nkeys = ["{key}"]\n')
    with pytest.raises(SettingsError, match=hint):
        load(file)


@pytest.mark.parametrize("text", [LOCKED + "x = ", "locked = 3\n" + MACHINE, MACHINE + "[locked]\nkeys = 3\n"])
def test_a_broken_machines_file_stops_the_program(machine: Callable[[str], Path], text: str) -> None:
    machine(text)
    with pytest.raises(SettingsError):
        load(own(MACHINE))


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_lock_that_another_user_could_have_put_there_locks_nothing(machine: Callable[[str], Path]) -> None:
    os.chown(machine(LOCKED), 65534, 65534)
    file = own(MACHINE.replace("photos.school.example", "elsewhere.example"))
    assert find_file(None, {}) == file
    assert load(file).share.host == "elsewhere.example"


def test_a_change_goes_into_the_own_file(machine: Callable[[str], Path]) -> None:
    before = machine(LOCKED).read_bytes()
    done = photo_agent("config", "set", "removal.keep_hours", "3")
    assert done.returncode == 0, done.stderr
    assert load(config_folder() / "agent.toml").removal.keep_hours == 3
    assert machine(LOCKED).read_bytes() == before


def test_a_locked_key_cannot_be_set(machine: Callable[[str], Path]) -> None:
    file = machine(LOCKED)
    done = photo_agent("config", "set", "share.host", "elsewhere.example")
    assert done.returncode == 2
    assert "share.host is locked by IT" in done.stderr
    assert str(file) in done.stderr
    with pytest.raises(UsageError, match="locked by IT"):
        with_values(own(""), {("share", "host"): "elsewhere.example"})


def test_show_says_what_is_locked_and_by_which_file(machine: Callable[[str], Path]) -> None:
    file = machine(LOCKED)
    mine = own('[share]\nhost = "elsewhere.example"\n')
    done = photo_agent("config", "show")
    lines = done.stdout.splitlines()
    assert f'host = "photos.school.example"  # locked by {file}' in lines
    assert 'user = "laptop-17"' in lines
    assert f"share.host in {mine} is not used" in done.stderr
    shown = json.loads(photo_agent("config", "show", "--json").stdout)
    assert shown["locked"]["keys"] == ["share.host", "share.port"]
    assert shown["locked_by"] == str(file)
    assert shown["files"] == [str(file), str(mine)]
    assert shown["not_used"] == {"share.host": "elsewhere.example"}


def test_the_demo_does_not_meet_the_schools_settings(machine: Callable[[str], Path]) -> None:
    machine(LOCKED)
    done = photo_agent("demo")
    assert done.returncode == 0, done.stderr
    assert "6 removed" in done.stdout


def test_init_asks_only_for_what_it_left_open(machine: Callable[[str], Path]) -> None:
    machine(LOCKED.replace('staff = "j.smith"\n', ""))
    done = photo_agent("init", "--yes", "--no-server")
    assert done.returncode == 2
    assert "--staff is needed" in done.stderr
    done = photo_agent("init", "--yes", "--no-server", "--staff", "m.jones")
    assert done.returncode == 0, done.stderr
    mine = config_folder() / "agent.toml"
    assert mine.read_text(encoding="utf-8").split() == ["[device]", "staff", "=", '"m.jones"']
    assert load(mine).share.host == "photos.school.example"
    again = photo_agent("init", "--yes", "--no-server")
    assert again.returncode == 0, again.stderr
    refused = photo_agent("init", "--yes", "--no-server", "--host", "elsewhere.example", "--force")
    assert refused.returncode == 2
    assert "locked by IT" in refused.stderr


def test_init_needs_no_own_file_where_it_said_everything(machine: Callable[[str], Path]) -> None:
    file = machine(LOCKED)
    done = photo_agent("init", "--yes", "--no-server")
    assert done.returncode == 0, done.stderr
    assert f"Settings: {file}" in done.stdout
    assert not (config_folder() / "agent.toml").exists()
    assert (config_folder() / "id_ed25519").exists()


@pytest.mark.parametrize(
    "text",
    [
        'share.host = "elsewhere.example"\nshare.port = 2222',
        'share = { host = "elsewhere.example", port = 2222 }',
        '["share"]\n"host" = "elsewhere.example"\n\'port\' = 2222',
        '"share"."\\u0068ost" = "elsewhere.example"',
        '\ufeffshare."host" = """elsewhere.example"""',
    ],
)
def test_no_way_of_writing_a_locked_key_changes_it(machine: Callable[[str], Path], text: str) -> None:
    machine(LOCKED)
    settings = load(own(text + "\n"))
    assert (settings.share.host, settings.share.port) == ("photos.school.example", 22)


@pytest.mark.parametrize("text", ["share = 3\n", '"share.host" = "elsewhere.example"\n', "[[share]]\nport = 2222\n"])
def test_an_own_file_of_another_shape_is_a_fault(machine: Callable[[str], Path], text: str) -> None:
    machine(LOCKED)
    with pytest.raises(SettingsError, match="share"):
        load(own(text))


def test_an_own_table_does_not_stand_in_for_a_broken_one_of_its(machine: Callable[[str], Path]) -> None:
    machine("share = 3\n" + LOCKED.partition("[share]")[0] + '[locked]\nkeys = ["share.host"]\n')
    with pytest.raises(SettingsError, match="share: must be a table"):
        load(own('[share]\nhost = "elsewhere.example"\nuser = "mine"\n'))


def test_a_lock_on_who_it_is_holds_the_list_of_logins_too(machine: Callable[[str], Path], tmp_path: Path) -> None:
    school, mine = tmp_path / "school.csv", tmp_path / "mine.csv"
    school.write_text(f"login,staff\n{login()},Jane Smith\n", encoding="utf-8")
    mine.write_text(f"login,staff\n{login()},The Head\n", encoding="utf-8")
    text = MACHINE.replace('staff = "j.smith"', f"staff = \"{{login}}\"\nstaff_file = '{school}'")
    machine(text + '[locked]\nkeys = ["device.staff"]\n')
    file = own(f"[device]\nstaff_file = '{mine}'\n")
    assert load(file).device.staff == "Jane Smith"
    assert [one.key for one in overruled(file)] == ["device.staff_file"]
    with pytest.raises(UsageError, match="locked by IT"):
        with_values(file, {("device", "staff_file"): str(mine)})


@pytest.mark.parametrize("variable", ["$SCHOOL", "${SCHOOL}", "%SCHOOL%"])
def test_a_value_with_a_variable_cannot_be_locked(machine: Callable[[str], Path], variable: str) -> None:
    place = f"{Path.cwd().anchor}{variable}/known_hosts"
    text = LOCKED.replace('user = "laptop-17"', f"user = \"laptop-17\"\nknown_hosts_file = '{place}'")
    file = machine(text.replace('"share.port"', '"share.known_hosts_file"'))
    with pytest.raises(SettingsError, match=r"share.known_hosts_file: .* any user can change"):
        load(file)
    with pytest.raises(SettingsError, match="any user can change"):
        load(own("[removal]\nkeep_hours = 12\n"))


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right on Windows")
def test_a_link_that_changes_in_between_does_not_get_round_the_lock(
    machine: Callable[[str], Path], tmp_path: Path
) -> None:
    file = machine(LOCKED)
    (link := tmp_path / "link.toml").symlink_to(file)
    # What was read through the link a moment before, when it led to another file.
    before = MACHINE.replace("photos.school.example", "elsewhere.example") + "[locked]\n"
    assert parse(before, link).share.host == "photos.school.example"
    assert parse(before, link).locked.keys == ("share.host", "share.port")


@pytest.mark.skipif(sys.platform != "linux", reason="the documented place of other systems is not for tests to fill")
def test_no_variable_leads_to_another_machines_file(
    machine: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documented = tmp_path / "documented" / "agent.toml"
    documented.parent.mkdir()
    documented.write_text(LOCKED, encoding="utf-8")
    monkeypatch.setattr(places, "_ON_A_MAC", documented)
    monkeypatch.setattr(places, "_ON_LINUX", documented)
    machine(MACHINE.replace("photos.school.example", "elsewhere.example"))
    for system in ("linux", "darwin"):
        monkeypatch.setattr(sys, "platform", system)
        assert places.machine_file() == documented


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can become another user")
def test_a_machines_file_behind_a_closed_folder_stops_the_program(machine: Callable[[str], Path]) -> None:
    folder = machine(LOCKED).parent
    file = own(MACHINE.replace("photos.school.example", "elsewhere.example"))
    folder.chmod(0o000)
    before = os.geteuid()
    tops = [*reversed(file.parents), *reversed(folder.parents)]
    opened = {top: top.stat().st_mode for top in tops if not top.stat().st_mode & 0o001}
    try:
        for top, mode in opened.items():
            top.chmod(mode | 0o011)
        os.seteuid(65534)
        with pytest.raises(SettingsError, match="Ask IT to let all users open its folder and read it"):
            find_file(None, {})
        with pytest.raises(SettingsError, match="Ask IT to let all users open its folder and read it"):
            load(file)
    finally:
        os.seteuid(before)
        for top, mode in opened.items():
            top.chmod(mode)
        folder.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows' owners")
def test_a_machines_file_that_is_not_believed_is_named_whichever_file_counts(
    machine: Callable[[str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    file = machine(LOCKED)
    file.chmod(0o666)
    mine = own(MACHINE)
    for given, environ in ((mine, {}), (None, {"PHOTO_AGENT_CONFIG": str(mine)}), (None, {})):
        caplog.clear()
        assert find_file(given, environ) == mine
        assert f"{file} is not used" in caplog.text


def test_a_new_value_for_the_machines_own_file_is_checked(machine: Callable[[str], Path]) -> None:
    file = machine(LOCKED)
    with pytest.raises(SettingsError, match="at most 65535"):
        with_values(file, {("share", "port"): 99999})
    assert with_values(file, {("share", "host"): "new.school.example"})[1].share.host == "new.school.example"

"""Which agent.toml counts."""

import os
import sys
from pathlib import Path

import pytest

from agent.errors import SettingsError
from agent.files.owner import may_speak_for_the_machine
from agent.settings import config_folder, find_file, load


def _touched(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    return path


def test_the_file_named_on_the_command_line_comes_before_all_others(tmp_path: Path) -> None:
    given, variable = _touched(tmp_path / "a.toml"), _touched(tmp_path / "b.toml")
    _touched(config_folder() / "agent.toml")
    assert find_file(given, {"PHOTO_AGENT_CONFIG": str(variable)}) == given


def test_the_variable_comes_before_the_folders(tmp_path: Path) -> None:
    variable = _touched(tmp_path / "b.toml")
    _touched(config_folder() / "agent.toml")
    assert find_file(None, {"PHOTO_AGENT_CONFIG": str(variable)}) == variable


def test_an_empty_variable_names_nothing() -> None:
    users = _touched(config_folder() / "agent.toml")
    assert find_file(None, {"PHOTO_AGENT_CONFIG": ""}) == users


@pytest.mark.skipif(sys.platform == "darwin", reason="the machine's folder cannot be moved on a Mac")
def test_the_machines_file_comes_before_the_users(tmp_path: Path) -> None:
    _touched(config_folder() / "agent.toml")
    machines = _touched(tmp_path / "machine" / "photo-agent" / "agent.toml")
    assert find_file(None, {}) == machines


def test_with_no_file_anywhere_every_place_and_init_are_named() -> None:
    with pytest.raises(SettingsError, match="photo-agent init") as caught:
        find_file(None, {})
    assert str(config_folder() / "agent.toml") in str(caught.value)


def test_a_named_file_that_is_not_there_is_not_silently_replaced_by_another(tmp_path: Path) -> None:
    _touched(config_folder() / "agent.toml")
    with pytest.raises(SettingsError, match="named by --config"):
        find_file(tmp_path / "no.toml", {})
    with pytest.raises(SettingsError, match="PHOTO_AGENT_CONFIG"):
        find_file(None, {"PHOTO_AGENT_CONFIG": str(tmp_path / "no.toml")})


def test_a_folder_named_as_the_file_is_told_apart_from_a_missing_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is a folder"):
        find_file(tmp_path, {})


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="the machine's folder can be moved by XDG only")
@pytest.mark.parametrize("theirs", ["another owner", "others may write it"])
def test_a_machines_file_from_another_user_is_skipped(
    tmp_path: Path, theirs: str, caplog: pytest.LogCaptureFixture
) -> None:
    users = _touched(config_folder() / "agent.toml")
    machines = _touched(tmp_path / "machine" / "photo-agent" / "agent.toml")
    if theirs == "others may write it":
        machines.chmod(0o666)
    elif os.geteuid() == 0:
        os.chown(machines, 65534, 65534)
    else:
        pytest.skip("only root can give a file to another user")
    assert find_file(None, {}) == users
    assert "is not used" in caplog.text
    with pytest.raises(SettingsError, match="administrator"):
        load(machines)


@pytest.mark.skipif(sys.platform != "win32", reason="Windows' owners")
def test_a_file_of_this_user_may_speak_for_the_machine(tmp_path: Path) -> None:
    with _touched(tmp_path / "agent.toml").open("rb") as file:
        assert may_speak_for_the_machine(file.fileno())

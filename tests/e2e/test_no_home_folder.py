"""A computer that does not say where the user's home folder is: one clear error, exit code 2, nothing written."""

import os
import sys
from pathlib import Path

import pytest

from agent.cli import main
from agent.errors import UsageError
from agent.files.home import home_folder, with_home
from agent.settings import new_file
from agent.settings.places import config_folder, expanded, state_folder
from tests.platforms import WINDOWS

NOBODY = 2_012_345_678
"""A user that no list of users has."""

VARIABLES = ("HOME", "USERPROFILE", "HOMEPATH", "HOMEDRIVE", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "PHOTO_AGENT_CONFIG")


@pytest.fixture(autouse=True)
def homeless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on neither the environment nor the list of users knows a home folder; the work folder is empty."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", str(tmp_path / "AppData"))
    if sys.platform != "win32":
        monkeypatch.setattr(os, "getuid", lambda: NOBODY)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A settings file in which every path is a full one."""
    file = tmp_path / "agent.toml"
    text = new_file(
        staff="j.smith",
        timezone="Europe/London",
        watch=(str(tmp_path / "photos"),),
        host="photos.school.example",
        user="laptop-17",
    )
    file.write_text(text.replace("[device]\n", f"[device]\nstate_dir = {str(tmp_path / 'state')!r}\n", 1), "utf-8")
    return file


INIT = "init --host photos.school.example --user laptop-17 --staff j.smith --timezone Europe/London --no-server --yes"
WITH_SETTINGS = ("status", "sync", "doctor", "run", "config show", "inspect", "service status", "log show")


@pytest.mark.parametrize("line", [INIT, f"{INIT} --watch FOLDER", *(f"--config FILE {line}" for line in WITH_SETTINGS)])
def test_without_a_home_folder_a_command_says_so(
    line: str, settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = {"FILE": str(settings), "FOLDER": str(tmp_path / "photos")}
    with pytest.raises(SystemExit) as ended:
        main([words.get(word, word) for word in line.split()])
    said = capsys.readouterr().err
    assert ended.value.code == 2, said
    assert said.count("cannot find your home folder") == 1
    assert "USERPROFILE" in said if WINDOWS else "HOME" in said
    assert list((tmp_path / "work").iterdir()) == []


def test_without_a_home_folder_no_path_is_guessed() -> None:
    for find in (home_folder, lambda: expanded("~"), lambda: expanded("~/photos"), lambda: with_home(f"~{os.sep}x")):
        with pytest.raises(UsageError, match="home folder"):
            find()
    assert with_home("/photos/~/x") == "/photos/~/x"
    assert with_home("~nobody-has-this-name/x") == "~nobody-has-this-name/x"


@pytest.mark.skipif(WINDOWS, reason="Windows knows the folder for settings without a variable")
def test_settings_and_state_never_go_into_a_folder_named_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    for find in (config_folder, state_folder):
        with pytest.raises(UsageError, match="home folder"):
            find()
    for wrong in ("", "home", "~"):
        monkeypatch.setenv("HOME", wrong)
        for find in (config_folder, state_folder, home_folder):
            with pytest.raises(UsageError, match="home folder"):
                find()


@pytest.mark.skipif(WINDOWS, reason="about Linux' and macOS' list of users")
def test_a_wrong_home_variable_gives_way_to_the_list_of_users(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform != "win32":
        import pwd

        monkeypatch.setattr(os, "getuid", lambda: 0)
        for wrong in ("", "home"):
            monkeypatch.setenv("HOME", wrong)
            assert home_folder() == Path(pwd.getpwuid(0).pw_dir)


@pytest.mark.skipif(WINDOWS, reason="about paths of Linux and macOS")
def test_the_root_folder_may_be_a_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/")
    assert (str(expanded("~")), str(expanded("~/photos"))) == ("/", "/photos")

"""`{login}` and `{host}`: one agent.toml serves all laptops of a school."""

import os
import re
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.errors import SettingsError
from agent.settings import load
from agent.settings.filling import login

Write = Callable[[str], Path]
TEXT = """
[device]
staff = "{login}"
%s
timezone = "Europe/London"
[folders]
watch = ["~/Pictures/Camera Imports"]
[share]
host = "photos.school.example"
user = "%s"
"""


def toml(more: str = "", user: str = "laptop-17") -> str:
    return TEXT % (more, user)


def listed(tmp_path: Path, text: str | bytes) -> str:
    """A list of logins, and the setting that names it."""
    path = tmp_path / "staff.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return f"staff_file = '{path}'"


def test_without_a_list_the_login_is_the_name(write: Write) -> None:
    assert load(write(toml())).device.staff == login()


@pytest.mark.parametrize(
    "text",
    [
        "login,staff\nsomebody,m.jones\n{0},Jane Smith\n",
        "\ufeffLogin;Staff\r\n{1};Jane Smith\r\n",
        "staff,room,login\nJane Smith,12,SCHOOL\\{0}\n",
    ],
)
def test_the_list_says_who_it_is(write: Write, tmp_path: Path, text: str) -> None:
    line = listed(tmp_path, text.format(login(), login().upper()))
    assert load(write(toml(line))).device.staff == "Jane Smith"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("login,staff\nsomebody,m.jones\n", "has no line for the login"),
        ("who,name\nx,y\n", "login,staff"),
        ("", "login,staff"),
        ("login,staff,login\nx,a,{0}\n", "each once"),
        ("login,staff\n{0},a\n".encode("utf-16"), "UTF-8"),
        ("login,staff\n{0},a\n{0},b\n", "line 3"),
        ("login,staff\n{0},\n", "line 2"),
        (b"login,staff\n\xff\xfe,x\n", "UTF-8"),
        pytest.param("login,staff\n" + "x,y\n" * 300_000, "1 MB", id="too large"),
    ],
)
def test_a_list_that_is_wrong_or_lacks_the_login_is_a_fault(
    write: Write, tmp_path: Path, text: str | bytes, fault: str
) -> None:
    filled = text.replace("{0}", login()) if isinstance(text, str) else text
    with pytest.raises(SettingsError, match=re.escape(fault)):
        load(write(toml(listed(tmp_path, filled))))


@pytest.mark.skipif(sys.platform == "win32", reason="the login is asked of another place there")
@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("SCHOOL\\zoe", "zoe"),  # winbind
        ("zoe@school.example", "zoe"),  # SSSD, with whole names
        ("zoe@school.example", "ZOE@school.example"),
        ("zo\u00eb", "Zoe\u0308"),
        ("zoe", "SCHOOL\\zoe"),
    ],
)
def test_a_login_is_found_however_the_system_or_the_list_writes_it(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, cell: str
) -> None:
    import pwd

    entry = pwd.struct_passwd((name, "x", os.geteuid(), 0, "", "/", ""))
    monkeypatch.setattr(pwd, "getpwuid", lambda number: entry)
    assert (
        load(write(toml(listed(tmp_path, f"login,staff\nhead,The Head\n{cell},Zoë Bell\n")))).device.staff == "Zoë Bell"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes in Windows' folders")
@pytest.mark.timeout(20)
def test_a_pipe_in_place_of_the_list_keeps_nobody_waiting(write: Write, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(SettingsError, match="pipe"):
        load(write(toml(f"staff_file = '{tmp_path / 'pipe.csv'}'")))


def test_a_list_that_is_not_there_is_a_fault(write: Write, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(write(toml(f"staff_file = '{tmp_path / 'none.csv'}'")))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows' owners")
def test_a_list_that_anybody_may_change_is_not_believed(write: Write, tmp_path: Path) -> None:
    line = listed(tmp_path, f"login,staff\n{login()},The Head\n")
    (tmp_path / "staff.csv").chmod(0o666)
    with pytest.raises(SettingsError, match="administrator"):
        load(write(toml(line)))


def test_whoever_checks_a_file_for_others_need_not_be_on_the_list(write: Write, tmp_path: Path) -> None:
    path = write(toml(listed(tmp_path, "login,staff\nsomebody,m.jones\n")))
    assert load(path, anyone=True).share.host == "photos.school.example"


def test_a_variable_does_not_make_another_person(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "the.head")
    assert load(write(toml())).device.staff != "the.head"


def test_the_laptops_own_name_makes_its_user_and_device(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "LT_0417.school.example")
    settings = load(write(toml(user="{host}")))
    assert (settings.share.user, settings.device.name) == ("lt_0417", "lt_0417")
    settings = load(write(toml('name = "art-{host}"', user="{host}-x")))
    assert (settings.share.user, settings.device.name) == ("lt_0417-x", "art-lt_0417")


def test_a_laptop_called_by_its_serial_number_can_be_a_user(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "5CG1234XYZ")
    settings = load(write(toml(user="{host}")))
    assert (settings.share.user, settings.device.name) == ("laptop-5cg1234xyz", "laptop-5cg1234xyz")


def test_long_names_of_laptops_are_cut_and_stay_apart(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    users = set()
    for name in ("science-department-trolley-number-3-one", "science-department-trolley-number-3-two"):
        monkeypatch.setattr(socket, "gethostname", lambda name=name: name)
        users.add(load(write(toml(user="{host}"))).share.user)
    assert len(users) == 2
    assert all(re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", user) for user in users), "as add-device.sh wants it"


@pytest.mark.skipif(sys.platform == "win32", reason="the login is asked of another place there")
def test_people_who_share_a_laptop_have_a_user_each(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    entry = pwd.struct_passwd(("Zoë B.", "x", os.geteuid(), 0, "", "/", ""))
    monkeypatch.setattr(pwd, "getpwuid", lambda number: entry)
    monkeypatch.setattr(socket, "gethostname", lambda: "lt-1")
    assert load(write(toml(user="{host}-{login}"))).share.user == "lt-1-zo-b"


@pytest.mark.parametrize("where", ['name = "{hots}"', 'state_dir = "/x"\nname = "{"'])
def test_a_word_in_braces_that_means_nothing_is_a_fault(write: Write, where: str) -> None:
    with pytest.raises(SettingsError, match="braces"):
        load(write(toml(where)))
    with pytest.raises(SettingsError, match="braces"):
        load(write(toml(user="{user}")))

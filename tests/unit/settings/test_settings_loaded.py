"""agent.toml is read: defaults, ready-made values, and every fault reported with its key."""

import dataclasses
import re
import sys
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agent.errors import SettingsError
from agent.settings import Settings, load
from tests.platforms import not_under_wine

Write = Callable[[str | bytes], Path]

MINIMAL = """
[device]
staff = "j.smith"
timezone = "Europe/London"
[folders]
watch = ["~/Pictures/Camera Imports"]
[share]
host = "photos.school.example"
user = "laptop-17"
"""


def _set(text: str, table: str, line: str) -> str:
    """`text` with `line` in `table`, instead of a line for the same key."""
    key = line.partition("=")[0].strip()
    without = re.sub(rf"^{re.escape(key)} = .*$", "", text, flags=re.MULTILINE)
    return without.replace(f"[{table}]", f"[{table}]\n{line}") if f"[{table}]" in text else f"{text}\n[{table}]\n{line}"


def _fault(write: Write, table: str, line: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(write(_set(MINIMAL, table, line)))
    return str(caught.value)


def test_missing_keys_have_the_defaults_of_the_contract(write: Write, home: Path) -> None:
    settings = load(write(MINIMAL))
    assert dataclasses.asdict(settings) == {
        "device": {
            "name": settings.device.name,
            "staff": "j.smith",
            "timezone": "Europe/London",
            "state_dir": "",
            "language": "auto",
            "staff_file": "",
        },
        "folders": {
            "watch": ("~/Pictures/Camera Imports",),
            "settle_seconds": 5,
            "rescan_minutes": 15,
            "screenshots": "ask",
        },
        "share": {
            "host": "photos.school.example",
            "port": 22,
            "user": "laptop-17",
            "path": "/photos",
            "key_file": "",
            "known_hosts_file": "",
            "connections": 2,
            "transport": "auto",
            "when": "always",
            "bandwidth_kib_per_s": 0,
            "allow_unsynced": False,
        },
        "register": {
            "visits": "share:register/visits.csv",
            "cameras": "",
            "max_age_days": 14,
            "dates": "day-first",
            "longest_visit_days": 14,
        },
        "removal": {"keep_hours": 0, "overdue_hours": 24},
        "cards": {"offer": True, "remove": "ask"},
        "notices": {"desktop": True},
        "forward": {
            "syslog": "",
            "ecs_server": "",
            "ecs_file": "",
            "ca_file": "",
            "client_cert": "",
            "client_key": "",
        },
        "retention": {"days": 0, "visits": (), "hold": ()},
        "locked": {"keys": ()},
    }
    assert settings.watch == (home / "Pictures" / "Camera Imports",)
    assert settings.zone == ZoneInfo("Europe/London")
    assert settings.visits_file == "register/visits.csv"
    assert settings.cameras_file is None
    assert settings.cameras_beside == "register/cameras.csv"
    for path in (settings.state_dir, settings.key_file, settings.known_hosts_file):
        assert path.is_absolute()
        assert home in path.parents


def test_settings_cannot_be_changed_once_read(write: Write) -> None:
    settings = load(write(MINIMAL))
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.share.port = 23  # type: ignore[misc]  # the point of the test


def test_paths_may_use_the_home_folder_and_variables(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARDS", str(tmp_path / "cards"))
    text = _set(MINIMAL, "folders", 'watch = ["$CARDS/a", "~/b"]')
    text = _set(text, "device", 'state_dir = "$CARDS/../state"')
    text = _set(text, "register", 'visits = "~/visits.ICS"\ncameras = "share:register/cameras.csv"')
    settings = load(write(text))
    assert settings.watch == (tmp_path / "cards" / "a", Path.home() / "b")
    assert settings.state_dir == tmp_path / "state"
    assert settings.visits_file == Path.home() / "visits.ICS"
    assert settings.cameras_file == "register/cameras.csv"


def test_what_dump_gives_loads_again_to_the_same_paths(write: Write) -> None:
    settings = load(write(MINIMAL))
    again = Settings(**settings.dump())
    assert again.dump() == settings.dump()
    assert again.key_file == settings.key_file


def test_a_byte_order_mark_as_notepad_writes_it_does_no_harm(write: Write) -> None:
    assert load(write(b"\xef\xbb\xbf" + MINIMAL.encode())).device.staff == "j.smith"


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_a_file_that_is_not_utf8_says_so(write: Write, encoding: str) -> None:
    text = MINIMAL.replace("j.smith", "zoë")
    with pytest.raises(SettingsError, match="UTF-8"):
        load(write(text.encode(encoding)))


def test_a_fault_of_syntax_names_line_and_column(write: Write) -> None:
    with pytest.raises(SettingsError, match=r"line 2, column \d+"):
        load(write('[device]\nstaff = "j.smith\n'))


def test_an_unescaped_windows_path_is_explained(write: Write) -> None:
    with pytest.raises(SettingsError, match="single quotes"):
        load(write('[folders]\nwatch = ["C:\\Users\\me"]\n'))


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: "):
        load(tmp_path)


def test_a_file_that_vanished_is_a_fault_of_settings(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="photo-agent init"):
        load(tmp_path / "gone.toml")


def test_all_faults_come_at_once_each_with_its_key(write: Write) -> None:
    text = '[device]\nstaff = ""\n[folders]\nwatch = []\n[share]\nhots = "a"\nport = "22"\n'
    with pytest.raises(SettingsError) as caught:
        load(write(text))
    message = str(caught.value)
    for key in ("device.staff", "device.timezone", "folders.watch", "share.host", "share.user", "share.port"):
        assert f"  {key}: " in message
    assert "share.hots: unknown key; did you mean share.host?" in message
    assert "7 faults" in message


@pytest.mark.parametrize(
    ("table", "line", "said"),
    [
        ("share", 'hots = "x"', "did you mean share.host?"),
        ("share", "keep_hours = 1", "did you mean removal.keep_hours?"),
        ("removal", "keep-hours = 1", "did you mean removal.keep_hours?"),
        ("removal", "xyzzy = 1", "the keys of [removal] are keep_hours, overdue_hours"),
        ("shares", "a = 1", "did you mean [share]?"),
        ("xyzzy", "a = 1", "the tables are device, folders, share, register, removal"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_right_one(write: Write, table: str, line: str, said: str) -> None:
    assert said in _fault(write, table, line)


def test_a_key_above_all_tables_is_sent_to_its_own(write: Write) -> None:
    with pytest.raises(SettingsError, match=r"port: does not belong here; write it below the line \[share\]"):
        load(write("port = 22\n" + MINIMAL))


def test_a_value_where_a_table_belongs_is_explained(write: Write) -> None:
    with pytest.raises(SettingsError, match="removal: must be a table"):
        load(write("removal = 1\n" + MINIMAL))


@pytest.mark.parametrize(
    ("table", "line", "said"),
    [
        ("device", 'name = ""', "device.name"),
        ("device", 'name = ".hidden"', "device.name"),
        ("device", 'name = "a/b"', "device.name"),
        ("device", 'name = "a\\n"', "device.name"),
        ("device", 'name = "a."', "device.name"),
        ("device", f'name = "{"x" * 65}"', "device.name"),
        ("device", 'name = "NUL.x"', "Windows reserves"),
        ("device", 'staff = "  "', "must not be empty"),
        ("device", 'staff = "a;b"', "one person"),
        ("device", 'timezone = "europe/londn"', "did you mean Europe/London?"),
        ("device", 'timezone = "London"', "did you mean Europe/London?"),
        ("device", 'timezone = "Europe"', "not an IANA time zone"),
        ("device", 'timezone = "../../etc/passwd"', "not an IANA time zone"),
        ("device", 'timezone = "localtime"', "not an IANA time zone"),
        ("device", 'timezone = ""', "not an IANA time zone"),
        ("device", 'state_dir = "relative"', "full path"),
        ("folders", "watch = []", "at least one"),
        ("folders", 'watch = "~/x"', "list in square brackets"),
        ("folders", 'watch = ["~"]', "whole home folder"),
        ("folders", 'watch = ["~/x/.."]', "whole home folder"),
        ("folders", 'watch = ["~/.."]', "contains whole home folders"),
        ("folders", 'watch = ["/"]', "whole drive" if sys.platform != "win32" else "full path"),
        ("folders", 'watch = ["photos"]', "full path"),
        ("folders", 'watch = [""]', "must not be empty"),
        ("folders", 'watch = ["$NOT_SET_HERE/x"]', "does not exist here"),
        ("folders", 'watch = ["~/a", "~/a/"]', "named twice"),
        ("folders", 'watch = ["~/a", "~/a/b"]', "is inside"),
        ("folders", 'watch = ["~/a/b", "~/a"]', "is inside"),
        ("folders", "settle_seconds = -1", "at least 0"),
        ("folders", 'settle_seconds = "5"', "without quotes"),
        ("folders", "settle_seconds = true", "without quotes"),
        ("folders", "settle_seconds = nan", "folders.settle_seconds"),
        ("folders", "rescan_minutes = 0", "more than 0"),
        ("share", 'host = "sftp://x"', "only the server's name"),
        ("share", 'host = "me@x"', "share.user"),
        ("share", 'host = "x:2222"', "share.port"),
        ("share", 'host = "[::1]"', "without brackets"),
        ("share", 'host = "two words"', "not a server's name"),
        ("share", 'host = "-oProxyCommand=x"', "not a server's name"),
        ("share", 'user = "a b"', "not a user name"),
        ("share", "port = 0", "at least 1"),
        ("share", "port = 65536", "at most 65535"),
        ("share", 'port = "22"', "without quotes"),
        ("share", "port = 22.0", "whole number"),
        ("share", "port = true", "whole number"),
        ("share", 'path = "photos"', "start with a /"),
        ("share", 'path = "/a/../b"', "must not contain"),
        ("share", 'path = "/a//b"', "must not contain"),
        ("share", "connections = 0", "at least 1"),
        ("share", "connections = 9", "at most 8"),
        ("share", "bandwidth_kib_per_s = -1", "at least 0"),
        ("share", 'transport = "putty"', "share.transport"),
        ("share", 'when = "sometimes"', "share.when"),
        ("share", 'allow_unsynced = "yes"', "true or false"),
        ("share", "allow_unsynced = 1", "true or false"),
        ("share", 'key_file = "id"', "full path"),
        ("share", 'key_file = "~/k"\nknown_hosts_file = "~/k"', "the same file"),
        ("register", 'visits = ""', "must end in .csv, .xlsx, .ods or .ics"),
        ("register", 'visits = "share:register/visits.xls"', "must end in .csv, .xlsx, .ods or .ics"),
        ("register", 'visits = "https://calendar.example/visits.ics"', "let the server fetch the calendar"),
        ("register", 'visits = "webcal://calendar.example/basic.ics"', "let the server fetch the calendar"),
        ("register", 'dates = "american"', "register.dates"),
        ("register", "longest_visit_days = 0", "longest_visit_days"),
        ("register", 'visits = "share:../visits.csv"', "share.path"),
        ("register", 'visits = "share:/visits.csv"', "share.path"),
        ("register", 'visits = "share:a//visits.csv"', "share.path"),
        ("register", 'visits = "visits.csv"', "full path"),
        ("register", 'visits = "~/Pictures/Camera Imports/visits.csv"', "is inside a watched folder"),
        ("register", 'cameras = "share:cameras.ics"', "must end in .csv"),
        ("register", "max_age_days = 0", "more than 0"),
        ("removal", "keep_hours = -1", "at least 0"),
        ("removal", "overdue_hours = 0", "more than 0"),
        ("device", 'state_dir = "~/Pictures/Camera Imports/state"', "is inside the watched folder"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_with_the_reason(
    write: Write, table: str, line: str, said: str
) -> None:
    message = _fault(write, table, line)
    assert said in message
    assert f"  {table}.{line.partition('=')[0].strip()}" in message or "known_hosts_file" in message


@not_under_wine("links")
def test_the_home_folder_is_not_watched_by_way_of_a_link_either(write: Write, tmp_path: Path, home: Path) -> None:
    link = tmp_path / "link"
    try:
        link.symlink_to(home, target_is_directory=True)
    except OSError:
        pytest.skip("this account may not make links")
    assert "whole home folder" in _fault(write, "folders", f"watch = ['{link}']")


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("device", 'name = "Laptop_17.b-2"'),
        ("device", 'timezone = "UTC"'),
        ("folders", "settle_seconds = 0.5"),
        ("folders", "settle_seconds = 0"),
        ("share", 'host = "fe80::1"'),
        ("share", 'host = "192.0.2.1"'),
        ("share", 'path = "/"'),
        ("share", "connections = 8"),
        ("removal", "keep_hours = 0.25"),
    ],
)
def test_a_value_at_the_limit_is_accepted(write: Write, table: str, line: str) -> None:
    load(write(_set(MINIMAL, table, line)))


def test_a_slash_at_the_end_of_the_shares_path_does_not_count(write: Write) -> None:
    assert load(write(_set(MINIMAL, "share", 'path = "/photos/"'))).share.path == "/photos"
    assert load(write(_set(MINIMAL, "share", 'path = "/"'))).share.path == "/"


@pytest.mark.parametrize("server", ["log.school.example:6514", "192.0.2.1:601", "[2001:db8::1]:6514"])
def test_a_log_server_is_a_name_and_a_port(write: Write, home: Path, server: str) -> None:
    assert load(write(_set(MINIMAL, "forward", f'syslog = "{server}"'))).forward.wanted


@pytest.mark.parametrize(
    "server", ["log.school.example", "log:0", "log:65536", "2001:db8::1:6514", "tls://log:1", ":6514"]
)
def test_a_log_server_without_its_port_or_with_more_than_that_is_a_fault(write: Write, home: Path, server: str) -> None:
    assert "forward.syslog" in _fault(write, "forward", f'syslog = "{server}"')


@pytest.mark.parametrize(
    ("user", "name"), [("laptop-17", "laptop-17"), ("a.b", "a.b"), ("Laptop_17", "Laptop_17"), ("con", "laptop-con")]
)
def test_a_laptop_without_a_name_is_called_like_its_user(write: Write, user: str, name: str) -> None:
    """The server lets it write to the folder of that name, and knows no other."""
    settings = load(write(_set(MINIMAL, "share", f'user = "{user}"')))
    assert settings.device.name == name
    assert settings.dump()["device"]["name"] == name
    named = _set(_set(MINIMAL, "share", f'user = "{user}"'), "device", 'name = "trolley-3"')
    assert load(write(named)).device.name == "trolley-3"

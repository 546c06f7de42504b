"""`config set`: one key gets another value, all else stays as it was written, and nothing wrong is ever written."""

from pathlib import Path

import pytest

from agent.errors import SettingsError, UsageError
from agent.settings import load
from agent.settings.editing import key_named, typed, with_values, write

TEXT = """# IT's notes
[device]
staff = "j.smith"   # Jane
timezone = "Europe/London"

[folders]
watch = [
    "~/photos/one",  # the card
    "~/photos/two",
]

[share]
host = "photos.school.example"
user = "laptop-17"
# port = 22

[removal]
keep_hours = 0
"""


def changed(path: Path, key: str, value: str) -> list[str]:
    """The lines that are new in the file, after those that are gone."""
    path.write_text(TEXT, encoding="utf-8")
    text, _ = with_values(path, {key_named(key): typed(key_named(key), value)})
    write(path, text)
    load(path)
    before, after = TEXT.splitlines(), path.read_text(encoding="utf-8").splitlines()
    return [f"-{line}" for line in before if line not in after] + [f"+{line}" for line in after if line not in before]


@pytest.mark.parametrize(
    ("key", "value", "lines"),
    [
        ("removal.keep_hours", "12", ["-keep_hours = 0", "+keep_hours = 12"]),
        ("share.port", "2222", ["-# port = 22", "+port = 2222"]),
        ("device.name", "laptop-17", ['+name = "laptop-17"']),
        ("share.allow_unsynced", "true", ["+allow_unsynced = true"]),
        ("forward.syslog", "log.example:6514", ["+[forward]", '+syslog = "log.example:6514"']),
        ("folders.watch", "~/photos/three", [
            "-watch = [", '-    "~/photos/one",  # the card', '-    "~/photos/two",', "-]",
            '+watch = ["~/photos/three"]',
        ]),
    ],
)  # fmt: skip
def test_only_its_line_changes(tmp_path: Path, key: str, value: str, lines: list[str]) -> None:
    assert changed(tmp_path / "agent.toml", key, value) == lines


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("share.prt", "22", UsageError),
        ("port", "22", UsageError),
        ("share.port", "many", UsageError),
        ("share.port", "70000", SettingsError),
        ("device.timezone", "Londn", SettingsError),
        ("folders.watch", "/", SettingsError),
    ],
)
def test_a_wrong_key_or_value_changes_nothing(tmp_path: Path, key: str, value: str, fault: type[Exception]) -> None:
    with pytest.raises(fault, match=key):
        changed(tmp_path / "agent.toml", key, value)
    assert (tmp_path / "agent.toml").read_text(encoding="utf-8") == TEXT


def test_lines_end_as_they_did(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_bytes(TEXT.replace("\n", "\r\n").encode())
    text, _ = with_values(path, {("share", "port"): 2222})
    assert text.count("\r\n") == text.count("\n") == TEXT.count("\n")


def test_a_file_written_in_an_unusual_way_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(TEXT.replace("keep_hours", '"keep_hours"'), encoding="utf-8")
    with pytest.raises(SettingsError):
        with_values(path, {("removal", "keep_hours"): 12})

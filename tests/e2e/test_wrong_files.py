"""Files that hold something else than what a command needs: it says so in words, with the exit code that fits."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.cli import main

BYTES = bytes(range(256)) * 4


def ended(capsys: pytest.CaptureFixture[str], words: Sequence[str | Path]) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ending:
        main([str(word) for word in words])
    assert isinstance(ending.value.code, int)
    return ending.value.code, capsys.readouterr().err


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    file = tmp_path / "noise"
    file.write_bytes(BYTES)
    return file


@pytest.mark.parametrize(
    "words",
    [("witness", "--keys"), ("report", "--out", "OUT", "--keys"), ("log", "verify", "--key")],
    ids=lambda words: words[0],
)
def test_keys_that_are_no_text_are_called_that(
    noise: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    given = [str(tmp_path / "out") if word == "OUT" else word for word in words]
    code, said = ended(capsys, [*given, noise, tmp_path])
    assert (code, said) == (2, f"photo-agent: The keys in {noise} cannot be read: it is not a text file.\n")


def test_a_file_without_a_checkpoint_is_not_taken_for_one_seen(
    noise: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = ended(capsys, ["log", "verify", tmp_path, "--seen", noise])
    assert code == 2
    assert f"There is no checkpoint in {noise}." in said


def test_a_draw_without_a_signature_ends_with_the_code_for_that(
    noise: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = tmp_path / "keys"
    keys.write_bytes(b"")
    code, said = ended(capsys, ["spot-check", "examine", noise, tmp_path, "--keys", keys])
    assert code == 12
    assert said == f"photo-agent: The draw in {noise} cannot be used: it is not a file that photo-agent signed.\n"


def test_labels_are_not_looked_up_quietly_in_an_unreadable_cameras_file(
    noise: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    visits = tmp_path / "visits.csv"
    visits.write_text("id,title,starts,ends\nm,Museum,2026-03-14 09:00,2026-03-14 16:00\n", "utf-8")
    code, said = ended(capsys, ["visits", "check", visits, "--cameras", noise])
    assert code == 2
    assert "`photo-agent visits check noise` shows them" in said


def test_messages_begin_with_a_capital_letter(noise: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = ended(capsys, ["untag", noise])
    assert code == 2
    assert said.startswith("photo-agent: This file ")

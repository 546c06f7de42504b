"""The demo's story on a narrow terminal: whole words, further lines indented; in a file, one line for each fact."""

from agent.cli.demo import _indented

REASON = "taken 21 Nov 2026 11:20 (camera clock, read as Europe/London), within Science Museum 09:00–16:30"


def test_a_long_reason_is_folded_to_the_width_of_the_terminal() -> None:
    lines = _indented(REASON, 6, 60).splitlines()
    assert all(len(line) <= 60 for line in lines)
    assert [len(line) - len(line.lstrip()) for line in lines] == [6, 8]
    assert " ".join(line.strip() for line in lines) == REASON


def test_in_a_file_and_on_a_tiny_terminal_nothing_is_folded() -> None:
    assert _indented(REASON, 6, 0) == f"      {REASON}"
    assert _indented(REASON, 6, 20) == f"      {REASON}"

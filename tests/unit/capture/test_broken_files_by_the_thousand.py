"""Some thousands of broken files through the worker; `python -m tests.fuzz.capture` is the long run of the same."""

from pathlib import Path

from tests.fuzz.capture import misread, run


def test_broken_files_end_no_worker_and_none_is_taken_for_a_visits(corpus: Path, tmp_path: Path) -> None:
    tally = run(corpus, 4_000, seed=20260314, keep=tmp_path)
    assert tally.ended == []
    assert misread(tally.suspects) == []
    assert tally.verdicts["private"] > 400, "many of them still say when they were taken"
    assert tally.largest < 256 * 1024 * 1024

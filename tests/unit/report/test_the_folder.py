"""The folder of a report: never a half-made page, nothing of others is touched, and the next run mends a cut."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.audit.report import Made
from agent.audit.report.folder import LIST, LOCK, ReportFolder, making
from agent.audit.report.pages import STYLE
from agent.errors import UsageError
from agent.style import SHARED
from tests.platforms import links
from tests.schoolrecords import School


def write(folder: Path, **files: str) -> None:
    with making(folder) as report:
        for name, content in files.items():
            report.put(f"{name}.html", content.encode())
        report.exchange()


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {LIST, LOCK}


def test_pages_that_a_report_no_longer_has_are_taken_away(tmp_path: Path) -> None:
    write(tmp_path / "out", index="1", old="2")
    write(tmp_path / "out", index="3")
    assert names(tmp_path / "out") == {"index.html"}
    assert (tmp_path / "out/index.html").read_text() == "3"


def test_nothing_that_others_put_there_is_touched(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, index="1", old="2")
    (out / "old.html").write_text("a note of IT's own")
    (out / "mine.txt").write_text("mine")
    write(out, index="3")
    assert (out / "old.html").read_text() == "a note of IT's own"
    assert (out / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("which", ["file", "changed", pytest.param("link", marks=links), "folder"])
def test_a_file_of_somebody_elses_is_not_written_over(tmp_path: Path, which: str) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.write_text("elsewhere")
    if which == "changed":
        write(out, index="1")
    out.mkdir(exist_ok=True)
    if which == "link":
        (out / "index.html").symlink_to(elsewhere)
    elif which == "folder":
        (out / "index.html").mkdir()
    else:
        (out / "index.html").write_text("theirs")
    with pytest.raises(UsageError, match="Nothing was written"):
        write(out, index="2", more="3")
    assert elsewhere.read_text() == "elsewhere"
    assert not (out / "more.html").exists()
    assert not list(out.glob(".photo-agent-report-being-made-*"))


@links
def test_a_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "visits").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="is a link"):
        write(tmp_path / "out", **{"visits/a": "1"})
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_report_that_was_cut_is_made_good_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    write(out, index="1", b="1", c="1")
    done: list[str] = []
    exchange = ReportFolder._exchange

    def cut(self: ReportFolder, name: str) -> None:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(name)
        exchange(self, name)

    monkeypatch.setattr(ReportFolder, "_exchange", cut)
    with pytest.raises(KeyboardInterrupt):
        write(out, index="2", b="2", c="2", d="2")
    monkeypatch.undo()
    assert {(out / name).read_text() for name in names(out)} <= {"1", "2"}
    assert (out / "index.html").read_text() == "1"  # the first page comes last
    write(out, index="3", b="3")
    assert names(out) == {"index.html", "b.html"}


def test_a_page_that_says_the_same_is_left_as_it_is(tmp_path: Path) -> None:
    write(tmp_path / "out", index="1")
    os.utime(tmp_path / "out/index.html", (1, 1))
    write(tmp_path / "out", index="1")
    assert (tmp_path / "out/index.html").stat().st_mtime == 1


def test_a_strange_list_gives_no_right_to_anything(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "victim.html").write_text("x")
    for content in (
        "[",
        "{}",
        '{"files":{"../victim.html":["2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"]}}',
    ):
        (out / LIST).write_text(content)
        write(out, index="1")
        (out / "index.html").unlink()
    assert (tmp_path / "victim.html").read_text() == "x"


def test_a_report_is_not_written_on_the_share(school: School, report: Callable[..., Made]) -> None:
    from datetime import UTC

    from agent.audit import read_keys
    from agent.audit.report import Asked, Clock, make_report

    school.laptop("laptop-17", school.heartbeats(1))
    keys = read_keys(school.keys.read_text("utf-8"))
    with pytest.raises(UsageError, match="not on the share"):
        make_report(school.share, keys, school.share / "record" / "out", Asked(school.now, Clock(UTC, "UTC")))


def test_a_second_report_of_the_same_records_writes_the_same(school: School, report: Callable[..., Made]) -> None:
    school.laptop("laptop-17", [*school.photo("a1", "museum", school.day(3)), *school.heartbeats(3)])
    report(mhl=True)
    before = {path: path.read_bytes() for path in (school.home / "out").rglob("*") if path.is_file()}
    report(mhl=True)
    assert before == {path: path.read_bytes() for path in (school.home / "out").rglob("*") if path.is_file()}


def test_two_reports_at_once_do_not_take_each_others_pages(tmp_path: Path) -> None:
    with making(tmp_path / "out") as first:
        first.put("index.html", b"first")
        with pytest.raises(UsageError, match="Another report is being written"):
            write(tmp_path / "out", index="second")
        first.exchange()
    assert (tmp_path / "out" / "index.html").read_bytes() == b"first"
    write(tmp_path / "out", index="third")
    assert (tmp_path / "out" / "index.html").read_bytes() == b"third"


def test_a_report_has_one_sheet_with_the_shared_rules_first(report: Callable[..., Made], school: School) -> None:
    school.laptop("laptop-17", school.heartbeats(1))
    report()
    sheet = (school.home / "out" / "style.css").read_bytes()
    assert sheet.startswith(SHARED.read_bytes())
    assert sheet.endswith(STYLE.read_bytes())

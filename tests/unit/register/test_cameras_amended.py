"""One camera's clock error put into a cameras.csv; whatever else the school keeps in it stays as it was."""

import stat
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import RegisterError
from agent.model import Camera
from agent.register import amend, amend_file, clock_line, named, read_cameras
from tests.platforms import not_under_wine
from tests.unit.register.workbooks import xlsx

R50 = Camera("Canon", "Canon EOS R50", "032024001234")
HERO = Camera("GoPro", "HERO11 Black", "C3471325208812")
PHONE = Camera("Apple", "iPhone 15", None)
MINUTE = timedelta(seconds=60)
HEADER = "label,make,model,serial,owner,clock_ahead_seconds\n"
FIRST = "School camera 1,Canon,Canon EOS R50,032024001234,school,0\n"
OTHER = "J. Smith's phone,Apple,iPhone 15,,staff,\n"


def test_a_registered_camera_has_its_cell_changed_and_nothing_else() -> None:
    amended = amend((HEADER + FIRST + OTHER).encode(), R50, -42 * timedelta(seconds=1))
    assert amended.content.decode() == HEADER + FIRST.replace(",0\n", ",-42\n") + OTHER
    assert (amended.before, amended.line) == (FIRST.strip(), FIRST.strip()[:-1] + "-42")


def test_a_new_camera_is_put_below_the_others() -> None:
    amended = amend((HEADER + FIRST).encode(), HERO, MINUTE, label="Action camera", owner="school")
    assert amended.content.decode() == HEADER + FIRST + "Action camera,GoPro,HERO11 Black,C3471325208812,school,60\n"
    assert amended.before is None


def test_a_new_file_begins_with_its_header() -> None:
    cameras = read_cameras(amend(b"", PHONE, MINUTE).content)
    assert not cameras.faults
    assert [(one.label, one.clock_ahead) for one in cameras.cameras] == [("Apple iPhone 15", MINUTE)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encoding_mark_separator_and_line_ends_stay(encoding: str, separator: str, end: str) -> None:
    rows = [
        "model,Notes,label,serial,clock_ahead_seconds,make,owner",
        "Canon EOS R50,bought 2024,Café 1,032024001234,0,Canon,school",
        ",,,,,,",
        "iPhone 15,,Zoë’s,,,Apple,staff",
    ]
    text = end.join(row.replace(",", separator) for row in rows) + end
    raw = text.encode(encoding)
    changed = amend(raw, R50, MINUTE)
    assert changed.content == raw.replace(
        *(f"1234{separator}{word}{separator}".encode(encoding.replace("utf-8-sig", "utf-8")).removeprefix(b"\xff\xfe")
          for word in ("0", "60"))
    )  # fmt: skip
    added = amend(raw, HERO, MINUTE)
    new = (
        separator.join(["HERO11 Black", "", "GoPro HERO11 Black 8812", "C3471325208812", "60", "GoPro", "staff"]) + end
    )
    assert added.content == (text + new).encode(encoding)


def test_excels_order_to_itself_stays() -> None:
    raw = ("sep=;\r\n" + HEADER.replace(",", ";") + FIRST.replace(",", ";")).encode()
    amended = amend(raw, R50, MINUTE)
    assert amended.content == raw.replace(b";0\n", b";60\n")


def test_quoted_cells_with_separators_quotes_and_line_breaks_stay() -> None:
    raw = (
        HEADER + '"Camera ""one"", red",Canon,"Canon EOS R50","032024001234",school,"0"\n'
        '"Zoë, the\nsecond",Apple,iPhone 15,,,\n'
    )
    amended = amend(raw.encode(), R50, MINUTE)
    assert amended.content.decode() == raw.replace(',"0"\n', ",60\n")


def test_a_row_that_ends_early_is_filled_up() -> None:
    raw = HEADER + "Camera 1,Canon,Canon EOS R50,032024001234\n"
    assert amend(raw.encode(), R50, MINUTE).content.decode().endswith("032024001234,,60\n")


def test_a_last_line_without_an_end_gets_one_before_another_is_added() -> None:
    amended = amend((HEADER + FIRST).rstrip().encode(), HERO, MINUTE)
    assert [one.label for one in read_cameras(amended.content).cameras] == [
        "School camera 1",
        "GoPro HERO11 Black 8812",
    ]


def test_blank_rows_at_the_end_stay_at_the_end() -> None:
    amended = amend((HEADER + FIRST + ",,,,,\n\n").encode(), HERO, MINUTE)
    assert amended.content.decode().endswith("60\n,,,,,\n\n")


def test_a_camera_without_a_serial_is_found_by_make_and_model_as_photos_are() -> None:
    assert amend((HEADER + FIRST + OTHER).encode(), PHONE, MINUTE).before == OTHER.strip()


TWINS = HEADER + "A,Canon,Canon EOS R50,,school,\nB,canon,CANON EOS R50,,school,\n"


def test_where_two_lines_may_be_meant_it_asks_which() -> None:
    with pytest.raises(RegisterError, match="lines 2 and 3"):
        amend(TWINS.encode(), Camera("Canon", "Canon EOS R50"), MINUTE)
    amended = amend(TWINS.encode(), Camera("Canon", "Canon EOS R50"), MINUTE, label="b")
    assert amended.line == "B,canon,CANON EOS R50,,school,60"


@pytest.mark.parametrize(
    ("camera", "label", "words"),
    [(HERO, "school  CAMERA 1", "of another camera"), (R50, "New name", "of this camera already")],
)
def test_a_label_that_says_otherwise_than_the_file_is_refused(camera: Camera, label: str, words: str) -> None:
    with pytest.raises(RegisterError, match=words):
        amend((HEADER + FIRST).encode(), camera, MINUTE, label=label)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"id,title,starts,ends\n", "no cameras register"),
        (b"PK\x03\x04", "workbook"),
        (b"label,make,model,serial\nA,Canon,Canon EOS R50,032024001234\n", "no column clock_ahead_seconds"),
        (b"label,clock_ahead_seconds\nA,\n", "no column make"),
        ((HEADER + FIRST + '"open,Canon,X,1,staff,\n').encode(), "by hand"),
        ((HEADER + "Half,Can").encode(), "cut off"),
        (("label,make,model,serial,owner,clock_ahead_seconds\n" + "é,A,B,1,staff,\n").encode("cp1252"), "Windows-1252"),
    ],
)
def test_a_file_that_cannot_take_the_line_is_left_alone(raw: bytes, words: str) -> None:
    camera = Camera("Łódź", "X1", "5") if b"\xe9" in raw else HERO if b"open" in raw else R50
    with pytest.raises(RegisterError, match=words):
        amend(raw, camera, MINUTE)


@pytest.mark.parametrize("model", ["=HYPERLINK(1)", "#REF!", "@SUM(A1)"])
def test_a_formula_for_a_cameras_name_is_not_written_into_a_spreadsheet(model: str) -> None:
    with pytest.raises(RegisterError):
        amend((HEADER + FIRST).encode(), Camera("Evil", model, "=1+1"), MINUTE)


@given(
    label=st.text(max_size=30),
    words=st.tuples(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12)),
    rows=st.lists(st.lists(st.text('a1,;"\n é', max_size=5), max_size=8), max_size=4),
)
def test_whatever_a_file_and_a_photo_hold_the_others_are_read_as_before_or_nothing_is_written(
    label: str, words: tuple[str, str, str], rows: list[list[str]]
) -> None:
    raw = (HEADER + FIRST + "".join(",".join(row) + "\n" for row in rows)).encode("utf-8")
    try:
        amended = amend(raw, Camera(*(word or None for word in words)), MINUTE, label=label or None)
    except RegisterError:
        return
    before, after = read_cameras(raw).cameras, read_cameras(amended.content).cameras
    changed = [one for one in after if one not in before]
    assert [one.clock_ahead for one in changed] == [MINUTE] * len(changed)
    assert len(changed) <= 1
    assert set(before) - set(after) == set() or amended.before is not None


def test_the_line_for_the_coordinator_is_read_as_it_is_meant() -> None:
    camera = named(Camera("Apple", 'iPhone "15", red', "X;1"), MINUTE)
    (read,) = read_cameras((HEADER + clock_line(camera)).encode()).cameras
    assert read == camera


def test_the_file_is_replaced_whole_and_keeps_its_rights(tmp_path: Path) -> None:
    path = tmp_path / "cameras.csv"
    path.write_bytes((HEADER + FIRST).encode())
    path.chmod(0o664)
    amend_file(path, R50, MINUTE)
    assert b",60\n" in path.read_bytes()
    assert [one.name for one in tmp_path.iterdir()] == ["cameras.csv"]
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o664


def test_a_refused_line_leaves_the_file_as_it_was_and_a_missing_file_missing(tmp_path: Path) -> None:
    path = tmp_path / "cameras.csv"
    path.write_bytes(b"id,title\n")
    with pytest.raises(RegisterError):
        amend_file(path, R50, MINUTE)
    assert path.read_bytes() == b"id,title\n"
    with pytest.raises(RegisterError):
        amend_file(tmp_path / "new.csv", Camera("=1", "=2"), MINUTE)
    assert not (tmp_path / "new.csv").exists()


@not_under_wine("links")
def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real.csv"
    real.write_bytes((HEADER + FIRST).encode())
    link = tmp_path / "cameras.csv"
    link.symlink_to(real)
    amend_file(link, R50, MINUTE)
    assert link.is_symlink()
    assert b",60\n" in real.read_bytes()


def test_a_title_above_the_header_stays_and_a_workbook_is_not_written_to() -> None:
    raw = b"Cameras of the school,,,,,\nlabel,make,model,serial,owner,clock_ahead_seconds\nOne,Canon,R5,1,school,0\n"
    amended = amend(raw, Camera("Canon", "R5", "1"), timedelta(seconds=90))
    assert amended.content == raw.replace(b"school,0", b"school,90")
    with pytest.raises(RegisterError, match="workbook"):
        amend(xlsx(("Cameras", [["label", "make"], ["One", "Canon"]])), Camera("Canon", "R5", "1"), timedelta(0))

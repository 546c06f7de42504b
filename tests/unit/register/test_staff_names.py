"""Names as people write them: who is the same person, who may be, and who is not."""

import pytest

from agent.register import Rules, nearest, read_visits, recognise


@pytest.mark.parametrize(
    "written",
    ["j.smith", "J. Smith", "J Smith", "j smith", "Smith, J", "Smith, John", "John Smith", "JOHN SMITH", "JSmith",
     "Mr J. Smith", "J. P. Smith", "j.smith@school.example", "Smith J", "j_smith", "John  Smith"],
)  # fmt: skip
def test_one_person_is_known_however_the_name_is_written(written: str) -> None:
    for staff in ("j.smith", "J. Smith"):
        assert recognise(staff, [written, "a.okafor"]).same == {written}


@pytest.mark.parametrize(
    ("staff", "written"),
    [
        ("j.smith", "j.smith2"), ("j.smith", "a.smith"), ("j.smith", "Alan Smith"), ("j.smith", "J. Smithson"),
        ("John Smith", "Jane Smith"), ("j.smith", "Smith-Jones"), ("j.smith", ""), ("a.vanderberg", "A. Berg"),
    ],
)  # fmt: skip
def test_another_person_is_not_taken_for_this_one(staff: str, written: str) -> None:
    found = recognise(staff, [written])
    assert (found.same, found.perhaps) == (frozenset(), frozenset())


@pytest.mark.parametrize(
    ("staff", "written"),
    [
        ("a.vanderberg", "Anna van der Berg"),
        ("z.muller", "Zoë Müller"),
        ("s.oneil", "Sam O’Neil"),
        ("r.o'neil", "R ONeil"),
    ],
)
def test_accents_apostrophes_and_particles_do_not_make_another_person(staff: str, written: str) -> None:
    assert recognise(staff, [written]).same == {written}


def test_an_initial_that_may_be_of_two_people_is_certain_of_neither() -> None:
    found = recognise("j.smith", ["John Smith", "Jane Smith", "a.okafor"])
    assert (found.same, found.perhaps) == (frozenset(), {"John Smith", "Jane Smith"})


def test_the_name_as_it_is_written_on_the_laptop_is_certain_beside_others() -> None:
    found = recognise("j.smith", ["J. Smith", "John Smith", "Jane Smith"])
    assert (found.same, found.perhaps) == ({"J. Smith"}, {"John Smith", "Jane Smith"})


@pytest.mark.parametrize("written", ["Smith", "Mr Smith", "SMITH"])
def test_a_surname_alone_may_be_another_persons(written: str) -> None:
    found = recognise("j.smith", [written, "A. Smith"])
    assert (found.same, found.perhaps) == (frozenset(), {written})
    assert recognise("smith", ["J. Smith"]).perhaps == {"J. Smith"}
    assert recognise("smith", ["Smith"]).same == {"Smith"}


def test_a_typing_error_is_suggested_and_not_accepted() -> None:
    assert recognise("j.smith", ["j.smyth"]).same == frozenset()
    assert nearest("j.smith", ["a.okafor", "j.smyth"]) == "j.smyth"
    assert nearest("j.smith", ["a.okafor"]) is None


def on_the_visit(cell: str, staff: str = "j.smith") -> tuple[bool, str]:
    """Whether a visit with this staff cell is certainly theirs, and the reading's faults. Another visit names both, so
    that the name itself is known.
    """
    rows = (
        f'id,title,starts,ends,staff\na,A,2026-03-14,2026-03-14,"{cell}"\nb,B,2026-03-15,2026-03-15,j.smith;a.okafor\n'
    )
    reading = read_visits(rows.encode(), kind="csv", rules=Rules("Europe/London"))
    named = [visit.staff for visit in reading.visits if visit.id == "a"]
    return any(recognise(staff, names).same for names in named), str(reading.faults)


@pytest.mark.parametrize(
    "cell",
    ["j.smith & a.okafor", "a.okafor and J. Smith", "a.okafor/j.smith", "j.smith + a.okafor", "j.smith a.okafor",
     "a.okafor und j.smith", "Smith J et Okafor A", "1. j.smith 2. a.okafor", "a.okafor • j.smith", "j.smith (lead)",
     "Leader: j.smith", "J. Smith – first aid", "j.smith*", "j.smith,", "Mrs Smith J [Y7]; a.okafor",
     "j.smith@school.example a.okafor@school.example", "a.okafor w/ J. Smith"],
)  # fmt: skip
def test_people_are_found_however_a_cell_lists_them(cell: str) -> None:
    assert on_the_visit(cell)[0]


@pytest.mark.parametrize("cell", ["a.smith & b.smith", "Jo Anderson", "Sandy Mitherson", "Smith-Andrews, J"])
def test_nobody_else_is_found_in_a_cell(cell: str) -> None:
    assert not on_the_visit(cell)[0]


@pytest.mark.parametrize(
    "cell", ["All staff", "Year 7 team", "TBC", "?", "j.smith; TBC", "Science dept", "n/a", "various", "all",
             "all, except Bo Lee", "Mr & Mrs Smith"]
)  # fmt: skip
def test_a_group_or_nobody_yet_is_an_error_and_everybodys_photos_wait(cell: str) -> None:
    rows = f'id,title,starts,ends,staff\na,A,2026-03-14,2026-03-14,"{cell}"\n'
    reading = read_visits(rows.encode(), kind="csv", rules=Rules("Europe/London"))
    assert reading.visits == ()
    assert [doubt.staff for doubt in reading.doubtful] == [frozenset()]


@pytest.mark.parametrize("staff", ["all.smith", "every.jones", "Whole, John", "Allison Everard", "Will Various"])
def test_a_name_that_begins_like_a_group_is_a_name(staff: str) -> None:
    rows = f'id,title,starts,ends,staff\na,A,2026-03-14,2026-03-14,"{staff}"\n'
    (visit,) = read_visits(rows.encode(), kind="csv", rules=Rules("Europe/London")).visits
    assert visit.staff == {staff}


def test_labels_of_cameras_are_left_as_they_are() -> None:
    rows = 'id,title,starts,ends,cameras\na,A,2026-03-14,2026-03-14,"Canon (blue); GoPro 1/2"\n'
    (visit,) = read_visits(rows.encode(), kind="csv", rules=Rules("Europe/London")).visits
    assert visit.cameras == {"Canon (blue)", "GoPro 1/2"}

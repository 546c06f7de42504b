"""Photos that only an uncertain part of the register could claim wait; all others are decided as ever."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from agent.model.capture import Capture
from agent.model.decision import Decision, Verdict
from agent.model.ids import Sha256, VisitId
from agent.model.register import Doubt, Register, Visit
from agent.model.times import Interval, Level, WallClock
from agent.register import Rules, decide, read_visits

SECOND = timedelta(seconds=1)


def at(text: str) -> datetime:
    """An instant, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def visit(name: str, day: str, *staff: str) -> Visit:
    return Visit(VisitId(name), name.title(), Interval(at(f"{day} 09:00"), at(f"{day} 16:00")), "Europe/London",
                 frozenset(staff))  # fmt: skip


def photo(text: str) -> Capture:
    """In the time of a camera's clock."""
    shown = datetime.fromisoformat(text)
    return Capture("jpeg", taken=WallClock(shown, shown + SECOND), level=Level.ASSUMED_ZONE)


def decided(capture: Capture, *visits: Visit, doubts: tuple[Doubt, ...] = (), staff: str = "j.smith") -> Decision:
    register = Register(visits, (), Sha256("0" * 64), at("2026-03-20"), doubts)
    return decide(capture, register, staff=staff, zone="Europe/London")


MUSEUM = visit("museum", "2026-03-14")
THAT_DAY = Doubt(3, "line 3, starts: unreadable", Interval(at("2026-03-20 00:00"), at("2026-03-21 00:00")))
ANY_DAY = Doubt(4, "line 4, starts: unreadable")


@pytest.mark.parametrize(
    ("taken", "verdict"),
    [
        ("2026-03-14 10:00", Verdict.VISIT),  # of a visit that was understood
        ("2026-03-20 10:00", Verdict.REVIEW),
        ("2026-03-22 10:00", Verdict.PRIVATE),
    ],
)
def test_photos_that_only_a_line_not_understood_could_claim_wait(taken: str, verdict: Verdict) -> None:
    decision = decided(photo(taken), MUSEUM, doubts=(THAT_DAY,))
    assert decision.verdict is verdict
    assert (verdict is Verdict.REVIEW) is ("line 3, starts" in decision.reasons[-1])


@pytest.mark.parametrize(
    ("taken", "verdict"),
    [
        ("2025-08-30 10:00", Verdict.PRIVATE),
        ("2025-09-02 10:00", Verdict.REVIEW),
        ("2026-08-30 10:00", Verdict.REVIEW),
        ("2026-09-03 10:00", Verdict.PRIVATE),
    ],
)
def test_a_line_without_any_date_may_be_of_the_registers_school_years(taken: str, verdict: Verdict) -> None:
    assert decided(photo(taken), MUSEUM, doubts=(ANY_DAY,)).verdict is verdict


def test_a_line_that_names_other_staff_only_is_no_doubt_on_this_laptop() -> None:
    theirs, mine = (replace(THAT_DAY, staff=frozenset({name})) for name in ("a.okafor", "J. Smith"))
    assert decided(photo("2026-03-20 10:00"), MUSEUM, doubts=(theirs,)).verdict is Verdict.PRIVATE
    assert decided(photo("2026-03-20 10:00"), MUSEUM, doubts=(mine,)).verdict is Verdict.REVIEW


def test_a_bound_alone_waits_where_a_doubtful_line_is_earlier() -> None:
    there_by = Capture("jpeg", taken=Interval(at("2026-01-01"), at("2026-01-02")), level=Level.UPPER_BOUND)
    early = replace(THAT_DAY, span=Interval(at("2025-11-01"), at("2025-11-02")))
    assert decided(there_by, MUSEUM, doubts=(THAT_DAY,)).verdict is Verdict.PRIVATE
    assert decided(there_by, MUSEUM, doubts=(early,)).verdict is Verdict.REVIEW


def test_photos_of_all_visits_wait_if_the_staff_name_is_on_no_visit() -> None:
    visits = visit("museum", "2026-03-14", "j.smyth"), visit("farm", "2026-03-20", "a.okafor")
    for day in ("14", "20"):
        decision = decided(photo(f"2026-03-{day} 10:00"), *visits)
        assert decision.verdict is Verdict.REVIEW
        assert "j.smith is on no visit" in decision.reasons[-1]
    assert decided(photo("2026-03-16 10:00"), *visits).verdict is Verdict.PRIVATE
    assert decided(photo("2026-03-14 10:00"), *visits, visit("zoo", "2026-05-01", "j.smith")).verdict is Verdict.PRIVATE


def test_a_visit_of_somebody_who_may_be_this_person_waits() -> None:
    visits = visit("museum", "2026-03-14", "John Smith"), visit("farm", "2026-03-20", "Jane Smith")
    decision = decided(photo("2026-03-14 10:00"), *visits)
    assert decision.verdict is Verdict.REVIEW
    assert "“John Smith” in the register may be j.smith or somebody else" in decision.reasons[-1]
    assert decided(photo("2026-03-14 10:00"), *visits, staff="John Smith").visit == "museum"
    assert decided(photo("2026-03-14 10:00"), *visits, staff="Jane Smith").verdict is Verdict.PRIVATE


@pytest.mark.parametrize("written", ["J. Smith", "Smith, J", "John Smith", "jsmith"])
def test_a_visit_is_of_the_person_however_the_name_is_written(written: str) -> None:
    assert decided(photo("2026-03-14 10:00"), visit("museum", "2026-03-14", written)).visit == "museum"


@pytest.mark.parametrize(
    "bad",
    ["museum!,Zoo,20/03/2026,20/03/2026,", "zoo,Zoo,20/03/2026 tbc,20/03/2026,", "museum,Zoo,20/03/2026,20/03/2026,",
     "zoo,Zoo,20/03/2026,20/03/2026,provisionally", 'zoo,"Zoo,20/03/2026,20/03/2026,'])  # fmt: skip
def test_from_a_line_left_out_of_a_file_to_a_photo_that_waits(bad: str) -> None:
    text = f"id,title,starts,ends,status\nmuseum,Museum,14/03/2026,14/03/2026,\nok,OK,1/3/2026,1/3/2026,\n{bad}\n"
    reading = read_visits(text.encode(), kind="csv", rules=Rules("Europe/London"))
    decision = decided(photo("2026-03-20 10:00"), *reading.visits, doubts=reading.doubtful)
    assert decision.verdict is Verdict.REVIEW
    assert "line 4" in decision.reasons[-1]

"""Rules that hold for every decision, whatever the visits, zones, levels and cameras."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model.capture import Camera, Capture, Place
from agent.model.decision import Verdict
from agent.model.ids import Sha256, VisitId
from agent.model.register import Register, RegisteredCamera, Visit
from agent.model.times import Interval, Level, WallClock
from agent.register import decide, occurs, staff_of
from agent.register.timeline import Timeline

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = ["Europe/London", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati", "Pacific/Niue", "Australia/Lord_Howe"]
MODELS = [("Canon", "R50"), ("Apple", "iPhone 15")]

# Minutes of a few weeks around the London change of clocks, so that edges are met.
minutes = st.integers(min_value=60 * 24 * 80, max_value=60 * 24 * 95)
lengths = st.integers(min_value=0, max_value=60 * 36)


def instant(minute: int) -> datetime:
    """A minute of 2026, UTC."""
    return EPOCH + timedelta(minutes=minute)


@st.composite
def visits(draw: st.DrawFn) -> tuple[Visit, ...]:
    """Up to five visits with ids of their own."""
    made = []
    for number in range(draw(st.integers(0, 5))):
        start = draw(minutes)
        made.append(
            Visit(
                VisitId(f"visit-{number}"),
                f"Visit {number}",
                Interval(instant(start), instant(start + 1 + draw(lengths))),
                draw(st.sampled_from(ZONES)),
                draw(st.sampled_from([frozenset(), frozenset({"j.smith"}), frozenset({"a.okafor"})])),
                draw(st.sampled_from([frozenset(), frozenset({"One"}), frozenset({"One", "Two"})])),
                draw(st.sampled_from([None, Place(51.5, 0.0)])),
                draw(st.sampled_from([None, 10.0])),
                draw(st.booleans()),
            )
        )
    return tuple(made)


cameras = st.lists(
    st.builds(
        lambda model, serial, ahead, label: RegisteredCamera(label, *model, serial, "school", timedelta(minutes=ahead)),
        st.sampled_from(MODELS),
        st.sampled_from([None, "1", "2"]),
        st.sampled_from([0, 0, 60, -60, 1440]),
        st.sampled_from(["One", "Two", "Three"]),
    ),
    max_size=3,
).map(tuple)


@st.composite
def captures(draw: st.DrawFn) -> Capture:
    """A photo with any evidence."""
    start, length = draw(minutes), draw(st.sampled_from([0, 1, 90]))
    taken: Interval | WallClock | None = draw(
        st.sampled_from(
            [
                None,
                Interval(instant(start), instant(start + length)),
                WallClock(instant(start).replace(tzinfo=None), instant(start + length).replace(tzinfo=None)),
            ]
        )
    )
    also = tuple(Interval(instant(at), instant(at + 1)) for at in draw(st.lists(minutes, max_size=1)))
    make, model = draw(st.sampled_from(MODELS))
    return Capture(
        "jpeg",
        taken=taken,
        level=draw(st.sampled_from(Level)),
        also=also if taken else (),
        clock_bound=draw(st.booleans()),
        camera=draw(st.sampled_from([None, Camera(make, model), Camera(make, model, "1")])),
        place=draw(st.sampled_from([None, Place(51.5, 0.01), Place(40.0, 0.0)])),
    )


def registered(visits: tuple[Visit, ...], cameras: tuple[RegisteredCamera, ...]) -> Register:
    """A register as read at the epoch."""
    return Register(visits, cameras, Sha256("0" * 64), EPOCH)


def may_be(capture: Capture, visit: Visit, cameras: tuple[RegisteredCamera, ...]) -> list[Interval]:
    """Every instant the photo can have been taken at by a plain reading of the rules, for any clock error."""
    if capture.taken is None:
        return []
    errors = {timedelta(0)} | {camera.clock_ahead for camera in cameras} if capture.clock_bound else {timedelta(0)}
    found = list(capture.also)
    for error in errors:
        moved = capture.taken.shifted(-error)
        found += moved.read_in(ZoneInfo(visit.zone)) if isinstance(moved, WallClock) else (moved,)
    return found


@given(captures(), visits(), cameras)
def test_a_photo_wholly_outside_every_visit_is_never_of_one(
    capture: Capture, visits: tuple[Visit, ...], cameras: tuple[RegisteredCamera, ...]
) -> None:
    outside = tuple(v for v in visits if not any(one.overlaps(v.span) for one in may_be(capture, v, cameras)))
    decision = decide(capture, registered(outside, cameras), staff="j.smith", zone="Europe/London")
    assert decision.verdict is not Verdict.VISIT


@given(captures(), visits(), cameras)
def test_a_visit_photo_has_everything_at_once(
    capture: Capture, visits: tuple[Visit, ...], cameras: tuple[RegisteredCamera, ...]
) -> None:
    decision = decide(capture, registered(visits, cameras), staff="j.smith", zone="Europe/London")
    if decision.verdict is not Verdict.VISIT:
        return
    of = next(visit for visit in visits if visit.id == decision.visit)
    assert capture.level.decides
    assert not of.cancelled
    assert not of.staff or "j.smith" in of.staff
    assert not of.cameras or (capture.camera and any(c.label in of.cameras for c in cameras))
    assert not (capture.place and of.place and of.radius_km) or capture.place != Place(40.0, 0.0)
    assert decision.taken
    assert decision.taken.within(of.span)
    assert all(other.within(of.span) for other in capture.also)
    others = [v for v in visits if v is not of and not v.cancelled and v.staff != frozenset({"a.okafor"})]
    assert not any(one.overlaps(v.span) for v in others for one in capture.also)


@given(captures(), visits(), cameras, st.randoms(use_true_random=False))
def test_the_order_of_the_registers_lines_does_not_matter(
    capture: Capture,
    visits: tuple[Visit, ...],
    cameras: tuple[RegisteredCamera, ...],
    random: "object",
) -> None:
    shuffled, mixed = list(visits), list(cameras)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random, which Hypothesis does not name
    random.shuffle(mixed)  # type: ignore[attr-defined]  # as above
    one = decide(capture, registered(visits, cameras), staff="j.smith", zone="Europe/London")
    two = decide(capture, registered(tuple(shuffled), tuple(mixed)), staff="j.smith", zone="Europe/London")
    assert one == two


@given(captures(), visits(), cameras, st.integers(-(10**6), 10**6))
def test_photo_and_visits_moved_together_decide_alike(
    capture: Capture, visits: tuple[Visit, ...], cameras: tuple[RegisteredCamera, ...], by: int
) -> None:
    # In UTC, where no clock is ever changed.
    shift = timedelta(minutes=by)
    still = tuple(replace(visit, zone="UTC") for visit in visits)
    moved = tuple(replace(visit, span=visit.span.shifted(shift)) for visit in still)
    later = replace(
        capture,
        taken=capture.taken.shifted(shift) if capture.taken else None,
        also=tuple(one.shifted(shift) for one in capture.also),
    )
    one = decide(capture, registered(still, cameras), staff="j.smith", zone="UTC")
    two = decide(later, registered(moved, cameras), staff="j.smith", zone="UTC")
    assert (one.verdict, one.visit) == (two.verdict, two.visit)


@given(captures(), visits(), cameras, visits())
def test_more_visits_never_make_another_visits_photo_of_one(
    capture: Capture, visits: tuple[Visit, ...], cameras: tuple[RegisteredCamera, ...], more: tuple[Visit, ...]
) -> None:
    others = tuple(replace(visit, id=VisitId(f"more-{visit.id}")) for visit in more)
    before = decide(capture, registered(visits, cameras), staff="j.smith", zone="Europe/London")
    after = decide(capture, registered((*visits, *others), cameras), staff="j.smith", zone="Europe/London")
    known = registered(visits, cameras)
    if before.verdict is Verdict.REVIEW and occurs(staff_of(known, "j.smith"), known.visits):
        # Doubt is not settled by adding lines, but for the doubt whether the register knows this person at all.
        assert after.verdict is Verdict.REVIEW
    if before.verdict is Verdict.VISIT:
        assert after.verdict is Verdict.REVIEW or after.visit == before.visit


@given(captures(), visits(), visits(), cameras, st.integers(-60, 60))
def test_the_visits_near_a_photo_decide_it_as_all_of_them_would(
    capture: Capture,
    visits: tuple[Visit, ...],
    more: tuple[Visit, ...],
    cameras: tuple[RegisteredCamera, ...],
    days: int,
) -> None:
    far = timedelta(days=days)
    others = (replace(one, id=VisitId(f"more-{one.id}"), span=one.span.shifted(far)) for one in more)
    register = registered((*visits, *others), cameras)
    near = decide(capture, register, staff="j.smith", zone="Europe/London")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Timeline, "during", lambda timeline, _time: timeline.visits)
        assert decide(capture, register, staff="j.smith", zone="Europe/London") == near

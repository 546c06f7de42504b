"""Every rule of deciding, by name. A wrong `visit` here would delete a private photo."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.errors import RegisterError
from agent.model.capture import Camera, Capture, Place
from agent.model.decision import Decision, Verdict
from agent.model.ids import Sha256, VisitId
from agent.model.register import Register, RegisteredCamera, Visit
from agent.model.times import Interval, Level, WallClock
from agent.register import decide

LONDON = ZoneInfo("Europe/London")
SECOND = timedelta(seconds=1)
VERSION = Sha256("ab" * 32)


def at(text: str) -> datetime:
    """An instant, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(text: str) -> WallClock:
    """A second on a camera's clock."""
    start = datetime.fromisoformat(text)
    return WallClock(start, start + SECOND)


def second(text: str) -> Interval:
    """A second in UTC."""
    return Interval(at(text), at(text) + SECOND)


def visit(name: str = "2026-science-museum", start: str = "2026-03-14 09:00", end: str = "2026-03-14 16:30") -> Visit:
    """A visit by UTC times; in March these are London's."""
    return Visit(VisitId(name), "Science Museum", Interval(at(start), at(end)), "Europe/London")


def photo(taken: Interval | WallClock | None = None, level: Level | None = None) -> Capture:
    """A JPEG, taken on the visit by a wall clock unless said otherwise."""
    taken = wall("2026-03-14 10:11:12") if taken is None else taken
    return Capture(
        "jpeg", taken=taken, level=level or (Level.ASSUMED_ZONE if isinstance(taken, WallClock) else Level.OWN_OFFSET)
    )


def decided(
    capture: Capture, *visits: Visit, cameras: tuple[RegisteredCamera, ...] = (), staff: str = "j.smith"
) -> Decision:
    """The decision on a laptop in London."""
    register = Register(visits, cameras, VERSION, at("2026-03-20 12:00"))
    return decide(capture, register, staff=staff, zone="Europe/London")


# --- Time ------------------------------------------------------------------------------------------------------------


def test_a_photo_wholly_inside_one_visit_is_of_it_and_says_why() -> None:
    decision = decided(photo(), visit())
    assert decision == Decision(
        Verdict.VISIT,
        ("taken 14 Mar 2026 10:11 (camera clock, read as Europe/London), within Science Museum 09:00–16:30",),
        VERSION,
        visit=VisitId("2026-science-museum"),
        taken=second("2026-03-14 10:11:12"),
        level=Level.ASSUMED_ZONE,
    )


@pytest.mark.parametrize(
    ("zone", "seen_by", "verdict"),
    [
        ("Europe/London", "2026-03-14 10:11:11", Verdict.REVIEW),
        ("Europe/London", "2026-03-14 10:11:12", Verdict.VISIT),
        ("America/New_York", "2026-03-14 10:11:12", Verdict.VISIT),  # its camera may still be on London's time
        ("America/New_York", "2026-03-14 10:11:11", Verdict.REVIEW),
        ("Asia/Tokyo", "2026-03-14 01:11:12", Verdict.VISIT),
    ],
)
def test_a_photo_that_was_here_before_its_time_waits_for_a_person(zone: str, seen_by: str, verdict: Verdict) -> None:
    long = replace(visit(start="2026-03-13 09:00", end="2026-03-15 16:30"), zone=zone)
    register = Register((long,), (), VERSION, at("2026-03-20 12:00"))
    decision = decide(photo(), register, staff="j.smith", zone="Europe/London", seen_by=at(seen_by))
    assert decision.verdict is verdict


@pytest.mark.parametrize("level", [Level.CONFIRMED, Level.OWN_OFFSET, Level.UTC_ALONE])
def test_every_level_that_decides_makes_a_visit(level: Level) -> None:
    assert decided(photo(second("2026-03-14 10:11:12"), level), visit()).verdict is Verdict.VISIT


def test_a_photo_outside_every_visit_is_private_with_how_near_it_came() -> None:
    decision = decided(photo(wall("2026-03-14 16:42:00")), visit())
    assert decision.verdict is Verdict.PRIVATE
    assert decision.reasons == (
        "taken 14 Mar 2026 16:42 (camera clock, read as Europe/London), 12 minutes after Science Museum 09:00–16:30",
    )
    far = decided(photo(wall("2026-04-14 16:42:00")), visit())
    assert far.verdict is Verdict.PRIVATE
    assert "outside every visit" in far.reasons[0]


@pytest.mark.parametrize(
    ("first", "last", "verdict"),
    [
        ("09:00:00", "09:00:01", Verdict.VISIT),  # the start belongs to the visit
        ("16:29:59", "16:30:00", Verdict.VISIT),  # and the photo may last up to its end
        ("08:59:58", "08:59:59", Verdict.PRIVATE),
        ("08:59:59", "09:00:00", Verdict.REVIEW),
        ("08:59:59", "09:00:01", Verdict.REVIEW),
        ("16:29:59", "16:30:01", Verdict.REVIEW),
        ("16:30:00", "16:30:01", Verdict.REVIEW),
        ("16:30:01", "16:30:02", Verdict.PRIVATE),
        ("08:00:00", "17:00:00", Verdict.REVIEW),
    ],
)
def test_the_edges_of_a_visit(first: str, last: str, verdict: Verdict) -> None:
    taken = Interval(at(f"2026-03-14 {first}"), at(f"2026-03-14 {last}"))
    assert decided(photo(taken), visit()).verdict is verdict


def test_a_photo_across_an_edge_says_so_to_the_second() -> None:
    taken = Interval(at("2026-03-14 16:29:59"), at("2026-03-14 16:30:05"))
    assert "16:29:59–16:30:05" in decided(photo(taken), visit()).reasons[0]


def test_a_wall_clock_is_read_in_the_zone_of_each_visit() -> None:
    paris = replace(
        visit(start="2026-03-14 08:00", end="2026-03-14 16:00"), zone="Europe/Paris"
    )  # 09:00 to 17:00 there
    assert decided(photo(wall("2026-03-14 10:00:00")), paris).verdict is Verdict.VISIT
    assert decided(photo(wall("2026-03-14 18:00:00")), paris).verdict is Verdict.PRIVATE


def test_abroad_a_photo_must_be_inside_by_home_time_too() -> None:
    paris = replace(visit(start="2026-03-14 08:00", end="2026-03-14 16:00"), zone="Europe/Paris")
    evening = decided(photo(wall("2026-03-14 16:30:00")), paris)  # 16:30 in Paris, or 17:30 by a clock of London
    assert evening.verdict is Verdict.REVIEW
    assert evening.reasons[0].endswith("but not if the camera still showed home time")


def test_a_visit_photo_has_the_visits_zone_and_a_private_one_the_devices() -> None:
    paris = replace(visit(start="2026-03-14 08:00", end="2026-03-14 16:00"), zone="Europe/Paris")
    assert decided(photo(wall("2026-03-14 10:00:00")), paris).taken == second("2026-03-14 09:00:00")
    assert decided(photo(wall("2026-03-15 10:00:00")), paris).taken == second("2026-03-15 10:00:00")


def test_an_instant_is_not_read_in_any_zone() -> None:
    tokyo = replace(visit(start="2026-03-14 00:00", end="2026-03-14 03:00"), zone="Asia/Tokyo")
    assert decided(photo(second("2026-03-14 10:00:00")), tokyo).verdict is Verdict.PRIVATE
    assert decided(photo(second("2026-03-14 02:00:00")), tokyo).verdict is Verdict.VISIT


def test_a_clock_reading_that_autumn_repeats_must_be_inside_twice() -> None:
    # 25 October 2026, London: 01:30 is 00:30 UTC and again 01:30 UTC.
    taken = photo(wall("2026-10-25 01:30:00"))
    both = visit(start="2026-10-25 00:00", end="2026-10-25 03:00")
    first_only = visit(start="2026-10-24 22:00", end="2026-10-25 01:00")
    neither = visit(start="2026-10-25 03:00", end="2026-10-25 08:00")
    decision = decided(taken, both)
    assert decision.verdict is Verdict.VISIT
    assert decision.taken == Interval(at("2026-10-25 00:30:00"), at("2026-10-25 01:30:01"))
    assert decided(taken, first_only).verdict is Verdict.REVIEW
    assert decided(taken, neither).verdict is Verdict.PRIVATE


def test_a_clock_reading_that_spring_skips_must_be_inside_by_either_offset() -> None:
    # 29 March 2026, London: no clock set to the zone showed 01:30; it is 00:30 UTC or 01:30 UTC.
    taken = photo(wall("2026-03-29 01:30:00"))
    assert decided(taken, visit(start="2026-03-29 00:00", end="2026-03-29 03:00")).verdict is Verdict.VISIT
    assert decided(taken, visit(start="2026-03-29 01:00", end="2026-03-29 03:00")).verdict is Verdict.REVIEW


def test_times_in_the_repeated_hour_are_compared_as_instants_not_as_digits() -> None:
    # The same tzinfo on both sides: Python would compare the digits alone.
    first = datetime(2026, 10, 25, 1, 50, tzinfo=LONDON, fold=0)
    again = datetime(2026, 10, 25, 1, 10, tzinfo=LONDON, fold=1)
    ends_again = replace(visit(), span=Interval(at("2026-10-25 00:00").astimezone(LONDON), again))
    assert decided(photo(Interval(first, first + SECOND)), ends_again).verdict is Verdict.VISIT


def test_every_other_reading_of_the_same_evidence_must_agree() -> None:
    inside, outside = second("2026-03-14 11:00:00"), second("2026-03-15 11:00:00")
    assert decided(replace(photo(), also=(inside,)), visit()).verdict is Verdict.VISIT
    assert decided(replace(photo(), also=(outside,)), visit()).verdict is Verdict.REVIEW
    assert decided(replace(photo(wall("2026-03-16 11:00:00")), also=(inside,)), visit()).verdict is Verdict.REVIEW
    assert decided(replace(photo(wall("2026-03-16 11:00:00")), also=(outside,)), visit()).verdict is Verdict.PRIVATE


def test_the_time_of_a_decision_holds_every_reading() -> None:
    decision = decided(replace(photo(), also=(second("2026-03-14 11:00:00"),)), visit())
    assert decision.taken == Interval(at("2026-03-14 10:11:12"), at("2026-03-14 11:00:01"))


# --- Evidence --------------------------------------------------------------------------------------------------------


def test_other_files_are_not_photos_even_without_visits() -> None:
    assert decided(Capture("unknown"), visit()).verdict is Verdict.NOT_A_PHOTO
    assert decided(Capture("unknown")).verdict is Verdict.NOT_A_PHOTO


@pytest.mark.parametrize(
    ("basis", "said"),
    [
        ("the file's name (a day)", "only its name says"),
        ("XMP DateTimeOriginal", "only in XMP"),
        ("IPTC DateCreated", "only in IPTC"),
        ("GPS time", "a GPS time may be hours old"),
        ("Anna at home.xmp", "only a file beside it says"),
    ],
)
def test_what_alone_says_when_it_was_taken_is_said_as_it_is(basis: str, said: str) -> None:
    decision = decided(replace(photo(level=Level.FILE_NAME), basis=(basis,)), visit())
    assert decision.verdict is Verdict.REVIEW
    assert said in decision.reasons[0]
    assert "Anna" not in decision.reasons[0]


@pytest.mark.parametrize("level", [Level.FILE_NAME, Level.UPPER_BOUND, Level.IMPOSSIBLE])
def test_evidence_that_is_not_enough_to_delete_on_is_held(level: Level) -> None:
    assert decided(photo(second("2026-03-14 10:11:12"), level), visit()).verdict is Verdict.REVIEW


@pytest.mark.parametrize("day", ["2026-03-13", "2026-03-15"])
@pytest.mark.parametrize("level", [Level.FILE_NAME, Level.IMPOSSIBLE])
def test_nor_is_it_enough_to_call_a_photo_private(level: Level, day: str) -> None:
    assert decided(photo(second(f"{day} 10:11:12"), level), visit()).verdict is Verdict.REVIEW


def test_a_photo_without_a_time_is_held_with_the_reason() -> None:
    decision = decided(Capture("jpeg", notes=("the camera's clock had been reset",)), visit())
    assert decision.verdict is Verdict.REVIEW
    assert decision.reasons == ("the camera's clock had been reset",)
    assert decision.taken is None
    assert decided(Capture("jpeg"), visit()).reasons == ("nothing in it says when it was taken",)


def test_a_file_older_than_the_first_visit_is_private() -> None:
    bound = photo(Interval(at("1990-01-01 00:00"), at("2026-03-13 10:00")), Level.UPPER_BOUND)
    decision = decided(bound, visit())
    assert decision.verdict is Verdict.PRIVATE
    assert "before the first visit" in decision.reasons[0]
    beginning = Interval(datetime.min.replace(tzinfo=UTC), at("2026-03-13 10:00"))
    assert decided(photo(beginning, Level.UPPER_BOUND), visit()).verdict is Verdict.PRIVATE


@pytest.mark.parametrize("latest", ["2026-03-14 09:00", "2026-03-14 12:00", "2026-05-01 12:00"])
def test_a_photo_that_may_have_been_taken_later_is_held(latest: str) -> None:
    bound = photo(Interval(at("1990-01-01 00:00"), at(latest)), Level.UPPER_BOUND)
    assert decided(bound, visit()).verdict is Verdict.REVIEW


def test_an_upper_bound_must_lie_before_every_visit_and_by_every_reading() -> None:
    bound = photo(Interval(at("1990-01-01 00:00"), at("2026-03-13 10:00")), Level.UPPER_BOUND)
    earlier = visit("earlier", "2026-03-12 09:00", "2026-03-12 10:00")
    assert decided(bound, visit(), earlier).verdict is Verdict.REVIEW
    assert decided(replace(bound, also=(second("2026-03-14 10:00:00"),)), visit()).verdict is Verdict.REVIEW


def test_an_upper_bound_without_a_zone_counts_as_that_of_the_westmost() -> None:
    day_before = photo(wall("2026-03-13 20:59:00"), Level.UPPER_BOUND)
    assert decided(day_before, visit()).verdict is Verdict.PRIVATE  # at the latest 08:59 UTC
    assert decided(photo(wall("2026-03-13 21:00:00"), Level.UPPER_BOUND), visit()).verdict is Verdict.REVIEW


def test_an_upper_bound_by_a_clock_that_is_behind_was_later() -> None:
    bound = replace(
        photo(Interval(at("1990-01-01 00:00"), at("2026-03-13 10:00")), Level.UPPER_BOUND), camera=Camera("Canon", "R6")
    )
    behind = RegisteredCamera("A", "Canon", "R6", clock_ahead=timedelta(days=-2))
    assert decided(bound, visit(), cameras=(behind,)).verdict is Verdict.REVIEW


@pytest.mark.parametrize(
    ("day", "zone"), [("0001-01-01 00:00", "Asia/Tokyo"), ("9999-12-31 23:00", "America/New_York")]
)
def test_a_time_that_no_zone_can_be_applied_to_is_held(day: str, zone: str) -> None:
    decision = decided(photo(wall(day), Level.ASSUMED_ZONE), replace(visit(), zone=zone))
    assert decision.verdict is Verdict.REVIEW
    assert decision.taken is None


# --- Visits ----------------------------------------------------------------------------------------------------------


def test_in_an_empty_register_everything_is_private_whatever_is_known_of_it() -> None:
    for capture in (photo(), Capture("jpeg"), photo(second("2026-03-14 10:00:00"), Level.FILE_NAME)):
        assert decided(capture).verdict is Verdict.PRIVATE


def test_a_cancelled_visit_does_not_count() -> None:
    decision = decided(
        photo(), replace(visit(), cancelled=True), visit("other", "2026-05-01 09:00", "2026-05-01 10:00")
    )
    assert decision.verdict is Verdict.PRIVATE
    assert "cancelled" in decision.reasons[0]


def test_a_cancelled_visit_does_not_stand_in_the_way_of_another() -> None:
    other = replace(visit("cancelled"), cancelled=True)
    assert decided(photo(), visit(), other).verdict is Verdict.VISIT


def test_two_visits_at_once_are_for_a_person_to_tell_apart() -> None:
    decision = decided(photo(), visit("one"), visit("two", "2026-03-14 10:00", "2026-03-14 11:00"))
    assert decision.verdict is Verdict.REVIEW
    assert "more than one visit" in decision.reasons[-1]


def test_a_photo_inside_one_visit_that_touches_another_is_held() -> None:
    taken = Interval(at("2026-03-14 10:59:59"), at("2026-03-14 11:00:00"))
    assert (
        decided(photo(taken), visit(), visit("next", "2026-03-14 11:00", "2026-03-14 12:00")).verdict is Verdict.REVIEW
    )


def test_a_photo_with_one_reading_in_each_of_two_visits_is_held() -> None:
    taken = replace(photo(second("2026-03-14 10:00:00")), also=(second("2026-03-15 10:00:00"),))
    next_day = visit("next", "2026-03-15 09:00", "2026-03-15 12:00")
    assert decided(taken, visit(), next_day).verdict is Verdict.REVIEW


def test_a_visit_of_other_staff_does_not_count() -> None:
    others = replace(visit("others"), staff=frozenset({"a.okafor"}))
    decision = decided(photo(), others, visit("mine", "2026-05-01 09:00", "2026-05-01 10:00"))
    assert decision.verdict is Verdict.PRIVATE
    assert "other staff" in decision.reasons[0]
    assert decided(photo(), others, visit()).visit == "2026-science-museum"


@pytest.mark.parametrize("staff", ["j.smith", "J.Smith", " j.SMITH "])
def test_staff_are_known_whatever_the_case(staff: str) -> None:
    mine = replace(visit(), staff=frozenset({"A.Okafor", "J.Smith"}))
    assert decided(photo(), mine, staff=staff).verdict is Verdict.VISIT


def test_a_longer_name_is_not_the_same_member_of_staff() -> None:
    theirs = replace(visit(), staff=frozenset({"j.smith2"}))
    mine = replace(visit("mine", "2026-05-01 09:00", "2026-05-01 10:00"), staff=frozenset({"j.smith"}))
    assert decided(photo(), theirs, mine).verdict is Verdict.PRIVATE


# --- Place -----------------------------------------------------------------------------------------------------------

MUSEUM = Place(51.4978, -0.1745)


def test_a_photo_taken_elsewhere_at_the_time_of_a_visit_is_held() -> None:
    there = replace(visit(), place=MUSEUM, radius_km=2.0)
    near, far = Place(51.5010, -0.1750), Place(51.4613, -0.1156)
    assert decided(replace(photo(), place=near), there).verdict is Verdict.VISIT
    decision = decided(replace(photo(), place=far), there)
    assert decision.verdict is Verdict.REVIEW
    assert "taken 5.8 km from Science Museum" in decision.reasons[-1]


def test_the_place_counts_only_if_file_and_visit_have_one() -> None:
    there = replace(visit(), place=MUSEUM, radius_km=2.0)
    assert decided(photo(), there).verdict is Verdict.VISIT
    assert decided(replace(photo(), place=Place(0, 0)), replace(there, radius_km=None)).verdict is Verdict.VISIT
    assert decided(replace(photo(), place=Place(0, 0)), visit()).verdict is Verdict.VISIT


def test_the_radius_is_on_the_globe_across_the_date_line_and_the_poles() -> None:
    fiji = replace(visit(), place=Place(-16.8, 179.99), radius_km=5.0)
    assert decided(replace(photo(), place=Place(-16.8, -179.99)), fiji).verdict is Verdict.VISIT
    pole = replace(visit(), place=Place(90, 0), radius_km=5.0)
    assert decided(replace(photo(), place=Place(89.99, 180)), pole).verdict is Verdict.VISIT
    assert decided(replace(photo(), place=Place(-90, 0)), pole).verdict is Verdict.REVIEW


@pytest.mark.parametrize(
    ("longitude", "verdict"),
    [(-74.0, Verdict.REVIEW), (139.7, Verdict.REVIEW), (77.2, Verdict.REVIEW), (-0.17, Verdict.VISIT),
     (-16.3, Verdict.VISIT), (21.0, Verdict.VISIT), (float("nan"), Verdict.VISIT)],
)  # fmt: skip
def test_a_photo_from_another_part_of_the_world_is_held_where_the_visit_has_no_place(
    longitude: float, verdict: Verdict
) -> None:
    decision = decided(replace(photo(), place=Place(40.7, longitude)), visit())
    assert decision.verdict is verdict
    assert ("another part of the world" in decision.reasons[-1]) is (verdict is Verdict.REVIEW)


def test_a_journey_is_in_each_of_its_zones() -> None:
    tour = replace(visit(), then=("America/New_York",), span=Interval(at("2026-03-14 00:00"), at("2026-03-15 00:00")))
    assert decided(replace(photo(), place=Place(40.7, -74.0)), tour).verdict is Verdict.VISIT


@pytest.mark.parametrize("latitude", [float("nan"), float("inf")])
def test_an_impossible_place_is_in_no_radius(latitude: float) -> None:
    there = replace(visit(), place=MUSEUM, radius_km=2.0)
    assert decided(replace(photo(), place=Place(latitude, 0)), there).verdict is Verdict.REVIEW


def test_the_wrong_place_at_a_time_outside_every_visit_is_just_private() -> None:
    there = replace(visit(), place=MUSEUM, radius_km=2.0)
    outside = replace(photo(wall("2026-03-15 10:00:00")), place=Place(0, 0))
    assert decided(outside, there).verdict is Verdict.PRIVATE


# --- Cameras ---------------------------------------------------------------------------------------------------------

R50 = Camera("Canon", "Canon EOS R50", "032024001234")
FIRST = RegisteredCamera("Camera 1", "Canon", "Canon EOS R50", "032024001234")
TWIN = RegisteredCamera("Camera 2", "Canon", "Canon EOS R50", "032024005678")


def by(camera: Camera | None, taken: str = "2026-03-14 10:11:12") -> Capture:
    """A photo by a camera's own clock."""
    return replace(photo(wall(taken)), camera=camera)


@pytest.mark.parametrize("label", ["Camera 1", "CAMERA  1"])
def test_a_camera_of_the_visit_makes_a_visit_photo(label: str) -> None:
    only = replace(visit(), cameras=frozenset({label}))
    assert decided(by(R50), only, cameras=(FIRST, TWIN)).verdict is Verdict.VISIT


def test_another_camera_at_the_time_of_a_visit_is_held() -> None:
    only = replace(visit(), cameras=frozenset({"Camera 2"}))
    decision = decided(by(R50), only, cameras=(FIRST, TWIN))
    assert decision.verdict is Verdict.REVIEW
    assert "Camera 1" in decision.reasons[-1]


@pytest.mark.parametrize("camera", [None, Camera("Apple", "iPhone 15"), Camera()])
def test_an_unregistered_camera_is_held_where_the_visit_names_cameras(camera: Camera | None) -> None:
    only = replace(visit(), cameras=frozenset({"Camera 1"}))
    decision = decided(by(camera), only, cameras=(FIRST, TWIN))
    assert decision.verdict is Verdict.REVIEW
    assert "not in the register" in decision.reasons[-1]
    assert decided(by(camera), visit(), cameras=(FIRST, TWIN)).verdict is Verdict.VISIT


def test_the_wrong_camera_outside_every_visit_is_just_private() -> None:
    only = replace(visit(), cameras=frozenset({"Camera 2"}))
    assert decided(by(R50, "2026-03-15 10:00:00"), only, cameras=(FIRST, TWIN)).verdict is Verdict.PRIVATE


def test_make_and_model_match_in_any_case_and_spacing_without_a_serial() -> None:
    only = replace(visit(), cameras=frozenset({"Camera 1"}))
    known = replace(FIRST, make="canon", model="CANON  eos r50", serial=None)
    assert decided(by(R50), only, cameras=(known,)).verdict is Verdict.VISIT
    assert decided(by(replace(R50, model="Canon EOS R5")), only, cameras=(known,)).verdict is Verdict.REVIEW


def test_another_serial_is_another_camera_of_the_same_model() -> None:
    only = replace(visit(), cameras=frozenset({"Camera 1"}))
    assert decided(by(replace(R50, serial="999")), only, cameras=(FIRST,)).verdict is Verdict.REVIEW


def test_a_spreadsheet_that_dropped_leading_zeros_does_not_make_another_serial() -> None:
    only = replace(visit(), cameras=frozenset({"Camera 1"}))
    assert decided(by(R50), only, cameras=(replace(FIRST, serial="32024001234"), TWIN)).verdict is Verdict.VISIT


def test_without_a_serial_two_of_a_model_count_only_if_the_visit_has_both() -> None:
    nameless = by(replace(R50, serial=None))
    one, both = (replace(visit(), cameras=frozenset(labels)) for labels in ({"Camera 1"}, {"Camera 1", "Camera 2"}))
    assert decided(nameless, one, cameras=(FIRST, TWIN)).verdict is Verdict.REVIEW
    assert decided(nameless, both, cameras=(FIRST, TWIN)).verdict is Verdict.VISIT


# --- Clocks ----------------------------------------------------------------------------------------------------------


def test_a_known_clock_error_is_taken_off_and_named() -> None:
    ahead = replace(FIRST, clock_ahead=timedelta(hours=1))
    decision = decided(by(R50, "2026-03-14 17:15:00"), visit(), cameras=(ahead,))
    assert decision.verdict is Verdict.VISIT
    assert decision.taken == second("2026-03-14 16:15:00")
    assert decision.reasons[-1] == "the clock of Camera 1 runs 60 minutes ahead: corrected"
    assert decided(by(R50, "2026-03-14 09:30:00"), visit(), cameras=(ahead,)).verdict is Verdict.PRIVATE


def test_a_clock_that_is_behind_is_put_forward() -> None:
    behind = replace(FIRST, clock_ahead=timedelta(hours=-1))
    assert decided(by(R50, "2026-03-14 08:15:00"), visit(), cameras=(behind,)).taken == second("2026-03-14 09:15:00")


def test_a_clock_error_moves_an_instant_too() -> None:
    ahead = replace(FIRST, clock_ahead=timedelta(hours=1))
    taken = replace(photo(second("2026-03-14 17:15:00")), camera=R50)
    assert decided(taken, visit(), cameras=(ahead,)).taken == second("2026-03-14 16:15:00")


def test_a_time_that_gps_confirms_is_not_corrected() -> None:
    ahead = replace(FIRST, clock_ahead=timedelta(hours=1))
    taken = replace(photo(second("2026-03-14 17:15:00"), Level.CONFIRMED), camera=R50, clock_bound=False)
    assert decided(taken, visit(), cameras=(ahead,)).verdict is Verdict.PRIVATE


def test_another_clocks_reading_is_not_corrected_either() -> None:
    ahead = replace(FIRST, clock_ahead=timedelta(hours=1))
    taken = replace(by(R50, "2026-03-14 12:00:00"), also=(second("2026-03-14 16:29:00"),))
    assert decided(taken, visit(), cameras=(ahead,)).verdict is Verdict.VISIT
    assert (
        decided(replace(taken, also=(second("2026-03-14 17:00:00"),)), visit(), cameras=(ahead,)).verdict
        is Verdict.REVIEW
    )


def test_cameras_that_cannot_be_told_apart_and_run_alike_are_corrected() -> None:
    cameras = tuple(replace(camera, clock_ahead=timedelta(hours=1)) for camera in (FIRST, TWIN))
    nameless = by(replace(R50, serial=None), "2026-03-14 17:15:00")
    assert decided(nameless, visit(), cameras=cameras).taken == second("2026-03-14 16:15:00")


def test_photos_of_alike_cameras_with_different_clocks_are_held() -> None:
    cameras = (FIRST, replace(TWIN, clock_ahead=timedelta(hours=1)))
    nameless = replace(R50, serial=None)
    inside_by_both = decided(by(nameless, "2026-03-14 12:00:00"), visit(), cameras=cameras)
    assert inside_by_both.verdict is Verdict.VISIT
    assert inside_by_both.taken == Interval(at("2026-03-14 11:00:00"), at("2026-03-14 12:00:01"))
    assert decided(by(nameless, "2026-03-14 09:30:00"), visit(), cameras=cameras).verdict is Verdict.REVIEW
    assert decided(by(nameless, "2026-03-14 17:00:00"), visit(), cameras=cameras).verdict is Verdict.REVIEW
    assert decided(by(nameless, "2026-03-14 19:00:00"), visit(), cameras=cameras).verdict is Verdict.PRIVATE


def test_where_every_candidate_is_wrong_a_right_clock_must_still_agree() -> None:
    cameras = tuple(replace(c, clock_ahead=timedelta(hours=h)) for c, h in ((FIRST, 1), (TWIN, 2)))
    assert (
        decided(by(replace(R50, serial=None), "2026-03-14 17:00:00"), visit(), cameras=cameras).verdict
        is Verdict.REVIEW
    )


def test_a_zone_that_this_laptop_does_not_know_is_said_not_guessed() -> None:
    with pytest.raises(RegisterError, match="Mars/Olympus"):
        decided(photo(), replace(visit(), zone="Mars/Olympus"))

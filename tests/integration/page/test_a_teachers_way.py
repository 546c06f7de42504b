"""What a teacher does on the page, in a real browser: answer, change their mind, pause, find a photo."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from agent.journal import State
from agent.pipeline import answers
from tests.laptop import ON_VISIT, PRIVATE, Laptop

Page = Callable[[], str]


@pytest.fixture
def asked(laptop: Laptop) -> Laptop:
    """Three undated photos and one at the visit's very end wait for a person; one of the visit, one private."""
    for number in range(3):
        laptop.photo(f"IMG_010{number}.JPG", None, seed=number)
    laptop.photo("IMG_0200.JPG", datetime(2026, 3, 14, 16, 30, 0), seed=7)  # noqa: DTZ001
    laptop.photo("IMG_0300.JPG", ON_VISIT, seed=8)
    laptop.photo("IMG_0400.JPG", PRIVATE, seed=9)
    laptop.run()
    return laptop


@pytest.fixture
def tab(browser: Any, asked: Laptop, page: Page) -> Any:
    """The page, opened; a fault in its script or a resource that is refused fails the test."""
    opened = browser.new_page()
    faults: list[str] = []
    # That an answer lacks something is said with status 400, which a browser notes down as a fault.
    opened.on(
        "console", lambda note: faults.append(note.text) if note.type == "error" and "400" not in note.text else None
    )
    opened.on("pageerror", lambda fault: faults.append(str(fault)))
    opened.goto(page())
    yield opened
    assert not faults


def _go(tab: Any, name: str) -> None:
    tab.get_by_role("navigation").get_by_role("link", name=name).click()
    tab.wait_for_load_state()  # a click waits for the beginning of the page that it leads to, not for its end


def test_nothing_is_selected_before_a_person_answers(tab: Any) -> None:
    _go(tab, "Review")
    assert tab.locator("input:checked").count() == 0
    assert tab.get_by_role("heading", level=1).inner_text() == "4 photos need you"


def test_an_answer_for_all_waits_ten_minutes_and_can_be_undone(tab: Any, asked: Laptop) -> None:
    _go(tab, "Review")
    form = tab.locator("form.card", has=tab.get_by_role("heading", name="3 photos without a date"))
    form.get_by_label("Science Museum").check()
    form.get_by_role("button", name="Answer for all 3").click()
    assert "Saved: 3 pictures go to Science Museum" in tab.locator("#saved").inner_text()
    tab.locator("#saved:focus").wait_for()
    assert len(asked.look(lambda context: context.journal.tracked_photos(State.REVIEW))) == 4
    tab.get_by_role("button", name="Undo").click()
    assert "Undone" in tab.locator("#saved").inner_text()
    assert asked.look(answers.pending) == []


def test_an_answer_takes_effect_when_its_time_has_come(tab: Any, asked: Laptop) -> None:
    _go(tab, "Review")
    form = tab.locator(
        "form.card", has=tab.get_by_role("heading", name="1 photo from the very start or end of Science Museum")
    )
    form.get_by_label("Science Museum").check()
    form.get_by_role("button", name="Save my answer").click()
    asked.run(patient=True)
    assert len(asked.look(lambda context: context.journal.tracked_photos(State.REVIEW))) == 4
    asked.run()  # "send now" does not wait
    left = asked.look(lambda context: context.journal.tracked_photos(State.REVIEW))
    assert {one.photo.main.path.name[:7] for one in left} == {"IMG_010"}


def test_a_private_answer_is_not_hurried(asked: Laptop) -> None:
    ids = [one.id for one in asked.look(lambda context: context.journal.tracked_photos(State.REVIEW))]
    asked.look(lambda context: answers.give(context, ids, None))
    asked.run()
    assert len(asked.look(lambda context: context.journal.tracked_photos(State.REVIEW))) == 4


def test_ticked_pictures_and_answer_for_all_is_asked_about(tab: Any) -> None:
    _go(tab, "Review")
    form = tab.locator("form.card", has=tab.get_by_role("heading", name="3 photos without a date"))
    form.locator("input[type=checkbox]").first.check()
    form.get_by_label("Not school photos").check()
    form.get_by_role("button", name="Answer for all 3").click()
    assert tab.get_by_role("heading", level=1).inner_text() == "You ticked 1 of 3. Which did you mean?"
    tab.get_by_role("button", name="Answer for the one I ticked").click()
    assert "1 picture stays on this laptop" in tab.locator("#saved").inner_text()


def test_an_answer_without_a_choice_says_what_is_missing(tab: Any) -> None:
    _go(tab, "Review")
    form = tab.locator("form.card", has=tab.get_by_role("heading", name="3 photos without a date"))
    form.get_by_role("button", name="Answer for all 3").click()
    tab.locator("#wrong").wait_for()
    assert tab.title().startswith("Error: ")
    assert "Choose where these 3 pictures belong." in tab.locator("#wrong").inner_text()


def test_pictures_are_shown_small_and_without_metadata(tab: Any) -> None:
    from playwright.sync_api import expect

    _go(tab, "Review")
    picture = tab.locator(".thumb img").first
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("picture => picture.naturalWidth") > 0
    content = tab.request.get(tab.evaluate("document.querySelector('.thumb img').src")).body()
    assert content.startswith(b"\xff\xd8\xff")
    assert b"Exif" not in content


def test_no_name_of_a_photo_or_visit_gets_into_a_title_or_an_address(tab: Any) -> None:
    for name in ("Now", "Review", "Visits", "History"):
        _go(tab, name)
        assert "IMG" not in tab.title() + tab.url
        assert "Museum" not in tab.title()


def test_where_is_my_photo_knows_visit_photos_alone(tab: Any) -> None:
    _go(tab, "History")
    tab.get_by_label("Its name, or the day you took it").fill("IMG_0300")
    tab.get_by_role("button", name="Find").click()
    tab.wait_for_load_state()
    assert "On its way" in tab.locator("main").inner_text()
    for name in ("IMG_0400", "IMG_9999"):
        tab.get_by_label("Its name, or the day you took it").fill(name)
        tab.get_by_role("button", name="Find").click()
        tab.wait_for_load_state()
        assert "We know nothing about this photo" in tab.locator("main").inner_text()


def test_the_page_works_without_script(browser: Any, asked: Laptop, page: Page) -> None:
    tab = browser.new_context(java_script_enabled=False).new_page()
    tab.goto(page())
    _go(tab, "Review")
    form = tab.locator("form.card", has=tab.get_by_role("heading", name="3 photos without a date"))
    form.get_by_label("Not school photos").check()
    form.get_by_role("button", name="Answer for all 3").click()
    tab.wait_for_load_state()
    assert "3 pictures stay on this laptop" in tab.locator("main").inner_text()


def test_everything_can_be_done_by_keyboard(tab: Any) -> None:
    _go(tab, "Review")
    reached = set()
    for _ in range(80):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate("(e => e.tagName + (e.type || '') + (e.name || ''))(document.activeElement)"))
    assert {"INPUTcheckboxphoto", "INPUTradioto", "BUTTONsubmitscope"} <= reached


def test_a_question_is_answered_and_undone_by_keyboard_alone(tab: Any) -> None:
    def tab_to(what: str) -> None:
        for _ in range(80):
            tab.keyboard.press("Tab")
            if what in tab.evaluate("(e => e.tagName + (e.id || '') + ' ' + e.textContent)(document.activeElement)"):
                return
        pytest.fail(f"{what} was not reached")

    tab_to("Review")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/review")
    tab_to("INPUT")
    while tab.evaluate("document.activeElement.type") != "radio":
        tab.keyboard.press("Tab")
    tab.keyboard.press("Space")
    tab_to("Answer for all 3")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#saved")
    assert "Saved: 3 pictures" in tab.locator("#saved").inner_text()
    tab_to("Undo")
    tab.keyboard.press("Enter")
    tab.get_by_text("Undone: we will ask you again about 3 photos.").wait_for()


@pytest.mark.parametrize("minutes", [9, 10])
def test_ten_minutes_are_ten_minutes(asked: Laptop, minutes: int) -> None:
    ids = [one.id for one in asked.look(lambda context: context.journal.tracked_photos(State.REVIEW))]
    given = asked.look(lambda context: answers.give(context, ids, None))
    assert given.is_due(given.given_at + timedelta(minutes=minutes), at_once=False) is (minutes == 10)

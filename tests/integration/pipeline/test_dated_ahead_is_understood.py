"""A person who is asked about a photo that is dated ahead reads why, and is offered no visit that was still to come."""

from datetime import timedelta

import pytest

from agent.pipeline.context import Context
from agent.pipeline.questions import Question, questions
from agent.web.times import Times
from agent.web.words import heading, why_asked
from tests.integration.pipeline.test_clocks_that_lie import A_DAY, in_days, run_at
from tests.integration.pipeline.test_dated_ahead import a_visit_on
from tests.laptop import Laptop


def asked(laptop: Laptop) -> Question:
    (question,) = laptop.look(questions)
    found: Question = question
    return found


@pytest.mark.parametrize("later", [timedelta(0), 4 * A_DAY], ids=["at once", "when that day has come"])
def test_the_page_and_the_list_say_why_and_offer_no_visit_that_was_still_to_come(
    laptop: Laptop, later: timedelta
) -> None:
    laptop.register(a_visit_on(in_days(3)))
    laptop.photo("IMG_1.jpg", in_days(3))
    run_at(laptop, timedelta(0))
    if later:
        laptop.register(a_visit_on(in_days(3)).replace("Trip", "River Walk"))  # decided afresh
        run_at(laptop, later)
    question = asked(laptop)
    assert question.proposals == ()
    assert heading(question) == "1 photo with a date that had not come yet"

    def why(context: Context) -> str:
        return why_asked(question, Times(context.zone, context.clock()))

    assert "the camera’s clock was wrong" in laptop.look(why)
    listed = laptop.command("review", "list").stdout
    assert "River Walk" not in listed or "was on this laptop before that time" in listed
    assert "the time is in the future" not in listed


def test_a_visit_that_had_begun_is_offered(laptop: Laptop) -> None:
    laptop.register(a_visit_on(in_days(-2)))
    laptop.photo("IMG_1.jpg", in_days(3))
    run_at(laptop, timedelta(0))
    (proposal,) = asked(laptop).proposals
    assert proposal.visit.id == "trip"

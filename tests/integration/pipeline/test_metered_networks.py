"""A network that is metered: the service decides and asks as always, and sends on another; a person may send now."""

import pytest

from agent.errors import ShareUnreachable
from agent.model.removal import Known
from agent.pipeline.context import open_context
from agent.pipeline.doctor_finding import CheckResult
from agent.pipeline.doctor_share import network
from agent.pipeline.lock import only_writer
from agent.pipeline.run import Run
from agent.pipeline.status import share_trouble
from tests.laptop import Laptop


def run(laptop: Laptop, known: Known, *, patient: bool) -> tuple[object, str]:
    """The fault that the run ended with, and what `status` says of the share."""
    with only_writer(laptop.settings), open_context(laptop.settings, metered=lambda: known) as context:
        summary = Run(context, [laptop.imports], patient=patient).through()
        trouble = share_trouble(context)
    return summary.fault, "" if trouble is None else trouble.why


def test_the_service_waits_on_a_metered_network_and_says_why(laptop: Laptop) -> None:
    laptop.configure(share={"when": "unmetered"})
    assert run(laptop, Known.NO, patient=True)[0] is None  # the register is here now
    photo = laptop.photo("IMG_1.jpg")
    fault, why = run(laptop, Known.YES, patient=True)
    assert isinstance(fault, ShareUnreachable)
    assert "metered" in why
    assert photo.exists()
    for _ in range(2):
        run(laptop, Known.NO, patient=True)
    assert not photo.exists()
    assert run(laptop, Known.NO, patient=True) == (None, "")


@pytest.mark.parametrize(("when", "known"), [("unmetered", Known.NOT_KNOWN), ("always", Known.YES)])
def test_where_nothing_is_known_or_the_settings_do_not_mind_photos_are_sent(
    laptop: Laptop, when: str, known: Known
) -> None:
    laptop.configure(share={"when": when})
    photo = laptop.photo("IMG_1.jpg")
    for _ in range(2):
        assert run(laptop, known, patient=True)[0] is None
    assert not photo.exists()


def test_a_person_who_sends_now_sends_over_a_metered_network(laptop: Laptop) -> None:
    laptop.configure(share={"when": "unmetered"})
    photo = laptop.photo("IMG_1.jpg")
    assert run(laptop, Known.YES, patient=False)[0] is None
    assert not photo.exists()


@pytest.mark.parametrize(
    ("known", "result"),
    [(Known.YES, CheckResult.WARN), (Known.NO, CheckResult.OK), (Known.NOT_KNOWN, CheckResult.WARN)],
)
def test_doctor_says_what_is_known_of_the_network(laptop: Laptop, known: Known, result: CheckResult) -> None:
    laptop.configure(share={"when": "unmetered"})
    with open_context(laptop.settings, metered=lambda: known) as context:
        (finding,) = network(context)
    assert finding.mark is result
    assert "metered" in finding.text

"""Additional facts that help a person to review a photo; never for a private one."""

from pathlib import Path

from agent.journal import State
from tests.laptop import ON_VISIT, PRIVATE, Laptop


def reasons(laptop: Laptop) -> dict[str, str]:
    held = laptop.look(lambda context: context.journal.tracked_photos(State.REVIEW))
    return {Path(one.photo.main.path).name: str(one.reason) for one in held}


def test_an_undated_photo_between_two_of_a_visit_says_so(laptop: Laptop) -> None:
    for number, taken in enumerate((ON_VISIT, None, None, ON_VISIT), start=41):
        laptop.photo(f"IMG_{number:04}.JPG", taken, seed=number)
    assert laptop.run().removed == 2
    told = reasons(laptop)
    assert len(told) == 2
    assert all("the photos before and after it are of museum" in reason for reason in told.values())


def test_an_undated_photo_beside_a_private_one_says_nothing_of_it(laptop: Laptop) -> None:
    for number, taken in enumerate((ON_VISIT, None, PRIVATE), start=41):
        laptop.photo(f"IMG_{number:04}.JPG", taken, seed=number)
    laptop.photo("DSC_0043.JPG", ON_VISIT, seed=99)
    laptop.run()
    assert "before and after" not in reasons(laptop)["IMG_0042.JPG"]

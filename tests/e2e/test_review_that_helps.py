"""Review that helps: the likeliest visit first and why, many at once, and an answer that can be taken back."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent.journal import State
from agent.record import EntryKind
from tests.e2e.test_progress_bar import Terminal
from tests.integration.pipeline.test_service import running, until
from tests.laptop import ON_VISIT, VISITS, Laptop, jpeg, minutes, sha256

MORE = (
    VISITS
    + "zoo,Zoo,2026-11-20 09:00,2026-11-20 15:00,Europe/London,a.other,,,,,\n"
    + "lake,Lake,2026-11-19 09:00,2026-11-19 15:00,Europe/London,j.smith;a.other,,,,,\n"
    + "later,Later,2026-12-01 09:00,2026-12-01 15:00,Europe/London,,,,,,\n"
)


def listed(laptop: Laptop) -> dict[str, dict[str, Any]]:
    done = laptop.command("review", "list", "--json")
    assert done.returncode == 0, done.stderr
    return {Path(one["file"]).name: one for one in map(json.loads, done.stdout.splitlines())}


@pytest.fixture
def undated(laptop: Laptop) -> list[str]:
    """The ids of three photos without a time, held, and of one at a visit's edge, the last."""
    for n in range(3):
        laptop.photo(f"undated_{n}.jpg", None, seed=n)
    laptop.photo("edge.jpg", ON_VISIT.replace(hour=16, minute=30, second=0), seed=6)
    assert laptop.run().review == 4
    ids = {name: str(one["id"]) for name, one in listed(laptop).items()}
    return [ids[f"undated_{n}.jpg"] for n in range(3)] + [ids["edge.jpg"]]


def states(laptop: Laptop) -> dict[str, State]:
    return {
        one.photo.main.path.name: one.state for one in laptop.look(lambda context: context.journal.tracked_photos())
    }


# --- What is proposed ------------------------------------------------------------------------------------------------


def test_the_likeliest_visit_comes_first_with_why(laptop: Laptop) -> None:
    laptop.register(MORE)
    laptop.file("IMG-20261120-WA0001.jpg", jpeg(None))
    laptop.photo("edge.jpg", ON_VISIT.replace(hour=16, minute=30, second=0), seed=6)
    laptop.run()
    held = listed(laptop)

    received = held["IMG-20261120-WA0001.jpg"]
    assert received["candidates"][0] == "lake", "the nearest of one's own before a nearer one of other staff"
    assert "later" not in received["candidates"], "it was there before that visit began"
    assert received["taken"] is None
    assert received["not_after"].startswith("2026-11-2")
    why = {visit["id"]: ", ".join(visit["why"]) for visit in received["visits"]}
    assert "you are on its list of staff" in why["lake"]
    assert "you are not on its list of staff" in why.get("zoo", "you are not on its list of staff")
    edge = held["edge.jpg"]
    assert edge["candidates"][0] == "museum"
    assert "around its start or its end" in edge["visits"][0]["why"][0]
    words = laptop.command("review", "list").stdout
    assert "not after" in words
    assert " 1990" not in words
    assert "lake: it was on 19 Nov 2026" in words


# --- Many at once ----------------------------------------------------------------------------------------------------


def test_many_photos_are_assigned_with_one_command(laptop: Laptop, undated: list[str]) -> None:
    first, second, third, edge = undated
    done = laptop.command("review", "assign", first, second, "museum", "--json")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"id": photo, "state": "decided", "visit": "museum"} for photo in (first, second)
    ]
    assert laptop.command("review", "assign", third, edge, "--visit", "farm").returncode == 0
    assert laptop.command("sync").returncode == 0
    assert sorted(name.split("/")[1] for name in laptop.on_share()) == ["farm", "farm", "museum", "museum"]


def test_all_photos_of_a_kind_are_settled_with_one_command(laptop: Laptop, undated: list[str]) -> None:
    elsewhere = laptop.imports / "other folder" / "undated.jpg"
    laptop.photo(str(elsewhere.relative_to(laptop.imports)), None, seed=20)
    assert laptop.run().review == 5
    done = laptop.command("review", "private", "--all-like", undated[0], "--json")
    assert done.returncode == 0, done.stderr
    assert sorted(json.loads(line)["id"] for line in done.stdout.splitlines()) == sorted(undated[:3])
    assert set(listed(laptop)) == {"edge.jpg", "undated.jpg"}


def test_one_wrong_id_among_many_changes_nothing(laptop: Laptop, undated: list[str]) -> None:
    for words in (
        ("assign", undated[0], "00000000", "museum"),
        ("assign", undated[0], undated[1], "mars"),
        ("private", undated[0], "00000000"),
        ("assign", "museum"),
        ("assign",),
        ("private",),
    ):
        done = laptop.command("review", *words)
        assert done.returncode == 2, words
        assert "Traceback" not in done.stderr
    assert len(listed(laptop)) == 4


# --- Taking an answer back -------------------------------------------------------------------------------------------


def test_an_answer_is_taken_back_until_the_photo_was_sent(laptop: Laptop, undated: list[str]) -> None:
    first = undated[0]
    laptop.command("review", "assign", first, "museum")
    done = laptop.command("review", "undo", first)
    assert (done.returncode, done.stdout) == (0, f"{first} is waiting for your answer again.\n")
    assert len(listed(laptop)) == 4
    assert laptop.run().sent == 0, "the answer is not acted on any more"
    assert laptop.on_share() == {}

    laptop.command("review", "assign", first, "farm")
    assert laptop.command("sync").returncode == 4
    done = laptop.command("review", "undo", first)
    assert done.returncode == 2
    assert "on the school network already" in done.stderr


def test_a_private_answer_is_taken_back_by_the_photos_file(laptop: Laptop, undated: list[str]) -> None:
    photo = laptop.imports / "undated_0.jpg"
    before = sha256(photo.read_bytes())
    kept = laptop.command("review", "private", undated[0])
    assert "review undo FILE" in kept.stderr
    assert laptop.run().review == 3

    done = laptop.command("review", "undo", photo)
    assert done.returncode == 0, done.stderr
    assert laptop.run().review == 4
    new = str(listed(laptop)["undated_0.jpg"]["id"])
    assert laptop.command("review", "assign", new, "museum").returncode == 0
    laptop.run()
    assert laptop.originals_on_share() == {before}


def test_a_private_answer_that_was_taken_back_is_not_counted_on_record(laptop: Laptop, undated: list[str]) -> None:
    from agent.pipeline.journal_keys import KEPT_PRIVATE

    laptop.command("review", "private", *undated[:2])
    laptop.command("review", "undo", laptop.imports / "undated_0.jpg")
    (count,) = json.loads(laptop.look(lambda context: context.journal.fact(KEPT_PRIVATE))).values()
    assert count == 1
    laptop.command("review", "undo", laptop.imports / "undated_1.jpg")
    assert laptop.look(lambda context: context.journal.fact(KEPT_PRIVATE)) is None


def test_a_private_answer_can_be_taken_back_by_photo_or_sidecar(laptop: Laptop) -> None:
    photo = laptop.photo("undated.jpg", None)
    sidecar = laptop.file("undated.aae", b"<plist/>", beside=photo)
    laptop.run()
    for file in (sidecar, photo):
        (one,) = listed(laptop).values()
        assert laptop.command("review", "private", one["id"]).returncode == 0
        done = laptop.command("review", "undo", file)
        assert done.returncode == 0, done.stderr
        assert laptop.run().review == 1


def test_what_cannot_be_taken_back_says_why(laptop: Laptop, undated: list[str], tmp_path: Path) -> None:
    nobodys = laptop.photo("IMG_1.jpg", ON_VISIT + minutes(3), seed=50)
    for what, why in (
        (undated[0], "still waiting for your answer"),
        ("00000000", "not known here"),
        (tmp_path / "no such.jpg", "There is no file"),
        (nobodys, "no answer about"),
        (laptop.imports / "undated_0.jpg", "still waiting for your answer"),
        (laptop.imports, "is a folder"),
    ):
        done = laptop.command("review", "undo", what)
        assert done.returncode == 2, (what, done.stdout)
        assert why in done.stderr
        assert "Traceback" not in done.stderr


def test_an_answer_about_a_photo_that_is_on_its_way_is_not_taken_back(laptop: Laptop) -> None:
    laptop.configure(folders={"settle_seconds": 0.2}, share={"bandwidth_kib_per_s": 512})
    photo = laptop.imports / "undated.jpg"
    photo.write_bytes(jpeg(None, size=4_000_000))
    laptop.run()
    (one,) = listed(laptop).values()
    laptop.command("review", "assign", one["id"], "museum")
    with running(laptop):
        until(laptop.arriving, laptop)
        done = laptop.command("review", "undo", one["id"])
        until(lambda: not photo.exists(), laptop)
    assert done.returncode == 2
    assert "being sent now" in done.stderr
    assert len(laptop.originals_on_share()) == 1
    assert laptop.look(lambda context: len(list(context.record.entries(kinds={EntryKind.REMOVED})))) == 1


def test_an_answer_about_a_photo_that_could_not_be_sent_is_taken_back(laptop: Laptop, undated: list[str]) -> None:
    laptop.command("review", "assign", undated[0], "museum")
    (laptop.share / "visits").mkdir(exist_ok=True)
    (laptop.share / "visits" / "museum").write_bytes(b"in the way")
    assert laptop.run().failed == 1
    assert states(laptop)["undated_0.jpg"] is State.DECIDED
    assert laptop.command("review", "undo", laptop.imports / "undated_0.jpg").returncode == 0
    assert states(laptop)["undated_0.jpg"] is State.REVIEW
    (laptop.share / "visits" / "museum").unlink()
    assert laptop.run().sent == 0


def test_the_list_fits_a_terminal(laptop: Laptop, undated: list[str]) -> None:
    terminal = Terminal(laptop, "review", "list")
    shown = terminal.finish()
    assert all(photo in shown for photo in undated)

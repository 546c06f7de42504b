"""A file that got its final name on the share just before a crash, and whose photo is not sent again, is put on record.

`sync` is killed between the naming and the journal; the server is a real one.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.model.ids import TransferId
from agent.pipeline.events import Happened
from agent.pipeline.halfsent import HalfSentTransfers
from agent.pipeline.journal_keys import HALF_SENT
from agent.record import EntryKind
from agent.share.names import temporary_name
from tests.integration.pipeline.conftest import FAULTY
from tests.laptop import AT_THE_FARM, ON_VISIT, VISITS, Heard, Laptop, jpeg, minutes, mov
from tests.servers.openssh import OpenSSH, why_not

PRIVATE_NOW = VISITS.replace("museum,Science Museum,2026-03-14", "museum,Science Museum,2026-03-16").replace(
    "2026-03-14 16:30", "2026-03-16 16:30"
)
KILLED = """
import os, signal, sys
from agent.pipeline import send
from agent.share import Delivered
save_outcome = send.Sending._save_outcome
def killed(self, outcome):
    if isinstance(outcome, Delivered):
        os.kill(os.getpid(), signal.SIGKILL)
    save_outcome(self, outcome)
send.Sending._save_outcome = killed
from agent.cli import main
main(sys.argv[1:])
"""


def cut(laptop: Laptop) -> list[str]:
    """A sync that is killed when the share has the photo and nothing here says so yet; what the share has."""
    code = [sys.executable, "-c", KILLED, *laptop.line("sync")[-3:]]
    done = subprocess.run(code, env=laptop.environment, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    named = [name for name in laptop.on_share() if ".uploading" not in name]
    assert named
    return named


def left(laptop: Laptop) -> list[dict[str, object]]:
    return [dict(entry.body) for entry in laptop.entries(EntryKind.LEFT_ON_SHARE)]


def notices(heard: Heard) -> list[str]:
    texts = [str(event.details["text"]) for event in heard.events if event.what is Happened.NOTICE]
    return [text for text in texts if "will not be sent again" in text]


def test_the_file_of_a_photo_that_became_private_is_on_record_and_told_once(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg")
    (name,) = cut(laptop)
    laptop.register(PRIVATE_NOW)

    heard = Heard()
    laptop.run(heard)

    (entry,) = left(laptop)
    assert entry["names"] == [name]
    assert entry["visit"] == "museum"
    assert set(entry) == {"transfer", "visit", "names"}, "not a word of the photo"
    (notice,) = notices(heard)
    assert name in notice
    assert "IMG_1" not in notice
    assert photo.exists()
    assert list(laptop.on_share()) == [name], "nothing on the share is deleted"

    again = Heard()
    laptop.run(again)
    assert notices(again) == []
    assert len(left(laptop)) == 1
    assert laptop.look(lambda context: context.journal.fact(HALF_SENT)) is None


def test_the_file_of_a_photo_that_was_taken_away_here_is_on_record(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg")
    (name,) = cut(laptop)
    photo.unlink()
    laptop.run()
    assert [entry["names"] for entry in left(laptop)] == [[name]]


def test_the_file_of_a_photo_that_goes_to_another_visit_is_on_record(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg")
    (name,) = cut(laptop)
    laptop.register(VISITS.replace("museum,Science", "gallery,Science"))
    laptop.run()
    laptop.run()
    assert not photo.exists()
    assert [entry["names"] for entry in left(laptop)] == [[name]]
    (sent,) = laptop.entries(EntryKind.TRANSFERRED)
    assert sent.body["visit"] == "gallery"


def test_a_photo_that_is_sent_again_is_left_nowhere(laptop: Laptop) -> None:
    laptop.photo("IMG_1.jpg")
    laptop.file("IMG_1.mov", mov(begun=ON_VISIT))
    cut(laptop)
    assert laptop.run().exit_code == 0
    laptop.run()
    assert left(laptop) == []
    assert len(laptop.entries(EntryKind.TRANSFERRED)) == 1
    assert laptop.look(lambda context: context.journal.fact(HALF_SENT)) is None


def test_every_file_of_a_photo_is_found_also_under_another_name_of_it(laptop: Laptop) -> None:
    laptop.photo("IMG_1.jpg")
    laptop.file("IMG_1.mov", mov(begun=ON_VISIT))
    cut(laptop)
    first = laptop.on_share()
    for name in first:  # somebody else was there before: ours is the second
        path = laptop.share / name
        path.rename(path.with_name(path.name.replace(".", "-2.", 1)))
        path.write_bytes(b"theirs")
    laptop.register(PRIVATE_NOW)
    laptop.run()
    ((entry),) = left(laptop)
    assert entry["names"] == sorted(name.replace(".", "-2.", 1) for name in first)


@pytest.mark.parametrize("what", ["other content", "gone"])
def test_what_the_transfer_did_not_put_there_is_not_called_left(laptop: Laptop, what: str) -> None:
    laptop.photo("IMG_1.jpg")
    (name,) = cut(laptop)
    path = laptop.share / name
    if what == "gone":
        path.unlink()
    else:
        path.write_bytes(b"x" * path.stat().st_size)
    laptop.register(PRIVATE_NOW)
    heard = Heard()
    laptop.run(heard)
    assert left(laptop) == []
    assert notices(heard) == []
    assert laptop.look(lambda context: context.journal.fact(HALF_SENT)) is None


def test_away_from_the_network_it_is_remembered_until_the_share_is_there(laptop: Laptop) -> None:
    laptop.photo("IMG_1.jpg")
    cut(laptop)
    laptop.register(PRIVATE_NOW)
    laptop.run()  # the register, from the share
    laptop.photo("IMG_2.jpg", ON_VISIT + minutes(60 * 48), seed=2)
    (name,) = cut(laptop)[-1:]
    laptop.imports.joinpath("IMG_2.jpg").unlink()
    laptop.configure(share={"port": 1})
    assert laptop.run(renew=False).fault is None
    assert len(left(laptop)) == 1
    laptop.configure(share={"port": laptop.server.port})
    laptop.run(renew=False)
    assert len(left(laptop)) == 2
    assert name in str(left(laptop)[1]["names"])


def test_what_an_earlier_version_remembered_is_read(laptop: Laptop) -> None:
    def look(context: object) -> list[object]:
        context.journal.set_fact(HALF_SENT, json.dumps({"0" * 32: ["visits/museum", 2]}))  # type: ignore[attr-defined]
        return [(one.left.files, one.names) for one in HalfSentTransfers(context.journal).begun()]  # type: ignore[attr-defined]

    assert laptop.look(look) == [(2, ())]
    assert laptop.photo("farm.jpg", AT_THE_FARM).read_bytes() != jpeg(ON_VISIT)
    laptop.run()
    assert laptop.look(lambda context: context.journal.fact(HALF_SENT)) is None
    assert left(laptop) == []


def refusing(step: str) -> str:
    """A plan for the faulty server: the first such step on a visit's folder is refused."""
    return json.dumps({"step": step, "n": 1, "how": "refuse", "about": "visits/museum", "hide": [], "log": None})


@pytest.fixture
def unable(tmp_path: Path) -> Iterator[Laptop]:
    """A laptop whose server does not remove the first file that it is to remove."""
    if reason := why_not():
        pytest.skip(reason)
    plan = tmp_path / "plan.json"
    plan.write_text(refusing("remove"))
    with OpenSSH(subsystem=f"{sys.executable} -I -S {FAULTY} {plan}") as server:
        yield Laptop(tmp_path / "laptop", server)


def test_a_temporary_name_that_stayed_is_removed_by_the_next_run(unable: Laptop) -> None:
    """It is a second name of the photo, which the school would not find when it deletes the photo."""
    photo = unable.photo("IMG_1.jpg")
    assert unable.run().removed == 1
    assert not photo.exists()
    assert len([name for name in unable.on_share() if ".uploading" in name]) == 1

    plan = unable.home.parent / "plan.json"
    for step, stays in (("remove", 1), ("", 0), ("", 0)):
        plan.unlink()  # a new file, so that the server reads it again
        plan.write_text(refusing(step))
        assert unable.run().exit_code == 0
        assert len([name for name in unable.on_share() if ".uploading" in name]) == stays
    assert unable.look(lambda context: context.journal.fact(HALF_SENT)) is None


def test_a_second_temporary_name_is_removed_too(tmp_path: Path) -> None:
    """A transfer takes one if the first could not be removed; a device cannot list a visit's folder."""
    if reason := why_not():
        pytest.skip(reason)
    with OpenSSH(subsystem="internal-sftp -P opendir") as server:
        laptop = Laptop(tmp_path / "laptop", server)
        transfer = TransferId("0" * 32)
        laptop.look(lambda context: context.journal.set_fact(HALF_SENT, json.dumps({transfer: ["visits/museum", 2]})))
        folder = laptop.share / "visits" / "museum"
        folder.mkdir(parents=True)
        for n in (0, 1, 1000, 1001):
            (folder / temporary_name("laptop-17", transfer, n)).write_bytes(b"left")
        laptop.run()
        assert list(folder.iterdir()) == []

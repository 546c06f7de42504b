"""One photo's fault is one photo's: at every stage, what nobody foresaw stops that photo and nothing else.

By its nature such a fault cannot be made with real files, so it is put into the stage's step for one photo; all else is
real. The files that have brought one about are tested as they are, at the end.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Unforeseen
from agent.journal import State
from agent.pipeline import entries_of_photo, examine, finish, record_entries, removal_of_photo, run, run_register, send
from agent.pipeline.events import Happened
from agent.record import EntryKind
from tests.laptop import ON_VISIT, PRIVATE, Heard, Laptop, jpeg, minutes, mov, sha256

SECRET = "birthday of Zoe.jpg"


def breaks_for(strange: Path, step: Callable[..., Any], fault: Exception) -> Callable[..., Any]:
    """`step`, which fails where one of its arguments is about the photo at `strange`."""

    def broken(*given: Any, **named: Any) -> Any:
        for one in (*given, *named.values()):
            path = one if isinstance(one, Path) else getattr(getattr(one, "photo", None), "main", one)
            if getattr(path, "path", path) == strange:
                raise fault
        return step(*given, **named)

    return broken


@pytest.mark.parametrize(
    ("stage", "step"),
    [
        (examine, "_decided"),
        (send, "measured"),
        (send, "pack"),
        (entries_of_photo, "transferred"),
        (finish, "why_it_stays"),
        (removal_of_photo, "find_leftovers"),
        (removal_of_photo, "remove_thumbnails"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__.rpartition(".")[2],
)
@pytest.mark.parametrize("fault", [ValueError(SECRET), RecursionError(SECRET)], ids=["ValueError", "RecursionError"])
def test_a_fault_nobody_foresaw_stops_one_photo_only(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, stage: Any, step: str, fault: Exception
) -> None:
    strange, good = laptop.photo("a strange one.jpg", seed=1), laptop.photo("good.jpg", ON_VISIT + minutes(1), seed=2)
    original = sha256(strange.read_bytes())
    with monkeypatch.context() as broken:
        broken.setattr(stage, step, breaks_for(strange, getattr(stage, step), fault))
        heard = Heard()
        summary = laptop.run(heard)

        assert not good.exists(), "the other photo goes its way"
        assert summary.exit_code == 3
        (event,) = (one for one in heard.events if one.what is Happened.FAILED)
        reason = str(event.details["reason"])
        assert type(fault).__name__ in reason
        assert "agent." in reason
        assert SECRET not in reason
        assert strange.name not in reason
        (waiting,) = laptop.look(
            lambda context: context.journal.tracked_photos(*(state for state in State if state is not State.REMOVED))
        )
        assert (waiting.photo.main.path, waiting.attempts) == (strange, 1)
        assert waiting.not_before is not None
        quiet = Heard()
        laptop.run(quiet, patient=True)
        assert not quiet.events, "the service leaves it alone until its pause is over"

    assert laptop.run().exit_code == 0, "the fault is mended: the photo goes its way"
    assert not strange.exists()
    assert original in laptop.originals_on_share()
    entries = laptop.look(lambda context: [one.kind for one in context.record.entries()])
    assert (entries.count(EntryKind.TRANSFERRED), entries.count(EntryKind.REMOVED)) == (2, 2)


STEPS = [
    (run, "recover"),
    (finish, "put_on_record"),
    (run_register, "renew_register"),
    (examine, "no_register"),
    (record_entries, "_settled"),
]


@pytest.mark.parametrize(("stage", "step"), STEPS, ids=[name for _, name in STEPS])
def test_an_unforeseen_failure_of_one_step_does_not_stop_the_others(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, stage: Any, step: str
) -> None:
    laptop.photo("first.jpg")
    assert laptop.run().exit_code == 0
    laptop.photo("second.jpg", seed=3)

    def broken(*_given: object, **_named: object) -> None:
        raise TypeError(SECRET)

    with monkeypatch.context() as patched:
        patched.setattr(stage, step, broken)
        heard = Heard()
        summary = laptop.run(heard)

    assert isinstance(summary.fault, Unforeseen)
    assert summary.exit_code == 1
    said = " ".join(str(one.details.get("text")) for one in heard.events if one.what is Happened.NOTICE)
    assert "TypeError" in said
    assert SECRET not in said
    assert laptop.run().exit_code == 0
    assert not list(laptop.imports.iterdir())


@pytest.mark.parametrize("ending", [KeyboardInterrupt, SystemExit])
def test_ctrl_c_and_the_end_of_the_process_pass_every_boundary(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, ending: type[BaseException]
) -> None:
    laptop.photo("IMG_1.jpg")

    def ended(*_: object) -> None:
        raise ending

    with monkeypatch.context() as patched:
        patched.setattr(send, "measured", ended)
        with pytest.raises(ending):
            laptop.run()
    assert laptop.run().exit_code == 0


# --- Files that have brought such a fault about ----------------------------------------------------------------------

MOMENTS = {
    "the year 12000": 316_500_000_000,
    "after the year 9999": 253_402_300_800,
    "the largest": 2**62 // 1_000_000_000,
    "before 1970": -86_400,
    "before the year 1": -62_200_000_000,
}


@pytest.fixture
def timeless(laptop: Laptop, tmp_path: Path) -> Iterator[Path]:
    """A folder of a file system that holds every time there is, watched by the laptop."""
    for place in (tmp_path, Path("/dev/shm")):  # a tmpfs, whose times have 64 bits
        if not place.is_dir():
            continue
        with tempfile.TemporaryDirectory(dir=place) as folder:
            probe = Path(folder, "probe")
            probe.touch()
            os.utime(probe, ns=(0, 316_500_000_000 * 1_000_000_000))
            if probe.stat().st_mtime_ns == 316_500_000_000 * 1_000_000_000:
                probe.unlink()
                laptop.configure(folders={"watch": [folder]})
                yield Path(folder)
                return
    pytest.skip("no file system here holds a time after the year 9999")


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_time_of_change_that_no_clock_shows_holds_nothing_up(laptop: Laptop, timeless: Path, moment: int) -> None:
    def put(name: str, content: bytes, moment: int) -> Path:
        path = timeless / name
        path.write_bytes(content)
        os.utime(path, ns=(0, moment * 1_000_000_000))
        return path

    photo, private = put("IMG_1.jpg", jpeg(ON_VISIT, seed=1), moment), put("home.jpg", jpeg(PRIVATE, seed=2), moment)
    put("IMG_1.MOV", mov(), moment)
    put("cut.jpg", jpeg(ON_VISIT, seed=4)[:-20], moment)
    good = put("good.jpg", jpeg(ON_VISIT + minutes(1), seed=3), 1_700_000_000)

    summary = laptop.run()

    assert summary.fault is None
    assert not good.exists()
    assert not photo.exists()
    assert private.exists()
    assert private.stat().st_mtime_ns == moment * 1_000_000_000
    laptop.command("status")
    assert laptop.run().fault is None

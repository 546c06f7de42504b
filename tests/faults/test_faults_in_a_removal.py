"""An error at any step of a removal: what this program removed is on record as removed by it, and nothing else is.

The share is in memory, so that every run has the same effects in the same order and each step can be named.
"""

import errno
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.record import EntryKind
from tests.faults import profile
from tests.faults.effects import Effect, read_trace
from tests.faults.invariants import Moment, each_removal_counts_its_files, hold, nobody_else_took_anything_away
from tests.faults.starting import Ended, How, Plan, Starter
from tests.faults.world import XMP, World, clip, laptop_for, photo
from tests.laptop import ON_VISIT, minutes


def a_visit(home: Path) -> World:
    """A Live Photo; in the long profile also a photo with a sidecar, and one by itself in another folder."""
    server = home.with_name(f"{home.name}, the server")
    (server / "share").mkdir(parents=True)
    keys = server / "key", server / "known_hosts"
    for key in keys:
        key.touch()
    laptop_for(
        home,
        SimpleNamespace(
            host="photos.school.example", port=22, user="laptop-17", root="/photos", disk=server / "share",
            key_file=keys[0], known_hosts_file=keys[1],
        ),
    )  # fmt: skip
    world = World(home, server / "share")
    world.of_a_visit(world.imports / "IMG_1.jpg", photo(ON_VISIT, 0, 1))
    world.of_a_visit(world.imports / "IMG_1.mov", clip(ON_VISIT))
    if profile.LONG:
        world.of_a_visit(world.imports / "IMG_2.jpg", photo(ON_VISIT + minutes(1), 0, 2))
        world.of_a_visit(world.imports / "IMG_2.xmp", XMP)
        world.of_a_visit(world.imports / "more" / "IMG_3.jpg", photo(ON_VISIT + minutes(2), 0, 3))
    return world


def run(starter: Starter, world: World, plan: Plan | None = None) -> Ended:
    return starter.end(starter.start(world.home, plan=plan, disk=world.share))


def of_the_removal(world: World, trace: Path) -> list[Effect]:
    return [effect for effect in read_trace(trace) if effect.path.is_relative_to(world.imports)]


@pytest.mark.timeout(0 if profile.LONG else 600)
@pytest.mark.parametrize("how", [How.FAIL_ONCE, How.FAIL_ON], ids=["once", "from there on"])
def test_after_an_error_at_any_step_each_photo_is_on_record_as_removed(
    starter: Starter, homes: Iterator[Path], tmp_path: Path, how: How
) -> None:
    undisturbed = a_visit(next(homes))
    assert run(starter, undisturbed, Plan(trace=tmp_path / "trace")).code == 0
    steps = of_the_removal(undisturbed, tmp_path / "trace")
    assert {step.kind for step in steps} == {"mkdir", "rename", "unlink", "rmdir", "sync"}
    files = undisturbed.visit.total()
    assert len(steps) == 5 * files
    broken = []
    for step in steps if how is How.FAIL_ONCE else profile.sample(steps, 3, salt="removal"):
        world = a_visit(next(homes))
        try:
            assert run(starter, world, Plan(step.count, how, errno.EIO)).foreseen
            hold(world)
            assert run(starter, world).code == 0
            removed(hold(world), photos=profile.either(1, 3), files=files)
        except AssertionError as fault:
            broken.append(f"{step.count} {step.kind} {step.where}: {fault}")
    assert not broken, "\n".join(broken)


def removed(moment: Moment, *, photos: int, files: int) -> None:
    """So many of each, by the record, and all of them by this program."""
    entries = moment.of(EntryKind.REMOVED)
    assert (len(entries), sum(int(str(entry.body["files"])) for entry in entries)) == (photos, files)
    each_removal_counts_its_files(moment)
    nobody_else_took_anything_away(moment)

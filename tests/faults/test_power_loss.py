"""The power goes at any moment: whatever the file system has of it, what is gone was proven, and the next run goes on.

The writes of a run are traced; `disk` works out what may be left of journal, record, register and keys after each. Most
states are looked into, which is quick; a sample goes through a whole run, with a real server that knows what it knows.
"""

import json
import random
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.journal import Journal, State
from agent.record import Draft, EntryKind, Record
from agent.record.keys import KeyPlace
from agent.register import RegisterStore
from tests.faults import profile
from tests.faults.disk import Disk, Weather
from tests.faults.effects import Effect, read_trace
from tests.faults.invariants import hold, hold_after_a_quiet_run
from tests.faults.serverside import until_the_server_has_done
from tests.faults.starting import How, Plan, Starter
from tests.faults.verifying import enrolled_keys, verify_own
from tests.faults.world import World, mixed, photo, sha256
from tests.laptop import ON_VISIT, minutes
from tests.servers.openssh import OpenSSH

PARTS = profile.either(2, 8)
STATES = profile.either(150, 800)
"""In each part."""
WHOLE_RUNS = profile.either(3, 20)
"""In each part."""


@pytest.mark.timeout(0 if profile.LONG else 600)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("again", [False, True], ids=["the-first-run", "a-later-run"])
def test_after_a_power_cut_what_is_gone_has_its_proof_on_the_disk(
    starter: Starter, sshd: OpenSSH, homes: Iterator[Path], tmp_path: Path, part: int, again: bool
) -> None:
    chance = random.Random(f"{profile.SEED} {part} {again}")
    world = mixed(next(homes), sshd)
    if again:
        starter.run(world.home, "sync", world.imports, world.card)
        for n in range(20, 24):
            world.of_a_visit(world.imports / f"IMG_{n}.jpg", photo(ON_VISIT + minutes(n), 0, n))
    here = world.here()
    unlinked = [content for content in world.visit if not here[content]]
    contents = {path.name: sha256(path) for path in world.home.rglob("*.*") if path.is_file()}
    disk = on_the_disk(world)
    trace = tmp_path / "trace"
    starter.run(world.home, "sync", world.imports, world.card, plan=Plan(trace=trace))
    effects = read_trace(trace)

    moments = sorted(chance.randrange(len(effects)) for _ in range(STATES))
    broken: dict[str, str] = {}
    for number, effect in enumerate(disk.play(below_state_and_keys(world, effects, unlinked, contents))):
        for moment in moments:
            if moment == number:
                weather = chance.choice(list(Weather))
                folder = tmp_path / "found"
                lay_out(disk.after_a_power_cut(weather, chance), world.home, folder)
                try:
                    makes_sense(folder, unlinked)
                except Exception as fault:  # noqa: BLE001  # whatever it is, it is what a run would meet
                    what = f"{type(fault).__name__}: {fault}"
                    broken.setdefault(
                        what, f"after effect {effect.count} ({effect.kind} {effect.where}), {weather.value}"
                    )
                shutil.rmtree(folder)
    assert not broken, "\n".join(f"{where}: {what}" for what, where in broken.items())


@pytest.mark.timeout(0 if profile.LONG else 600)
@pytest.mark.parametrize("part", range(PARTS))
def test_after_a_power_cut_the_next_run_goes_on(
    starter: Starter, sshd: OpenSSH, homes: Iterator[Path], tmp_path: Path, part: int
) -> None:
    chance = random.Random(f"{profile.SEED} {part}")
    broken = []
    for _ in range(WHOLE_RUNS):
        sshd.fresh_root()
        world = mixed(next(homes), sshd)
        disk = on_the_disk(world)
        plan = Plan(chance.randrange(1, 520), How.KILL_BEFORE, trace=tmp_path / "trace")
        assert plan.trace is not None
        starter.run(world.home, "sync", world.imports, world.card, plan=plan)
        until_the_server_has_done(sshd)
        for _effect in disk.play(below_state_and_keys(world, read_trace(plan.trace), [], {})):
            pass
        weather = chance.choice(list(Weather))
        shutil.rmtree(world.state, ignore_errors=True)
        shutil.rmtree(world.keys)
        lay_out(disk.after_a_power_cut(weather, chance), world.home, world.home)
        try:
            hold(world)
            ended = starter.run(world.home, "sync", world.imports, world.card)
            assert ended.foreseen, ended.said
            hold_after_a_quiet_run(world, ended.code)
        except AssertionError as fault:
            broken.append(f"power cut before effect {plan.at}, {weather.value}: {fault}")
    assert not broken, "\n".join(broken)


def on_the_disk(world: World) -> Disk:
    """The files before the run, all of them synced."""
    disk = Disk()
    for folder in (world.state, world.keys):
        if folder.is_dir():
            disk.already_there([folder, *folder.rglob("*")])
    return disk


def below_state_and_keys(
    world: World, effects: list[Effect], unlinked: list[str], contents: dict[str, str]
) -> Iterator[Effect]:
    """The effects on files of the agent; contents of photos that were unlinked until then go into `unlinked`."""
    for effect in effects:
        own = any(effect.path.is_relative_to(folder) for folder in (world.state, world.keys))
        if own or effect.path == world.home:
            yield effect
        elif effect.kind == "unlink" and effect.path.name in contents:
            unlinked.append(contents[effect.path.name])


def lay_out(found: dict[Path, bytes | None], home: Path, folder: Path) -> None:
    """Write what was found below `home` into `folder`."""
    folder.mkdir(exist_ok=True)
    for path in sorted(found):
        content, there = found[path], folder / path.relative_to(home)
        if content is None:
            there.mkdir(mode=0o700, exist_ok=True)
        else:
            there.write_bytes(content)
            there.chmod(0o600)


def settings_for(folder: Path) -> Path:
    """An agent.toml for what was found there."""
    config = folder / "agent.toml"
    state, key = json.dumps(str(folder / "state")), json.dumps(str(folder / "config" / "device_key"))
    config.write_text(
        '[device]\nname = "laptop-17"\nstaff = "j.smith"\ntimezone = "Europe/London"\n'
        f"state_dir = {state}\n[folders]\nwatch = [{json.dumps(str(folder / 'imports'))}]\n"
        f'[share]\nhost = "photos.school.example"\nuser = "laptop-17"\npath = "/photos"\nkey_file = {key}\n'
    )
    return config


def makes_sense(folder: Path, unlinked: list[str]) -> None:
    """Everything opens, journal and record agree, and what was unlinked is proven on record."""
    state = folder / "state"
    if not state.is_dir():
        assert not unlinked, "photos are gone, and the state folder with them"
        return
    record = Record.open(state / "record", "laptop-17")
    entries = list(record.entries())
    proven = {
        str(file["original_sha256"])
        for entry in entries
        if entry.kind is EntryKind.TRANSFERRED and isinstance(files := entry.body["files"], list)
        for file in files
        if isinstance(file, dict)
    }
    missing = [content for content in unlinked if content not in proven]
    assert not missing, "a photo is gone, and its proof is not on the disk"
    with Journal.open(state / "journal.sqlite3") as journal:
        tracked_photos = journal.tracked_photos(State.RECORDED, State.REMOVED)
    for tracked in tracked_photos:
        record.verify(tracked.receipt)
        if tracked.state is State.REMOVED:
            gone = {content.sha256 for content in tracked.fingerprints}
            assert gone <= set(unlinked), "the journal says removed, and it is here"
    RegisterStore(state / "register").current()
    record.append(Draft(EntryKind.SHARE_REFUSED, {"reason": "login"}, "after-the-power-cut", datetime.now(UTC)))
    assert record.verify() is not None
    if record.seals():
        record.seal(KeyPlace(folder / "config" / "log_ed25519", "laptop-17", None).load())
        config = settings_for(folder)
        keys = enrolled_keys(config, folder / "log-keys.txt")
        code, said = verify_own(config, keys)
        assert code == 0, said

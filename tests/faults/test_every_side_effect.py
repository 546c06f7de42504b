"""A run that is killed, or whose system fails, before, in or after any of its side effects: nothing is lost.

The effects are counted by the test itself, on a run that nothing disturbs; every one is then tried with everything that
can go wrong there (`effects.faults_at`). Half of the runs that were killed are followed by one that is killed, too.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import profile
from tests.faults.effects import Effect, faults_at, read_trace
from tests.faults.invariants import hold, hold_after_a_quiet_run, nobody_else_took_anything_away
from tests.faults.serverside import until_the_server_has_done
from tests.faults.starting import How, Plan, Starter
from tests.faults.world import World, mixed
from tests.servers.openssh import OpenSSH

PARTS = profile.either(4, 64)
QUICK = 24
_known: list[Effect] = []


@pytest.fixture
def effects(starter: Starter, sshd: OpenSSH, homes: Iterator[Path], tmp_path: Path) -> list[Effect]:
    """The effects of an undisturbed run, which is proven to be undisturbed; once for each worker."""
    if not _known:
        world = mixed(next(homes), sshd)
        trace = tmp_path / "trace"
        ended = starter.run(world.home, "sync", "--json", world.imports, world.card, plan=Plan(trace=trace))
        hold_after_a_quiet_run(world, ended.code)
        _known.extend(read_trace(trace))
        assert len(_known) > 300
    return _known


def experiments(effects: list[Effect]) -> list[Plan]:
    """In the quick profile a few of each kind of fault, at each kind of effect on each kind of file, by turns."""
    strata: dict[tuple[object, ...], list[Plan]] = {}
    for effect in effects:
        for plan in faults_at(effect):
            stratum = (plan.how, plan.error, effect.kind, effect.where)
            strata.setdefault(stratum, []).append(plan)
    if profile.LONG:
        return [plan for plans in strata.values() for plan in plans]
    chosen = profile.sample(sorted(strata, key=str), QUICK, salt="effects")
    chance = random.Random(profile.SEED)
    return [chance.choice(strata[stratum]) for stratum in chosen]


@pytest.mark.timeout(0 if profile.LONG else 600)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_fault_at_any_side_effect_breaks_no_promise(
    effects: list[Effect], starter: Starter, sshd: OpenSSH, homes: Iterator[Path], part: int
) -> None:
    broken = []
    plans = experiments(effects)[part::PARTS]
    for number, plan in enumerate(plans):
        sshd.fresh_root()
        world = mixed(next(homes), sshd)
        try:
            comes_through(world, starter, sshd, plan, random.Random(f"{profile.SEED} {plan}"), plain=number % 3 == 0)
        except AssertionError as fault:
            broken.append(f"{plan} ({where(effects, plan)}): {fault}")
    assert not broken, "\n".join(broken)


def comes_through(
    world: World, starter: Starter, sshd: OpenSSH, plan: Plan, chance: random.Random, *, plain: bool
) -> None:
    """A run with the fault, perhaps another that is killed, then one in peace: the promises hold after each."""
    everything = ("sync", "--json", world.imports, world.card)
    plans = [plan]
    if plan.how in {How.KILL_BEFORE, How.KILL_AFTER, How.KILL_HALF} and chance.random() < 1 / 2:
        plans.append(Plan(chance.randrange(1, 450), How.KILL_BEFORE))
    for one in plans:
        ended = starter.run(world.home, *everything, plan=one)
        assert ended.foreseen, ended.said
        until_the_server_has_done(sshd)
        hold(world)
    if plain:  # as the service would, which knows nothing of the card
        assert starter.run(world.home, "sync", "--json").foreseen
        hold(world)
    for _ in range(3):
        ended = starter.run(world.home, *everything)
        if ended.code in {0, 4}:
            break
        assert ended.code == 3, ended.said
    nobody_else_took_anything_away(hold_after_a_quiet_run(world, ended.code))


def where(effects: list[Effect], plan: Plan) -> str:
    """The same effect in the run that counted them."""
    found = next((one for one in effects if one.count == plan.at), None)
    return "" if found is None else f"{found.kind} {found.where}"

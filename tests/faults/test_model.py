"""Everything that happens to a laptop in a school year, in any order, with faults in between: a model with rules.

Photos arrive, grow, are edited with and without a trace, renamed and deleted; a card comes and goes; the register
gains, loses, moves and cancels visits; the clock leaps; the laptop gets another name; the state folder is put back from
a backup; effects fail; the process dies; two runs start at once. Runs are real ones, over a share in memory whose disk
is a folder (`foldershare`, of which the contract suite proves that it behaves as a server does).
"""

import errno
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.faults import profile
from tests.faults.invariants import hold, hold_after_a_quiet_run, originals_on
from tests.faults.starting import How, Plan, Starter
from tests.faults.world import World, as_it_is, photo, put, sha256
from tests.laptop import ON_VISIT, PRIVATE, Laptop

DAY = 24 * 3600
HEADER = "id,title,starts,ends,timezone,staff,cameras,latitude,longitude,radius_km,status\n"
EXAMPLES, STEPS = profile.either(6, 220), profile.either(30, 50)

_starter: list[Starter] = []


@dataclass
class Photo:
    """A photo as the model knows it: on the visit, or private; and which one, so that no two are alike by accident."""

    path: Path
    number: int
    on_visit: bool


@dataclass
class Visits:
    """The register: whether the museum's visit takes place when the photos were taken, and how often it was changed."""

    covers: bool = True
    cancelled: bool = False
    extra: int = 0

    @property
    def takes_place(self) -> bool:
        return self.covers and not self.cancelled

    def text(self) -> str:
        day = "2026-03-14" if self.covers else "2026-03-21"
        status = "cancelled" if self.cancelled else ""
        lines = [f"museum,Science Museum,{day} 09:00,{day} 16:30,Europe/London,,,,,,{status}\n"]
        lines += [
            f"far-{n},Another,2025-0{n % 9 + 1}-03 09:00,2025-0{n % 9 + 1}-03 10:00,Europe/London,,,,,,\n"
            for n in range(self.extra + 2)
        ]
        return HEADER + "".join(lines)


class ALaptop(RuleBasedStateMachine):
    """The rules. The model updates the world's `visit`: what is on a visit *now*, by the current register."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="vpa-model-")) / "home"
        self.share = self.home.parent / "share"
        self.share.mkdir()
        server = SimpleNamespace(
            host="photos.school.example", port=22, user="laptop-17", root="/photos", disk=self.share,
            key_file=self.home / "config" / "device_key", known_hosts_file=self.home / "config" / "known_hosts",
        )  # fmt: skip
        (self.home / "config").mkdir(parents=True)
        self.laptop = Laptop(self.home, server)
        self.world = World(self.home, self.share)
        self.world.card.mkdir()
        self.visits = Visits()
        self.photos: list[Photo] = []
        self.came = 0
        self.clock_ahead = 0
        self.backup: Path | None = None
        self.restored = False
        self.card_in = True
        self._write_register()

    def teardown(self) -> None:
        shutil.rmtree(self.home.parent, ignore_errors=True)

    # --- photos ---

    @initialize()
    def a_trip_has_been(self) -> None:
        self.photos_arrive([True, True, False], on_card=False, large=True)

    @rule(on_visit=st.lists(st.booleans(), min_size=1, max_size=4), on_card=st.booleans(), large=st.booleans())
    def photos_arrive(self, on_visit: list[bool], on_card: bool, large: bool) -> None:
        folder = self.world.imports
        if on_card:
            folder = (self.world.card if self.card_in else self.world.away) / "DCIM"
        for one in on_visit:
            self._arrives(folder / f"IMG_{self.came}.jpg", one, 90_000 if large else 0)

    @precondition(lambda self: self._here())
    @rule(which=st.integers(0))
    def a_photo_is_copied(self, which: int) -> None:
        one = self._one(which)
        if one.on_visit:
            copy = one.path.with_name(f"{one.path.stem} ({self.came}).jpg")
            self.came += 1
            shutil.copy2(one.path, copy)
            self._counted(Photo(copy, one.number, on_visit=True))

    @rule(on_visit=st.booleans())
    def a_photo_is_half_copied_and_grows_later(self, on_visit: bool) -> None:
        path = self.world.imports / f"IMG_{self.came}.jpg"
        content = self._content(on_visit, 90_000)
        put(path, content[: len(content) // 2])
        self._runs()
        if self.clock_ahead <= 0:  # by a clock that leapt ahead, it has not been written to for a day
            assert path.read_bytes() == content[: len(content) // 2], "a photo was taken away while it was copied"
        put(path, content)
        self._counted(Photo(path, self.came, on_visit))
        self.came += 1

    @precondition(lambda self: self._here())
    @rule(which=st.integers(0), trace=st.booleans())
    def a_date_is_corrected(self, which: int, trace: bool) -> None:
        """From visit to private or back; without a trace: size and time of change stay, as `exiftool -P` does it."""
        one = self._one(which)
        seen = one.path.stat()
        self._forgotten(one)
        one.number, one.on_visit = self.came, not one.on_visit
        self.came += 1
        content = self._content(one.on_visit, 0, number=one.number)
        content += b"\0" * (seen.st_size - len(content))
        half = one.path.with_name(f".{one.path.name}.exiftool")
        put(half, content)
        half.rename(one.path)
        if not trace:
            os.utime(one.path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
        self._counted(one)

    @precondition(lambda self: self._here())
    @rule(which=st.integers(0))
    def a_photo_is_renamed(self, which: int) -> None:
        one = self._one(which)
        self._forgotten(one)
        new = one.path.with_name(f"renamed {self.came}.jpg")
        self.came += 1
        one.path.rename(new)
        one.path = new
        self._counted(one)

    @precondition(lambda self: self._here())
    @rule(which=st.integers(0))
    def a_photo_is_deleted_by_its_owner(self, which: int) -> None:
        one = self._one(which)
        self._forgotten(one)
        one.path.unlink()
        self.photos.remove(one)

    # --- the card, the register, the clock, the laptop ---

    @rule()
    def the_card_comes_or_goes(self) -> None:
        before, after = (self.world.card, self.world.away) if self.card_in else (self.world.away, self.world.card)
        before.rename(after)
        for one in self.photos:
            if one.path.is_relative_to(before):
                moved = after / one.path.relative_to(before)
                if one.path in self.world.untouched:
                    self.world.untouched[moved] = self.world.untouched.pop(one.path)
                one.path = moved
        self.card_in = not self.card_in

    @rule(how=st.sampled_from(["gain", "lose", "move", "cancel"]))
    def the_register_is_changed(self, how: str) -> None:
        match how:
            case "gain":
                self.visits.extra += 1
            case "lose":
                self.visits.extra = max(0, self.visits.extra - 1)
            case "move":
                self.visits.covers = not self.visits.covers
            case "cancel":
                self.visits.cancelled = not self.visits.cancelled
        self._write_register()
        self._what_is_of_a_visit_now()

    @rule(days=st.sampled_from([-400, -1, 0, 1, 400]))
    def the_clock_leaps(self, days: int) -> None:
        self.clock_ahead = days * DAY

    @rule()
    def the_laptop_is_renamed(self) -> None:
        name = f"laptop-{len(self.world.devices) + 17}"
        self.world.devices.append(name)
        self.laptop.configure(device={"name": name})

    @precondition(lambda self: self.world.state.exists())
    @rule()
    def the_state_folder_is_backed_up(self) -> None:
        if self.backup is not None:
            shutil.rmtree(self.backup)
        self.backup = self.home.parent / "backup"
        shutil.copytree(self.world.state, self.backup)

    @precondition(lambda self: self.backup is not None)
    @rule()
    def the_state_folder_is_put_back_from_the_backup(self) -> None:
        assert self.backup is not None
        shutil.rmtree(self.world.state)
        shutil.copytree(self.backup, self.world.state)
        self.restored = True

    # --- runs ---

    @rule()
    def a_run_is_left_in_peace(self) -> None:
        code = self._runs()
        assert code in {0, 3, 4}, f"a run that nothing disturbs ends with {code}"
        self.register_read = True

    @rule(at=st.integers(1, 400))
    def the_process_dies(self, at: int) -> None:
        self._runs(Plan(at, How.KILL_BEFORE, clock_ahead=self.clock_ahead))

    @rule(at=st.integers(1, 400), error=st.sampled_from([errno.EIO, errno.ENOSPC, errno.EACCES]), on=st.booleans())
    def effects_fail(self, at: int, error: int, on: bool) -> None:
        if not self.register_read:  # it may be the register that cannot be read: then the last good one stands
            for one in self._here():
                if one.on_visit:
                    self.world.untouched.pop(one.path, None)
        self._runs(Plan(at, How.FAIL_ON if on else How.FAIL_ONCE, error, clock_ahead=self.clock_ahead))

    @rule()
    def the_share_is_full(self) -> None:
        self._runs(free=50_000)

    @rule()
    def two_runs_start_at_once(self) -> None:
        children = [self._start(Plan(clock_ahead=self.clock_ahead)) for _ in range(2)]
        ended = [_starter[0].end(child) for child in children]
        assert all(one.foreseen for one in ended), "\n".join(one.said for one in ended)

    @rule()
    def when_all_is_quiet_all_is_done(self) -> None:
        """Clock right, card in, visit on, nothing disturbed: after that nothing of the visit is here."""
        self.clock_ahead = 0
        if not self.card_in:
            self.the_card_comes_or_goes()
        self.visits = Visits(extra=self.visits.extra)
        self._write_register()
        self._what_is_of_a_visit_now()
        for _ in range(3):
            code = self._runs()
            if code in {0, 4}:
                break
        hold_after_a_quiet_run(self.world, code, record_restored=self.restored or len(self.world.devices) > 1)

    @invariant()
    def the_promises_hold(self) -> None:
        self._what_is_of_a_visit_now()
        hold(self.world, record_restored=self.restored)

    # --- inside ---

    def _arrives(self, path: Path, on_visit: bool, size: int) -> None:
        put(path, self._content(on_visit, size))
        self._counted(Photo(path, self.came, on_visit))
        self.came += 1

    def _content(self, on_visit: bool, size: int, number: int | None = None) -> bytes:
        number = self.came if number is None else number
        taken = (ON_VISIT if on_visit else PRIVATE) + timedelta(seconds=number)
        return photo(taken, size, number)

    def _here(self) -> list[Photo]:
        return [one for one in self.photos if one.path.exists()]

    def _one(self, which: int) -> Photo:
        here = self._here()
        return here[which % len(here)]

    def _counted(self, one: Photo) -> None:
        if one not in self.photos:
            self.photos.append(one)
        self._classify(one)

    def _classify(self, one: Photo) -> None:
        if one.on_visit:
            self.world.visit[sha256(one.path)] += 1
        else:
            self.world.untouched[one.path] = as_it_is(one.path)

    def _forgotten(self, one: Photo) -> None:
        """Its owner changed it: from now on its content is not expected anywhere."""
        if one.on_visit:
            content = sha256(one.path)
            self.world.visit[content] -= 1
            if not self.world.visit[content]:
                del self.world.visit[content]
        self.world.untouched.pop(one.path, None)

    def _what_is_of_a_visit_now(self) -> None:
        """While the visit does not take place, nobody may touch those of its photos that are only here."""
        sent = originals_on(self.share)
        for one in self._here():
            if one.on_visit and not self.visits.takes_place and sha256(one.path) not in sent:
                self.world.untouched.setdefault(one.path, as_it_is(one.path))
            elif one.on_visit:
                self.world.untouched.pop(one.path, None)

    def _write_register(self) -> None:
        put(self.share / "register" / "visits.csv", self.visits.text().encode())
        self.register_read = False

    def _roots(self) -> tuple[Path, ...]:
        return (self.world.imports, self.world.card) if self.card_in else (self.world.imports,)

    def _start(self, plan: Plan, free: int | None = None) -> int:
        return _starter[0].start(self.home, plan=plan, disk=self.share, roots=self._roots(), free=free)

    def _runs(self, plan: Plan | None = None, free: int | None = None) -> int:
        ended = _starter[0].end(self._start(plan or Plan(clock_ahead=self.clock_ahead), free))
        assert ended.foreseen, ended.said
        return ended.code


@pytest.mark.timeout(0 if profile.LONG else 600)
def test_whatever_happens_in_whatever_order_the_promises_hold(starter: Starter) -> None:
    _starter[:] = [starter]
    run_state_machine_as_test(
        seed(profile.SEED)(ALaptop),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink) if profile.LONG else (Phase.generate,),
            database=None,
            print_blob=True,
        ),
    )

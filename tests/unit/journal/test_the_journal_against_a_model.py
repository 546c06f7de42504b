"""Any sequence of looks, steps, changes, crashes and re-openings leaves the journal as a plain dict says."""

import itertools
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agent.errors import JournalError
from agent.journal import OVER, Journal, State, TrackedPhoto, allowed
from agent.model.ids import PhotoId
from tests.unit.journal.standings import AT, a_photo, complete

NAMES = st.sampled_from(["a.jpg", "b.jpg", "c.jpg"])
VERSIONS = st.sampled_from(["v1", "v2"])


class TheJournal(RuleBasedStateMachine):
    """The model: a dict of standings, the file at each path, and who called which file private."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "state" / "journal.db"
        self.numbers = itertools.count(1)
        self.journal = self.opened()
        self.model: dict[PhotoId, TrackedPhoto] = {}
        self.files = dict.fromkeys(("a.jpg", "b.jpg", "c.jpg"), 1)
        self.private: dict[tuple[str, int], str | None] = {}

    def opened(self) -> Journal:
        return Journal.open(self.path, token=lambda: f"{next(self.numbers):08x}")

    def live(self, name: str) -> TrackedPhoto | None:
        path = a_photo(name).main.path
        return next((s for s in self.model.values() if s.photo.main.path == path and s.state not in OVER), None)

    @initialize()
    def empty(self) -> None:
        assert self.journal.tracked_photos() == []

    @rule(name=NAMES)
    def the_file_changes(self, name: str) -> None:
        self.files[name] += 1

    @rule(name=NAMES, version=VERSIONS)
    def look(self, name: str, version: str) -> None:
        photo = a_photo(name, mtime_ns=self.files[name])
        known, key = self.live(name), (name, self.files[name])
        seen = self.journal.see(photo, AT, register_version=version)
        if known is None and key in self.private and self.private[key] in {None, version}:
            assert seen is None
            return
        assert seen is not None
        if known is None:
            assert seen.id not in self.model
            assert seen == TrackedPhoto(seen.id, photo, State.FOUND, AT, AT)
        elif known.photo == photo:
            assert seen == known
        else:
            assert seen == known.found_again(photo, AT)
        self.model[seen.id] = seen

    @precondition(lambda self: self.model)
    @rule(data=st.data(), new=st.sampled_from([state for state in State if state is not State.PRIVATE]))
    def step(self, data: st.DataObject, new: State) -> None:
        old = self.model[data.draw(st.sampled_from(sorted(self.model)))]
        after = complete(old, new)
        if allowed(old.state, new):
            self.journal.save(after)
            self.model[old.id] = after
        else:
            with pytest.raises(JournalError):
                self.journal.save(after)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def the_right_next_step(self, data: st.DataObject) -> None:
        old = self.model[data.draw(st.sampled_from(sorted(self.model)))]
        way = [State.FOUND, State.SETTLED, State.DECIDED, State.SENT, State.PROVEN, State.RECORDED, State.REMOVED]
        if old.state in way[:-1]:
            after = complete(old, way[way.index(old.state) + 1])
            self.journal.save(after)
            self.model[old.id] = after

    @precondition(lambda self: self.model)
    @rule(data=st.data(), version=st.none() | VERSIONS)
    def call_private(self, data: st.DataObject, version: str | None) -> None:
        old = self.model[data.draw(st.sampled_from(sorted(self.model)))]
        if not allowed(old.state, State.PRIVATE):
            with pytest.raises(JournalError):
                self.journal.make_private_all([old.id], register_version=version)
            return
        self.journal.make_private_all([old.id], register_version=version)
        del self.model[old.id]
        key = (old.photo.main.path.name, old.photo.main.mtime_ns)
        self.private[key] = None if self.private.get(key, "") is None else version

    @rule(version=VERSIONS)
    def the_register_changes(self, version: str) -> None:
        self.journal.forget_private(version)
        self.private = {key: by for key, by in self.private.items() if by in {None, version}}

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def wait(self, data: st.DataObject) -> None:
        old = self.model[data.draw(st.sampled_from(sorted(self.model)))]
        after = replace(old, not_before=AT, attempts=old.attempts + 1, reason="the share is full")
        self.journal.save(after)
        self.model[old.id] = after

    @rule()
    def tidy(self) -> None:
        assert self.journal.tidy()

    @rule()
    def a_second_connection_sees_the_same(self) -> None:
        with Journal.open(self.path, read_only=True) as reader:
            assert reader.tracked_photos() == self.journal.tracked_photos()

    @rule()
    def reopen(self) -> None:
        self.journal.close()
        self.journal = self.opened()

    @invariant()
    def all_stands_as_the_model_says(self) -> None:
        assert {s.id: s for s in self.journal.tracked_photos()} == self.model
        counts = self.journal.counts()
        assert counts.pop(State.PRIVATE) == len(self.private)
        assert sum(counts.values()) == len(self.model)

    def teardown(self) -> None:
        self.journal.close()
        self.folder.cleanup()


TestTheJournalAgainstAModel = TheJournal.TestCase
TestTheJournalAgainstAModel.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)

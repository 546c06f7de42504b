"""The table of allowed steps, pair by pair, against the sentences that it stands for."""

import itertools
import re
from dataclasses import replace

import pytest

from agent.errors import JournalError
from agent.journal import Journal, State, allowed, starts_again
from tests.unit.journal.standings import AT, VERSION, WAY, a_photo, bring, complete

F, S, D, T, P, C, X = (
    State.FOUND, State.SETTLED, State.DECIDED, State.SENT, State.PROVEN, State.RECORDED, State.REMOVED,
)  # fmt: skip
REVIEW, PRIVATE, REFUSED, GONE = State.REVIEW, State.PRIVATE, State.REFUSED, State.GONE

STEPS = {
    (F, S), (F, REFUSED),
    (S, D), (S, REVIEW), (S, PRIVATE), (S, REFUSED),
    (D, T), (D, P), (D, S), (D, REFUSED),
    (T, P), (T, D),
    (P, C),
    (C, X), (C, GONE),
    (REVIEW, D), (REVIEW, PRIVATE), (REVIEW, S),
    (REFUSED, S), (REFUSED, F), (REFUSED, PRIVATE),
}  # fmt: skip

PAIRS = list(itertools.product(State, State))


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_every_pair_of_states_is_allowed_or_not_as_the_table_says(old: State, new: State) -> None:
    assert allowed(old, new) == (old is new or (old, new) in STEPS)


def test_a_photo_is_proven_before_it_is_recorded_and_then_removed() -> None:
    assert [old for old in State if old is not X and allowed(old, X)] == [C]
    assert [old for old in State if old is not GONE and allowed(old, GONE)] == [C]
    assert [old for old in State if old is not C and allowed(old, C)] == [P]
    assert {old for old in State if old is not P and allowed(old, P)} == {D, T}


def test_a_proven_photo_is_not_sent_again_nor_a_sent_one_private() -> None:
    for late in (P, C, X, GONE):
        assert not any(allowed(late, early) for early in (F, S, D, T, REVIEW, PRIVATE, REFUSED))
    assert {old for old in State if old is not PRIVATE and allowed(old, PRIVATE)} == {S, REVIEW, REFUSED}


@pytest.mark.parametrize("state", State)
def test_a_changed_file_is_found_again_from_every_state_but_the_last(state: State) -> None:
    assert starts_again(state) == (state not in {X, GONE})


@pytest.mark.parametrize(("old", "new"), [pair for pair in PAIRS if PRIVATE not in pair])
def test_the_journal_holds_to_the_table(journal: Journal, old: State, new: State) -> None:
    tracked = bring(journal, old)
    if old is new or (old, new) in STEPS:
        journal.save(complete(tracked, new))
        assert journal.get(tracked.id) == complete(tracked, new)
    else:
        with pytest.raises(JournalError, match=re.escape(f"{tracked.id} cannot go from {old} to {new}")):
            journal.save(complete(tracked, new))
        assert journal.get(tracked.id) == tracked


@pytest.mark.parametrize("state", WAY)
def test_a_changed_file_starts_again_and_nothing_learned_about_it_stays(journal: Journal, state: State) -> None:
    tracked = bring(journal, state)
    journal.save(replace(tracked, reason="the share is full", attempts=3, not_before=AT))
    seen = journal.see(a_photo(mtime_ns=6), AT, register_version=VERSION)
    assert seen is not None
    if state in {X, GONE}:
        assert seen.id != tracked.id  # another photo at the path of one that is gone
        assert journal.get(tracked.id) is not None
    else:
        assert (seen.id, seen.state, seen.found_at) == (tracked.id, F, tracked.found_at)
        assert (seen.fingerprints, seen.decision, seen.transfer, seen.proofs, seen.receipt) == (
            (),
            None,
            None,
            (),
            None,
        )
        assert (seen.reachable_at, seen.proven_at, seen.not_before, seen.attempts, seen.reason) == (None,) * 3 + (
            0,
            None,
        )

"""Damage to a photo's picture is a field of its decision; older journal rows are read as well."""

import json
from dataclasses import replace

import pytest

from agent.journal import State, TrackedPhoto
from agent.journal.codec import from_json, to_json
from agent.model.decision import Decision, Verdict
from agent.model.ids import PhotoId, Sha256, VisitId
from agent.pipeline.damage import CUT_SHORT, damage_of, damaged, on_record
from tests.unit.journal.standings import AT, a_photo

DECISION = Decision(Verdict.VISIT, ("taken within Science Museum",), Sha256("a" * 64), VisitId("museum"))
TRACKED = TrackedPhoto(PhotoId("0a1b2c3d"), a_photo(), State.DECIDED, AT, AT)


@pytest.mark.parametrize(
    ("what", "recorded"), [(CUT_SHORT, "end missing"), ("its picture does not decode", "does not decode")]
)
def test_damage_survives_the_journal(what: str, recorded: str) -> None:
    tracked = replace(TRACKED, decision=damaged(DECISION, what))
    again = from_json(type(tracked), to_json(tracked))
    assert damage_of(again) == what
    assert on_record(again) == recorded


def test_a_reason_that_only_sounds_like_damage_is_none() -> None:
    decision = replace(DECISION, reasons=("damaged: by a flood",))
    assert damage_of(replace(TRACKED, decision=decision)) is None


def test_damage_in_a_row_from_before_the_field_is_known() -> None:
    tracked = replace(TRACKED, decision=damaged(DECISION, CUT_SHORT))
    row = json.loads(to_json(tracked))
    del row["decision"]["damage"]
    assert damage_of(from_json(type(tracked), json.dumps(row))) == CUT_SHORT

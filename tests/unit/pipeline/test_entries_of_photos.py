"""What the pipeline gives the record and the log servers about a photo."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from agent.cli.log import command
from agent.errors import RecordError
from agent.forward import Position
from agent.forward.rfc5424 import message
from agent.journal import State, TrackedPhoto
from agent.model.decision import Decision, Verdict
from agent.model.ids import PhotoId, Sha256, TransferId, VisitId
from agent.pipeline.forwarding import Following
from agent.pipeline.recordable import transfer_of, visit_of
from agent.record import EntryKind, Record
from agent.record.bodies import Refused, ShareRefused
from tests.unit.journal.standings import AT, a_photo

PHOTO = PhotoId("0a1b2c3d")
TRACKED = TrackedPhoto(PHOTO, a_photo(), State.RECORDED, AT, AT)


def test_an_entry_names_the_photos_visit_and_transfer() -> None:
    decided = Decision(Verdict.VISIT, (), Sha256("0" * 64), VisitId("zoo"))
    tracked = replace(TRACKED, decision=decided, transfer=TransferId("1" * 32))
    assert (visit_of(tracked), transfer_of(tracked)) == ("zoo", "1" * 32)


@pytest.mark.parametrize("decision", [None, Decision(Verdict.PRIVATE, (), Sha256("0" * 64))])
def test_a_photo_of_no_visit_cannot_be_recorded(decision: Decision | None) -> None:
    with pytest.raises(RecordError, match="lacks its visit"):
        visit_of(replace(TRACKED, decision=decision))


def test_a_photo_without_a_transfer_cannot_be_recorded_as_sent() -> None:
    with pytest.raises(RecordError, match="lacks its transfer"):
        transfer_of(TRACKED)


def test_a_log_server_gets_the_severity_of_the_kind(tmp_path: Path) -> None:
    record = Record.open(tmp_path, "laptop-17")
    record.append(ShareRefused(reason="login").draft("share-refused", AT))
    record.append(Refused(photo=PHOTO, visit=VisitId("zoo")).draft("refused", AT))
    events = [step.event for step in Following(record)(Position())]
    assert [message(event)[:5] for event in events if event is not None] == [b"<108>", b"<108>"]


def test_every_kind_can_be_asked_for_and_no_other() -> None:
    shown = CliRunner().invoke(command, ["show", "--help"]).output.replace("\n", "").replace(" ", "")
    assert "|".join(EntryKind) in shown
    refused = CliRunner().invoke(command, ["show", "--kind", "teleported"])
    assert refused.exit_code == 2
    assert "'teleported' is not one of 'transferred'" in refused.output

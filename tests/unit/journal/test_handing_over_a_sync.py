"""`sync` asks the running service by a row in the journal and follows it by rows."""

from datetime import timedelta
from pathlib import Path

from agent.journal import Journal, SyncRequest
from tests.unit.journal.standings import AT, LATER


def test_requests_are_taken_up_in_the_order_they_were_made(journal: Journal) -> None:
    assert journal.next_request() is None
    first, second = journal.ask([Path("/media/card"), Path("b")], AT), journal.ask([], LATER)
    assert journal.next_request() == SyncRequest(first, (Path("/media/card"), Path("b")), AT)
    journal.finish(first, LATER)
    assert journal.next_request() == SyncRequest(second, (), LATER)
    journal.finish(second, LATER)
    assert journal.next_request() is None


def next_id(journal: Journal) -> int | None:
    found = journal.next_request()
    return None if found is None else found.id


def test_the_asker_follows_by_the_number_of_the_last_event_it_saw(journal: Journal, path: Path) -> None:
    request, other = journal.ask([], AT), journal.ask([], AT)
    with Journal.open(path) as service:
        service.report(request, {"event": "found", "id": "0a1b2c3d"})
        service.report(other, {"event": "another's"})
        service.report(request, {"event": "sent", "bytes": 4_000_000, "name": "café"})
    assert journal.events(request) == [
        (1, {"event": "found", "id": "0a1b2c3d"}),
        (2, {"event": "sent", "bytes": 4_000_000, "name": "café"}),
    ]
    assert [number for number, _ in journal.events(request, after=1)] == [2]
    assert journal.events(request, after=2) == []
    assert next_id(journal) == request
    journal.finish(request, LATER)
    assert next_id(journal) == other
    assert len(journal.events(request)) == 2  # the last ones can still be read


def test_a_withdrawn_request_is_not_started_and_takes_reports(journal: Journal) -> None:
    request = journal.ask([Path("a")], AT)
    journal.report(request, {"event": "found"})
    journal.withdraw(request)
    assert journal.next_request() is None
    journal.report(request, {"event": "sent"})
    journal.finish(request, LATER)
    assert journal.events(request) == []


def test_a_number_is_never_given_to_two_requests(journal: Journal) -> None:
    first = journal.ask([], AT)
    journal.withdraw(first)
    assert journal.ask([], AT) > first


def test_only_long_finished_requests_are_deleted(journal: Journal) -> None:
    old, open_still = journal.ask([], AT), journal.ask([], AT)
    journal.report(old, {"event": "found"})
    journal.finish(old, AT)
    journal.ask([], AT + timedelta(hours=23))
    assert journal.events(old)
    journal.ask([], AT + timedelta(days=2))
    assert journal.events(old) == []
    assert next_id(journal) == open_still


def test_what_was_asked_for_is_wiped_when_it_is_finished(journal: Journal, path: Path) -> None:
    request = journal.ask([Path("/home/j.smith/private-party")], AT)
    journal.finish(request, LATER)
    journal.tidy()
    assert not any(b"private-party" in file.read_bytes() for file in path.parent.iterdir())

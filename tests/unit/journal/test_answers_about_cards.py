"""A person's answer about a card is a row that the page writes and the service reads; it needs no `sync`."""

from agent.journal import CardAnswer, CardSaid, Journal
from tests.unit.journal.standings import AT, LATER


def test_answers_come_in_their_order_each_once(journal: Journal) -> None:
    assert journal.next_card_answer() is None
    journal.answer_card("a1", CardSaid.SEND, AT)
    journal.answer_card("b2", CardSaid.NOT_NOW, LATER)
    first = journal.next_card_answer()
    assert first is not None
    assert (first.offer, first.said) == ("a1", CardSaid.SEND)
    journal.finish(first.id, LATER)
    second = journal.next_card_answer()
    assert second == CardAnswer(first.id + 1, "b2", CardSaid.NOT_NOW)


def test_a_sync_and_an_answer_are_not_taken_for_one_another(journal: Journal) -> None:
    journal.answer_card("a1", CardSaid.ALWAYS, AT)
    assert journal.next_request() is None
    request = journal.ask([], AT)
    found = journal.next_request()
    assert found is not None
    assert found.id == request
    journal.finish(request, LATER)
    assert journal.next_card_answer() is not None

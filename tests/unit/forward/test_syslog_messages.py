"""Entries as RFC 5424 has them."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.forward.rfc5424 import BOM, LONGEST, framed, message
from tests.unit.forward.events import event

# RFC 5424, 6: header fields, no structured data, then anything.
GRAMMAR = re.compile(
    rb"<(?P<pri>[0-9]{1,3})>1 (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z) (?P<host>[\x21-\x7e]{1,255}) "
    rb"photo-agent - (?P<msgid>[\x21-\x7e]{1,32}) "
    rb"- (?P<msg>.*)",
    re.DOTALL,
)


def test_an_entry_becomes_a_message_with_its_kind_and_the_record_s_own_line() -> None:
    found = GRAMMAR.fullmatch(message(event(7)))
    assert found is not None
    assert (found["pri"], found["at"], found["host"]) == (b"110", b"2026-03-14T17:00:07Z", b"laptop-17")
    assert found["msgid"] == b"transferred"
    assert found["msg"] == event(7).line


@pytest.mark.parametrize(("kind", "pri"), [("heartbeat", 110), ("key-rotated", 109), ("share-refused", 108)])
def test_what_a_person_must_look_at_is_more_severe(kind: str, pri: int) -> None:
    assert message(event(kind=kind)).startswith(b"<%d>1 " % pri)


def test_text_beyond_ascii_begins_with_a_byte_order_mark_and_ascii_without() -> None:
    assert BOM not in message(event())
    found = GRAMMAR.fullmatch(message(event(visit="Musée")))
    assert found is not None
    assert found["msg"].startswith(BOM)
    assert json.loads(found["msg"].removeprefix(BOM))["body"]["visit"] == "Musée"


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_the_text_of_an_entry_is_all_in_the_message(text: str) -> None:
    found = GRAMMAR.fullmatch(message(event(visit=text)))
    assert found is not None
    assert found["msg"].removeprefix(BOM) == event(visit=text).line
    assert json.loads(found["msg"].removeprefix(BOM))["body"]["visit"] == text


def test_no_number_of_somebody_elses_is_used() -> None:
    """RFC 5612: 32473 must not be sent; without an enterprise number there can be no name for structured data."""
    assert b"@" not in message(event())


def test_an_entry_too_long_for_syslog_says_so_and_has_its_id() -> None:
    sent = message(event(reason="x" * LONGEST))
    assert len(sent) <= LONGEST
    found = GRAMMAR.fullmatch(sent)
    assert found is not None
    told = json.loads(found["msg"])
    assert (told["device"], told["event"], told["index"]) == ("laptop-17", "00000000-transferred", 0)
    assert (told["too_long"], told["leaf_hash"]) == (True, "ab" * 32)


def test_on_a_stream_a_message_is_counted_in_octets() -> None:
    assert framed("é".encode()) == b"2 \xc3\xa9"

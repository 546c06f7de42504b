"""A refusal's message: it names the folder concerned, and the server's own words if they say more."""

from agent.errors import ShareDenied, ShareFull
from agent.share.faults import Refused, as_fault


def test_the_folder_that_refused_is_named_and_no_other() -> None:
    fault = as_fault(Refused("make a file", 3, "Permission denied"), folder="record/laptop-17")
    assert isinstance(fault, ShareDenied)
    assert "record/laptop-17" in str(fault)
    assert "visits" not in str(fault)
    assert "it says" not in str(fault)


def test_the_servers_own_words_are_shown_where_they_say_more() -> None:
    assert "“file type banned”" in str(as_fault(Refused("make a file", 3, "file type banned")))
    assert "“disk on fire”" in str(as_fault(Refused("write the photo", 4, "disk on fire")))
    assert isinstance(as_fault(Refused("write the photo", 4, "Quota exceeded")), ShareFull)

"""What the system says about the network, and how a nonsensical answer is treated."""

import shutil
import sys
from pathlib import Path

import pytest

from agent.model.removal import Known
from agent.share import metered
from agent.share.network import _by_network_manager


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for busctl is a shell script")
@pytest.mark.parametrize(
    ("answer", "known"),
    [
        ("echo u 1", Known.YES),
        ("echo u 2", Known.NO),
        ("echo u 3", Known.YES),
        ("echo u 4", Known.NO),
        ("echo u 0", Known.NOT_KNOWN),
        ("echo u 17", Known.NOT_KNOWN),
        ("echo s no", Known.NOT_KNOWN),
        ("echo 'Failed to get property' >&2; exit 1", Known.NOT_KNOWN),
        ("printf '\\377\\376'", Known.NOT_KNOWN),
        ("sleep 30", Known.NOT_KNOWN),
    ],
)
def test_network_managers_answer_is_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, known: Known
) -> None:
    monkeypatch.setattr("agent.share.network.SECONDS", 1.0)
    tool = tmp_path / "busctl"
    tool.write_text(f"#!/bin/sh\n{'exec ' if answer.startswith('sleep') else ''}{answer}\n")
    tool.chmod(0o755)
    assert _by_network_manager(str(tool)) is known


def test_a_system_that_says_nothing_leaves_it_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    if sys.platform != "win32":
        assert metered() is Known.NOT_KNOWN


def test_this_system_answers_something_and_soon() -> None:
    assert metered() in Known

"""What the process that reads back answers."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agent.share.readback import serve
from agent.share.readback.reader import HeldContent
from agent.share.readback.serve import Serving

ASKED = {"read": 1, "path": "/visits/museum/secret.jpg", "size": 5, "upto": 0, "start": None, "sync": False}


class Reader:
    """Reads as it is told: for ever, or not at all."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault

    async def read(self, *_: Any, **__: Any) -> HeldContent:
        if self.fault is not None:
            raise self.fault
        await asyncio.Event().wait()
        raise AssertionError


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(serve, "say", messages.append)
    return messages


def test_a_fault_that_nobody_foresaw_is_answered_and_names_no_file(said: list[dict[str, Any]]) -> None:
    async def scenario() -> None:
        Serving(Reader(KeyError(Path("/visits/museum/secret.jpg")))).hear(ASKED)  # type: ignore[arg-type]
        await asyncio.sleep(0)

    asyncio.run(scenario())
    (answer,) = said
    assert "KeyError" in answer["lost"]
    assert "secret" not in answer["lost"]


@pytest.mark.parametrize("begun", [False, True])
def test_what_is_dropped_is_forgotten(said: list[dict[str, Any]], *, begun: bool) -> None:
    async def scenario() -> tuple[int, int]:
        serving = Serving(Reader())  # type: ignore[arg-type]
        serving.hear(ASKED)
        if begun:
            await asyncio.sleep(0)
        serving.hear({"drop": 1})
        for _ in range(3):
            await asyncio.sleep(0)
        serving.hear({"upto": 1, "size": 5})
        serving.hear({"drop": 1})
        return len(serving._tasks), len(serving._progress)  # nothing else tells of a leak

    assert asyncio.run(scenario()) == (0, 0)
    assert said == []

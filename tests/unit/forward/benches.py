"""A forwarder over a queue in a folder, and a receiver that fails on request."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.forward import (
    Forwarder,
    LogEvent,
    NotForwarded,
    ReceiverStatus,
    Target,
    receiver_status,
)
from agent.forward.event_queue import EventQueue
from tests.servers.rsyslog import Rsyslog
from tests.unit.forward.events import AT, Kept


@dataclass
class Receiver:
    """A target in memory that fails on request."""

    name: str = "receiver"
    description: str = "the receiver"
    fails: bool = False
    got: list[str] = field(default_factory=list)
    tries: int = 0

    def render(self, one: LogEvent) -> bytes:
        return one.id.encode()

    def send(self, payloads: Sequence[bytes]) -> None:
        self.tries += 1
        if self.fails:
            raise NotForwarded("it is down.")
        self.got += [one.decode() for one in payloads]

    def try_out(self) -> None:
        if self.fails:
            raise NotForwarded("it is down.")


class Bench:
    """A forwarder over a queue in a folder, which can be started again and again."""

    def __init__(self, folder: Path, source: Kept, *targets: Target, most: int = 10_000) -> None:
        self.queue = folder / "forward" / "queue.sqlite3"
        self.told: list[str] = []
        self.source = source
        self.targets = targets
        self.most = most
        self.now = AT

    def start(self) -> Forwarder:
        return Forwarder(
            self.queue,
            "laptop-17",
            self.targets,
            self.source,
            self.told.append,
            most=self.most,
            first_pause=0.05,
            clock=lambda: self.now,
        )

    def receiver_status(self) -> ReceiverStatus:
        return receiver_status(self.queue, "laptop-17", self.targets[0])

    def once(self) -> None:
        """Forward as a run of `sync` does."""
        forwarder = self.start()
        forwarder.knock()
        forwarder.close(20)

    def waiting(self) -> int:
        with EventQueue(self.queue, "laptop-17") as waiting:
            return waiting.count(self.targets[0])


def ids(rsyslog: Rsyslog) -> list[str]:
    entries = [json.loads(line["msg"].removeprefix("\ufeff")) for line in rsyslog.received()]
    return [f"{entry['device']}:{entry['event']}" for entry in entries]


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.02)

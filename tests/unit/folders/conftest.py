"""Files to look at, made and given times as a camera would."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from agent.folders import look
from agent.model.files import LocalFile

Put = Callable[..., LocalFile]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An import folder, by its real path."""
    made = tmp_path.resolve() / "imports"
    made.mkdir()
    return made


@pytest.fixture
def put(folder: Path) -> Put:
    """Write a file below the import folder: `put("a/IMG_1.jpg", b"…", mtime=…)`; returns the look at it."""

    def write(name: str, content: bytes = b"\xff\xd8picture\xff\xd9", *, mtime: float = 1_700_000_000) -> LocalFile:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (mtime, mtime))
        seen = look(path)
        assert seen is not None
        return seen

    return write


@pytest.fixture
def as_ordinary_user(folder: Path) -> Callable[[], AbstractContextManager[None]]:
    """A context in which permissions count: if the tests run as root, it runs as nobody."""

    @contextmanager
    def as_nobody() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        before = {place: place.stat().st_mode for place in (folder, *folder.parents)}
        for place, mode in before.items():
            if mode & 0o055 != 0o055:
                place.chmod(mode | 0o055)
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)
            for place, mode in before.items():
                place.chmod(mode)

    return as_nobody


class _Audit:
    """Python's own audit events (PEP 578), raised just before the system call: a deterministic moment for a race."""

    def __init__(self) -> None:
        self.event: str | None = None
        self.act: Callable[..., None] | None = None
        sys.addaudithook(self._heard)  # cannot be removed again, so there is one for all tests

    def _heard(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == self.event and self.act is not None:
            act, self.act = self.act, None  # what it does itself is not heard
            try:
                act(*arguments)
            finally:
                self.act = act

    @contextmanager
    def during(self, event: str, act: Callable[..., None]) -> Iterator[None]:
        self.event, self.act = event, act
        try:
            yield
        finally:
            self.event = self.act = None


@pytest.fixture(scope="session")
def on_audit() -> Callable[[str, Callable[..., None]], AbstractContextManager[None]]:
    """`with on_audit("open", act)`: `act` is called with the event's arguments just before each such call."""
    return _Audit().during

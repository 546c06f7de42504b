"""Photos to remove, and moments at which to get in the way."""

import hashlib
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from agent.model.files import Fingerprint, LocalFile
from agent.model.ids import Sha256
from agent.removal import moment

During = Callable[[str, Callable[..., None]], AbstractContextManager[None]]


def looked_at(path: Path) -> LocalFile:
    """A look, as the pipeline would have taken it."""
    seen = path.lstat()
    assert stat.S_ISREG(seen.st_mode)
    return LocalFile(path, seen.st_size, seen.st_mtime_ns, seen.st_dev, seen.st_ino)


def print_of(content: bytes) -> Fingerprint:
    """What was proven on the share."""
    return Fingerprint(Sha256(hashlib.sha256(content).hexdigest()), len(content))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An import folder, by its real path."""
    made = tmp_path.resolve() / "imports"
    made.mkdir()
    return made


@pytest.fixture
def photo(folder: Path) -> Callable[..., tuple[LocalFile, Fingerprint]]:
    """Write a photo and take what the pipeline would hand over: `photo("IMG_1.jpg", b"…")`."""

    def write(name: str = "IMG_1.jpg", content: bytes = b"proven") -> tuple[LocalFile, Fingerprint]:
        path = folder / name
        path.write_bytes(content)
        return looked_at(path), print_of(content)

    return write


def _always(*_: object) -> bool:
    return True


class _Audit:
    """Python's own audit events (PEP 578), raised just before the system call: a deterministic moment for a race."""

    def __init__(self) -> None:
        self.event: str | None = None
        self.act: Callable[..., None] | None = None
        self.when: Callable[..., bool] = _always
        sys.addaudithook(self._heard)  # cannot be removed again, so there is one for all tests

    def _heard(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == self.event and self.act is not None and self.when(*arguments):
            act, self.act = self.act, None  # what it does itself is not heard, and it acts once
            act(*arguments)

    @contextmanager
    def just_before(
        self, event: str, act: Callable[..., None], when: Callable[..., bool] | None = None
    ) -> Iterator[None]:
        self.event, self.act, self.when = event, act, when or _always
        try:
            yield
            assert self.act is None, "the moment never came"
        finally:
            self.event = self.act = None


@pytest.fixture(scope="session")
def just_before() -> During:
    """`with just_before("os.rename", act)`: `act` is called once, just before the first such call (that is `when`)."""
    return _Audit().just_before


@pytest.fixture
def as_ordinary_user(folder: Path) -> Callable[[], AbstractContextManager[None]]:
    """A context in which permissions count: if the tests run as root, it runs as nobody."""

    @contextmanager
    def as_nobody() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        before = {place: place.stat().st_mode for place in folder.parents}
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


@pytest.fixture(autouse=True)
def each_look_a_moment_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests change what there is to be seen, and look again at once."""
    monkeypatch.setattr(moment, "FRESH", 0.0)
    monkeypatch.setattr(moment, "SHARE", 0)

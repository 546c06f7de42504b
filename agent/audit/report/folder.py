"""The folder that a report is written into, while a web server may be serving it.

All files are first written in a draft folder beside their places and then exchanged one by one, the first page last: a
reader sees each page in its old or its new form, never half of it. A list of what was written stays in the folder. Only
files on that list are replaced or, if the report no longer has them, removed, and only if their content is still what
was written. Nothing else in the folder is touched.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from agent.errors import UsageError
from agent.files.durable import sync_file, sync_folder
from agent.files.opening import is_link

LIST = ".photo-agent-report.json"
"""What the last report wrote: each file's name with its SHA-256."""

_MAKING = ".photo-agent-report-being-made-"

LOCK = ".photo-agent-report.lock"
"""Locked while a report is made, so that two at once do not remove each other's drafts."""

_LARGEST_LIST = 64 * 1024 * 1024

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,120}")
"""Each part of a name that is written here."""


class ReportFolder:
    """The files of one report, before and while they go into its folder. Use `making`."""

    def __init__(self, folder: Path, draft: Path, before: Mapping[str, str]) -> None:
        self._folder = folder
        self._draft = draft
        self._before = before
        self._written: dict[str, str] = {}

    def put(self, name: str, content: bytes) -> None:
        """Add one file, its name with `/` between its parts. Raises OSError."""
        parts = name.split("/")
        if not all(_PART.fullmatch(part) for part in parts) or name in self._written:
            raise ValueError("a report cannot have a file of this name")
        path = self._draft.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
            file.flush()
        self._written[name] = hashlib.sha256(content).hexdigest()

    def exchange(self) -> None:
        """Put all files in their places, the first page last, and remove those that this report no longer has."""
        names = sorted(self._written, key=lambda name: (name == "index.html", name.endswith(".html"), name))
        for name in names:
            self._may_be_written(name)
        # The list first: if this is interrupted in the middle, the list already has every file that may be there. A
        # file that was there before still counts as ours by its earlier content too.
        self._keep_list({name: [self._written[name], *self._known(name)] for name in names})
        for name in names:
            self._exchange(name)
        for name in sorted(self._before.keys() - self._written.keys()):
            self._take_away(name)
        self._keep_list({name: [self._written[name]] for name in names})

    def _known(self, name: str) -> list[str]:
        return [self._before[name]] if name in self._before else []

    def _may_be_written(self, name: str) -> None:
        place = self._folder
        for part in name.split("/"):
            place /= part
            try:
                about = place.lstat()
            except FileNotFoundError:
                return
            if is_link(about):
                raise UsageError(f"{place} is a link. Nothing was written. Name a folder that is only for the report.")
        if name not in self._before:
            raise UsageError(
                f"{place} exists already and was not made by a report. Nothing was written. Name another folder."
            )

    def _exchange(self, name: str) -> None:
        source, place = self._draft.joinpath(*name.split("/")), self._folder.joinpath(*name.split("/"))
        if self._before.get(name) == self._written[name] == _digest(place):
            return  # unchanged, so a tool that copies the folder need not copy it again
        place.parent.mkdir(parents=True, exist_ok=True)
        source.chmod(0o644)
        source.replace(place)

    def _take_away(self, name: str) -> None:
        place = self._folder.joinpath(*name.split("/"))
        ways = list(place.parents)[: name.count("/")]
        with suppress(OSError):
            if any(is_link(one.lstat()) for one in (place, *ways)) or _digest(place) != self._before[name]:
                return
            place.unlink()
            for above in ways:
                above.rmdir()  # fails, so the folder stays, while anything is in it

    def _keep_list(self, files: Mapping[str, list[str]]) -> None:
        draft = self._draft / LIST
        with draft.open("wb") as file:
            file.write(json.dumps({"form": 1, "files": files}, indent=0).encode())
            file.flush()
            sync_file(file.fileno())
        draft.replace(self._folder / LIST)
        sync_folder(self._folder)


@contextmanager
def making(folder: Path) -> Iterator[ReportFolder]:
    """A new report for `folder`, which is made if it is not there.

    UsageError if the folder cannot be used, or another report is being written there.
    """
    import filelock

    lock = filelock.FileLock(folder / LOCK, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout:
        raise UsageError(f"Another report is being written to {folder}. Wait until it has ended.") from None
    except OSError as fault:
        raise UsageError(f"The report cannot be written to {folder}: {fault.strerror}.") from fault
    try:
        with _making(folder) as made:
            yield made
    finally:
        lock.release()


@contextmanager
def _making(folder: Path) -> Iterator[ReportFolder]:
    try:
        for left in folder.glob(f"{_MAKING}*"):
            if left.is_dir() and not is_link(left.lstat()):
                shutil.rmtree(left, ignore_errors=True)
        before = {name: found for name, known in _listed(folder).items() if (found := _still(folder, name, known))}
        draft = Path(tempfile.mkdtemp(prefix=_MAKING, dir=folder))
    except OSError as fault:
        raise UsageError(f"The report cannot be written to {folder}: {fault.strerror}.") from fault
    try:
        yield ReportFolder(folder, draft, before)
    except OSError as fault:
        raise UsageError(f"The report could not be written to {folder}: {fault.strerror}. Run it again.") from fault
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def read_before(folder: Path, name: str, largest: int) -> bytes | None:
    """A file of the last report if it is unchanged since; None otherwise."""
    known = _listed(folder).get(name)
    place = folder.joinpath(*name.split("/"))
    with suppress(OSError):
        if known and not is_link(place.lstat()) and place.stat().st_size <= largest and _digest(place) in known:
            return place.read_bytes()
    return None


def _listed(folder: Path) -> dict[str, list[str]]:
    """What the last report says it wrote; nothing if its list is missing or strange."""
    path = folder / LIST
    try:
        if is_link(path.lstat()) or path.stat().st_size > _LARGEST_LIST:
            return {}
        said: Any = json.loads(path.read_bytes())
        return {
            str(name): [str(one) for one in known]
            for name, known in said["files"].items()
            if all(_PART.fullmatch(part) for part in str(name).split("/"))
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _still(folder: Path, name: str, known: list[str]) -> str | None:
    """The content of a listed file, if a report wrote it. A missing file counts as written."""
    place = folder.joinpath(*name.split("/"))
    found = _digest(place)
    if found is None:
        return known[0] if known and not os.path.lexists(place) else None
    return found if found in known else None


def _digest(path: Path) -> str | None:
    try:
        if is_link(path.lstat()) or not path.is_file():
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None

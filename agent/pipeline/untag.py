"""Restores the original from a photo on the share: written completely and checked, or not at all."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from agent.errors import LocalFault, UsageError
from agent.files.named import open_named
from agent.model.ids import TransferId, VisitId
from agent.tagging import untag


@dataclass(frozen=True, slots=True)
class Restored:
    """The restored original; `written` is false if the tag's file did not exist before tagging."""

    visit: VisitId
    transfer: TransferId
    written: bool


def untag_file(source: Path, target: Path) -> Restored:
    """Write `source`, as it was before it was tagged, to `target`, which must not exist yet.

    Raises UsageError if there is no tag or `target` exists, LocalFault if the tag or the photo was changed.
    """
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        tagged = open_named(source)
    except OSError as fault:
        raise LocalFault(f"{source} cannot be read: {fault.strerror}") from fault
    with tagged:
        try:
            with draft.open("xb") as out:
                done = untag(tagged, out)
                out.flush()
                os.fsync(out.fileno())
            if not done.was_no_file:
                _name(draft, target)
        except OSError as fault:
            raise UsageError(
                f"the original cannot be written to {target}: {fault.strerror}. Name another place with -o."
            ) from fault
        finally:
            with contextlib.suppress(OSError):  # if the file could not be made there, it cannot be removed either
                draft.unlink(missing_ok=True)
    return Restored(done.visit, done.transfer, not done.was_no_file)


def _name(draft: Path, target: Path) -> None:
    """Give the finished file its name without replacing another file (a link fails if the name exists)."""
    try:
        os.link(draft, target)
    except FileExistsError:
        raise UsageError(
            "The file to write exists already and was not overwritten. Name another one with -o."
        ) from None
    except OSError as fault:
        # No hard links here (FAT, some network drives): such a disk allows nothing safer than a check and then a
        # rename.
        if target.exists():
            raise UsageError(
                "The file to write exists already and was not overwritten. Name another one with -o."
            ) from fault
        draft.rename(target)

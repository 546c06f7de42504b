"""“Always for this card”: the cards to which a person gave that answer, and how they are recognised.

A serial number and a label are not enough: cheap cards share them, and any card can be given those of another. So a
card that got the answer "always" also gets a mark, a small hidden file with random text, and the journal stores the
hash of that mark. The mark is replaced each time the card is used. If a card with the same serial number lacks the
newest mark (because it is another card, the camera formatted it, or it is an older copy), the person is asked about it
as about a new card. A complete copy made since then cannot be distinguished from the card. A locked card cannot be
marked, so the person is asked each time. "Always" was said by one person, so it ends when the laptop changes hands.
"""

import contextlib
import hashlib
import json
import os
import secrets
from pathlib import Path

from agent.files.durable import replace_file
from agent.files.opening import open_plain
from agent.pipeline.context import Context
from agent.pipeline.journal_keys import CARDS_ALWAYS
from agent.volumes import PluggedIn

NAME = ".photo-agent-card"
"""The mark's name on the card. The file is hidden, so that cameras and scans ignore it."""

_LENGTH = 64
_MOST = 500
"""The number of cards remembered; the oldest are forgotten first."""


def is_always(context: Context, card: PluggedIn) -> bool:
    """Whether this person answered "always" for this very card."""
    always = _always(context).get(_key(card))
    if card.id is None or always is None or always[0] != context.settings.device.staff:
        return False
    mark = _read(card.top)
    return mark is not None and _hash(mark) in always[1:]


def remember(context: Context, card: PluggedIn) -> bool:
    """Make "always" apply to this card from the next time on; False if the card cannot be marked."""
    if card.id is None or card.read_only:
        return False
    always, mark = _always(context), secrets.token_hex(_LENGTH // 2)
    before = always.pop(_key(card), [])[-1:]
    # The old mark counts until the new one is written, so a card pulled out at this moment is still recognised.
    _put(context, always | {_key(card): [context.settings.device.staff, *before, _hash(mark)]})
    try:
        replace_file(card.top / NAME, mark.encode())
    except OSError:
        forget(context, card)
        return False
    _put(context, always | {_key(card): [context.settings.device.staff, _hash(mark)]})
    return True


def forget(context: Context, card: PluggedIn) -> None:
    """Ask about this card again from now on, and remove the mark if the card allows it."""
    always = _always(context)
    if always.pop(_key(card), None) is not None:
        _put(context, always)
    with contextlib.suppress(OSError):
        if _read(card.top) is not None:
            (card.top / NAME).unlink()


def _key(card: PluggedIn) -> str:
    return hashlib.sha256(repr((card.id, card.label, card.size)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _hash(mark: str) -> str:
    return hashlib.sha256(mark.encode("utf-8", "surrogatepass")).hexdigest()


def _read(top: Path) -> str | None:
    """The mark on a card, read without following a link; None if the card has no mark of this program's form."""
    try:
        handle = open_plain(top / NAME)
    except (OSError, ValueError):
        return None
    try:
        text = os.read(handle, _LENGTH + 1)
    except OSError:
        return None
    finally:
        os.close(handle)
    return text.decode("ascii", "replace") if len(text) == _LENGTH else None


def _always(context: Context) -> dict[str, list[str]]:
    always: dict[str, list[str]] = json.loads(context.journal.fact(CARDS_ALWAYS) or "{}")
    return always


def _put(context: Context, always: dict[str, list[str]]) -> None:
    newest = dict(list(always.items())[-_MOST:])
    context.journal.set_fact(CARDS_ALWAYS, json.dumps(newest) if newest else None)

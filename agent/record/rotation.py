"""Changing to another log key: because somebody may have seen the old one, or it was lost, or is simply old.

The new key is made first and stored beside the old one; then an entry says so; then a seal carries the note in which
the old key names the new one; then the new key replaces the old one. A crash anywhere in between leaves a record that
verifies, and the next run (`signer_of`) or the next try completes the rotation.
"""

from datetime import datetime

from agent.errors import RecordError
from agent.record.checkpoint import sign_rotation
from agent.record.keys import KeyPlace, LogKey
from agent.record.kinds import EntryKind
from agent.record.note import VerifierKey
from agent.record.published import origin
from agent.record.record import Record
from agent.record.seals import NOT_THE_SIGNER, current_key


def signer_of(record: Record, place: KeyPlace) -> LogKey:
    """The key to seal with, after completing a rotation that was cut. RecordError if there is no key."""
    key, following = place.load(), place.following()
    if following is not None and current_key(record.last_seal(), [following.key, key.key]) == following.key:
        place.switch()
        return following
    return key


def rotate(record: Record, place: KeyPlace, *, at: datetime, reason: str = "", lost: bool = False) -> LogKey:
    """Pass the log on to a new key; the key in use from now on.

    `lost` is for when the old private key is gone: then only IT's word connects the two, and IT must enrol the new one.
    RecordError if the record is not signed by the key in use, or not by a key that it names.
    """
    from agent.record.bodies import KeyRotated

    if lost:
        old, signer = _lost(record), place.next()
    else:
        held = signer_of(record, place)
        old, signer = held.key, held
        if record.last_seal() is not None and current_key(record.last_seal(), [old]) is None:
            raise RecordError(NOT_THE_SIGNER)
    new = place.next()
    rotated = KeyRotated(old_key=str(old), new_key=str(new.key), reason=reason or None)
    receipt = record.append(rotated.draft(f"key-rotated-{new.key.id.hex()}-{at.isoformat()}", at))
    if lost:  # the new key signs that entry too, for nobody else can
        note = sign_rotation(origin(record.device), receipt.index, old, new)
    else:
        note = sign_rotation(origin(record.device), receipt.index + 1, signer, new)
    record.seal(signer, rotation=note)
    place.switch()
    return new


def _lost(record: Record) -> VerifierKey:
    """The key that signed last, as the record itself names it."""
    named = [
        VerifierKey.parse(str(entry.body["log_key" if entry.kind is EntryKind.ENROLLED else "new_key"]))
        for entry in record.entries(kinds={EntryKind.ENROLLED, EntryKind.KEY_ROTATED})
    ]
    found = current_key(record.last_seal(), named)
    if found is None:
        raise RecordError("The record does not name the key that signed it: nothing was signed yet, or it was altered.")
    return found

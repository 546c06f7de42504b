"""Signing this laptop's record. Code that records an entry outside a run signs it before it ends, so that `log verify`
always finds the record signed.
"""

import contextlib
from collections.abc import Iterator

from agent import __version__
from agent.pipeline.context import Context
from agent.pipeline.places import log_key
from agent.record.bodies import Enrolled
from agent.record.keys import LogKey
from agent.record.rotation import signer_of


def signer(context: Context) -> LogKey:
    """The key that signs the seals. The first key is recorded; it is made here if an older `init` did not do so.

    Raises RecordError if there is no key, or if it is not the one that signed before.
    """
    place, record = log_key(context.settings), context.record
    if record.last_seal() is not None:
        return signer_of(record, place)
    key = place.make()
    enrolled = Enrolled(log_key=str(key.key), staff=context.settings.device.staff, version=__version__)
    record.append(enrolled.draft(f"enrolled-{key.key.id.hex()}", context.clock()))
    return key


@contextlib.contextmanager
def signed(context: Context) -> Iterator[None]:
    """Sign the entries recorded in this block. Raises RecordError before the block if nothing could be signed.

    The caller holds `only_writer`.
    """
    key = signer(context)
    yield
    context.record.seal(key)


def sign_the_rest(context: Context) -> None:
    """Sign the entries that are not signed yet, if there are any. Raises RecordError."""
    last = context.record.last_seal()
    if len(context.record) > (0 if last is None else last.size):
        context.record.seal(signer(context))

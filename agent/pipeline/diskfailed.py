"""The files that the share could not write to its disk, remembered for as long as the share may have them.

A server that is asked again says that all is well (`Share`). So neither the photo that was sent there nor any other of
the same content may rest on such a file, whichever run finds it.
"""

import json

from agent.journal import Journal
from agent.model.ids import RemoteName
from agent.pipeline.journal_keys import DISK_FAILED
from agent.share import Share


def disk_failed(journal: Journal) -> frozenset[RemoteName]:
    """Their names on the share."""
    return frozenset(map(RemoteName, json.loads(journal.fact(DISK_FAILED) or "[]")))


def remember(journal: Journal, share: Share) -> None:
    """Save those that this connection knows; durable on return."""
    now = frozenset(share.disk_failed)
    if now != disk_failed(journal):
        journal.set_fact(DISK_FAILED, json.dumps(sorted(now)) if now else None)

"""Whether the share keeps what it is given: asked once a day, before the first photos of a run are removed here.

Some servers take new files away a moment after they arrived: a scanner puts them into quarantine, a workflow moves them
on. Every step of the proof succeeds there. So a few photos are looked at once more after some seconds, and none that
this run sent is removed before that. OpenSSH's own server does nothing of the kind, and is not asked.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from agent.journal import TrackedPhoto
from agent.pipeline.context import Context
from agent.pipeline.journal_keys import KEEPS
from agent.pipeline.reprove import Proven, prove_again
from agent.share import Share

SECONDS = 5.0
"""How long after the last proof the share is asked."""

ASKED_ABOUT = 8
"""About so many photos, if it has kept these; about all of them otherwise."""

A_DAY = timedelta(days=1)


def is_due(context: Context, share: Share) -> bool:
    """Whether photos that this run sends are removed only after `kept`."""
    return not share.is_openssh and not _passed_today(context)


def kept(context: Context, share: Share, sent: Sequence[TrackedPhoto]) -> Proven:
    """Those of the photos just sent that the share still holds, after a wait. What it lost is to be sent again."""
    context.sleep(SECONDS)
    asked, others = sent[:ASKED_ABOUT], sent[ASKED_ABOUT:]
    first = prove_again(context, share, asked)
    if len(first.still) < len(asked):  # one that cannot be read back is no proof that the share keeps the others
        return first + prove_again(context, share, others)
    passed(context)
    return first + Proven(tuple(others))


def passed(context: Context) -> None:
    """The share keeps what it is given: it is not asked for a day."""
    context.journal.set_fact(KEEPS, json.dumps([_server(context), context.clock().isoformat()]))


def _passed_today(context: Context) -> bool:
    stored = context.journal.fact(KEEPS)
    server, since = json.loads(stored) if stored else ("", "")
    return server == _server(context) and timedelta(0) <= context.clock() - datetime.fromisoformat(since) < A_DAY


def _server(context: Context) -> str:
    share = context.settings.share
    return f"{share.user}@{share.host}:{share.port}{share.path}"

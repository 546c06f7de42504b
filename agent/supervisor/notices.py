"""What the service says on the desktop, and how seldom: counts only, for a screen may be shown to a class.

After each run at most one line, the most pressing: stopped (once for each time it stopped), photos that should have
left (once a day), photos that need a person (once a day), and photos that were sent and removed.
"""

import json
from dataclasses import dataclass

from agent.errors import ShareRefused
from agent.journal import State
from agent.notices import Notices
from agent.pipeline.context import Context
from agent.pipeline.events import Summary
from agent.pipeline.journal_keys import NOTICES_SAID
from agent.pipeline.status import WAITING, is_overdue, share_trouble


@dataclass(frozen=True, slots=True)
class RunNotices:
    """Says after a run what is worth a person's look."""

    context: Context
    notices: Notices

    def after(self, summary: Summary) -> None:
        """Say the most pressing thing, unless it was said already."""
        said: dict[str, str] = json.loads(self.context.journal.fact(NOTICES_SAID) or "{}")
        for about, occasion, text in self._worth_saying(summary):
            if occasion and said.get(about) == occasion:
                continue
            self.notices.show(text)
            if occasion:
                self.context.journal.set_fact(NOTICES_SAID, json.dumps({**said, about: occasion}))
            return

    def _worth_saying(self, summary: Summary) -> list[tuple[str, str, str]]:
        """What it is about, the occasion on which it is said once (empty: each time), and the line."""
        today = self.context.clock().astimezone(self.context.zone).date().isoformat()
        found: list[tuple[str, str, str]] = []
        trouble = share_trouble(self.context)
        if trouble is not None and trouble.exit_code == ShareRefused.exit_code:
            found.append(("stopped", trouble.since.isoformat(), "School photos has stopped. Tell IT."))
        overdue = sum(is_overdue(self.context, one) for one in self.context.journal.tracked_photos(*WAITING))
        if overdue:
            photos = "1 photo" if overdue == 1 else f"{overdue} photos"
            found.append(("overdue", today, f"{photos} should have left this laptop by now. Tell IT."))
        if summary.removed:
            photos = "1 photo is" if summary.removed == 1 else f"{summary.removed} photos are"
            found.append(("removed", "", f"{photos} safe on the school network and removed from the photo folder."))
        counts = self.context.journal.counts()
        if needing := counts[State.REVIEW] + counts[State.REFUSED]:
            found.append(("needs", today, "1 photo needs you." if needing == 1 else f"{needing} photos need you."))
        return found

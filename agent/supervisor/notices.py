"""What the service shows on the desktop, and how often. It shows only counts, because a class may see the screen.

After each run it shows at most one line, the most urgent: sending has stopped (once each time), photos that should have
left, or that the server may not have on its disk (once a day each), photos that were sent and removed, or photos that
need a person (once a day).
"""

import json
from dataclasses import dataclass

from agent.errors import ShareRefused
from agent.journal import State
from agent.language import AUTOMATIC, of_this_system, plural, text, using
from agent.notices import Notices
from agent.pipeline.context import Context
from agent.pipeline.events import Summary
from agent.pipeline.journal_keys import NOTICES_SAID
from agent.pipeline.overdue import WAITING, is_overdue
from agent.pipeline.problems import not_safe_yet
from agent.pipeline.status import share_trouble
from agent.pipeline.unconfirmed import unconfirmed
from agent.settings import Settings


@dataclass(frozen=True, slots=True)
class RunNotices:
    """Shows a notice after a run if a person should know about something."""

    context: Context
    notices: Notices

    def after(self, summary: Summary) -> None:
        """Show the most urgent notice, unless it was shown already."""
        with using(language_of(self.context.settings)):
            self._after(summary)

    def _after(self, summary: Summary) -> None:
        said: dict[str, str] = json.loads(self.context.journal.fact(NOTICES_SAID) or "{}")
        for about, occasion, line in self._worth_saying(summary):
            if occasion and said.get(about) == occasion:
                continue
            self.notices.show(line)
            if occasion:
                self.context.journal.set_fact(NOTICES_SAID, json.dumps({**said, about: occasion}))
            return

    def _worth_saying(self, summary: Summary) -> list[tuple[str, str, str]]:
        """For each notice its subject, the occasion on which it is shown once (empty: each time), and the line."""
        today = self.context.clock().astimezone(self.context.zone).date().isoformat()
        found: list[tuple[str, str, str]] = []
        trouble = share_trouble(self.context)
        if trouble is not None and trouble.exit_code == ShareRefused.exit_code:
            found.append(("stopped", trouble.since.isoformat(), text("School photos has stopped. Tell IT.")))
        overdue = sum(is_overdue(self.context, one) for one in self.context.journal.tracked_photos(*WAITING))
        if overdue:
            line = plural(
                "1 photo should have left this laptop by now. Tell IT.",
                "%(count)s photos should have left this laptop by now. Tell IT.",
                overdue,
            )
            found.append(("overdue", today, line))
        if unsafe := len(unconfirmed(self.context)):
            found.append(("not safe", today, not_safe_yet(unsafe)))
        if summary.removed:
            line = plural(
                "1 photo is safe on the school network and removed from the photo folder.",
                "%(count)s photos are safe on the school network and removed from the photo folder.",
                summary.removed,
            )
            found.append(("removed", "", line))
        counts = self.context.journal.counts()
        if needing := counts[State.REVIEW] + counts[State.REFUSED]:
            found.append(("needs", today, plural("1 photo needs you.", "%(count)s photos need you.", needing)))
        return found


def language_of(settings: Settings) -> str:
    """The language of the notices: from the settings, else the session's."""
    wanted = settings.device.language
    return of_this_system() if wanted == AUTOMATIC else wanted

"""IT's report: static pages, tables and data on the school, each visit and each laptop, from proven entries alone.

`making` runs it all. `agent.audit.verified` gives the entries, `tally` adds them up, `certificate`, `laptops`, `school`
and `retention` turn sums into facts, `pages` shows the facts, `folder` writes them where a web server can read them.
"""

from agent.audit.report.asked import Asked, Keeping, VisitWords, visit_words
from agent.audit.report.checks import read_checks
from agent.audit.report.making import Made, make_report
from agent.audit.report.signing import ReviewerKey
from agent.audit.report.words import Clock

__all__ = [
    "Asked",
    "Clock",
    "Keeping",
    "Made",
    "ReviewerKey",
    "VisitWords",
    "make_report",
    "read_checks",
    "visit_words",
]

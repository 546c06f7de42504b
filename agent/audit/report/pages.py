"""The pages: facts filled into templates. Every value is escaped; no page has a script or loads from elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from agent.audit.report import charts
from agent.audit.report.asked import Asked
from agent.audit.report.school import first_opportunity, headline
from agent.audit.report.shown import FileNames, shown
from agent.audit.report.words import MONTHS, Clock, count, span
from agent.style import SHARED

HERE = Path(__file__).parent
STYLE = HERE / "style.css"

PLACE_NAMES = {"phone": "Phone", "bin": "its bin", "cloud": "cloud", "messages": "chats", "card": "card"}

Put = Callable[[str, bytes], None]


class Pages:
    """Renders one report's pages."""

    def __init__(self, asked: Asked, put: Put, titles: Mapping[str, str]) -> None:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        self._put = put
        self.visit_files, self.device_files, self.check_files = FileNames(), FileNames(), FileNames()
        self._made = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._made.globals.update(
            charts=charts,
            clock=asked.clock,
            count=count,
            made_at=asked.now,
            place_names=PLACE_NAMES,
            short_day=_short_day,
            shown=shown,
            span=span,
            title_of=lambda visit: titles.get(visit) or shown(visit),
            visit_file=self.visit_files.of,
            device_file=self.device_files.of,
            check_file=self.check_files.of,
            signer=None if asked.signer is None else str(asked.signer.key),
        )

    def style(self) -> None:
        """The one style sheet: the rules that the staff page shares, then the report's own."""
        self._put("style.css", SHARED.read_bytes() + STYLE.read_bytes())

    def school(self, school: Mapping[str, Any], devices: Sequence[Mapping[str, Any]]) -> None:
        """The first page, and the draft for the Headteacher."""
        state, sentence = headline(school)
        more = {
            "school": school,
            "devices": devices,
            "state": state,
            "headline": sentence,
            "first_opportunity": first_opportunity(school),
            "most_photos": max(one["photos"] for one in school["months"]),
        }
        self._page("index.html", "school.html", "Overview", **more)
        self._page("headteacher.html", "headteacher.html", "For the Headteacher", **more)

    def lists(
        self, school: Mapping[str, Any], visits: Sequence[Mapping[str, Any]], devices: Sequence[Mapping[str, Any]]
    ) -> None:
        """The pages of all visits, all devices, all spot checks."""
        more = {"school": school, "visits": visits, "devices": devices}
        self._page("visits/index.html", "visits.html", "Visits", **more)
        self._page("devices/index.html", "devices.html", "Devices", **more)
        self._page("spot-checks/index.html", "checks.html", "Spot checks", **more)

    def visit(self, facts: Mapping[str, Any], digest: str) -> None:
        """A visit's certificate; `digest` is the SHA-256 of its data."""
        file = self.visit_files.of(facts["visit"])
        more = {"digest": digest, "visit_times": _times(facts) if facts["starts"] else ""}
        self._page(f"visits/{file}.html", "visit.html", "Visits", visit=facts, file=file, **more)

    def device(self, facts: Mapping[str, Any]) -> None:
        """A laptop's page."""
        file = self.device_files.of(facts["device"])
        self._page(f"devices/{file}.html", "device.html", "Devices", device=facts, file=file)

    def check(self, facts: Mapping[str, Any]) -> None:
        """A spot check's page."""
        file = self.check_files.of(facts["id"])
        sentence = _check_sentence(facts)
        self._page(f"spot-checks/{file}.html", "check.html", "Spot checks", check=facts, file=file, sentence=sentence)

    def _page(self, name: str, template: str, tab: str, **facts: Any) -> None:
        root = "../" * name.count("/")
        text = self._made.get_template(template, globals={"root": root, "tab": tab}).render(root=root, tab=tab, **facts)
        self._put(name, text.encode("utf-8", "replace"))


def _check_sentence(check: Mapping[str, Any]) -> str:
    if check["wrong"]:
        verb = "is" if check["wrong"] == 1 else "are"
        return f"{count(check['wrong'], 'transfer')} of {check['sample']:,} drawn {verb} wrong."
    if check["examined"] < check["sample"]:
        return f"{check['examined']:,} of {check['sample']:,} transfers drawn were examined."
    if check["not_known"]:
        return f"{check['right']:,} of {check['sample']:,} transfers drawn are right; the others are not known."
    return f"All {count(check['right'], 'transfer')} drawn are right."


def _times(facts: Mapping[str, Any]) -> str:
    """When a visit takes place, in its local time."""
    from zoneinfo import ZoneInfo

    there = Clock(ZoneInfo(facts["timezone"]), facts["timezone"])
    starts, ends = datetime.fromisoformat(facts["starts"]), datetime.fromisoformat(facts["ends"])
    if there.day(starts) == there.day(ends):
        return f"{there.moment(starts)} to {ends.astimezone(there.zone):%H:%M}"
    return f"{there.moment(starts)} to {there.moment(ends)}"


def _short_day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.day} {MONTHS[day.month - 1][:3]}"

"""The demo's story: a laptop, a server and a register in one folder, the usual pipeline, and a check of every outcome.

The outcomes are checked independently: the share's folder and the import folder are read without the pipeline, and a
single unexpected outcome ends the demo with an error.
"""

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from agent.demo.photos import ZONE, Cast, Sample, cast, make
from agent.demo.server import EmbeddedServer
from agent.journal import State
from agent.model.proof import Method
from agent.pipeline import probation
from agent.pipeline.context import Context, open_context
from agent.pipeline.events import Event, Summary
from agent.pipeline.explain import explain
from agent.pipeline.lock import only_writer
from agent.pipeline.run import Run
from agent.settings import Settings, load
from agent.share import make_key
from agent.tagging import untag

HOW = {
    Method.READ_BACK: "sent, and every byte read back and compared",
    Method.ALREADY_THERE: "already on the share: every byte read back and compared, nothing sent again",
}
"""The methods of proof, in words."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one sample, and why. `as_expected` says whether it is the expected outcome."""

    sample: Sample
    became: str
    reasons: tuple[str, ...]
    remote: str | None
    as_expected: bool


@dataclass(slots=True)
class Remembering:
    """An audience that remembers the events of each photo."""

    events: list[Event] = field(default_factory=list)

    def event(self, event: Event) -> None:
        """Remember it."""
        self.events.append(event)

    def expect(self, files: int, size: int) -> None:
        """Not needed."""

    def advance(self, size: int) -> None:
        """Not needed."""


@dataclass(frozen=True, slots=True)
class DemoResult:
    """The result of the whole demo."""

    outcomes: tuple[Outcome, ...]
    summary: Summary
    events: tuple[Event, ...]
    entries: int


def play(folder: Path) -> DemoResult:
    """Do the whole job in `folder` and check every outcome."""
    imports, share = folder / "laptop" / "Camera Imports", folder / "share"
    for place in (imports, share / "register", share / "visits", share / "record"):
        place.mkdir(parents=True, exist_ok=True)
    roles = cast(datetime.now(ZoneInfo(ZONE)).date())
    (share / "register" / "visits.csv").write_text(roles.visits_csv, encoding="utf-8")
    (share / "register" / "cameras.csv").write_text(roles.cameras_csv, encoding="utf-8")
    with EmbeddedServer(share) as server:
        settings = _laptop(folder / "laptop", imports, server)
        with only_writer(settings), open_context(settings) as context:
            probation.passed(context)  # its own server keeps its files: nobody has to wait until it has shown that
            _sent_already(context, roles, imports)
            originals = {sample.name: make(sample, imports).read_bytes() for sample in roles.samples}
            audience = Remembering()
            summary = Run(context, (imports,), audience).through()
            outcomes = tuple(_outcomes(context, roles, imports, share, originals))
            entries = sum(1 for _ in context.record.entries())
    return DemoResult(outcomes, summary, tuple(audience.events), entries)


def report(folder: Path) -> Path:
    """Make IT's report on the share of a demo that was played in `folder`. Returns its first page."""
    from agent.audit import read_keys, utc_now
    from agent.audit.report import Asked, Clock, make_report, visit_words
    from agent.pipeline.places import log_key

    settings = load(folder / "laptop" / "agent.toml")
    with open_context(settings) as context:
        register = context.registers.current()
    visits = visit_words(() if register is None else register.visits)
    keys = read_keys(f"{log_key(settings).load().key}\n")
    make_report(folder / "share", keys, folder / "report", Asked(utc_now(), Clock(ZoneInfo(ZONE), ZONE), visits))
    return folder / "report" / "index.html"


def _laptop(folder: Path, imports: Path, server: EmbeddedServer) -> Settings:
    """Set a laptop up as `init` does: with its own key, the server's pinned host key and agent.toml."""
    key_file, known_hosts = folder / "id_ed25519", folder / "known_hosts"
    for stale in (key_file, known_hosts):
        stale.unlink(missing_ok=True)
    server.authorize(make_key(key_file, "photo-agent demo"))
    known_hosts.write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n", encoding="utf-8")
    tables: dict[str, dict[str, object]] = {
        "device": {"name": "demo-laptop", "staff": "j.smith", "timezone": ZONE, "state_dir": str(folder / "state")},
        "folders": {"watch": [str(imports)], "settle_seconds": 0.2},
        "share": {
            "host": "127.0.0.1",
            "port": server.port,
            "user": "demo",
            "path": "/",
            "key_file": str(key_file),
            "known_hosts_file": str(known_hosts),
        },
        "register": {"visits": "share:register/visits.csv", "cameras": "share:register/cameras.csv"},
    }
    lines = []
    for table, values in tables.items():
        # JSON's strings, numbers and lists are TOML's as well.
        lines += [f"[{table}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items()), ""]
    path = folder / "agent.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return load(path, alone=True)


def _sent_already(context: Context, roles: Cast, imports: Path) -> None:
    """Do an earlier run with the one photo that the main run will find on the share."""
    earlier = next(sample for sample in roles.samples if sample.about.startswith("sent already"))
    make(earlier, imports)
    Run(context, (imports,)).through()


def _outcomes(
    context: Context, roles: Cast, imports: Path, share: Path, originals: dict[str, bytes]
) -> Iterator[Outcome]:
    held = {one.photo.main.path.name: one for one in context.journal.tracked_photos(State.REVIEW)}
    gone = {one.photo.main.path.name: one for one in context.journal.tracked_photos(State.REMOVED)}
    for sample in roles.samples:
        path = imports / sample.name
        content = originals[sample.name]
        if path.exists() and path.read_bytes() != content:
            yield Outcome(sample, "changed", (), None, as_expected=False)
        elif sample.name in gone and not path.exists():
            tracked = gone[sample.name]
            remote = tracked.proofs[0].name
            whole = _original_of(share / remote) == hashlib.sha256(content).hexdigest()
            reasons = tracked.decision.reasons if tracked.decision else ()
            yield Outcome(
                sample,
                "removed",
                (*reasons, HOW[tracked.proofs[0].method]),
                remote,
                whole and sample.expected == "removed",
            )
        elif sample.name in held:
            decision = held[sample.name].decision
            reasons = decision.reasons if decision else ()
            yield Outcome(sample, "review", reasons, None, sample.expected == "review" and path.exists())
        else:
            # The journal stores nothing about a private photo, so its reasons are worked out again.
            explanation = explain(context, path)
            yield Outcome(
                sample,
                explanation.verdict.value,
                explanation.reasons,
                None,
                explanation.verdict.value == sample.expected,
            )


def _original_of(remote: Path) -> str:
    original = io.BytesIO()
    with remote.open("rb") as tagged:
        untag(tagged, original)
    return hashlib.sha256(original.getvalue()).hexdigest()

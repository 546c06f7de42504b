"""The context of a run: the settings, and the stages opened from them once and closed together.

Only this module knows both the settings and the stages. A run gets its clock, its sleep and its connection to the share
from here, so that tests and the demo can replace them without patching.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from agent import __version__
from agent.journal import Journal, State
from agent.model.removal import Known
from agent.pipeline.journal_keys import GROUNDS
from agent.pipeline.places import journal_file, record_folder, register_folder
from agent.pipeline.shareclock import ShareClock
from agent.record import Record
from agent.register import RegisterStore
from agent.settings import Settings
from agent.volumes import Mounted, mounted

if TYPE_CHECKING:  # imported when first called: SSH, and the readers of photos
    from agent.capture import PhotoReader
    from agent.forward import Forwarder
    from agent.share import Server, Share
    from agent.worker import Worker

RULES = 4
"""Increased when the rules of deciding change within one version of the program: then all photos are decided afresh."""

UNREADABLE = 2
"""After a photo has crashed the reader this often, it is left alone until its file changes."""

PATIENCE = 5.0
"""Seconds for which a log server may delay the end of a run. Entries it has not taken by then wait for the next run."""


class Connect(Protocol):
    """The way to the share."""

    def __call__(self, *, delivering: bool = False) -> "Share":
        """Connect; `delivering` if photos are to be sent at once. Raises as `open_share` does."""
        ...


def _metered() -> Known:
    from agent.share import metered

    return metered()


@dataclass(slots=True)
class Context:
    """The opened stages of one run; for one thread only, as the journal's connection is."""

    settings: Settings
    journal: Journal
    record: Record
    registers: RegisterStore
    clock: Callable[[], datetime]
    sleep: Callable[[float], object]
    connect: "Connect"
    share_clock: ShareClock
    mounted: Callable[[], Mounted] = mounted
    metered: Callable[[], Known] = _metered
    _worker: "Worker | None" = None
    _forwarder: "Forwarder | None" = None

    @property
    def capture(self) -> "PhotoReader":
        """The reader of photos."""
        from agent.capture import PhotoReader

        return PhotoReader(self.worker)

    @property
    def worker(self) -> "Worker":
        """The worker that parses files in processes of its own; they start with the first file.

        Files that crashed the reader before are skipped, unless the grounds for deciding have changed since.
        """
        if self._worker is None:
            from agent.pipeline.jobs import JOBS
            from agent.worker import Worker

            self._worker = Worker(JOBS)
            for tracked in self.journal.tracked_photos(State.REFUSED):
                if tracked.attempts >= UNREADABLE and self.journal.fact(GROUNDS) == self.grounds:
                    self._worker.avoid(tracked.photo.main.path, tracked.reason or "")
        return self._worker

    @property
    def grounds(self) -> str | None:
        """The grounds for a decision apart from the photo: program, register, staff, zone and the school's wishes.

        None without a register.

        If any of these changes, all photos are decided afresh: once a name is corrected in agent.toml, the photos of a
        visit must not stay private for ever.
        """
        register = self.registers.current()
        device, screenshots = self.settings.device, self.settings.folders.screenshots
        if register is None:
            return None
        rules = self.settings.register
        reading = f"{rules.dates} {rules.longest_visit_days:g}{' accepted' if register.accepted else ''}"
        return f"{__version__} {RULES} {register.version} {reading} {device.timezone} {screenshots} {device.staff}"

    @property
    def forwarder(self) -> "Forwarder":
        """Sends the record's entries to the school's log servers, in a thread of its own."""
        if self._forwarder is None:
            from agent.pipeline.forwarding import forwarder_of

            self._forwarder = forwarder_of(self.settings, self.record)
        return self._forwarder

    def rest(self) -> None:
        """Stop the processes that read photos; the next photo starts them again."""
        if self._worker is not None:
            self._worker.close()

    def close(self) -> None:
        """Stop the processes and threads that were started, and close the stages."""
        if self._worker is not None:
            self._worker.close()
        if self._forwarder is not None:
            self._forwarder.close(PATIENCE)

    @property
    def zone(self) -> ZoneInfo:
        """The device's zone: for wall-clock times outside every visit, and for times that are shown."""
        return ZoneInfo(self.settings.device.timezone)


def wall_clock() -> datetime:
    """The laptop's clock, as an instant."""
    return datetime.now(UTC)


def server_of(settings: Settings) -> "Server":
    """Where the share is, as the settings say."""
    from agent.share import Server, Transport

    return Server(
        host=settings.share.host,
        port=settings.share.port,
        user=settings.share.user,
        root=settings.share.path,
        key_file=settings.key_file,
        known_hosts_file=settings.known_hosts_file,
        device=settings.device.name,
        connections=settings.share.connections,
        bandwidth_kib_per_s=settings.share.bandwidth_kib_per_s,
        transport=Transport(settings.share.transport),
    )


@contextlib.contextmanager
def open_context(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = wall_clock,
    sleep: Callable[[float], object] = time.sleep,
    connect: "Connect | None" = None,
    mounted: Callable[[], Mounted] = mounted,
    metered: Callable[[], Known] = _metered,
) -> Iterator[Context]:
    """Open the stages for writing; the caller holds `only_writer`."""
    share_clock = ShareClock()
    with Journal.open(journal_file(settings)) as journal:
        context = Context(
            settings=settings,
            journal=journal,
            record=Record.open(record_folder(settings), settings.device.name, share_time=share_clock),
            registers=RegisterStore(register_folder(settings)),
            clock=clock,
            sleep=sleep,
            share_clock=share_clock,
            connect=connect or partial(_connected, settings, clock),
            mounted=mounted,
            metered=metered,
        )
        with contextlib.closing(context):
            yield context


def _connected(settings: Settings, clock: Callable[[], datetime], *, delivering: bool = False) -> "Share":
    from agent.share import open_share

    return open_share(server_of(settings), clock=clock, delivering=delivering)

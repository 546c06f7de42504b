"""Showing a notice by the system's own notification centre, which also decides when not to disturb.

The library works in an event loop, and a click is heard only while that runs: it has a thread of its own here, which is
started by the first notice and ends with the program.
"""

import asyncio
import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from desktop_notifier import DesktopNotifier

log = logging.getLogger("photo-agent")

NAME = "School photos"


class Notices(Protocol):
    """Where notices go."""

    def show(self, text: str) -> None:
        """Show one line under the program's name. Returns at once, and raises nothing: a notice is a courtesy."""


class DesktopNotices:
    """The notification centre of this user's session; `clicked` is called, in another thread, when one is clicked."""

    def __init__(self, clicked: Callable[[], None]) -> None:
        self._clicked = clicked
        self._loop: asyncio.AbstractEventLoop | None = None
        self._notifier: DesktopNotifier | None = None
        self._silent = not _there_is_a_session()

    def show(self, text: str) -> None:
        """As the port says."""
        if self._silent:
            return
        try:
            self._run(self._send(text))
        except Exception as fault:  # noqa: BLE001  # whatever a desktop is like, the photos come first
            self._silent = True
            log.info("Notices are not shown on this desktop (%s).", type(fault).__name__)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._loop.set_exception_handler(_desktop_is_gone)
            threading.Thread(target=self._loop.run_forever, name="notices", daemon=True).start()
        asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _send(self, text: str) -> None:
        try:
            if self._notifier is None:
                from desktop_notifier import DesktopNotifier

                self._notifier = DesktopNotifier(app_name=NAME, app_icon=None)
            await self._notifier.send(title=NAME, message=text, on_clicked=self._on_clicked)
        except Exception as fault:  # noqa: BLE001  # the extra is not installed, or this desktop takes no notices
            self._silent = True
            log.info("Notices are not shown on this desktop (%s).", type(fault).__name__)

    def _on_clicked(self) -> None:
        with contextlib.suppress(OSError):
            self._clicked()


def _desktop_is_gone(_loop: asyncio.AbstractEventLoop, _told: dict[str, Any]) -> None:
    """The user logs out, or the centre ended: no fault of anybody's, and no traceback for the log."""
    log.info("The desktop's notices ended.")


def _there_is_a_session() -> bool:
    """Whether a bus of this user's session can be asked; other systems have a centre always."""
    if sys.platform != "linux":
        return True
    if os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return True
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if not runtime or not (bus := Path(runtime) / "bus").exists():
        return False
    os.environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={bus}"  # where the library looks
    return True

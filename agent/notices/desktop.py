"""Showing notices in the system's own notification centre, which also respects "do not disturb".

The library works in an event loop and receives clicks only while the loop runs. So the loop has a thread of its own
here, which starts with the first notice and ends with the program.
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
        """Show one line under the program's name. Returns at once and never raises, as a notice is only a courtesy."""


class DesktopNotices:
    """The notification centre of this user's session. A click on a notice calls `clicked` in another thread."""

    def __init__(self, clicked: Callable[[], None]) -> None:
        self._clicked = clicked
        self._loop: asyncio.AbstractEventLoop | None = None
        self._notifier: DesktopNotifier | None = None
        self._silent = not _there_is_a_session()

    def show(self, text: str) -> None:
        """See `Notices.show`."""
        if self._silent:
            return
        try:
            self._run(self._send(text))
        except Exception as fault:  # noqa: BLE001  # no fault of a desktop may get in the way of the photos
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


def _desktop_is_gone(_loop: asyncio.AbstractEventLoop, _details: dict[str, Any]) -> None:
    """The user has logged out, or the centre has ended. This is not a fault, so the log gets no traceback."""
    log.info("The desktop's notices ended.")


def _there_is_a_session() -> bool:
    """Whether this user's session has a message bus. Systems other than Linux always have a notification centre."""
    if sys.platform != "linux":
        return True
    if os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return True
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if not runtime or not (bus := Path(runtime) / "bus").exists():
        return False
    os.environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={bus}"  # where the library looks
    return True

"""Logging in to the share while the folders are looked through: on a slow line that takes as long as the look does."""

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.pipeline.context import Connect
    from agent.share import Share


class Dialling:
    """A connection that is being made on a thread of its own, from the beginning on."""

    def __init__(self, connect: "Connect", *, delivering: bool) -> None:
        self._outcome: Future[Share] = Future()
        threading.Thread(target=self._dial, args=(connect, delivering), name="dialling", daemon=True).start()

    def _dial(self, connect: "Connect", delivering: bool) -> None:  # as a thread's arguments are given
        try:
            self._outcome.set_result(connect(delivering=delivering))
        except BaseException as fault:  # noqa: BLE001  # goes to whoever asks for the connection
            self._outcome.set_exception(fault)

    def share(self) -> "Share":
        """Wait for it. Raises what `connect` raised."""
        return self._outcome.result()

    def abandon(self) -> None:
        """Nobody wants it any more: it is closed when it comes, and nobody waits for that."""
        self._outcome.add_done_callback(_closed)


def _closed(outcome: "Future[Share]") -> None:
    if outcome.exception() is None:
        outcome.result().close()

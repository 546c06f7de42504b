"""The process that reads back: `python -m agent.share.readback.serve`, asked and answering by lines (`messages`).

It connects by itself, judges the host key by itself, and ends when its input does. It never writes to the share.
"""

import asyncio
import sys
import threading

from agent.errors import AgentError, NotProven, ShareUnreachable
from agent.share.connecting import connect
from agent.share.faults import Refused
from agent.share.pool import ConnectionPool
from agent.share.readback.messages import Message, line, parsed, path_of, server_of
from agent.share.readback.reader import OwnReader, Start
from agent.share.streams import Progress

ALIVE = 2.0  # seconds between two signs of life
STAYS = "Photos that could not be checked stay on this laptop and will be sent again."


class Serving:
    """The files that are being read back."""

    def __init__(self, reader: OwnReader) -> None:
        self._reader = reader
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._progress: dict[int, Progress] = {}
        self._widening: set[asyncio.Task[None]] = set()

    def hear(self, message: Message) -> None:
        """Do as the engine says."""
        match message:
            case {"read": int(number)}:
                self._progress[number] = Progress(message["upto"])
                task = self._tasks[number] = asyncio.create_task(self._read(number, message))
                task.add_done_callback(lambda _: self._forget(number))  # also where it was dropped before it began
            case {"upto": int(number), "size": int(size)}:
                if number in self._progress:
                    self._progress[number].confirm(size)
            case {"drop": int(number)}:
                if number in self._tasks:
                    self._tasks[number].cancel()
            case {"widen": True}:
                widening = asyncio.create_task(self._reader.widen())
                self._widening.add(widening)
                widening.add_done_callback(self._widening.discard)

    async def _read(self, number: int, message: Message) -> None:
        start = message["start"]
        try:
            held = await self._reader.read(
                path_of(message["path"]),
                message["size"],
                self._progress[number],
                start=None if start is None else Start(*start),
                sync=message["sync"],
            )
        except NotProven:
            say({"differs": number})
        except Refused as refused:
            say({"refused": number, "why": [refused.doing, refused.code, refused.message]})
        except ShareUnreachable as lost:
            say({"lost": str(lost)})
        except Exception as unforeseen:  # noqa: BLE001  # said, by its kind alone: whoever asked would wait for ever
            say({"lost": f"What reads photos back from the share has failed ({type(unforeseen).__name__}). {STAYS}"})
        else:
            say({"held": number, "what": [held.fingerprint.sha256, held.fingerprint.size, held.synced]})

    def _forget(self, number: int) -> None:
        del self._tasks[number], self._progress[number]


def say(message: Message) -> None:
    """Tell the engine; if it is gone, so is this process soon."""
    sys.stdout.buffer.write(line(message))
    sys.stdout.buffer.flush()


async def main() -> None:
    """Connect, say so, and read back until the input ends."""
    server = server_of(parsed(sys.stdin.buffer.readline()))
    try:
        first = await connect(server)
    except AgentError as fault:
        say({"failed": type(fault).__name__, "why": str(fault)})
        return
    pool = ConnectionPool(first, lambda: connect(server), server.connections, lambda fault: say({"lost": str(fault)}))
    serving = Serving(OwnReader(pool))
    say({"ready": True})
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    threading.Thread(target=_listen, args=(loop, serving, ended), daemon=True).start()
    while not ended.is_set():
        try:
            await asyncio.wait_for(ended.wait(), ALIVE)
        except TimeoutError:
            say({"alive": True})
    await pool.close()


def _listen(loop: asyncio.AbstractEventLoop, serving: Serving, ended: asyncio.Event) -> None:
    """Messages from the pipe to the loop; a thread, since Windows has no other way to wait for an ordinary pipe."""
    try:
        for text in sys.stdin.buffer:
            loop.call_soon_threadsafe(serving.hear, parsed(text))
    finally:  # half a line is all that may come of an engine that was killed
        loop.call_soon_threadsafe(ended.set)


if __name__ == "__main__":
    asyncio.run(main())

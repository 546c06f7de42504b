"""The engine's end of the process that reads back."""

import asyncio
import contextlib
import queue
import subprocess
import threading
import time
from typing import IO

from agent.errors import HostKeyRefused, LoginRefused, NotProven, ShareUnreachable
from agent.files.child import start_child
from agent.model import Fingerprint, Sha256
from agent.share.faults import Refused
from agent.share.readback.messages import Message, line, parsed, path_text, server_message
from agent.share.readback.reader import HeldContent, Start
from agent.share.server import Server
from agent.share.streams import DIFFERENT, Progress

START = 60.0  # seconds it may take to start: a virus scanner may look at each of Python's files first
SILENT = 20.0  # seconds without a sign of life, of which there is one every two

_REFUSALS: dict[str, type[HostKeyRefused | LoginRefused]] = {
    "HostKeyRefused": HostKeyRefused,
    "LoginRefused": LoginRefused,
}
_ENDED = (
    "The process that reads photos back from the share has ended. Photos that could not be checked stay on this laptop "
    "and will be sent again."
)


class ReaderProcess:
    """A `Reader` in a process of its own. `start` before anything else; `close` ends it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._questions: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._answers: dict[int, asyncio.Future[HeldContent]] = {}
        self._number = 0
        self._lost: str | None = None
        self._heard = time.monotonic()
        self._watch: asyncio.Task[None] | None = None
        self._threads: tuple[threading.Thread, ...] = ()

    async def start(self, server: Server) -> None:
        """Have it connected. `ShareUnreachable` where it does not come up or cannot; ShareRefused as `open_share`."""
        try:
            # It takes a moment; in a thread, it could not be taken back.
            self._process, questions, answers = start_child("agent.share.readback.serve")
        except OSError as fault:
            raise ShareUnreachable(f"A second process cannot be started: {fault.strerror}") from fault
        self._threads = (
            threading.Thread(target=_ask, args=(self._questions, questions), name="share-asking", daemon=True),
            threading.Thread(target=self._listen, args=(answers,), name="share-readback", daemon=True),
        )
        for thread in self._threads:
            thread.start()
        self._say(server_message(server))
        try:
            async with asyncio.timeout(START + server.timeout):
                await self._ready
        except TimeoutError:
            raise ShareUnreachable(_ENDED) from None
        self._watch = asyncio.create_task(self._watch_over())

    async def read(
        self, path: bytes, size: int, progress: Progress, *, start: Start | None = None, sync: bool = False
    ) -> HeldContent:
        """As `Reader`."""
        self._number = number = self._number + 1
        answer: asyncio.Future[HeldContent] = self._loop.create_future()
        if self._lost is not None:
            raise ShareUnreachable(self._lost)
        self._answers[number] = answer
        upto = progress.upto
        self._say(
            {
                "read": number,
                "path": path_text(path),
                "size": size,
                "upto": upto,
                "start": None if start is None else [start.size, start.sha256],
                "sync": sync,
            }
        )
        telling = asyncio.create_task(self._tell_progress(number, upto, size, progress))
        try:
            return await answer
        finally:
            telling.cancel()
            if self._answers.pop(number, None) is not None:
                self._say({"drop": number})

    async def _tell_progress(self, number: int, told: int, size: int, progress: Progress) -> None:
        while told < size:
            told = await progress.beyond(told)
            self._say({"upto": number, "size": told})

    async def widen(self) -> None:
        """As `Reader`."""
        self._say({"widen": True})

    async def close(self) -> None:
        """End it."""
        if self._watch is not None:
            self._watch.cancel()
        self._lose(_ENDED)
        if self._process is not None:
            await asyncio.to_thread(self._end, self._process)

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        process.kill()  # it writes nothing, neither here nor on the share
        process.wait()
        self._questions.put(None)
        for thread in self._threads:
            thread.join()

    def _say(self, message: Message) -> None:
        if self._lost is None:
            self._questions.put(line(message))

    # --- hearing -----------------------------------------------------------------------------------------------------

    def _listen(self, answers: IO[bytes]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it everybody who could want to know
            with answers:
                for text in answers:
                    self._loop.call_soon_threadsafe(self._hear, text)
            self._loop.call_soon_threadsafe(self._lose, _ENDED)

    def _hear(self, text: bytes) -> None:
        self._heard = time.monotonic()
        try:
            message = parsed(text)
        except ValueError:
            self._lose(_ENDED)
            return
        match message:
            case {"ready": True} if not self._ready.done():
                self._ready.set_result(None)
            case {"failed": str(kind), "why": str(why)} if not self._ready.done():
                self._ready.set_exception(_REFUSALS.get(kind, ShareUnreachable)(why))
            case {"lost": str(why)}:
                self._lose(why)
            case {"held": int(number), "what": [str(sha256), int(size), bool(synced)]}:
                self._answer(number, HeldContent(Fingerprint(Sha256(sha256), size), synced))
            case {"differs": int(number)}:
                self._answer(number, NotProven(DIFFERENT))
            case {"refused": int(number), "why": [str(doing), int(code), str(said)]}:
                self._answer(number, Refused(doing, code, said))

    def _answer(self, number: int, answer: HeldContent | Exception) -> None:
        waiting = self._answers.pop(number, None)
        if waiting is None or waiting.done():
            return
        if isinstance(answer, HeldContent):
            waiting.set_result(answer)
        else:
            waiting.set_exception(answer)

    def _lose(self, why: str) -> None:
        if self._lost is not None:
            return
        self._lost = why
        for number in list(self._answers):
            self._answer(number, ShareUnreachable(why))
        if not self._ready.done():
            self._ready.set_exception(ShareUnreachable(why))
            self._ready.exception()  # looked at here, since nobody may be waiting any more

    async def _watch_over(self) -> None:
        while time.monotonic() - self._heard < SILENT:
            await asyncio.sleep(1)
        self._lose(_ENDED)


def _ask(questions: "queue.SimpleQueue[bytes | None]", pipe: IO[bytes]) -> None:
    """Questions into the pipe; a thread, since a process that does not read would hold up whoever asks."""
    with contextlib.suppress(OSError), pipe:  # that it has ended is seen by the end of its answers
        while (question := questions.get()) is not None:
            pipe.write(question)
            pipe.flush()

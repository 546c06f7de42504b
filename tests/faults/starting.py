"""Starting photo-agent with a fault in it: `preload.c` says what can go wrong, `starter.py` how it is started."""

import errno
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

SOURCE = Path(__file__).with_name("preload.c")
TREE = Path(__file__).parents[2]

NOTHING_CODE = 70
"""How a run ends that let an exception out: no exit code of the program's own."""


def why_not() -> str | None:
    """Why no run can be started with a fault in it on this machine, or None where it can."""
    if sys.platform != "linux":
        return "the library that makes effects fail is for Linux"
    if shutil.which("gcc") is None or not Path("/usr/include/stdio.h").exists():
        return "gcc, or the headers of the C library (Debian: build-essential), are not installed here"
    return None


class How(IntEnum):
    """What happens at the chosen effect, by its number in `preload.c`."""

    NOTHING = 0
    KILL_BEFORE = 1
    KILL_AFTER = 2
    KILL_HALF = 3
    FAIL_ONCE = 4
    FAIL_ON = 5
    SHORT = 6


@dataclass(frozen=True, slots=True)
class Plan:
    """Which fault at which effect. `clock_ahead` is in seconds; `trace` is a file to which the effects are written."""

    at: int = 0
    how: How = How.NOTHING
    error: int = 0
    trace: Path | None = None
    clock_ahead: int = 0

    def __str__(self) -> str:
        error = f" {errno.errorcode[self.error]}" if self.error else ""
        return f"{self.how.name.lower().replace('_', ' ')}{error} at effect {self.at}"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: its exit code (negative: the signal), and all its output."""

    code: int
    hung: bool
    said: str

    @property
    def killed(self) -> bool:
        return self.code == -9 and not self.hung

    @property
    def foreseen(self) -> bool:
        """Whether it ended with an explanation in words, or was killed on purpose."""
        return not self.hung and self.code != NOTHING_CODE and "Traceback" not in self.said

    @property
    def summary(self) -> dict[str, Any]:
        """The last line of `sync --json`; empty if there is none."""
        for line in reversed(self.said.splitlines()):
            if line.startswith("{") and '"summary"' in line:
                found: dict[str, Any] = json.loads(line)
                return found
        return {}


@dataclass(slots=True)
class Starter:
    """Entered, it starts runs. `home` of each is the only folder whose effects count."""

    _process: "subprocess.Popen[bytes] | None" = None
    _scratch: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="vpa-faults-")))
    _outs: dict[int, Path] = field(default_factory=dict)
    _runs: int = 0
    _asked: int = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.starter"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=TREE,
            env={**os.environ, "LD_PRELOAD": str(library()), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "error"},
        )
        self._answer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.close()
            self._process.wait(30)
            self._process.stdout.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def run(
        self,
        home: Path,
        *words: str | Path,
        plan: Plan | None = None,
        timeout: float | None = None,
        seconds: float = 60,
    ) -> Ended:
        """`photo-agent WORDS` of the laptop at `home`, to its end. `timeout`: how long it waits for the server."""
        return self.end(self.start(home, *words, plan=plan, timeout=timeout), seconds)

    def start(
        self,
        home: Path,
        *words: str | Path,
        plan: Plan | None = None,
        timeout: float | None = None,
        disk: Path | None = None,
        roots: tuple[Path, ...] = (),
        free: int | None = None,
    ) -> int:
        """Its process id. With `disk` a run over `roots` and a share in memory, whose disk that folder is."""
        plan = plan or Plan()
        self._runs += 1
        out = self._scratch / f"{self._runs}.out"
        config = home / "agent.toml"
        child = self._ask(
            do="start",
            words=["--config", str(config), *map(str, words)],
            out=str(out),
            config=str(config),
            disk=None if disk is None else str(disk),
            free=free,
            timeout=timeout,
            roots=[str(root) for root in roots],
            environment={"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")},
            plan={
                "below": os.path.realpath(home),
                "at": plan.at,
                "how": int(plan.how),
                "error": plan.error,
                "trace": None if plan.trace is None else str(plan.trace),
                "clock_ahead": plan.clock_ahead,
            },
        )
        self._outs[child] = out
        return int(child)

    def end(self, child: int, seconds: float = 60) -> Ended:
        """How it ended; after `seconds` it is killed, and hung."""
        how = self._ask(do="wait", child=child, seconds=seconds)
        out = self._outs.pop(child)
        said = out.read_text("utf-8", "replace") if out.exists() else ""
        out.unlink(missing_ok=True)
        return Ended(how["code"], how["hung"], said)

    def _ask(self, **asked: object) -> Any:
        assert self._process is not None
        assert self._process.stdin is not None
        self._asked += 1
        self._process.stdin.write(json.dumps({**asked, "number": self._asked}).encode() + b"\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        """To the last question; a test that was ended may have left an earlier answer behind."""
        assert self._process is not None
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            number, answer = json.loads(line)
            if number == self._asked:
                return answer
        raise RuntimeError("the process that starts the runs has ended")


@functools.cache
def library() -> Path:
    """`preload.c`, built for this machine into a folder of this user's."""
    folder = Path(tempfile.mkdtemp(prefix="vpa-preload-"))
    built = folder / "preload.so"
    subprocess.run(
        ["gcc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", str(built), str(SOURCE), "-ldl", "-lpthread"],
        check=True,
    )
    return built

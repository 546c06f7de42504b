"""What somebody who types notices of a sync: `python -m tests.bench.typing_beside [--photos N]`.

A "key" is pressed every 50 ms and wants a millisecond of work, as an editor does. It tells how late that is done on
an idle laptop, beside a sync at the usual priority, and beside one at the priority that the service runs with.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.loads import camera_photos
from tests.laptop import Laptop
from tests.servers.openssh import OpenSSH

EVERY = 0.05  # seconds between two keys
WORK = 0.001  # seconds of the processor that each wants
NICE = 10  # as agent/service says


def main() -> None:
    """Measure the three, and report them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--photos", type=int, default=60, help="JPEGs of 12 megapixels (default 60)")
    chosen = options.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f}; {os.cpu_count()} cores")
    until = time.monotonic() + 5
    tell("alone", keys(lambda: time.monotonic() < until))
    home = Path(tempfile.mkdtemp(prefix="vpa-typing-"))
    try:
        masters = home / "masters"
        masters.mkdir()
        camera_photos(chosen.photos).make(masters)
        size = sum(path.stat().st_size for path in masters.iterdir())
        with OpenSSH() as server:
            for nice in (0, NICE):
                beside(server, home / f"nice-{nice}", masters, size, nice)
    finally:
        shutil.rmtree(home)


def beside(server: OpenSSH, home: Path, masters: Path, size: int, nice: int) -> None:
    """Type until the sync has ended."""
    server.fresh_root()
    laptop = Laptop(home, server)
    laptop.imports.rmdir()
    shutil.copytree(masters, laptop.imports)
    line = ["nice", "-n", str(nice), *laptop.line("sync", "--json")]
    started, before = time.monotonic(), os.times()
    sync = subprocess.Popen(line, env=laptop.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    late = keys(lambda: sync.poll() is None)
    took, after = time.monotonic() - started, os.times()
    if sync.wait() != 0:
        raise SystemExit(f"the sync ended with {sync.returncode}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    tell(f"beside a sync, nice {nice}: {size / 1e6 / took:.0f} MB/s, {cpu / took:.0%} of a core", late)


def keys(go_on: Callable[[], bool]) -> list[float]:
    """How late each key's work was done, in ms."""
    late, at = [], time.perf_counter()
    while go_on():
        at += EVERY
        time.sleep(max(0.0, at - time.perf_counter()))
        began = time.thread_time()
        while time.thread_time() - began < WORK:
            pass
        late.append((time.perf_counter() - at - WORK) * 1000)
        at = max(at, time.perf_counter() - EVERY)
    return late


def tell(what: str, late: list[float]) -> None:
    """Median, 99th of a hundred, and the worst."""
    hundredths = statistics.quantiles(late, n=100)
    print(f"{what}: {statistics.median(late):.1f} ms late, 1 in 100 {hundredths[98]:.1f} ms, worst {max(late):.0f} ms")


if __name__ == "__main__":
    main()

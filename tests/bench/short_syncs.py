"""What a short sync takes: `python -m tests.bench.short_syncs [--links loopback home …] [--rounds N]`.

A laptop whose record is on the share already syncs nothing, one photo of 5 MB, and twenty small ones, with its register
on the share and with a copy of it on its own disk. Medians of the whole process: seconds by the wall, CPU seconds of
it and its children. It is the start and the end of a connection that count here, so what is looked for is round trips.
"""

import argparse
import os
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.measuring import Measured, compiled, measure
from tests.bench.pictures import photo
from tests.bench.servers import LINKS, BenchServer, Link
from tests.laptop import ON_VISIT, VISITS, Laptop, minutes


def main() -> None:
    """Measure what was chosen; tell."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--links", nargs="+", choices=[link.name for link in LINKS], default=("loopback", "home"))
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    scratch = tempfile.TemporaryDirectory(prefix="vpa-compiled-")
    os.environ |= compiled(Path(scratch.name))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before, medians of {chosen.rounds}")
    print("\n| line | register | to send | seconds | CPU seconds |\n|---|---|---|---:|---:|")
    for link in (link for link in LINKS if link.name in chosen.links):
        if (reason := link.why_not()) is not None:
            print(f"{link.words}: left out, {reason}")
            continue
        try:
            link.start()
            with BenchServer(link, chrooted=False) as server:
                for here in (False, True):
                    for what, fill in FILLS.items():
                        tell(link, server, chosen.rounds, what, fill, here=here)
        finally:
            link.end()


def nothing(_laptop: Laptop, _number: int) -> None:
    """No photo."""


def one(laptop: Laptop, number: int) -> None:
    """A camera's JPEG of 12 megapixels."""
    (laptop.imports / f"IMG_{number:04}.JPG").write_bytes(photo(ON_VISIT + minutes(number), number))


def twenty(laptop: Laptop, number: int) -> None:
    """Of 50 KB each."""
    for n in range(20):
        laptop.photo(f"IMG_{number}_{n}.jpg", ON_VISIT + minutes(n), size=50_000, seed=20 * number + n)


FILLS: dict[str, Callable[[Laptop, int], None]] = {"nothing": nothing, "1 × 5 MB": one, "20 × 50 KB": twenty}


def tell(
    link: Link, server: BenchServer, rounds: int, what: str, fill: Callable[[Laptop, int], None], *, here: bool
) -> None:
    """One line of the table; a first sync, which enrols the laptop and reads the register, is not counted."""
    with laptop_of(server, here=here) as laptop:
        found: list[Measured] = []
        for number in range(rounds + 1):
            fill(laptop, number)
            line = [*link.before, *laptop.line("sync", "--json")]
            found.append(measure(line, server.pid, env=laptop.environment)[0])
            if left := list(laptop.imports.iterdir()):
                raise SystemExit(f"{len(left)} files were left behind")
        seconds = statistics.median(each.seconds for each in found[1:])
        cpu = statistics.median(each.client_cpu for each in found[1:])
        where = "on the laptop" if here else "on the share"
        print(f"| {link.words} | {where} | {what} | {seconds:.2f} | {cpu:.2f} |", flush=True)


@contextmanager
def laptop_of(server: BenchServer, *, here: bool) -> Iterator[Laptop]:
    """A laptop of its own, on a share of its own."""
    server.fresh_root()
    home = Path(tempfile.mkdtemp(prefix="vpa-short-"))
    try:
        laptop = Laptop(home / "laptop", server)
        if here:
            register = home / "visits.csv"
            register.write_text(VISITS, encoding="utf-8")
            laptop.configure(register={"visits": str(register)})
        yield laptop
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    main()

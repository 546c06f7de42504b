"""How fast it has to be, as ratios of medians from one run on an idle machine; and whether it was.

Every byte is verified and a process's whole life counts. Others than ours are: rclone with a hash that a shell on the
server makes, OpenSSH's `sftp -b`, which verifies nothing, and the limit, `cat` through ssh.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.bench.contenders import LIMIT, OURS, PIPELINE, RCLONE, SFTP


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one contender with one load over one link: MB/s, CPU seconds for each GB, MB resident and, with what several
    processes share counted once, MB taken from the laptop.
    """

    speed: float
    cpu: float
    memory: float
    once: float


Measured = Mapping[tuple[str, str, str], Figures]
"""By link, load and contender."""


@dataclass(frozen=True, slots=True)
class Bar:
    """In words, its limit, and what gives the figure (None where that was not measured); `most` is an upper limit."""

    words: str
    limit: float
    figure: Callable[[Measured], float | None]
    most: bool = False


def ratio(link: str, load: str, to: str) -> Callable[[Measured], float | None]:
    """Our speed by another's."""

    def figure(measured: Measured) -> float | None:
        ours, other = measured.get((link, load, OURS)), measured.get((link, load, to))
        return None if ours is None or other is None else ours.speed / other.speed

    return figure


def cpu(load: str, contender: str) -> Callable[[Measured], float | None]:
    """CPU seconds for each GB on loopback."""

    def figure(measured: Measured) -> float | None:
        found = measured.get(("loopback", load, contender))
        return None if found is None else found.cpu

    return figure


def memory(of: Callable[[Figures], float]) -> Callable[[Measured], float | None]:
    """The most that ours had with any load over any link."""

    def figure(measured: Measured) -> float | None:
        return max((of(one) for (_, _, who), one in measured.items() if who in {OURS, PIPELINE}), default=None)

    return figure


BARS = (
    Bar("400 MB, loopback: ÷ rclone hashed", 1.0, ratio("loopback", "large", RCLONE)),
    Bar("4 MB, loopback: ÷ rclone hashed", 3.0, ratio("loopback", "photos", RCLONE)),
    Bar("50 KB, loopback: ÷ rclone hashed", 15.0, ratio("loopback", "small", RCLONE)),
    Bar("400 MB, loopback: ÷ sftp -b", 0.6, ratio("loopback", "large", SFTP)),
    Bar("4 MB, loopback: ÷ sftp -b", 0.6, ratio("loopback", "photos", SFTP)),
    Bar("400 MB, loopback: ÷ limit", 0.45, ratio("loopback", "large", LIMIT)),
    Bar("4 MB, loopback: ÷ limit", 0.45, ratio("loopback", "photos", LIMIT)),
    Bar("4 MB, 5 ms and 1 Gbit/s: ÷ limit", 0.85, ratio("lan", "photos", LIMIT)),
    Bar("4 MB, 40 ms and 100 Mbit/s: ÷ limit", 0.95, ratio("home", "photos", LIMIT)),
    Bar("50 KB, 40 ms and 100 Mbit/s: ÷ limit", 0.8, ratio("home", "small", LIMIT)),
    Bar("4 MB, the share alone: CPU s/GB", 10.0, cpu("photos", OURS), most=True),
    Bar("400 MB, the share alone: CPU s/GB", 10.0, cpu("large", OURS), most=True),
    Bar("JPEGs of 12 megapixels, whole sync: CPU s/GB", 18.0, cpu("camera", PIPELINE), most=True),
    Bar("memory of all processes together, shared pages once, MB", 110.0, memory(lambda one: one.once), most=True),
    Bar("the same, shared pages once for each process, MB", 110.0, memory(lambda one: one.memory), most=True),
)


def lines(measured: Measured) -> list[str]:
    """The bars as a table in Markdown; those that were not measured are left out."""
    told = []
    for bar in BARS:
        figure = bar.figure(measured)
        if figure is None:
            continue
        met = figure <= bar.limit if bar.most else figure >= bar.limit
        told.append(
            f"| {bar.words} | {'≤' if bar.most else '≥'} {bar.limit:g} | {figure:.2f} | {'yes' if met else 'no'} |"
        )
    return ["### Bars", "", "| | bar | measured | met |", "|---|---:|---:|---|", *told, ""] if told else []

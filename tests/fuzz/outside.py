"""ExifTool as the outside judge of broken files: when was this very file, as it now is, taken?

Only what ExifTool gives for a time of capture counts (DateTimeOriginal wherever a camera writes it, QuickTime's
CreationDate, else the movie header's CreateDate), read by the offset that stands there, else in the home zone. No other
tag, no other offset: a time that is read out of a file wrongly has nothing here to hide behind.
"""

import json
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from agent.model.times import Interval

ROUNDING = timedelta(minutes=1)
"""ExifTool leaves out the seconds of some AVIs, and a clip's header is written a moment after its end."""

_TAGS = ("DateTimeOriginal", "OffsetTimeOriginal", "CreationDate", "QuickTime:CreateDate")
_PROGRAMS = ("XMP", "IPTC", "Composite")
"""Groups in which programs leave a time, on which no photo is decided to be of a visit."""

_WITHOUT_A_ZONE_OF_ITS_OWN = ("H264",)
"""In AVCHD zero appears beside many clocks, whatever their zone: both readings may be the true one."""

_TIME = re.compile(r"(\d{4}):(\d\d):(\d\d)[ :](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?", re.ASCII)


def times_of(paths: Sequence[Path], home: tzinfo) -> dict[Path, frozenset[datetime]]:
    """For each file the instants at which it was taken as ExifTool reads it; empty where it finds none, or fails."""
    wanted = [f"-{tag}" for tag in _TAGS]
    done = subprocess.run(
        ["exiftool", "-j", "-G1", "-api", "QuickTimeUTC", *wanted, "-@", "-"],
        input="\n".join(map(str, paths)).encode(),
        capture_output=True,
        check=False,
        env={"TZ": "UTC", "PATH": "/usr/bin:/bin:/usr/local/bin"},
    )
    try:
        told = {Path(one["SourceFile"]): one for one in json.loads(done.stdout or b"[]")}
    except ValueError:  # a broken file can end ExifTool, and with it the list of all behind it
        if len(paths) == 1:
            return {paths[0]: frozenset()}
        half = len(paths) // 2
        return times_of(paths[:half], home) | times_of(paths[half:], home)
    return {path: _instants(told.get(path, {}), home) for path in paths}


def inside(times: frozenset[datetime], span: Interval) -> bool:
    """Whether one of the instants lies within the span, but for ExifTool's rounding."""
    return any(span.earliest - ROUNDING <= moment <= span.latest + ROUNDING for moment in times)


def _instants(told: dict[str, object], home: tzinfo) -> frozenset[datetime]:
    for tag in ("DateTimeOriginal", "CreationDate", "CreateDate"):
        for name, value in told.items():
            group, _, found = name.partition(":")
            match = _TIME.match(str(value)) if found == tag and not group.startswith(_PROGRAMS) else None
            if match is not None:
                return _read(match, told, home, apart=group in _WITHOUT_A_ZONE_OF_ITS_OWN)
    return frozenset()


def _read(match: re.Match[str], told: dict[str, object], home: tzinfo, *, apart: bool) -> frozenset[datetime]:
    beside = next((str(value) for name, value in told.items() if name.endswith(":OffsetTimeOriginal")), "")
    written = match[7] or beside.strip()
    try:
        year, month, day, hour, minute, second = (int(digits or 0) for digits in match.groups()[:6])
        shown = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  # a wall clock, read below
        here = frozenset(shown.replace(tzinfo=home, fold=fold).astimezone(UTC) for fold in (0, 1))
        offset = re.fullmatch(r"([+-])(\d\d):?(\d\d)", written)
        if offset is None and written != "Z":
            return here
        away = timedelta(0) if offset is None else timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        exact = (shown - away if offset is None or offset[1] == "+" else shown + away).replace(tzinfo=UTC)
        return here | {exact} if apart else frozenset({exact})
    except (ValueError, OverflowError):
        return frozenset()

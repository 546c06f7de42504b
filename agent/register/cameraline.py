"""A camera's line for cameras.csv, for a person to paste in: the file is the school's, and no program writes to it."""

import csv
import io
import re
from datetime import timedelta

from agent.model.capture import Camera
from agent.model.register import RegisteredCamera
from agent.register.cameras import COLUMNS
from agent.register.cells import key, printable


def clock_line(camera: RegisteredCamera) -> str:
    """The camera's line, in the order of `COLUMNS.known`."""
    cells = {
        "label": camera.label,
        "make": camera.make or "",
        "model": camera.model or "",
        "serial": camera.serial or "",
        "owner": camera.owner,
        "clock_ahead_seconds": str(round(camera.clock_ahead.total_seconds())),
    }
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells.get(name, "") for name in COLUMNS.known)
    return line.getvalue()


def named(camera: Camera, ahead: timedelta, *, label: str | None = None, owner: str = "staff") -> RegisteredCamera:
    """A line for a camera that has none yet: without a `label`, it is labelled by its make and model."""
    make, model, serial = (printable(word or "", 80) for word in (camera.make, camera.model, camera.serial))
    described = model if key(model).startswith(key(make)) else f"{make} {model}"
    if serial:
        described = f"{described} {serial[-4:]}"
    plain_label = " ".join(re.sub(r"[;|]", " ", label or described).split())
    return RegisteredCamera(plain_label, make or None, model or None, serial or None, owner, ahead)

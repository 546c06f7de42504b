"""Which registered camera took a photo, as far as its file shows.

By serial if both the file and the register have one, else by make and model, whatever their case and spacing. Without a
serial, two cameras of one model look the same in their files, so both are candidates.
"""

from dataclasses import dataclass
from datetime import timedelta

from agent.model.capture import Camera
from agent.model.register import RegisteredCamera
from agent.register.cells import key


@dataclass(frozen=True, slots=True)
class Candidates:
    """The registered cameras that may have taken it; empty for an unregistered camera."""

    cameras: tuple[RegisteredCamera, ...]

    @property
    def clock_errors(self) -> tuple[timedelta, ...]:
        """How far ahead its clock may run: each distinct value once, smallest first."""
        return tuple(sorted({camera.clock_ahead for camera in self.cameras}))

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the candidates, sorted."""
        return tuple(sorted({camera.label for camera in self.cameras}))

    def certainly_among(self, labels: frozenset[str]) -> bool:
        """Whether every candidate has one of these labels."""
        wanted = {key(label) for label in labels}
        return bool(self.cameras) and all(key(camera.label) in wanted for camera in self.cameras)


def identify(camera: Camera | None, registered: tuple[RegisteredCamera, ...]) -> Candidates:
    """The candidates for the camera that the file names."""
    if camera is None:
        return Candidates(())
    serial = _serial(camera.serial)
    same = tuple(known for known in registered if serial and _serial(known.serial) == serial)
    if same:
        return Candidates(same)
    model = _model(camera.make, camera.model)
    return Candidates(
        tuple(
            known
            for known in registered
            if model and _model(known.make, known.model) == model and not (serial and _serial(known.serial))
        )
    )


def _serial(serial: str | None) -> str:
    """A serial in the form used for comparing, without leading zeros: spreadsheets drop them from numbers."""
    plain = key(serial or "")
    return plain.lstrip("0") or plain


def _model(make: str | None, model: str | None) -> tuple[str, str] | None:
    """Make and model in the form used for comparing; None unless both are there."""
    return (key(make), key(model)) if make and model and key(model) else None

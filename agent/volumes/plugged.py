"""What can be plugged in and taken out again, such as a camera's card, as the system tells it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PluggedIn:
    """A volume that can be taken out while the computer runs, mounted at `top`.

    `id` is the same wherever it is plugged in (a FAT's serial number, a UUID), None where that is not known. Cheap
    cards and copies of a card may share it. `label` is what somebody called the volume, and may hold anything. `size`
    is in bytes, 0 where it is not known.
    """

    top: Path
    id: str | None = None
    label: str = ""
    size: int = 0
    read_only: bool = False

    def is_like(self, other: "PluggedIn") -> bool:
        """Whether the two cannot be told apart from outside: the same serial number, label and size.

        A volume without a serial number is like no other. One that is like another may still be its copy.
        """
        return self.id is not None and (self.id, self.label, self.size) == (other.id, other.label, other.size)

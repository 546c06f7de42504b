"""Removable volumes, such as a camera's card, as the system describes them."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PluggedIn:
    """A volume that can be taken out while the computer is running, mounted at `top`.

    `id` is the same on every computer (a FAT serial number, a UUID), or None if it is not known. Cheap cards and copies
    of a card may share it. `label` is the volume's name, which anybody may have written and which may contain anything.
    `size` is in bytes, or 0 if it is not known.
    """

    top: Path
    id: str | None = None
    label: str = ""
    size: int = 0
    read_only: bool = False

    def is_like(self, other: "PluggedIn") -> bool:
        """Whether the two look the same from outside: the same serial number, label and size.

        Even then, one may be a copy of the other. A volume without a serial number is not like any other.
        """
        return self.id is not None and (self.id, self.label, self.size) == (other.id, other.label, other.size)

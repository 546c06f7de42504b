"""Objects that are closed at the end of a `with` block."""

from types import TracebackType
from typing import Self


class Closing:
    """A base class for objects that have a `close`."""

    __slots__ = ()

    def close(self) -> None:
        """Close it. The derived class says how."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

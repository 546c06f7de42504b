"""Which system a test runs on, and the marks of tests that hold on some of them only."""

import errno
import os
import sys

import pytest


def _under_wine() -> bool:
    if sys.platform != "win32":
        return False
    import ctypes

    return hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


WINDOWS = sys.platform == "win32"
WINE = _under_wine()

posix_paths = pytest.mark.skipif(WINDOWS, reason="about paths of Linux and macOS")
posix_names = pytest.mark.skipif(WINDOWS, reason="Windows does not allow such names")
links = pytest.mark.skipif(WINDOWS, reason="making links needs a right on Windows, and Wine has none")
case_matters = pytest.mark.skipif(WINDOWS, reason="two names that differ in case only are one name on Windows")


def not_under_wine(lacks: str) -> pytest.MarkDecorator:
    """For what Windows has and Wine has not: `lacks` says what."""
    return pytest.mark.skipif(WINE, reason=f"Wine has no {lacks}")


def no_such_file() -> str:
    """What this system calls a file that is not there."""
    if sys.platform == "win32":
        import ctypes

        return ctypes.FormatError(2).rstrip(". ")
    return os.strerror(errno.ENOENT)

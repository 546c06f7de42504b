"""Which system a test runs on, and the marks of tests that hold on some of them only."""

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
case_matters = pytest.mark.skipif(WINDOWS, reason="two names that differ in case only are one name on Windows")


def not_under_wine(lacks: str) -> pytest.MarkDecorator:
    """For what Windows has and Wine has not: `lacks` says what."""
    return pytest.mark.skipif(WINE, reason=f"Wine has no {lacks}")

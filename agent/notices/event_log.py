"""Entries in the system's event log, for IT's collectors: that something needs IT, in numbers and without names.

Windows has such a log (source `photo-agent`), and an ordinary user may write to it. On other systems the service's own
log lines reach the journal by themselves. If the source is not registered (install/guides/it.md), the Event Viewer
shows the text after a remark of its own.
"""

import sys
from enum import IntEnum
from typing import Protocol


class LogEvent(IntEnum):
    """The kinds of entries. The value is the event id, for filters and subscriptions."""

    OVERDUE = 101
    LOGIN_REFUSED = 102
    HOST_KEY = 103
    DAMAGED = 104
    CANNOT_BE_SENT = 105


class EventLog(Protocol):
    """Where entries go."""

    def write(self, event: LogEvent, text: str) -> None:
        """Write one entry, a warning. Never raises, because the photos come first."""


SOURCE = "photo-agent"

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _WARNING = 0x0002  # winnt.h: EVENTLOG_WARNING_TYPE
    _advapi = ctypes.WinDLL("advapi32", use_last_error=True)
    _advapi.RegisterEventSourceW.argtypes = (wintypes.LPCWSTR, wintypes.LPCWSTR)
    _advapi.RegisterEventSourceW.restype = wintypes.HANDLE
    _advapi.DeregisterEventSource.argtypes = (wintypes.HANDLE,)
    _advapi.ReportEventW.argtypes = (
        wintypes.HANDLE,
        wintypes.WORD,
        wintypes.WORD,
        wintypes.DWORD,
        ctypes.c_void_p,
        wintypes.WORD,
        wintypes.DWORD,
        ctypes.POINTER(wintypes.LPCWSTR),
        ctypes.c_void_p,
    )

    class WindowsEventLog:
        """The Application log of this machine."""

        def write(self, event: LogEvent, text: str) -> None:
            """See `EventLog.write`."""
            source = _advapi.RegisterEventSourceW(None, SOURCE)
            if not source:
                return
            strings = (wintypes.LPCWSTR * 1)(text)
            _advapi.ReportEventW(source, _WARNING, 0, int(event), None, 1, 0, strings, None)
            _advapi.DeregisterEventSource(source)


def system_log() -> EventLog | None:
    """This system's event log; None if it has no such log."""
    if sys.platform == "win32":
        return WindowsEventLog()
    return None

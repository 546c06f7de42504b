"""The event log of Windows, written to by Windows' own Python as an ordinary user."""

import subprocess

PROGRAM = """
import ctypes
from ctypes import wintypes
from agent.notices import LogEvent, system_log

log = system_log()
log.write(LogEvent.OVERDUE, "2 visit photos should have left this laptop by now.")

advapi = ctypes.WinDLL("advapi32", use_last_error=True)
advapi.OpenEventLogW.restype = wintypes.HANDLE
print("opened" if advapi.OpenEventLogW(None, "Application") else "not opened")
"""


def test_an_entry_is_taken(windows_python: str) -> None:
    done = subprocess.run([windows_python, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=100)
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr
    assert "opened" in done.stdout

"""Whether this laptop's network is metered: it counts what is sent over it, and may charge for it.

Windows and NetworkManager know, from what the network says about itself and what its user has set. On other systems,
and if they do not answer, it is not known.
"""

import shutil
import subprocess
import sys

from agent.model.removal import Known

SECONDS = 5.0  # to wait for the system's answer
_ASK = (
    "--system",
    "--auto-start=no",
    "get-property",
    "org.freedesktop.NetworkManager",
    "/org/freedesktop/NetworkManager",
    "org.freedesktop.NetworkManager",
    "Metered",
)
_NETWORK_MANAGER = {"u 1": Known.YES, "u 2": Known.NO, "u 3": Known.YES, "u 4": Known.NO}
"""NMMetered: yes, no, and its two guesses; 0 is unknown."""

_COUNTED = 0x2 | 0x4 | 0x10000 | 0x40000
"""NLM_CONNECTION_COST: a fixed allowance, by volume, over its limit, roaming."""


def metered() -> Known:
    """Whether the network is metered, as this system says. Takes some milliseconds, at most `SECONDS`."""
    if sys.platform == "win32":
        return _by_windows()
    tool = shutil.which("busctl", path="/usr/bin:/bin") if sys.platform == "linux" else None
    return Known.NOT_KNOWN if tool is None else _by_network_manager(tool)


def _by_network_manager(tool: str) -> Known:
    try:
        done = subprocess.run(  # noqa: S603  # a fixed program, its arguments as a list
            [tool, *_ASK], stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return Known.NOT_KNOWN
    return _NETWORK_MANAGER.get(done.stdout.decode("ascii", "replace").strip(), Known.NOT_KNOWN)


if sys.platform == "win32":

    def _by_windows() -> Known:
        """By INetworkCostManager (netlistmgr.h), whose first method after IUnknown's three is GetCost."""
        import ctypes

        class Guid(ctypes.Structure):
            _fields_ = (("start", ctypes.c_uint32), ("rest", ctypes.c_ubyte * 12))

        def guid(start: int, rest: str) -> Guid:
            return Guid(start, (ctypes.c_ubyte * 12).from_buffer_copy(bytes.fromhex(rest)))

        rest = "0f579b4a8d69199fdba5723b"  # -570F-4A9B-8D69-199FDBA5723B, of both
        manager = guid(0xDCB00C01, rest)
        costs = guid(0xDCB00008, rest)
        found, cost = ctypes.c_void_p(), ctypes.c_uint32()
        ole = ctypes.OleDLL("ole32")
        try:
            ole.CoInitializeEx(None, 0)
        except OSError:
            return Known.NOT_KNOWN
        try:
            ole.CoCreateInstance(ctypes.byref(manager), None, 0x17, ctypes.byref(costs), ctypes.byref(found))
            methods = ctypes.cast(found, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p)))[0]
            try:
                ask = ctypes.WINFUNCTYPE(ctypes.HRESULT, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(methods[3])
                ask(found, ctypes.byref(cost), None)
            finally:
                ctypes.WINFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)(methods[2])(found)
        except OSError:
            return Known.NOT_KNOWN
        finally:
            ole.CoUninitialize()
        if not cost.value:
            return Known.NOT_KNOWN
        return Known.YES if cost.value & _COUNTED else Known.NO

"""Who owns a file, and whether another user of the same machine may rely on its content.

Windows lets every user make folders in C:\\ProgramData, and other systems are sometimes set up as carelessly. So a file
that sets rules for the machine is believed only if the system, its administrators or this very user own it.
"""

import os
import stat
import sys
from pathlib import Path

if sys.platform == "win32":
    import ctypes
    import msvcrt
    from ctypes import wintypes

    # accctrl.h, winnt.h
    _SE_FILE_OBJECT = 1
    _OWNER_SECURITY_INFORMATION = 0x00000001
    _TOKEN_QUERY = 0x0008
    _TOKEN_USER = 1
    _LOCAL_SYSTEM = "S-1-5-18"
    _ADMINISTRATORS = "S-1-5-32-544"
    _TRUSTED_INSTALLER = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"

    _advapi = ctypes.WinDLL("advapi32", use_last_error=True)
    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel.GetCurrentProcess.restype = wintypes.HANDLE
    _kernel.LocalFree.argtypes = (ctypes.c_void_p,)
    _kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
    _advapi.GetSecurityInfo.argtypes = (
        wintypes.HANDLE,
        ctypes.c_int,
        wintypes.DWORD,
        ctypes.POINTER(ctypes.c_void_p),
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.POINTER(ctypes.c_void_p),
    )
    _advapi.ConvertSidToStringSidW.argtypes = (ctypes.c_void_p, ctypes.POINTER(wintypes.LPWSTR))
    _advapi.OpenProcessToken.argtypes = (wintypes.HANDLE, wintypes.DWORD, ctypes.POINTER(wintypes.HANDLE))
    _advapi.GetTokenInformation.argtypes = (
        wintypes.HANDLE,
        ctypes.c_int,
        ctypes.c_void_p,
        wintypes.DWORD,
        ctypes.POINTER(wintypes.DWORD),
    )

    def may_speak_for_the_machine(descriptor: int) -> bool:
        """Whether the open file belongs to the system, its administrators or this user. Raises OSError."""
        owner = ctypes.c_void_p()
        security = ctypes.c_void_p()
        failed = _advapi.GetSecurityInfo(
            msvcrt.get_osfhandle(descriptor),
            _SE_FILE_OBJECT,
            _OWNER_SECURITY_INFORMATION,
            ctypes.byref(owner),
            None,
            None,
            None,
            ctypes.byref(security),
        )
        if failed:
            raise ctypes.WinError(failed)
        try:
            return _as_text(owner) in {_LOCAL_SYSTEM, _ADMINISTRATORS, _TRUSTED_INSTALLER, current_user_sid()}
        finally:
            _kernel.LocalFree(security)

    def current_user_sid() -> str:
        """The security identifier of the user this process runs as, such as "S-1-5-21-…-1001". Raises OSError."""
        token = wintypes.HANDLE()
        if not _advapi.OpenProcessToken(_kernel.GetCurrentProcess(), _TOKEN_QUERY, ctypes.byref(token)):
            raise ctypes.WinError(ctypes.get_last_error())
        try:
            size = wintypes.DWORD()
            _advapi.GetTokenInformation(token, _TOKEN_USER, None, 0, ctypes.byref(size))  # gives the size it needs
            buffer = ctypes.create_string_buffer(size.value)
            if not _advapi.GetTokenInformation(token, _TOKEN_USER, buffer, size, ctypes.byref(size)):
                raise ctypes.WinError(ctypes.get_last_error())
            # TOKEN_USER begins with a pointer to the SID, which is in the same buffer.
            return _as_text(ctypes.c_void_p.from_buffer(buffer))
        finally:
            _kernel.CloseHandle(token)

    def is_private_folder(folder: Path) -> bool:
        """Whether this is a folder and not a link to one; Windows keeps other users out of a user's profile."""
        return folder.is_dir() and not folder.is_symlink()

    def _as_text(sid: ctypes.c_void_p) -> str:
        text = wintypes.LPWSTR()
        if not _advapi.ConvertSidToStringSidW(sid, ctypes.byref(text)):
            raise ctypes.WinError(ctypes.get_last_error())
        try:
            return str(text.value)
        finally:
            _kernel.LocalFree(text)

else:

    def may_speak_for_the_machine(descriptor: int) -> bool:
        """Whether the open file belongs to root or this user, and nobody else may write to it. Raises OSError."""
        status = os.fstat(descriptor)
        written_by_others = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        return status.st_uid in {0, os.geteuid()} and not written_by_others

    def is_private_folder(folder: Path) -> bool:
        """Whether this is this user's folder, not a link to one, which nobody else may open. Raises OSError."""
        status = folder.lstat()
        return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077

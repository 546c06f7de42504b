"""Removal on Windows: by one handle, from the check to the deletion.

The file is opened for reading and deleting, itself and not the target of a link (FILE_FLAG_OPEN_REPARSE_POINT), and
shared for reading only: while the handle is open no other program can open it for writing, rename it or delete it, and
if one has it open for writing already the opening fails. The file's identity (kind, device, file id, size, time) and
its content (SHA-256) are then checked by the handle and the file is marked for deletion by the handle: no name is
resolved a second time, so there is nothing to race against and nothing to move aside.

On FAT and exFAT, which cards use, a name is only freed when the last handle to the file is closed, and never while the
file is marked read-only, as cameras mark protected photos. So the mark is removed first, put back if the removal fails,
and a photo counts as removed only once its name is gone.

This was tested with Windows' own Python on Wine, which has neither POSIX deletion nor other file systems.
"""

import sys

if sys.platform == "win32":
    import ctypes
    import hashlib
    import msvcrt
    import os
    import stat
    from ctypes import wintypes
    from pathlib import Path

    from agent.errors import LocalFault
    from agent.files.longpaths import extended
    from agent.files.opening import NAME_SURROGATE
    from agent.model.files import Fingerprint, LocalFile
    from agent.removal.faults import as_local_fault, changed, in_use, read_only, still_open, unconfirmed, vanished
    from agent.removal.names import kept_name

    # winnt.h, fileapi.h, minwinbase.h, winerror.h
    _GENERIC_READ = 0x80000000
    _DELETE = 0x00010000
    _WRITE_ATTRIBUTES = 0x00000100
    _SHARE_READ = 0x00000001
    _OPEN_EXISTING = 3
    _OPEN_REPARSE_POINT = 0x00200000
    _SEQUENTIAL_SCAN = 0x08000000
    _INVALID_HANDLE = ctypes.c_void_p(-1).value
    _FILE_BASIC_INFO = 0
    _FILE_DISPOSITION_INFO = 4
    _FILE_ATTRIBUTE_TAG_INFO = 9
    _FILE_DISPOSITION_INFO_EX = 21
    _DISPOSITION_DELETE = 0x1
    _DISPOSITION_POSIX_SEMANTICS = 0x2  # the name is free at once, even if some reader still has the file open
    _DISPOSITION_IGNORE_READONLY = 0x10
    _ERROR_FILE_NOT_FOUND = 2
    _ERROR_PATH_NOT_FOUND = 3
    _ERROR_SHARING_VIOLATION = 32
    _ERROR_LOCK_VIOLATION = 33
    _ERROR_WRITE_PROTECT = 19

    class _AttributeTag(ctypes.Structure):
        """FILE_ATTRIBUTE_TAG_INFO."""

        _fields_ = (("attributes", wintypes.DWORD), ("tag", wintypes.DWORD))

    class _Basic(ctypes.Structure):
        """FILE_BASIC_INFO; a time of 0 leaves that time as it is."""

        _fields_ = (
            ("created", wintypes.LARGE_INTEGER),
            ("accessed", wintypes.LARGE_INTEGER),
            ("written", wintypes.LARGE_INTEGER),
            ("changed", wintypes.LARGE_INTEGER),
            ("attributes", wintypes.DWORD),
        )

    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel.CreateFileW.argtypes = (
        wintypes.LPCWSTR,
        wintypes.DWORD,
        wintypes.DWORD,
        wintypes.LPVOID,
        wintypes.DWORD,
        wintypes.DWORD,
        wintypes.HANDLE,
    )
    _kernel.CreateFileW.restype = wintypes.HANDLE
    _kernel.SetFileInformationByHandle.argtypes = (wintypes.HANDLE, ctypes.c_int, wintypes.LPVOID, wintypes.DWORD)
    _kernel.SetFileInformationByHandle.restype = wintypes.BOOL
    _kernel.GetFileInformationByHandleEx.argtypes = (wintypes.HANDLE, ctypes.c_int, wintypes.LPVOID, wintypes.DWORD)
    _kernel.GetFileInformationByHandleEx.restype = wintypes.BOOL
    _kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
    _kernel.CloseHandle.restype = wintypes.BOOL

    def take_away(file: LocalFile, expected: Fingerprint) -> None:
        """See `remove.remove`."""
        marked = False
        try:
            handle = _open(file.path)
            try:
                descriptor = msvcrt.open_osfhandle(handle, os.O_RDONLY | os.O_BINARY | os.O_NOINHERIT)
            except OSError:
                _kernel.CloseHandle(handle)
                raise
            with os.fdopen(descriptor, "rb", buffering=0) as content:  # closing it closes the handle, and deletes
                if _is_link(handle):
                    raise changed("a link has taken its place")
                before = os.fstat(descriptor)
                _check(before, file)
                digest = hashlib.file_digest(content, "sha256").hexdigest()
                if before.st_size != expected.size or digest != expected.sha256:
                    raise changed("its content is not what was proven on the share")
                _check(os.fstat(descriptor), file)
                _mark_deleted(handle)
                marked = True
        except OSError as fault:
            raise (unconfirmed(fault) if marked else _as_local_fault(fault)) from fault
        if _is_named(file.path):  # another program has it open, and Windows frees its name when that program closes it
            raise still_open()

    def empty_private_folder(private: Path) -> int:
        """Put back files that another system's crash left on a card; the rename never overwrites. Raises OSError."""
        names = sorted(entry.name for entry in private.iterdir())
        for name in names:
            attempt = 0
            while True:
                target = private.parent / (name if attempt == 0 else kept_name(name, attempt))
                try:
                    (private / name).rename(target)
                except FileExistsError:
                    attempt += 1
                else:
                    break
        private.rmdir()
        return len(names)

    def _open(path: Path) -> int:
        handle: int | None = _kernel.CreateFileW(
            extended(path),
            _GENERIC_READ | _DELETE | _WRITE_ATTRIBUTES,
            _SHARE_READ,
            None,
            _OPEN_EXISTING,
            _OPEN_REPARSE_POINT | _SEQUENTIAL_SCAN,
            None,
        )
        if handle is None or handle == _INVALID_HANDLE:
            raise ctypes.WinError(ctypes.get_last_error())
        return handle

    def _is_link(handle: int) -> bool:
        info = _AttributeTag()
        size = ctypes.sizeof(info)
        if not _kernel.GetFileInformationByHandleEx(handle, _FILE_ATTRIBUTE_TAG_INFO, ctypes.byref(info), size):
            raise ctypes.WinError(ctypes.get_last_error())
        return bool(info.attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT and info.tag & NAME_SURROGATE)

    def _check(seen: os.stat_result, file: LocalFile) -> None:
        if not stat.S_ISREG(seen.st_mode):
            raise changed("something that is not a file has taken its place")
        if (seen.st_size, seen.st_mtime_ns) != (file.size, file.mtime_ns):
            raise changed("it was changed since it was sent")
        if (seen.st_dev, seen.st_ino) != (file.device, file.inode):
            raise changed("another file has taken its place")

    def _mark_deleted(handle: int) -> None:
        flags = wintypes.DWORD(_DISPOSITION_DELETE | _DISPOSITION_POSIX_SEMANTICS | _DISPOSITION_IGNORE_READONLY)
        if _set(handle, _FILE_DISPOSITION_INFO_EX, flags):
            return
        # FAT, exFAT and Windows before 10 1809 know only the plain form; it refuses files marked read-only.
        attributes = _attributes(handle)
        protected = bool(attributes & stat.FILE_ATTRIBUTE_READONLY)
        if protected:
            _set_attributes(handle, attributes & ~stat.FILE_ATTRIBUTE_READONLY)
        if not _set(handle, _FILE_DISPOSITION_INFO, wintypes.BOOLEAN(1)):
            fault = ctypes.WinError(ctypes.get_last_error())
            if protected:
                _set_attributes(handle, attributes)
            raise fault

    def _attributes(handle: int) -> int:
        info = _AttributeTag()
        size = ctypes.sizeof(info)
        if not _kernel.GetFileInformationByHandleEx(handle, _FILE_ATTRIBUTE_TAG_INFO, ctypes.byref(info), size):
            raise ctypes.WinError(ctypes.get_last_error())
        return int(info.attributes)

    def _set_attributes(handle: int, attributes: int) -> None:
        # 0 would mean "leave them unchanged".
        if not _set(handle, _FILE_BASIC_INFO, _Basic(attributes=attributes or stat.FILE_ATTRIBUTE_NORMAL)):
            raise ctypes.WinError(ctypes.get_last_error())

    def _is_named(path: Path) -> bool:
        """Whether the name still exists, even if only for a file that waits for its deletion."""
        try:
            os.lstat(extended(path))
        except FileNotFoundError:
            return False
        except OSError:
            return True  # Windows refuses to look at a file that waits for its deletion
        return True

    def _set(handle: int, kind: int, value: wintypes.DWORD | wintypes.BOOLEAN | _Basic) -> bool:
        return bool(_kernel.SetFileInformationByHandle(handle, kind, ctypes.byref(value), ctypes.sizeof(value)))

    def _as_local_fault(fault: OSError) -> LocalFault:
        if fault.winerror in {_ERROR_FILE_NOT_FOUND, _ERROR_PATH_NOT_FOUND}:
            return vanished()
        if fault.winerror in {_ERROR_SHARING_VIOLATION, _ERROR_LOCK_VIOLATION}:
            return in_use()
        if fault.winerror == _ERROR_WRITE_PROTECT:
            return read_only()
        return as_local_fault(fault)

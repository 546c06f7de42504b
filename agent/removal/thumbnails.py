"""The desktop's small pictures of a photo (freedesktop.org Thumbnail Managing Standard 0.9), which outlive it.

A thumbnail's name is the MD5 of the photo's file URI, so it can be found once the photo is gone. Windows keeps its
thumbnails in one database and macOS in another; neither can be edited: `leftovers` reports "not known" for them.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from agent.errors import LocalFault, Unforeseen, contained, kind_and_place
from agent.files.home import home_folder

# The characters that g_filename_to_uri leaves unchanged beside letters and digits (glib/gconvert.c, UNSAFE_PATH). Qt,
# and so KDE, also leaves ";" (RFC 3986, pchar): a photo with one in its path has two names for its thumbnails.
_GLIB_SAFE = "/!$&'()*+,-.:=@_~"
_QT_SAFE = _GLIB_SAFE + ";"

_PNG = b"\x89PNG\r\n\x1a\n"
_LONGEST_TEXT = 1 << 20  # a URI is far shorter; a longer text is not read into memory


def remove_thumbnails(path: Path, *, home: Path | None = None) -> int:
    """Remove all thumbnails of the photo that is, or was, at `path`, and return their number.

    This includes every size and marks of failed attempts. They are searched for in `home`/.cache/thumbnails and
    `home`/.thumbnails; if `home` is None, in $XDG_CACHE_HOME/thumbnails and the user's own. A picture of another
    file is left. If one cannot be removed, LocalFault is raised after the others have been removed.
    """
    if sys.platform == "win32":
        return 0
    uris = _uris(path)
    count = 0
    faults: list[BaseException] = []
    for folder in _folders(home, faults):
        for uri in uris:
            picture = folder / _name(uri)
            try:
                with contained("a thumbnail"):
                    count += _remove_one(picture, uri)
            except Unforeseen as fault:
                faults.append(fault.__cause__ or fault)
    if faults:
        first = faults[0]
        why = first.strerror or "unknown fault" if isinstance(first, OSError) else kind_and_place(first)
        raise LocalFault(
            f"A thumbnail of a removed photo cannot be removed ({why}). Check the"
            " permissions of the thumbnails folder in your cache folder."
        ) from faults[0]
    return count


def count_thumbnails(path: Path, *, home: Path | None = None) -> int:
    """The number of thumbnails of the photo that is, or was, at `path`. Like `remove_thumbnails`, but removes nothing.

    Raises LocalFault if one, or a folder of them, cannot be read.
    """
    if sys.platform == "win32":
        return 0
    faults: list[BaseException] = []
    count = 0
    try:
        for folder in _folders(home, faults):
            for uri in _uris(path):
                picture = folder / _name(uri)
                count += picture.is_file() and _is_of(picture, uri)
    except OSError as fault:
        faults.append(fault)
    if faults:
        raise LocalFault("The small pictures in your cache folder cannot be read.") from faults[0]
    return count


def _name(uri: str) -> str:
    return hashlib.md5(uri.encode("ascii"), usedforsecurity=False).hexdigest() + ".png"


def _remove_one(picture: Path, uri: str) -> bool:
    try:
        if not _is_of(picture, uri):
            return False
        picture.unlink()
    except FileNotFoundError:
        return False
    return True


def _uris(path: Path) -> tuple[str, ...]:
    name = os.fsencode(os.path.abspath(path))  # noqa: PTH100 -- Path.absolute() would keep ".."; no link is resolved
    return tuple(dict.fromkeys("file://" + quote_from_bytes(name, safe) for safe in (_GLIB_SAFE, _QT_SAFE)))


def _folders(home: Path | None, faults: list[BaseException]) -> Iterator[Path]:
    """normal, large, x-large, xx-large and any others that a desktop made, and fail/PROGRAM."""
    named = os.environ.get("XDG_CACHE_HOME", "") if home is None else ""
    home = home or home_folder()
    cache = Path(named) if named.startswith("/") else home / ".cache"
    for thumbnails in (cache / "thumbnails", home / ".thumbnails"):
        for size in _below(thumbnails, faults):
            if size.name == "fail":
                yield from _below(size, faults)
            yield size


def _below(folder: Path, faults: list[BaseException]) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if entry.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as fault:
        faults.append(fault)
        return []


def _is_of(picture: Path, uri: str) -> bool:
    """False only if the picture itself names another file (PNG tEXt chunk, keyword Thumb::URI)."""
    with picture.open("rb") as png:
        if png.read(8) != _PNG:
            return True
        while len(head := png.read(8)) == 8:
            length, kind = int.from_bytes(head[:4], "big"), head[4:]
            if kind in {b"IDAT", b"IEND"}:
                break  # texts come before the picture
            if kind == b"tEXt" and length <= _LONGEST_TEXT:
                keyword, _, text = png.read(length).partition(b"\0")
                if keyword == b"Thumb::URI":
                    return unquote_to_bytes(text) == unquote_to_bytes(uri)
                png.seek(4, os.SEEK_CUR)  # the chunk's checksum
            else:
                png.seek(length + 4, os.SEEK_CUR)
    return True

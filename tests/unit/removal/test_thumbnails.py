"""The desktop's small pictures go with the photo, and those of other photos stay."""

import ctypes
import ctypes.util
import hashlib
import os
import struct
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import LocalFault
from agent.removal import remove_thumbnails
from agent.removal.thumbnails import _uris

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="freedesktop thumbnails")

# From the Thumbnail Managing Standard, "Thumbnail Creation".
PHOTO = Path("/home/jens/photos/me.png")
NAME = "c6ee772d9e49320e97ec29a7eb5b1697.png"


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def picture(uri: str | None, *, texts: int = 1) -> bytes:
    said = [chunk(b"tEXt", b"Software\0GNOME::ThumbnailFactory")] * texts
    if uri is not None:
        said.append(chunk(b"tEXt", b"Thumb::URI\0" + uri.encode("latin-1")))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    rest = chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(said) + rest


def put(home: Path, size: str, name: str, content: bytes, cache: str = ".cache/thumbnails") -> Path:
    path = home / cache / size / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_the_thumbnails_of_every_size_and_of_failed_tries_go(tmp_path):
    of_it = picture("file:///home/jens/photos/me.png")
    gone = [
        put(tmp_path, size, NAME, of_it)
        for size in ("normal", "large", "x-large", "xx-large", "fail/gnome-thumbnail-factory", "fail/kde")
    ]
    gone.append(put(tmp_path, "normal", NAME, of_it, cache=".thumbnails"))
    stays = put(tmp_path, "normal", "0" * 32 + ".png", of_it)
    assert remove_thumbnails(PHOTO, home=tmp_path) == len(gone)
    assert not any(path.exists() for path in gone)
    assert stays.exists()
    assert remove_thumbnails(PHOTO, home=tmp_path) == 0


def test_a_picture_that_says_it_is_of_another_photo_stays(tmp_path):
    other = put(tmp_path, "normal", NAME, picture("file:///home/jens/photos/you.png"))
    assert remove_thumbnails(PHOTO, home=tmp_path) == 0
    assert other.exists()


@pytest.mark.parametrize(
    "content", [picture(None), picture("file:///home/jens/photos/%6De.png"), b"", b"no png", picture(None)[:40]]
)
def test_a_picture_that_does_not_say_or_says_it_in_other_letters_goes(tmp_path, content):
    put(tmp_path, "large", NAME, content)
    assert remove_thumbnails(PHOTO, home=tmp_path) == 1


def test_where_there_are_no_thumbnails_none_are_removed(tmp_path):
    assert remove_thumbnails(PHOTO, home=tmp_path) == 0


def test_the_cache_folder_that_the_session_names_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    put(tmp_path, "normal", NAME, picture(None), cache="cache/thumbnails")
    assert remove_thumbnails(PHOTO) == 1


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (b"/a/caf\xc3\xa9 1.jpg", "file:///a/caf%C3%A9%201.jpg"),
        (b"/a/caf\xe9.jpg", "file:///a/caf%E9.jpg"),
        (b'/a/50%#?[1];"<>\\^`{|}\n.jpg', "file:///a/50%25%23%3F%5B1%5D%3B%22%3C%3E%5C%5E%60%7B%7C%7D%0A.jpg"),
        (b"/a/!$&'()*+,-.:=@_~.jpg", "file:///a/!$&'()*+,-.:=@_~.jpg"),
        (b"/a/../b/./1.jpg", "file:///b/1.jpg"),
    ],
)
def test_any_name_has_the_uri_that_glib_gives_it(tmp_path, path, uri):
    name = hashlib.md5(uri.encode()).hexdigest() + ".png"
    put(tmp_path, "normal", name, picture(uri))
    assert remove_thumbnails(Path(os.fsdecode(path)), home=tmp_path) == 1


def test_a_name_with_a_semicolon_has_kdes_uri_too(tmp_path):
    for uri in ("file:///a/1;2.jpg", "file:///a/1%3B2.jpg"):
        put(tmp_path, "normal", hashlib.md5(uri.encode()).hexdigest() + ".png", picture(uri))
    assert remove_thumbnails(Path("/a/1;2.jpg"), home=tmp_path) == 2


GLIB = ctypes.util.find_library("glib-2.0")


@pytest.mark.skipif(GLIB is None, reason="GLib is not on this machine")
@given(st.binary(min_size=1, max_size=40).filter(lambda name: not {0, 47} & set(name) and name not in {b".", b".."}))
def test_every_name_has_the_uri_that_glib_itself_gives_it(name):
    glib = ctypes.CDLL(GLIB)
    glib.g_filename_to_uri.restype = ctypes.c_char_p  # leaks a few bytes a call, which a test may
    assert _uris(Path(os.fsdecode(b"/a/" + name)))[0].encode() == glib.g_filename_to_uri(b"/a/" + name, None, None)


def test_a_thumbnail_that_cannot_be_removed_is_reported(folder, as_ordinary_user):
    path = put(folder, "normal", NAME, picture(None))
    path.parent.chmod(0o555)
    with as_ordinary_user(), pytest.raises(LocalFault, match="thumbnail") as fault:
        remove_thumbnails(PHOTO, home=folder)
    assert "me.png" not in str(fault.value)

"""The places in which `inspect` looks on each system. Pure: the caller finds out which of them exist.

These are places in which people and programs usually put photos. If a program stores photos in a database or encrypted,
the place is `sealed`: it cannot be examined from outside, and the report says so if it exists.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.record.words import Spot


@dataclass(frozen=True, slots=True)
class PlaceToLook:
    """A folder, which need not exist. `sealed`: its contents cannot be recognised from outside."""

    spot: Spot
    path: Path
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class KnownFolders:
    """This user's folders according to the system; they may be redirected to another disk or into a cloud."""

    downloads: Path
    desktop: Path
    pictures: Path
    videos: Path
    documents: Path


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The facts on which the list depends.

    `system` is sys.platform. `user` is the user's name in the system's bins: a number on POSIX, a SID on Windows.
    `clouds` are folders that a cloud program synchronises, `cards` the top folders of plugged-in cards, `disks` those
    of this laptop's other disks.
    """

    system: str
    home: Path
    environ: Mapping[str, str]
    known: KnownFolders
    user: str
    watched: Sequence[Path] = ()
    clouds: Sequence[Path] = ()
    cards: Sequence[Path] = ()
    disks: Sequence[Path] = field(default=())


LIBRARY_ENDINGS = (".photoslibrary", ".photolibrary", ".migratedphotolibrary", ".aplibrary")
"""Folders that Apple's programs show as one file: everything below belongs to a photo library, wherever it is."""


def usual_places(here: Surroundings) -> tuple[PlaceToLook, ...]:
    """The places, each once; a place inside another is more specific and comes before it."""
    own = {"win32": _on_windows, "darwin": _on_macos}.get(here.system, _on_linux)
    places = [
        *(PlaceToLook(Spot.WATCHED, path) for path in here.watched),
        *(PlaceToLook(Spot.CARDS, path) for path in here.cards),
        *own(here),
        PlaceToLook(Spot.MESSENGERS, here.known.downloads / "Telegram Desktop"),
        *(PlaceToLook(Spot.MESSENGERS, here.known.documents / name) for name in _IN_DOCUMENTS),
        PlaceToLook(Spot.LIBRARIES, here.known.pictures / "thumbnails-digikam.db", sealed=True),
        *(PlaceToLook(Spot.CLOUD, path) for path in here.clouds),
        PlaceToLook(Spot.DOWNLOADS, here.known.downloads),
        PlaceToLook(Spot.DESKTOP, here.known.desktop),
        PlaceToLook(Spot.PICTURES, here.known.pictures),
        PlaceToLook(Spot.VIDEOS, here.known.videos),
        PlaceToLook(Spot.DOCUMENTS, here.known.documents),
    ]
    # xdg-user-dirs gives the home folder itself for a folder that the desktop does not use.
    whole = {here.home, *here.home.parents}
    return tuple({place.path: place for place in reversed(places) if place.path not in whole}.values())[::-1]


_IN_DOCUMENTS = ("ViberDownloads", "WeChat Files", "xwechat_files")


def _on_linux(here: Surroundings) -> Iterator[PlaceToLook]:
    # XDG Base Directory Specification: a relative path in these variables does not count.
    data = _absolute(here.environ.get("XDG_DATA_HOME"), here.home / ".local" / "share")
    cache = _absolute(here.environ.get("XDG_CACHE_HOME"), here.home / ".cache")
    config = _absolute(here.environ.get("XDG_CONFIG_HOME"), here.home / ".config")
    flatpak = here.home / ".var" / "app"
    yield PlaceToLook(Spot.TRASH, data / "Trash")
    for disk in here.disks:  # Trash specification 1.0
        yield PlaceToLook(Spot.TRASH, disk / ".Trash" / here.user)
        yield PlaceToLook(Spot.TRASH, disk / f".Trash-{here.user}")
    yield PlaceToLook(Spot.THUMBNAILS, cache / "thumbnails", sealed=True)
    yield PlaceToLook(Spot.THUMBNAILS, here.home / ".thumbnails", sealed=True)
    yield PlaceToLook(Spot.LIBRARIES, data / "shotwell")
    yield PlaceToLook(Spot.LIBRARIES, cache / "shotwell", sealed=True)
    yield PlaceToLook(Spot.LIBRARIES, cache / "darktable", sealed=True)
    yield PlaceToLook(Spot.LIBRARIES, data / "digikam")
    yield PlaceToLook(Spot.MESSENGERS, flatpak / "org.telegram.desktop")
    yield PlaceToLook(Spot.MESSENGERS, config / "Signal" / "attachments.noindex", sealed=True)
    signal = flatpak / "org.signal.Signal" / "config" / "Signal" / "attachments.noindex"
    yield PlaceToLook(Spot.MESSENGERS, signal, sealed=True)


def _on_macos(here: Surroundings) -> Iterator[PlaceToLook]:
    library = here.home / "Library"
    groups = library / "Group Containers"
    yield PlaceToLook(Spot.TRASH, here.home / ".Trash")
    yield from (PlaceToLook(Spot.TRASH, disk / ".Trashes" / here.user) for disk in here.disks)
    yield PlaceToLook(Spot.THUMBNAILS, library / "Caches", sealed=True)  # Quick Look's database is for the system alone
    yield PlaceToLook(Spot.MESSENGERS, library / "Messages" / "Attachments")
    yield PlaceToLook(Spot.MESSENGERS, groups / "group.net.whatsapp.WhatsApp.shared" / "Message" / "Media")
    yield PlaceToLook(Spot.MESSENGERS, groups / "6N38VWS5BX.ru.keepcoder.Telegram")
    signal = library / "Application Support" / "Signal" / "attachments.noindex"
    yield PlaceToLook(Spot.MESSENGERS, signal, sealed=True)


def _on_windows(here: Surroundings) -> Iterator[PlaceToLook]:
    roaming = Path(here.environ.get("APPDATA") or here.home / "AppData" / "Roaming")
    local = Path(here.environ.get("LOCALAPPDATA") or here.home / "AppData" / "Local")
    packages = local / "Packages"
    yield from (PlaceToLook(Spot.TRASH, disk / "$Recycle.Bin" / here.user) for disk in here.disks)
    yield PlaceToLook(Spot.THUMBNAILS, local / "Microsoft" / "Windows" / "Explorer", sealed=True)  # thumbcache_*.db
    photos = packages / "Microsoft.Windows.Photos_8wekyb3d8bbwe"
    yield PlaceToLook(Spot.LIBRARIES, photos / "LocalState", sealed=True)
    yield PlaceToLook(Spot.MESSENGERS, packages / "5319275A.WhatsAppDesktop_cv1g1gvanyjgm" / "LocalState")
    yield PlaceToLook(Spot.MESSENGERS, roaming / "Signal" / "attachments.noindex", sealed=True)
    # Google Drive shows a disk of its own, which fetches what is read.
    yield from (PlaceToLook(Spot.CLOUD, disk / "My Drive", sealed=True) for disk in here.disks)


def _absolute(named: str | None, otherwise: Path) -> Path:
    return Path(named) if named and Path(named).is_absolute() else otherwise

"""Facts about this laptop that an inspection needs: folders, disks, cards and clouds, and the places to leave out."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from agent.files.home import home_folder
from agent.folders.listing import is_folder, list_folder
from agent.pipeline.importfolders import is_served_by, system_folders
from agent.pipeline.inspect_places import KnownFolders, Surroundings
from agent.pipeline.inspect_walk import Bounds
from agent.removal import cloud_by_name, known_cloud_roots
from agent.settings import Settings
from agent.volumes import plugged_in
from agent.volumes.mounts import Mount, mount_above, mounts


def surroundings(settings: Settings) -> tuple[Surroundings, Bounds]:
    """The facts about this laptop and its user as they are now."""
    home = home_folder()
    mounted = mounts()
    near = [mount for mount in mounted if not mount.network and not mount.on_demand]
    own_disk = mount_above(near, home)
    cards = [card.top for card in plugged_in() if own_disk is None or card.top != own_disk.top]
    disks = [mount.top for mount in near if mount.top not in cards and not _is_the_systems(mount)]
    here = Surroundings(
        system=sys.platform,
        home=home,
        environ=os.environ,
        known=_known(),
        user=_user(),
        watched=settings.watch,
        clouds=tuple(dict.fromkeys(_clouds(home))),
        cards=cards,
        disks=disks,
    )
    host = settings.share.host
    bounds = Bounds(
        mounts=mounted,
        own=frozenset({settings.state_dir, Path(os.path.realpath(settings.state_dir))}),
        shares=frozenset(mount.top for mount in mounted if is_served_by(host, mount.source)),
        quiet=tuple(system_folders()),
    )
    return here, bounds


def _is_the_systems(mount: Mount) -> bool:
    return any(top == mount.top or top in mount.top.parents for top in (*system_folders(), Path("/run"), Path("/snap")))


def _known() -> KnownFolders:
    """The user's folders by the system's names: Windows' known folders, XDG user directories, macOS's names."""
    import platformdirs

    return KnownFolders(
        downloads=platformdirs.user_downloads_path(),
        desktop=platformdirs.user_desktop_path(),
        pictures=platformdirs.user_pictures_path(),
        videos=platformdirs.user_videos_path(),
        documents=platformdirs.user_documents_path(),
    )


def _clouds(home: Path) -> Iterator[Path]:
    yield from (root for root, _ in known_cloud_roots() if root != home)
    for folder in (home, home / "Pictures"):
        yield from (place for place in _inside(folder) if cloud_by_name(place))
    if sys.platform == "darwin":
        yield from _inside(home / "Library" / "CloudStorage")
        yield home / "Library" / "Mobile Documents"


def _inside(folder: Path) -> list[Path]:
    try:
        listing = list_folder(folder, os.lstat(folder))
    except OSError:
        return []
    return [folder / name for name, seen in listing.seen if is_folder(seen)]


if sys.platform == "win32":
    from agent.files.owner import current_user_sid

    def _user() -> str:
        return current_user_sid()

else:

    def _user() -> str:
        return str(os.getuid())

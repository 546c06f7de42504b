"""Which names in a folder are not photos: hidden, the system's, this program's own, or still being written.

Pure, by name alone; `look.is_marked_hidden` covers files that a system marks as hidden by attributes or flags. Case is
ignored, for cards and Windows shares. Better too few names here than too many: a skipped photo would wait for ever.
"""

OWN_PREFIX = ".photo-agent-"
"""The beginning of the names of this agent's own folders; one holds a photo for the moment of its removal."""

_SYSTEM_FOLDERS = frozenset(
    {
        "$recycle.bin",  # Windows' bins, by age
        "recycler",
        "recycled",
        "system volume information",
        "lost+found",
        "@eadir",  # Synology's thumbnails
        "#recycle",  # Synology's bin
    }
)
# Apple's libraries are folders that only Photos may change; Photos knows the copies in them.
_LIBRARY_ENDINGS = (".photoslibrary", ".photolibrary", ".migratedphotolibrary", ".aplibrary")
# Safari puts a download in a folder with this name until it is complete.
_PARTIAL_FOLDER_ENDINGS = (".download",)

_SYSTEM_FILES = frozenset({"thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r"})
_PARTIAL_ENDINGS = (
    ".part",  # Firefox, and many copying tools
    ".partial",  # rclone, Internet Explorer
    ".filepart",  # WinSCP
    ".tmp",
    ".temp",
    ".crdownload",  # Chrome
    ".download",  # Safari
    ".opdownload",  # Opera
    ".aria2",
    ".!ut",
    "~",  # editors' backups
)
_PARTIAL_BEGINNINGS = ("~$",)  # Office's lock files


def is_hidden(name: str) -> bool:
    """A dot-name: hidden on POSIX, and on cards used there (`.Trash-1000`, `.Spotlight-V100`, `._IMG_1.jpg`, ours)."""
    return name.startswith(".")


def is_partial(name: str) -> bool:
    """Whether the name says that a program is still writing the file."""
    lower = name.lower()
    return lower.endswith(_PARTIAL_ENDINGS) or lower.startswith(_PARTIAL_BEGINNINGS)


def is_no_photo_file(name: str) -> bool:
    """Whether a file of this name is skipped."""
    return is_hidden(name) or is_partial(name) or name.lower() in _SYSTEM_FILES


def is_no_photo_folder(name: str) -> bool:
    """Whether a folder of this name is skipped (a root is walked whatever its name)."""
    lower = name.lower()
    return is_hidden(name) or lower in _SYSTEM_FOLDERS or lower.endswith(_LIBRARY_ENDINGS + _PARTIAL_FOLDER_ENDINGS)


def is_own(name: str) -> bool:
    """Whether this agent made it."""
    return name.startswith(OWN_PREFIX)

"""Which names in a folder are no photo's: hidden, the system's, this program's own, or still being written.

Pure, by name alone; what a system marks as hidden otherwise (attributes, flags) is `look.is_marked_hidden`. Case is
ignored, for cards and Windows shares. Better too few names here than too many: a photo passed over would wait for ever.
"""

OWN_PREFIX = ".photo-agent-"
"""How the names of this agent's own folders begin; one holds a photo for the moment of its removal."""

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
# Apple's libraries are folders that Photos alone may change; what they hold is copies it knows of.
_LIBRARY_ENDINGS = (".photoslibrary", ".photolibrary", ".migratedphotolibrary", ".aplibrary")
# Safari keeps a download in a folder of this name until it is whole.
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
    """A dot-name: hidden on POSIX, and on cards from there (`.Trash-1000`, `.Spotlight-V100`, `._IMG_1.jpg`, ours)."""
    return name.startswith(".")


def is_partial(name: str) -> bool:
    """Whether the name says that a program is still writing the file."""
    lower = name.lower()
    return lower.endswith(_PARTIAL_ENDINGS) or lower.startswith(_PARTIAL_BEGINNINGS)


def is_no_photo_file(name: str) -> bool:
    """Whether a file of this name is passed over."""
    return is_hidden(name) or is_partial(name) or name.lower() in _SYSTEM_FILES


def is_no_photo_folder(name: str) -> bool:
    """Whether a folder of this name is not walked into (a root is walked whatever its name)."""
    lower = name.lower()
    return is_hidden(name) or lower in _SYSTEM_FOLDERS or lower.endswith(_LIBRARY_ENDINGS + _PARTIAL_FOLDER_ENDINGS)


def is_own(name: str) -> bool:
    """Whether this agent made it."""
    return name.startswith(OWN_PREFIX)

"""The tables of agent.toml as frozen dataclasses: every key with its meaning, its default and its limits.

These are pydantic's dataclasses, not its models, because a table is called `register`, which is a method in the
metaclass of every pydantic model. A value stays as written; the properties of `Settings` give it in a usable form.
`tables_for_it` has the tables that only IT needs.
"""

import dataclasses
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, Strict, StrictBool, StrictInt
from pydantic.dataclasses import dataclass

from agent.model.ids import RemoteName
from agent.settings import checks
from agent.settings.places import config_folder, expanded, state_folder
from agent.settings.tables_for_it import EXACT, ForwardSettings, Locked, RetentionSettings

CAMERAS_FILE = "cameras.csv"
_Number = Annotated[float, Strict()]  # an integer is allowed; a quoted number or true is not


@dataclass(frozen=True, slots=True, config=EXACT)
class Device:
    """This laptop and who works with it."""

    staff: Annotated[
        str,
        AfterValidator(checks.staff),
        Field(
            description="Who works with this laptop, written as in the visits register. {login} means the person who "
            "is logged in, by the name that staff_file gives for the login.",
            examples=["j.smith"],
        ),
    ]
    timezone: Annotated[
        str,
        AfterValidator(checks.zone),
        Field(
            description="The school's time zone, by its IANA name, for visits and cameras without a zone of their own.",
            examples=["Europe/London"],
        ),
    ]
    name: Annotated[
        str,
        AfterValidator(checks.device_name),
        Field(
            description="This laptop's name in the record and on the share, where record/ has a folder of this name. "
            "If it is not set, share.user is used. {host} and {login} in it are replaced.",
            examples=["laptop-17"],
            json_schema_extra={"pattern": checks.DEVICE_NAME_AS_WRITTEN},
        ),
    ] = dataclasses.field(default_factory=str)  # empty until `Settings` puts share.user in its place
    state_dir: Annotated[
        str,
        AfterValidator(checks.absolute_or_empty),
        Field(description="Where the journal and the record are stored; empty: the system's usual place."),
    ] = ""
    language: Annotated[
        Literal["auto", "en", "cy"],
        Field(
            description="The language of the staff page and of notices: en (English), cy (Welsh, a machine's draft) or "
            "auto (the browser's language, and for notices the system's)."
        ),
    ] = "auto"
    staff_file: Annotated[
        str,
        AfterValidator(checks.absolute_or_empty),
        Field(
            description="If staff is {login}: a CSV file on this laptop with the columns login and staff, which only "
            "an administrator may change; empty: the login itself is the name."
        ),
    ] = ""


@dataclass(frozen=True, slots=True, config=EXACT)
class Folders:
    """Where cameras and phones leave photos on this laptop."""

    watch: Annotated[
        tuple[Annotated[str, AfterValidator(checks.watched)], ...],
        Field(
            min_length=1,
            description="The folders into which photos are imported, with all folders in them. ~ is the home folder. "
            "Choose small folders; a whole drive or home folder is not allowed. Write Windows paths in single quotes.",
            examples=[["~/Pictures/Camera Imports"]],
        ),
    ]
    settle_seconds: Annotated[
        _Number,
        Field(ge=0, le=3600, description="How long a file must have been unchanged before it is read."),
    ] = 5
    rescan_minutes: Annotated[
        _Number,
        Field(gt=0, le=1440, description="How often all folders are searched, in addition to watching them."),
    ] = 15
    screenshots: Annotated[
        Literal["ask", "leave"],
        Field(
            description="What to do with screenshots and screen recordings that may be of a visit: ask the member of "
            "staff, or leave them alone."
        ),
    ] = "ask"


@dataclass(frozen=True, slots=True, config=EXACT)
class ShareSettings:
    """The school's share, reached by SFTP with this laptop's own key."""

    host: Annotated[
        str,
        AfterValidator(checks.host),
        Field(description="The server's name or address.", examples=["photos.school.example"]),
    ]
    user: Annotated[
        str,
        AfterValidator(checks.user),
        Field(
            description="This laptop's own user on the server, a different one for each laptop. {host} is replaced by "
            "the laptop's own name, {login} by the login; use both if several people share a laptop.",
            examples=["laptop-17"],
        ),
    ]
    port: Annotated[StrictInt, Field(ge=1, le=65535, description="The server's SSH port.")] = 22
    path: Annotated[
        str,
        AfterValidator(checks.share_path),
        Field(
            description="The folder on the server that holds register/, visits/ and record/, as this user sees it "
            "after logging in (inside the chroot, if there is one).",
            json_schema_extra={"pattern": "^/"},
        ),
    ] = "/photos"
    key_file: Annotated[
        str,
        AfterValidator(checks.absolute_or_empty),
        Field(description="This laptop's private SSH key; empty: in the user's configuration folder."),
    ] = ""
    known_hosts_file: Annotated[
        str,
        AfterValidator(checks.absolute_or_empty),
        Field(description="The server's pinned host key; empty: in the user's configuration folder."),
    ] = ""
    connections: Annotated[
        StrictInt,
        Field(
            ge=1,
            le=8,
            description="How many connections send at once, 1 to 8, each with another one that reads back; "
            "with 1, one connection does both.",
        ),
    ] = 2
    transport: Annotated[
        Literal["auto", "openssh", "paramiko"],
        Field(
            description="What encrypts the connection: OpenSSH's client (ssh), which is faster, or paramiko, which is "
            "part of this program. auto: OpenSSH's client if it is installed and can log in, otherwise paramiko."
        ),
    ] = "auto"
    when: Annotated[
        Literal["always", "unmetered"],
        Field(
            description="When the service sends: always, or not while Windows or NetworkManager says that the network "
            "is metered. If neither says anything, photos are sent. “photo-agent sync” always sends."
        ),
    ] = "always"
    bandwidth_kib_per_s: Annotated[
        StrictInt, Field(ge=0, description="The fastest to send, in KiB per second over all connections; 0: no limit.")
    ] = 0
    allow_unsynced: Annotated[
        StrictBool,
        Field(
            description="Remove photos even if the server cannot confirm that they are on its disk (because it lacks "
            "fsync@openssh.com). They are still read back and compared."
        ),
    ] = False


@dataclass(frozen=True, slots=True, config=EXACT)
class RegisterSettings:
    """The school's registers of visits and cameras."""

    visits: Annotated[
        str,
        AfterValidator(checks.visits),
        Field(
            description="The visits register, .csv, .xlsx, .ods or .ics: share:… for a file on the share (relative to "
            "share.path), or a full path on this laptop.",
            json_schema_extra={"pattern": r"\.([cC][sS][vV]|[xX][lL][sS][xX]|[oO][dD][sS]|[iI][cC][sS])$"},
        ),
    ] = "share:register/visits.csv"
    cameras: Annotated[
        str,
        AfterValidator(checks.cameras),
        Field(
            description="The cameras register, .csv, .xlsx or .ods, named in the same way; empty: cameras.csv beside "
            "the visits register, if there is one.",
            json_schema_extra={"pattern": r"^$|\.([cC][sS][vV]|[xX][lL][sS][xX]|[oO][dD][sS])$"},
        ),
    ] = ""
    max_age_days: Annotated[
        _Number,
        Field(gt=0, le=3660, description="How old the last good copy of the register may be before it is not used."),
    ] = 14
    dates: Annotated[
        Literal["day-first", "month-first", "iso"],
        Field(
            description="The order of day and month in dates such as 3/4/2026: day-first, month-first, or iso if only "
            "dates such as 2026-04-03 are allowed. A register whose dates prove another order is not used.",
        ),
    ] = "day-first"
    longest_visit_days: Annotated[
        _Number,
        Field(gt=0, le=366, description="How long a visit may last; longer visits need `photo-agent visits accept`."),
    ] = 14


@dataclass(frozen=True, slots=True, config=EXACT)
class RemovalSettings:
    """When a photo leaves this laptop."""

    keep_hours: Annotated[
        _Number,
        Field(
            ge=0, le=87600, description="How long a photo stays here after it is proven on the share; 0: not at all."
        ),
    ] = 0
    overdue_hours: Annotated[
        _Number,
        Field(
            gt=0,
            le=87600,
            description="A visit photo that is still here this long after the share could first be reached is overdue.",
        ),
    ] = 24


@dataclass(frozen=True, slots=True, config=EXACT)
class CardSettings:
    """What happens when a camera's card is put in."""

    offer: Annotated[
        StrictBool,
        Field(
            description="Whether the service looks for photos of visits on a card that is put in, and asks about it."
        ),
    ] = True
    remove: Annotated[
        Literal["ask", "always", "never"],
        Field(
            description="Whether photos are removed from a card after they are proven on the share: ask the member of "
            "staff each time (`photo-agent sync CARD` counts as a yes), always without asking, or never."
        ),
    ] = "ask"


@dataclass(frozen=True, slots=True, config=EXACT)
class NoticeSettings:
    """Messages on the desktop."""

    desktop: Annotated[
        bool,
        Field(
            description="Whether the service shows on the desktop what was sent and what needs a person, in numbers "
            "and without names. Needs the extra `desktop`."
        ),
    ] = True


@dataclass(frozen=True, slots=True, config=EXACT)
class Settings:
    """All of agent.toml, checked. Properties that are paths are absolute, with `~` and variables replaced."""

    device: Device
    folders: Folders
    share: ShareSettings
    register: RegisterSettings = dataclasses.field(default_factory=RegisterSettings)
    removal: RemovalSettings = dataclasses.field(default_factory=RemovalSettings)
    cards: CardSettings = dataclasses.field(default_factory=CardSettings)
    notices: NoticeSettings = dataclasses.field(default_factory=NoticeSettings)
    forward: ForwardSettings = dataclasses.field(default_factory=ForwardSettings)
    retention: RetentionSettings = dataclasses.field(default_factory=RetentionSettings)
    locked: Locked = dataclasses.field(default_factory=Locked)

    def __post_init__(self) -> None:
        """Give a laptop without a name the name of its user on the server."""
        if not self.device.name:
            named = dataclasses.replace(self.device, name=checks.safe_device_name(self.share.user))
            object.__setattr__(self, "device", named)

    @property
    def state_dir(self) -> Path:
        """Where the journal and the record are stored; it may not exist yet."""
        return expanded(self.device.state_dir) if self.device.state_dir else state_folder()

    @property
    def key_file(self) -> Path:
        """This laptop's private SSH key, in OpenSSH's format; the public one is beside it, with `.pub`."""
        return expanded(self.share.key_file) if self.share.key_file else config_folder() / "id_ed25519"

    @property
    def known_hosts_file(self) -> Path:
        """The pinned host key, in the format of OpenSSH's known_hosts."""
        return expanded(self.share.known_hosts_file) if self.share.known_hosts_file else config_folder() / "known_hosts"

    @property
    def watch(self) -> tuple[Path, ...]:
        """The watched folders; some may not exist (a card that is not inserted)."""
        return tuple(expanded(folder) for folder in self.folders.watch)

    @property
    def zone(self) -> ZoneInfo:
        """The device's time zone."""
        return ZoneInfo(self.device.timezone)

    @property
    def visits_file(self) -> RemoteName | Path:
        """The visits register: a `Path` on this laptop, or a name on the share."""
        return _register_file(self.register.visits)

    @property
    def register_is_here(self) -> bool:
        """Whether the visits register is a file on this laptop."""
        return isinstance(self.visits_file, Path)

    @property
    def cameras_file(self) -> RemoteName | Path | None:
        """The cameras register, in the same way; None if the settings do not name one."""
        return _register_file(self.register.cameras) if self.register.cameras else None

    @property
    def cameras_beside(self) -> RemoteName | Path:
        """The place of a cameras register that the settings do not name: beside the visits register."""
        visits = self.visits_file
        if isinstance(visits, Path):
            return visits.with_name(CAMERAS_FILE)
        return RemoteName(str(PurePosixPath(visits).with_name(CAMERAS_FILE)))

    def forward_file(self, key: str) -> Path | None:
        """The file that this key of [forward] names; None if it is empty."""
        value: str = getattr(self.forward, key)
        return expanded(value) if value else None

    def dump(self) -> dict[str, Any]:
        """The settings in use, by table and key, ready for JSON: with defaults, and paths as they are used."""
        tables = dataclasses.asdict(self)
        tables["device"]["state_dir"] = str(self.state_dir)
        tables["folders"]["watch"] = [str(folder) for folder in self.watch]
        tables["device"]["staff_file"] = str(expanded(self.device.staff_file)) if self.device.staff_file else ""
        tables["locked"]["keys"] = list(self.locked.keys)
        tables["share"]["key_file"] = str(self.key_file)
        tables["share"]["known_hosts_file"] = str(self.known_hosts_file)
        for key in ("ecs_file", "ca_file", "client_cert", "client_key"):
            tables["forward"][key] = str(self.forward_file(key) or "")
        return tables


def _register_file(text: str) -> RemoteName | Path:
    return RemoteName(text.removeprefix("share:")) if text.startswith("share:") else expanded(text)

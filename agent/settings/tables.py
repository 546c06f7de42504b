"""The tables of agent.toml as frozen dataclasses: every key with its meaning, its default and its limits.

Pydantic's dataclasses rather than its models: a table is named `register`, which every pydantic model already has as a
method of its metaclass. A key's value stays as written; the properties of `Settings` give it in a usable form.
"""

import dataclasses
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, ConfigDict, Field, Strict, StrictBool, StrictInt
from pydantic.dataclasses import dataclass

from agent.model.ids import RemoteName
from agent.settings import checks
from agent.settings.places import config_folder, expanded, state_folder

_EXACT: Final = ConfigDict(extra="forbid", allow_inf_nan=False)
CAMERAS_FILE = "cameras.csv"
_Number = Annotated[float, Strict()]  # an integer is allowed; a quoted number or true is not


@dataclass(frozen=True, slots=True, config=_EXACT)
class Device:
    """This laptop and who works with it."""

    staff: Annotated[
        str,
        AfterValidator(checks.staff),
        Field(
            description="Who works with this laptop, written as in the visits register. {login}: whoever is logged in, "
            "by the name that staff_file has for the login.",
            examples=["j.smith"],
        ),
    ]
    timezone: Annotated[
        str,
        AfterValidator(checks.zone),
        Field(
            description="The school's time zone, as IANA names it; for visits and cameras that name none.",
            examples=["Europe/London"],
        ),
    ]
    name: Annotated[
        str,
        AfterValidator(checks.device_name),
        Field(
            description="This laptop's name in the record and on the share: its folder there is record/ and this name. "
            "Without it, share.user is taken. {host} and {login} in it are replaced.",
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
            description="The language of the staff page and of notices: en (English), cy (Welsh, a machine's draft), "
            "or auto: as the browser asks for, and for notices as the system is set."
        ),
    ] = "auto"
    staff_file: Annotated[
        str,
        AfterValidator(checks.absolute_or_empty),
        Field(
            description="Where staff is {login}: a CSV file on this laptop with the columns login and staff, which "
            "only an administrator may change; empty: the login itself is the name."
        ),
    ] = ""


@dataclass(frozen=True, slots=True, config=_EXACT)
class Folders:
    """Where cameras and phones leave photos on this laptop."""

    watch: Annotated[
        tuple[Annotated[str, AfterValidator(checks.watched)], ...],
        Field(
            min_length=1,
            description="The folders that photos are imported into, with all folders in them. ~ is the home folder. "
            "Choose them narrow; a whole drive or home folder is refused. Write Windows paths in single quotes.",
            examples=[["~/Pictures/Camera Imports"]],
        ),
    ]
    settle_seconds: Annotated[
        _Number,
        Field(ge=0, le=3600, description="How long a file must have stayed unchanged before it is looked at."),
    ] = 5
    rescan_minutes: Annotated[
        _Number,
        Field(gt=0, le=1440, description="How often all folders are searched, in addition to watching them."),
    ] = 15
    screenshots: Annotated[
        Literal["ask", "leave"],
        Field(
            description="What happens to screenshots and screen recordings that may be of a visit: ask the member "
            "of staff, or leave them alone."
        ),
    ] = "ask"


@dataclass(frozen=True, slots=True, config=_EXACT)
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
            description="This laptop's own user on the server; one for each laptop. {host} in it is replaced by the "
            "laptop's own name, {login} by the login; use both where several people share a laptop.",
            examples=["laptop-17"],
        ),
    ]
    port: Annotated[StrictInt, Field(ge=1, le=65535, description="The server's SSH port.")] = 22
    path: Annotated[
        str,
        AfterValidator(checks.share_path),
        Field(
            description="The folder on the server that holds register/, visits/ and record/, as this user sees it "
            "after logging in (inside the chroot, where there is one).",
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
            description="How many connections may send at once, 1 to 8, each with another that reads back; "
            "with 1, one connection does both.",
        ),
    ] = 2
    transport: Annotated[
        Literal["auto", "openssh", "paramiko"],
        Field(
            description="What encrypts the connection: OpenSSH's client (ssh), which is faster, or paramiko, which is "
            "part of this program. auto: OpenSSH's client where it is installed and gets in, otherwise paramiko."
        ),
    ] = "auto"
    when: Annotated[
        Literal["always", "unmetered"],
        Field(
            description="When the service sends: always, or not while Windows or NetworkManager says that the network "
            "is metered. Where neither says anything, photos are sent. “photo-agent sync” sends whenever it is run."
        ),
    ] = "always"
    bandwidth_kib_per_s: Annotated[
        StrictInt, Field(ge=0, description="The most to send, in KiB per second over all connections; 0: no limit.")
    ] = 0
    allow_unsynced: Annotated[
        StrictBool,
        Field(
            description="Remove photos although the server cannot confirm that they are on its disk "
            "(it lacks fsync@openssh.com). They are read back and compared all the same."
        ),
    ] = False


@dataclass(frozen=True, slots=True, config=_EXACT)
class RegisterSettings:
    """The school's registers of visits and cameras."""

    visits: Annotated[
        str,
        AfterValidator(checks.visits),
        Field(
            description="The visits register, .csv, .xlsx, .ods or .ics: share:… for a file on the share (from "
            "share.path on), or a full path on this laptop.",
            json_schema_extra={"pattern": r"\.([cC][sS][vV]|[xX][lL][sS][xX]|[oO][dD][sS]|[iI][cC][sS])$"},
        ),
    ] = "share:register/visits.csv"
    cameras: Annotated[
        str,
        AfterValidator(checks.cameras),
        Field(
            description="The cameras register, .csv, .xlsx or .ods, likewise; empty: cameras.csv beside the visits "
            "register, if it is there.",
            json_schema_extra={"pattern": r"^$|\.([cC][sS][vV]|[xX][lL][sS][xX]|[oO][dD][sS])$"},
        ),
    ] = ""
    max_age_days: Annotated[
        _Number,
        Field(gt=0, le=3660, description="How old the last good copy of the register may be and still be used."),
    ] = 14
    dates: Annotated[
        Literal["day-first", "month-first", "iso"],
        Field(
            description="The order of day and month in dates such as 3/4/2026: day-first, month-first, or iso where "
            "only 2026-04-03 is read. A register that proves another order is not used.",
        ),
    ] = "day-first"
    longest_visit_days: Annotated[
        _Number,
        Field(gt=0, le=366, description="How long a visit may last; a longer one needs `photo-agent visits accept`."),
    ] = 14


@dataclass(frozen=True, slots=True, config=_EXACT)
class RemovalSettings:
    """When a photo leaves this laptop."""

    keep_hours: Annotated[
        _Number,
        Field(ge=0, le=87600, description="How long a photo stays here once it is proven on the share; 0: not at all."),
    ] = 0
    overdue_hours: Annotated[
        _Number,
        Field(
            gt=0,
            le=87600,
            description="How long after the share was first reachable a visit photo that is still here is overdue.",
        ),
    ] = 24


@dataclass(frozen=True, slots=True, config=_EXACT)
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
            description="Whether photos are removed from a card once they are proven on the share: ask the member of "
            "staff each time (one who types `photo-agent sync CARD` has said yes), always without asking, or never."
        ),
    ] = "ask"


@dataclass(frozen=True, slots=True, config=_EXACT)
class NoticeSettings:
    """Messages on the desktop."""

    desktop: Annotated[
        bool,
        Field(
            description="Whether the service reports on the desktop what was sent and what needs a person: "
            "counts only, no names. Needs the extra `desktop`."
        ),
    ] = True


_Endpoint = Annotated[str, AfterValidator(checks.endpoint)]
_File = Annotated[str, AfterValidator(checks.absolute_or_empty)]


@dataclass(frozen=True, slots=True, config=_EXACT)
class ForwardSettings:
    """Log servers and files that also get the record's entries, for a SIEM; only the record is proof. All optional."""

    syslog: Annotated[
        _Endpoint,
        Field(
            description="The school's syslog server, host:port, by TLS (RFC 5424 and 5425; the usual port is 6514); "
            "empty: none.",
            examples=["log.school.example:6514"],
        ),
    ] = ""
    ecs_server: Annotated[
        _Endpoint,
        Field(
            description="A log server that takes the Elastic Common Schema as JSON Lines, host:port, by TLS "
            "(Logstash's tcp input with its json_lines codec, say); empty: none.",
        ),
    ] = ""
    ecs_file: Annotated[
        _File,
        Field(
            description="A file on this laptop to which the same lines are added, for Filebeat, the Wazuh agent or a "
            "Splunk forwarder to read; empty: none."
        ),
    ] = ""
    ca_file: Annotated[
        _File,
        Field(
            description="The certificate authority (PEM) that these servers' certificates must come from; empty: those "
            "that the system trusts."
        ),
    ] = ""
    client_cert: Annotated[
        _File,
        Field(description="This laptop's certificate (PEM), for servers that ask for one; empty: none."),
    ] = ""
    client_key: Annotated[
        _File,
        Field(description="Its private key (PEM, no passphrase); empty: it is in the same file."),
    ] = ""

    @property
    def wanted(self) -> bool:
        """Whether anything is forwarded at all."""
        return bool(self.syslog or self.ecs_server or self.ecs_file)


@dataclass(frozen=True, slots=True, config=_EXACT)
class RetentionSettings:
    """How long IT keeps photos on the share, for `report`. Nothing is deleted by this program."""

    days: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=36_500,
            description="How many days after a visit, or its last photo, its files are to be deleted; 0: nobody said.",
        ),
    ] = 0
    visits: Annotated[
        tuple[Annotated[str, Field(pattern=r"^.+=[0-9]{1,5}$")], ...],
        Field(description="Days of single visits: the visit's id, =, days.", examples=[["2026-ski-week=1095"]]),
    ] = ()
    hold: Annotated[
        tuple[str, ...],
        Field(description="Ids of visits of which nothing may be deleted for now, whatever their days."),
    ] = ()


@dataclass(frozen=True, slots=True, config=_EXACT)
class Locked:
    """In the machine's file only, which the user's own file then adds to: what that one cannot change."""

    keys: Annotated[
        tuple[str, ...],
        Field(
            description="The settings that stay as the machine's file has them, or at their defaults, whatever another "
            "file says.",
            examples=[["share.host", "share.path"]],
        ),
    ] = ()


@dataclass(frozen=True, slots=True, config=_EXACT)
class Settings:
    """All of agent.toml, checked. The paths among the properties are absolute, with `~` and variables replaced."""

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
        """If the file gives the laptop no name, it gets the name of its user on the server."""
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
        """The visits register: a `Path` on this laptop, else a name on the share."""
        return _register_file(self.register.visits)

    @property
    def register_is_here(self) -> bool:
        """Whether the visits register is a file on this laptop."""
        return isinstance(self.visits_file, Path)

    @property
    def cameras_file(self) -> RemoteName | Path | None:
        """The cameras register, in the same way, if the settings name one."""
        return _register_file(self.register.cameras) if self.register.cameras else None

    @property
    def cameras_beside(self) -> RemoteName | Path:
        """Where the cameras register is if the settings name none and the school has one: beside the visits."""
        visits = self.visits_file
        if isinstance(visits, Path):
            return visits.with_name(CAMERAS_FILE)
        return RemoteName(str(PurePosixPath(visits).with_name(CAMERAS_FILE)))

    def forward_file(self, key: str) -> Path | None:
        """The file that this key of [forward] names; None if it is empty."""
        value: str = getattr(self.forward, key)
        return expanded(value) if value else None

    def dump(self) -> dict[str, Any]:
        """The settings in force, by table and key, ready for JSON: defaults filled in, paths as they are used."""
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

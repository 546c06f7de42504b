"""The tables of agent.toml that only IT needs: forwarding the record, retention on the share, and locked keys.

`tables` has the other tables and puts all of them together.
"""

from typing import Annotated, Final

from pydantic import AfterValidator, ConfigDict, Field, StrictInt
from pydantic.dataclasses import dataclass

from agent.settings import checks

EXACT: Final = ConfigDict(extra="forbid", allow_inf_nan=False)
"""How every table is checked: an unknown key is a fault, and a number must be finite."""

_Endpoint = Annotated[str, AfterValidator(checks.endpoint)]
_File = Annotated[str, AfterValidator(checks.absolute_or_empty)]


@dataclass(frozen=True, slots=True, config=EXACT)
class ForwardSettings:
    """Optional log servers and files that also receive the record's entries, for a SIEM. Only the record is proof."""

    syslog: Annotated[
        _Endpoint,
        Field(
            description="The school's syslog server, host:port, over TLS (RFC 5424 and 5425; the usual port is 6514); "
            "empty: none.",
            examples=["log.school.example:6514"],
        ),
    ] = ""
    ecs_server: Annotated[
        _Endpoint,
        Field(
            description="A log server that takes the Elastic Common Schema as JSON Lines, host:port, over TLS "
            "(such as Logstash's tcp input with its json_lines codec); empty: none.",
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
            description="The certificate authority (PEM) that must have issued these servers' certificates; empty: any "
            "that the system trusts."
        ),
    ] = ""
    client_cert: Annotated[
        _File,
        Field(description="This laptop's certificate (PEM), for servers that ask for one; empty: none."),
    ] = ""
    client_key: Annotated[
        _File,
        Field(description="The certificate's private key (PEM, without a passphrase); empty: in the same file."),
    ] = ""

    @property
    def wanted(self) -> bool:
        """Whether entries are forwarded at all."""
        return bool(self.syslog or self.ecs_server or self.ecs_file)


@dataclass(frozen=True, slots=True, config=EXACT)
class RetentionSettings:
    """How long IT keeps photos on the share, for `report`. Nothing is deleted by this program."""

    days: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=36_500,
            description="How many days after a visit, or its last photo, its files must be deleted; 0: not decided.",
        ),
    ] = 0
    visits: Annotated[
        tuple[Annotated[str, Field(pattern=r"^.+=[0-9]{1,5}$")], ...],
        Field(description="Days for single visits: the visit's id, =, days.", examples=[["2026-ski-week=1095"]]),
    ] = ()
    hold: Annotated[
        tuple[str, ...],
        Field(description="Ids of visits whose files must not be deleted for now, however old they are."),
    ] = ()


@dataclass(frozen=True, slots=True, config=EXACT)
class Locked:
    """Only in the machine's file: settings that the user's own file, which is added to it, cannot change."""

    keys: Annotated[
        tuple[str, ...],
        Field(
            description="The settings that keep the value of the machine's file, or their default, whatever another "
            "file says.",
            examples=[["share.host", "share.path"]],
        ),
    ] = ()

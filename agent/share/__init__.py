"""The school's share: what a stage may rely on (`Share`), names on it, and the ways to reach it.

`names` makes a photo's name on the share. `upload` sends it there, many at once as `engine` allows, over a `session` of
SFTP packets (`wire`) on a `connection` whose host key is pinned (`hostkeys`). Nothing is believed that was not read
back.

Names are imported when they are first used: importing paramiko and cryptography takes longer than most commands run.
"""

from typing import TYPE_CHECKING

from agent.lazy import names_of

if TYPE_CHECKING:
    from agent.share.connection import scan_host_key as scan_host_key
    from agent.share.devicekey import make_key as make_key
    from agent.share.devicekey import public_key as public_key
    from agent.share.hostkeys import HostKey as HostKey
    from agent.share.hostkeys import judge as judge
    from agent.share.hostkeys import pin as pin
    from agent.share.hostkeys import pinned as pinned
    from agent.share.memory import Disk as Disk
    from agent.share.memory import MemoryShare as MemoryShare
    from agent.share.names import another as another
    from agent.share.names import photo_stem as photo_stem
    from agent.share.names import remote_name as remote_name
    from agent.share.network import metered as metered
    from agent.share.port import Abilities as Abilities
    from agent.share.port import Delivered as Delivered
    from agent.share.port import HalfSent as HalfSent
    from agent.share.port import Listed as Listed
    from agent.share.port import Outcome as Outcome
    from agent.share.port import Sent as Sent
    from agent.share.port import Share as Share
    from agent.share.port import Space as Space
    from agent.share.port import Still as Still
    from agent.share.port import Undelivered as Undelivered
    from agent.share.server import Server as Server
    from agent.share.server import Transport as Transport
    from agent.share.sftp import open_share as open_share
    from agent.share.source import as_sent as as_sent

_HOME = {
    "Abilities": "port",
    "Delivered": "port",
    "Disk": "memory",
    "HalfSent": "port",
    "HostKey": "hostkeys",
    "Listed": "port",
    "MemoryShare": "memory",
    "Outcome": "port",
    "Sent": "port",
    "Server": "server",
    "Share": "port",
    "Space": "port",
    "Still": "port",
    "Transport": "server",
    "Undelivered": "port",
    "another": "names",
    "as_sent": "source",
    "judge": "hostkeys",
    "make_key": "devicekey",
    "metered": "network",
    "open_share": "sftp",
    "photo_stem": "names",
    "pin": "hostkeys",
    "pinned": "hostkeys",
    "public_key": "devicekey",
    "remote_name": "names",
    "scan_host_key": "connection",
}

__all__ = sorted(_HOME)  # noqa: PLE0605  # a list; ruff does not see through sorted()

__getattr__ = names_of(__name__, _HOME)

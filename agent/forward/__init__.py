"""Forwarding: the entries of the record also go to the school's log server or SIEM.

Each entry of the signed record becomes a `LogEvent`. `EventQueue` queues it on disk for each receiver (`SyslogServer`,
`EcsServer`, `EcsFile`) and drops it once the receiver has it; the `Forwarder` does both in a thread of its own. Every
event arrives at least once, with an id by which repeats are recognised. The signed record is what counts: a receiver
gets a copy, which proves nothing.

Names are imported when they are first used: most laptops forward nothing, and TLS is slow to load.
"""

from typing import TYPE_CHECKING

from agent.lazy import names_of

if TYPE_CHECKING:
    from agent.forward.event import LogEvent as LogEvent
    from agent.forward.event import Position as Position
    from agent.forward.event import Source as Source
    from agent.forward.event import Step as Step
    from agent.forward.event import Target as Target
    from agent.forward.event_queue import ReceiverStatus as ReceiverStatus
    from agent.forward.event_queue import receiver_status as receiver_status
    from agent.forward.faults import NotForwarded as NotForwarded
    from agent.forward.forwarder import Forwarder as Forwarder
    from agent.forward.targets import EcsFile as EcsFile
    from agent.forward.targets import EcsServer as EcsServer
    from agent.forward.targets import SyslogServer as SyslogServer
    from agent.forward.tls import TlsTrust as TlsTrust

_HOME = {
    "EcsFile": "targets",
    "EcsServer": "targets",
    "Forwarder": "forwarder",
    "LogEvent": "event",
    "NotForwarded": "faults",
    "Position": "event",
    "ReceiverStatus": "event_queue",
    "Source": "event",
    "Step": "event",
    "SyslogServer": "targets",
    "Target": "event",
    "TlsTrust": "tls",
    "receiver_status": "event_queue",
}

__all__ = sorted(_HOME)  # noqa: PLE0605  # a list; ruff does not see through sorted()

__getattr__ = names_of(__name__, _HOME)

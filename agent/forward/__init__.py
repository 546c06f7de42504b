"""Forwarding: the entries of the record also go to the school's log server or SIEM.

Each entry of the signed record becomes a `LogEvent`. `EventQueue` queues it on disk for each receiver (`SyslogServer`,
`EcsServer`, `EcsFile`) and drops it once the receiver has it; the `Forwarder` does both in a thread of its own. Every
event arrives at least once, with an id by which repeats are recognised. The signed record is what counts: a receiver
gets a copy, which proves nothing.
"""

from agent.forward.event import LogEvent, Position, Source, Step, Target
from agent.forward.event_queue import ReceiverStatus, receiver_status
from agent.forward.faults import NotForwarded
from agent.forward.forwarder import Forwarder
from agent.forward.targets import EcsFile, EcsServer, SyslogServer
from agent.forward.tls import TlsTrust

__all__ = [
    "EcsFile",
    "EcsServer",
    "Forwarder",
    "LogEvent",
    "NotForwarded",
    "Position",
    "ReceiverStatus",
    "Source",
    "Step",
    "SyslogServer",
    "Target",
    "TlsTrust",
    "receiver_status",
]

"""Running in the user's session from log-in on, on Linux, macOS and Windows.

Each system has a file that says what to start: a systemd user unit, a launchd agent's property list, a Task Scheduler
task. The pure functions `systemd_unit`, `launch_agent` and `task_xml` make it from a `Launch`. The `Service` of this
system, from `for_this_system`, passes it to the system's own tool, which also starts, stops and reports.
"""

from agent.service.here import for_this_system
from agent.service.launch import Launch, this_program
from agent.service.launchd import launch_agent
from agent.service.port import Service, ServiceStatus
from agent.service.starting import start
from agent.service.systemd import systemd_unit
from agent.service.task_scheduler import task_xml

__all__ = [
    "Launch",
    "Service",
    "ServiceStatus",
    "for_this_system",
    "launch_agent",
    "start",
    "systemd_unit",
    "task_xml",
    "this_program",
]

"""The service of the system this runs on."""

import os
import sys

from agent.errors import UsageError
from agent.files.home import home_folder
from agent.service.launch import Launch
from agent.service.port import Service


def for_this_system(launch: Launch) -> Service:
    """The service of the system this runs on. UsageError on any other system than these three."""
    if sys.platform == "win32":
        from agent.files.owner import current_user_sid
        from agent.service.task_scheduler import ScheduledTask

        return ScheduledTask(launch, current_user_sid())
    if sys.platform == "darwin":
        from agent.service.launchd import LaunchAgent

        return LaunchAgent(launch, home_folder() / "Library" / "LaunchAgents", os.getuid())
    if sys.platform == "linux":
        from agent.service.systemd import SystemdService, unit_folder

        return SystemdService(launch, unit_folder(os.environ))
    raise UsageError(
        f"photo-agent cannot set up a service on {sys.platform}. Let your system start `photo-agent run` at log-in."
    )

"""Notices on the desktop: now and then one line from the service, and a click on it opens the staff page.

They need the extra `desktop`, and a desktop that shows notices. Without them nothing is shown and nothing goes wrong.
Messages for IT's collectors go to the system's event log (`event_log`).
"""

from agent.notices.desktop import DesktopNotices, Notices
from agent.notices.event_log import EventLog, LogEvent, system_log

__all__ = ["DesktopNotices", "EventLog", "LogEvent", "Notices", "system_log"]

"""Notices on the desktop: one line from the service now and then, and a click on it opens the staff page.

They need the extra `desktop`, and a desktop that takes them; without either, nothing is shown and nothing goes wrong.
What IT's collectors should hear goes to the system's event log (`event_log`).
"""

from agent.notices.desktop import DesktopNotices, Notices
from agent.notices.event_log import EventLog, LogEvent, system_log

__all__ = ["DesktopNotices", "EventLog", "LogEvent", "Notices", "system_log"]

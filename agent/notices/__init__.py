"""Notices on the desktop: one line from the service now and then, and a click on it opens the staff page.

They need the extra `desktop`, and a desktop that takes them; without either, nothing is shown and nothing goes wrong.
"""

from agent.notices.desktop import DesktopNotices, Notices

__all__ = ["DesktopNotices", "Notices"]

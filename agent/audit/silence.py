"""Whether a device has been silent for too long, by the reader's own clock. Pure."""

from datetime import datetime, timedelta

from agent.audit.findings import RecordFault, Report


def with_silence(report: Report, heard: datetime | None, now: datetime, longest: timedelta | None) -> Report:
    """The report, with a finding if the device was last heard from longer ago than `longest`; None means no limit."""
    if longest is None:
        return report
    if heard is not None and now - heard <= longest:
        return report
    return report.with_finding(RecordFault.SILENT, _what(report, heard, now))


def _what(report: Report, heard: datetime | None, now: datetime) -> str:
    if heard is not None:
        return f"nothing has been heard from it for {(now - heard).total_seconds() / 86400:.1f} days"
    if not report.signed:
        return "nothing signed by this device was ever seen"
    return "everything it signed is dated in the future, so nothing shows when it was last heard from"

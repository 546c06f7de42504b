"""What the service writes to the system's event log: counts for IT, each kind once a day, and no names."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from agent.notices import LogEvent, system_log
from agent.pipeline.context import Context
from agent.pipeline.journal_keys import DAMAGED, SHARE_TROUBLE
from agent.pipeline.status import WAITING
from agent.supervisor import RunLogged
from tests.laptop import ON_VISIT, Laptop
from tests.platforms import WINDOWS


class Log:
    """An event log that remembers what is written."""

    def __init__(self) -> None:
        self.written: list[tuple[LogEvent, str]] = []

    def write(self, event: LogEvent, text: str) -> None:
        self.written.append((event, text))


def after(laptop: Laptop, log: Log) -> list[LogEvent]:
    log.written.clear()
    laptop.look(lambda context: RunLogged(context, log).after_run())
    return [event for event, _ in log.written]


def test_each_trouble_is_logged_once_a_day_without_a_name(laptop: Laptop) -> None:
    laptop.photo("IMG_0001.JPG", ON_VISIT)
    laptop.photo("Zyzzyva.JPG", None)
    laptop.run()
    log = Log()
    assert after(laptop, log) == []

    refused = json.dumps([6, "/home/Zyzzyva was refused", datetime.now(UTC).isoformat(), True])
    laptop.look(lambda context: context.journal.set_fact(SHARE_TROUBLE, refused))
    laptop.look(lambda context: context.journal.set_fact(DAMAGED, json.dumps([2, datetime.now(UTC).isoformat()])))
    laptop.look(lambda context: RunLogged(context, log).after_run())
    texts = [text for _, text in log.written]
    assert [event for event, _ in log.written] == [LogEvent.HOST_KEY, LogEvent.DAMAGED]
    assert not [text for text in texts if "Zyzzyva" in text or "museum" in text.lower() or "j.smith" in text]
    assert "2 damaged photos" in texts[1]
    assert after(laptop, log) == []

    login = json.dumps([6, "denied", datetime.now(UTC).isoformat(), False])
    laptop.look(lambda context: context.journal.set_fact(SHARE_TROUBLE, login))
    laptop.look(lambda context: context.journal.set_fact(DAMAGED, json.dumps([3, datetime.now(UTC).isoformat()])))
    assert after(laptop, log) == [LogEvent.LOGIN_REFUSED, LogEvent.DAMAGED]


def test_overdue_photos_are_logged_with_their_number(laptop: Laptop) -> None:
    laptop.photo("IMG_0001.JPG", ON_VISIT)
    laptop.run()

    def reached_three_days_ago(context: Context) -> None:
        (waiting,) = context.journal.tracked_photos(*WAITING)
        context.journal.save(replace(waiting, reachable_at=context.clock() - timedelta(days=3)))

    laptop.look(reached_three_days_ago)
    log = Log()
    laptop.look(lambda context: RunLogged(context, log).after_run())
    assert [event for event, _ in log.written] == [LogEvent.OVERDUE]
    assert log.written[0][1].startswith("1 visit photo should have left")
    assert after(laptop, log) == []


def test_only_windows_has_an_event_log_of_this_kind() -> None:
    log = system_log()
    assert (log is not None) == WINDOWS
    if log is not None:
        log.write(LogEvent.OVERDUE, "This entry was written by a test of photo-agent.")

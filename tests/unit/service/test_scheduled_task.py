"""The Windows task: against the schema that Microsoft documents, and schtasks asked in the right order."""

import functools
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import AgentError, UsageError
from agent.model.removal import Known
from agent.service import Launch, task_xml
from agent.service.task_scheduler import ScheduledTask
from tests.platforms import posix_paths

NS = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
USER = "S-1-5-21-3623811015-3361044348-30300820-1013"

path_words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
"""What `Launch` accepts: no control characters, no lone surrogates."""


@functools.cache
def schema() -> Any:
    """Microsoft's."""
    import xmlschema  # here, because only some of these tests need it

    return xmlschema.XMLSchema(Path(__file__).with_name("task-1.2.xsd"))


def _parsed(launch: Launch, user: str = USER) -> ET.Element:
    return ET.fromstring(task_xml(launch, user).encode("utf-16"))


def _text(task: ET.Element, *path: str) -> str:
    return task.findtext("/".join(NS + part for part in path)) or ""


def _split(line: str) -> list[str]:
    """A command line as Windows' C runtime takes it apart: backslashes count only before a quote."""
    words, word, quoted, begun, position = [], "", False, False, 0
    while position < len(line):
        slashes = len(line[position:]) - len(line[position:].lstrip("\\"))
        position += slashes
        at_quote = position < len(line) and line[position] == '"'
        word += "\\" * (slashes // 2 if at_quote else slashes)
        begun = begun or slashes > 0
        if at_quote:
            if slashes % 2:
                word += '"'
            else:
                quoted = not quoted
            begun, position = True, position + 1
        elif position < len(line) and slashes == 0:
            if line[position] in " \t" and not quoted:
                words, word, begun = [*words, word] if begun else words, "", False
            else:
                word, begun = word + line[position], True
            position += 1
    return [*words, word] if begun else words


def test_it_fits_the_schema(awkward: Launch) -> None:
    schema().validate(_parsed(awkward))


def test_the_schema_detects_a_wrong_order() -> None:
    task = _parsed(Launch((sys.executable,)))
    trigger = task.find(f"{NS}Triggers/{NS}LogonTrigger")
    assert trigger is not None
    trigger.insert(0, trigger[-1])
    assert not schema().is_valid(task)


def test_every_argument_reads_back_as_it_was(awkward: Launch) -> None:
    task = _parsed(awkward)
    line = (_text(task, "Actions", "Exec", "Command"), *_split(_text(task, "Actions", "Exec", "Arguments")))
    assert line == awkward.line


@posix_paths
@given(path_words, path_words)
def test_any_path_and_any_user_read_back_as_they_were(name: str, user: str) -> None:
    if "\ufffe" in name + user or "\uffff" in name + user:
        return  # XML cannot hold these two, nor does Windows name a file by them
    launch = Launch((sys.executable,), Path("/srv") / name)
    task = _parsed(launch, user)
    assert _split(_text(task, "Actions", "Exec", "Arguments")) == list(launch.line[1:])
    assert _text(task, "Triggers", "LogonTrigger", "UserId") == user
    assert _text(task, "Principals", "Principal", "UserId") == user


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Settings/DisallowStartIfOnBatteries", "false"),
        ("Settings/StopIfGoingOnBatteries", "false"),
        ("Settings/ExecutionTimeLimit", "PT0S"),
        ("Settings/MultipleInstancesPolicy", "IgnoreNew"),
        ("Settings/StartWhenAvailable", "true"),
        ("Settings/RunOnlyIfNetworkAvailable", "false"),
        ("Settings/RestartOnFailure/Interval", "PT1M"),
        ("Triggers/LogonTrigger/Repetition/Interval", "PT5M"),
        ("Triggers/LogonTrigger/Repetition/StopAtDurationEnd", "false"),
        ("Principals/Principal/LogonType", "InteractiveToken"),
        ("Principals/Principal/RunLevel", "LeastPrivilege"),
    ],
)
def test_task_schedulers_unwanted_defaults_are_changed(path: str, value: str) -> None:
    assert _text(_parsed(Launch((sys.executable,))), *path.split("/")) == value


# --- The service ------------------------------------------------------------------------------------------------------

SCHTASKS = """
case "$1" in
/Create) [ -e denied ] && { echo "ERROR: Access is denied." >&2; exit 1; }; cp "$5" task; echo Ready > state ;;
/Query) [ -e task ] ;;
/Run) echo Running > state ;;
/End) [ "$(cat state)" = Running ] && echo Ready > state ;;
/Change) [ "$4" = /DISABLE ] && echo Disabled > state; [ "$4" = /ENABLE ] && echo Ready > state; true ;;
/Delete) rm task ;;
esac
"""


@pytest.fixture
def service(launch: Launch, stand_in: Callable[[str, str], Path]) -> ScheduledTask:
    stand_in("schtasks", SCHTASKS)
    stand_in("powershell", 'printf "%s\\r\\n" "$(cat state)"')
    return ScheduledTask(launch, USER)


def test_installing_hands_over_the_task_in_utf16_and_starts_it(
    service: ScheduledTask, launch: Launch, tmp_path: Path
) -> None:
    service.install()
    assert (tmp_path / "task").read_bytes() == task_xml(launch, USER).encode("utf-16")
    assert (tmp_path / "task").read_bytes().startswith((b"\xff\xfe", b"\xfe\xff"))
    assert service.status() == service.status().__class__(True, Known.YES, "running")


def test_stopping_switches_the_task_off_or_its_repetition_would_start_it_again(service: ScheduledTask) -> None:
    service.install()
    service.stop()
    service.stop()
    assert service.status().running is Known.NO
    assert "service start" in service.status().detail


def test_starting_switches_it_on_again(service: ScheduledTask) -> None:
    service.install()
    service.stop()
    service.start()
    assert service.status().running is Known.YES


def test_a_state_that_is_not_understood_is_not_known(service: ScheduledTask, tmp_path: Path) -> None:
    service.install()
    (tmp_path / "state").write_text("Unknown")
    assert service.status().running is Known.NOT_KNOWN


def test_a_start_that_windows_puts_off_is_no_failure(service: ScheduledTask, tmp_path: Path) -> None:
    service.install()
    (tmp_path / "state").write_text("Queued")
    status = service.status()
    assert status.running is Known.NOT_KNOWN
    assert "by itself" in status.detail


def test_uninstalling_may_be_repeated(service: ScheduledTask) -> None:
    service.install()
    service.uninstall()
    service.uninstall()
    assert not service.status().installed


def test_where_only_administrators_may_it_says_whom_to_ask(service: ScheduledTask, tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    (tmp_path / "denied").touch()
    with pytest.raises(AgentError, match=r"Access is denied.*IT"):
        service.install()


def test_starting_an_uninstalled_service_says_so(service: ScheduledTask) -> None:
    for act in (service.start, service.stop):
        with pytest.raises(UsageError, match="service install"):
            act()


@pytest.mark.skipif(sys.platform != "win32", reason="Windows' identifiers")
def test_this_user_is_named_by_identifier() -> None:
    from agent.files.owner import current_user_sid

    assert current_user_sid().startswith("S-1-5-")

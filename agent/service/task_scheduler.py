"""Windows: a task of the user's own in the Task Scheduler, started at log-on without administrator's rights.

Two of its habits shape the task. "Restart on failure" acts if a task could not be *started*, not if the program it
started ended with an error; so the log-on trigger repeats, and a repetition is ignored while the program runs. And
ending a task is a hard stop, which this program is built to survive at any instant.
"""

import html
import subprocess
import tempfile
from pathlib import Path

from agent.errors import AgentError, UsageError
from agent.model.removal import Known
from agent.service.launch import DESCRIPTION, NAME, Launch
from agent.service.port import ServiceStatus
from agent.service.system_tool import ask, run_or_raise

_TASK = """\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>{description}</Description>
    <URI>\\{name}</URI>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
      <Repetition>
        <Interval>PT5M</Interval>
        <StopAtDurationEnd>false</StopAtDurationEnd>
      </Repetition>
      <UserId>{user}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>{user}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <IdleSettings>
      <StopOnIdleEnd>false</StopOnIdleEnd>
      <RestartOnIdle>false</RestartOnIdle>
    </IdleSettings>
    <AllowStartOnDemand>true</AllowStartOnDemand>
    <Enabled>true</Enabled>
    <Hidden>true</Hidden>
    <RunOnlyIfIdle>false</RunOnlyIfIdle>
    <WakeToRun>false</WakeToRun>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>7</Priority>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>255</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{command}</Command>
      <Arguments>{arguments}</Arguments>
    </Exec>
  </Actions>
</Task>
"""


_STATES = {
    "Running": (Known.YES, "running"),
    "Queued": (Known.NOT_KNOWN, "Windows has not started it yet, and will do so by itself"),
    "Ready": (Known.NO, "not running; will start again within 5 minutes"),
    "Disabled": (Known.NO, "stopped until `photo-agent service start`"),
}


def task_xml(launch: Launch, user: str) -> str:
    """The task (Task Scheduler schema 1.2) that starts `launch` when `user` logs on.

    `user` is a security identifier ("S-1-5-21-…"): names change, and those of Entra accounts (`AzureAD\\name`) are cut.
    It has to be written in UTF-16, as its first line says. The trigger's parts are in the order that the schema
    requires. Task Scheduler itself replaces existing %VARIABLES% and has no way to escape them.
    """
    program, *arguments = launch.line
    return _TASK.format(
        description=html.escape(DESCRIPTION, quote=False),
        name=NAME,
        user=html.escape(user, quote=False),
        command=html.escape(program, quote=False),
        arguments=html.escape(subprocess.list2cmdline(arguments), quote=False),
    )


class ScheduledTask:
    """The task of `user`, by security identifier, in the scheduler's root folder."""

    def __init__(self, launch: Launch, user: str) -> None:
        self._launch = launch
        self._user = user

    def install(self) -> None:
        """See `Service.install`."""
        with tempfile.TemporaryDirectory(prefix="photo-agent-") as folder:
            file = Path(folder) / "task.xml"
            file.write_bytes(task_xml(self._launch, self._user).encode("utf-16"))
            answer = ask(("schtasks", "/Create", "/TN", NAME, "/XML", str(file), "/F"))
        if answer.code != 0:
            raise AgentError(
                f"Windows did not accept the task: {answer.words} If your school allows tasks to administrators only, "
                "ask IT to run `photo-agent service install` for you."
            )
        ask(("schtasks", "/End", "/TN", NAME))  # an older task may be running; this fails if none is
        run_or_raise(("schtasks", "/Run", "/TN", NAME), "start the service")

    def uninstall(self) -> None:
        """See `Service.uninstall`."""
        if not self._exists():
            return
        ask(("schtasks", "/End", "/TN", NAME))  # this fails if the task is not running
        run_or_raise(("schtasks", "/Delete", "/TN", NAME, "/F"), "remove the task")

    def start(self) -> None:
        """See `Service.start`."""
        self._need_task()
        run_or_raise(("schtasks", "/Change", "/TN", NAME, "/ENABLE"), "switch the task on")
        run_or_raise(("schtasks", "/Run", "/TN", NAME), "start the service")

    def stop(self) -> None:
        """See `Service.stop`. Also switches the task off, or the trigger's next repetition would start it again."""
        self._need_task()
        run_or_raise(("schtasks", "/Change", "/TN", NAME, "/DISABLE"), "switch the task off")
        ask(("schtasks", "/End", "/TN", NAME))  # this fails if the task is not running

    def status(self) -> ServiceStatus:
        """See `Service.status`. Asks PowerShell, because schtasks translates its answers and these names are fixed."""
        try:
            if not self._exists():
                return ServiceStatus(
                    False, Known.NO, "The service is not installed. `photo-agent service install` sets it up."
                )
            question = f"(Get-ScheduledTask -TaskName '{NAME}' -TaskPath '\\').State.ToString()"
            command = ("powershell", "-NoProfile", "-NonInteractive", "-Command", question)
            answer = ask(command, seconds=20)
        except AgentError as fault:
            return ServiceStatus(False, Known.NOT_KNOWN, str(fault))
        running, detail = _STATES.get(
            answer.output.strip(),
            (Known.NOT_KNOWN, f"installed; it is not known whether it is running: {answer.words}"),
        )
        return ServiceStatus(True, running, detail)

    def _exists(self) -> bool:
        return ask(("schtasks", "/Query", "/TN", NAME), seconds=20).code == 0

    def _need_task(self) -> None:
        if not self._exists():
            raise UsageError("The service is not installed. Run `photo-agent service install` first.")

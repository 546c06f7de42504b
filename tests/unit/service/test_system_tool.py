"""The systems' tools: their words passed on, their silence cut short."""

import sys

import pytest

from agent.errors import AgentError, UsageError
from agent.service.system_tool import ask, run_or_raise


def test_a_tool_that_this_system_lacks_is_reported_with_what_to_do() -> None:
    with pytest.raises(UsageError, match="photo-agent run"):
        ask(("no-such-tool-here",))


def test_a_tool_that_hangs_is_given_up() -> None:
    with pytest.raises(AgentError, match=r"did not answer within 0\.2 s"):
        ask((sys.executable, "-c", "import time; time.sleep(30)"), seconds=0.2)


def test_what_a_failing_tool_says_is_passed_on_in_one_line() -> None:
    with pytest.raises(AgentError, match=r"^Could not start it: .* said: no such thing$"):
        run_or_raise((sys.executable, "-c", "import sys; sys.exit('no\\nsuch\\nthing')"), "start it")

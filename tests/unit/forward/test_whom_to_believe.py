"""Nothing is sent to a server that cannot be trusted, and nothing of it is lost."""

import os
import sys
from pathlib import Path

import pytest

from agent.forward import (
    SyslogServer,
    TlsTrust,
)
from agent.forward.faults import NotForwarded
from tests.servers.rsyslog import Authority, Rsyslog
from tests.unit.forward.benches import Bench
from tests.unit.forward.events import Kept


def test_a_server_of_another_authority_gets_nothing_and_is_reported(tmp_path: Path, rsyslog: Rsyslog) -> None:
    other = Authority(tmp_path / "other", "other")
    bench = Bench(tmp_path, Kept(3), SyslogServer("localhost", rsyslog.port, TlsTrust(other.file)))
    bench.once()
    assert (bench.waiting(), rsyslog.received()) == (3, [])
    assert "was refused" in bench.told[0]


def test_a_server_that_is_called_something_else_gets_nothing(tmp_path: Path, rsyslog: Rsyslog) -> None:
    bench = Bench(tmp_path, Kept(3), SyslogServer("127.0.0.1", rsyslog.port, TlsTrust(rsyslog.authority.file)))
    bench.once()
    assert (bench.waiting(), rsyslog.received()) == (3, [])
    assert "was refused" in bench.told[0]


def test_a_server_with_an_expired_certificate_gets_nothing(tmp_path: Path, rsyslog: Rsyslog) -> None:
    rsyslog.stop()
    rsyslog.pair = rsyslog.authority.issue("localhost", days=-1)
    rsyslog.start()
    bench = Bench(tmp_path, Kept(3), SyslogServer("localhost", rsyslog.port, TlsTrust(rsyslog.authority.file)))
    bench.once()
    assert (bench.waiting(), rsyslog.received()) == (3, [])
    assert "expired" in bench.told[0]


def test_a_server_that_asks_for_a_certificate_accepts_only_its_own(
    tmp_path: Path, rsyslog: Rsyslog, authority: Authority
) -> None:
    rsyslog.stop()
    rsyslog.asks_for_certificate = True
    rsyslog.start()
    foreign = Authority(tmp_path / "foreign", "foreign").issue("laptop-17")
    for number, trust in enumerate(
        [TlsTrust(authority.file), TlsTrust(authority.file, foreign.certificate, foreign.key)] * 3
    ):
        # It lets us in, and closes in good order before it has read: that is not to pass for "received".
        bench = Bench(tmp_path / str(number), Kept(1), SyslogServer("localhost", rsyslog.port, trust))
        bench.once()
        assert (bench.waiting(), rsyslog.received()) == (1, [])
        assert "forward.client_cert" in bench.told[0]
    known = authority.issue("laptop-17")
    trust = TlsTrust(authority.file, known.certificate, known.key)
    Bench(tmp_path, Kept(3), SyslogServer("localhost", rsyslog.port, trust)).once()
    assert len(rsyslog.wait_for(3)) == 3


@pytest.mark.parametrize("trust", ["missing", "garbage", "key alone"])
def test_files_that_cannot_be_used_are_reported_and_nothing_is_lost(tmp_path: Path, trust: str) -> None:
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("no certificate")
    believed = {
        "missing": TlsTrust(tmp_path / "nowhere.pem"),
        "garbage": TlsTrust(garbage),
        "key alone": TlsTrust(None, None, garbage),
    }[trust]
    bench = Bench(tmp_path, Kept(3), SyslogServer("localhost", 1, believed))
    bench.once()
    assert bench.waiting() == 3
    assert "agent.toml" in bench.told[0]


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes in folders there")
@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", ["ca_file", "client_cert"])
def test_a_pipe_in_the_place_of_a_certificate_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotForwarded, match="cannot be used"):
        TlsTrust(**{name: tmp_path / "pipe"}).context()

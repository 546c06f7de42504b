"""Each of these servers is reached as on a laptop with OpenSSH's client, and as on one without."""

import pytest

from agent.share import sshclient


@pytest.fixture(params=["with-ssh", "without-ssh"])
def either_laptop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop that has OpenSSH's client, and one that has only paramiko."""
    if request.param == "without-ssh":
        monkeypatch.setattr(sshclient, "client", lambda: None)
    elif sshclient.client() is None:
        pytest.skip("OpenSSH's client is not installed here")
